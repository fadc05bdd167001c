/** What stands for a key in a Map or Set: equal for equal keys. */
export type KeyId = string | number | bigint | boolean;

/** Of a value as the key's codec reads it. Keys of one entity are of one type, so that ids of different types never meet. */
export function keyId(key: unknown): KeyId {
  if (key instanceof Date) return key.getTime();
  if (key instanceof Uint8Array) return key.join();
  return key as KeyId;
}
