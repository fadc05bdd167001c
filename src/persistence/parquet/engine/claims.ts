/**
 * What the threads that decode a row group together have to know of each other: which of its column chunks is the next
 * that nobody has taken, and how many bytes the others may still take decoded. Plain data, in memory that they share
 * where there are several.
 */
export type Claims = BigInt64Array;

const NEXT = 0;
const LEFT = 1;
/** Beyond every chunk, with room for further claims. */
const CALLED_OFF = 1n << 62n;
const MOST = 1n << 62n;

/** @param decodedBytes that the chunks may take together; Infinity is fine */
export function claimsOf(decodedBytes: number, shared: boolean): Claims {
  const bytes = 2 * BigInt64Array.BYTES_PER_ELEMENT;
  const claims = new BigInt64Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  claims[LEFT] = decodedBytes < Number(MOST) ? BigInt(Math.floor(decodedBytes)) : MOST;
  return claims;
}

/** The chunk that the caller is to decode, of so many; -1 where all are taken. */
export function claim(claims: Claims, of: number): number {
  const next = Atomics.add(claims, NEXT, 1n);
  return next < BigInt(of) ? Number(next) : -1;
}

/** Nobody takes another chunk. */
export function callOff(claims: Claims): void {
  Atomics.store(claims, NEXT, CALLED_OFF);
}

/** Bytes that the chunks not decoded yet may take: below 0 where the others took too many. */
export const bytesLeft = (claims: Claims): number => Number(Atomics.load(claims, LEFT));

/** Notes the bytes of a decoded chunk. Gives what is left then. */
export const takeBytes = (claims: Claims, bytes: number): number => Number(Atomics.sub(claims, LEFT, BigInt(bytes))) - bytes;
