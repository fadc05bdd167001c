import type { Column } from "../columns/column.ts";
import type { FixedColumn } from "../columns/fixed-column.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import type { EntityRow } from "../entity/types.ts";
import { ValidationError } from "../errors.ts";
import { type KeyHash, keyHashFor, mix } from "./key-hash.ts";
import type { RowAccess } from "./row-access.ts";

/** Says which shard a row belongs to: by a hash of its key, or in turn where the entity has none. */
export class ShardRouter<T extends EntityRow> {
  readonly #access: RowAccess<T>;
  readonly #shards: number;
  readonly #hash: KeyHash | null;
  readonly #probe: Column | null;
  #turn = 0;

  constructor(access: RowAccess<T>, shards: number) {
    const { key } = access.schema;
    this.#access = access;
    this.#shards = shards;
    this.#hash = key === null ? null : keyHashFor(key.type);
    this.#probe = key === null ? null : access.codecs[key.index].makeColumn(new HeapAllocator(), 1, 0);
  }

  /** The shard of a key. @throws ValidationError if the value is no key of this entity */
  ofKey(value: unknown): number {
    const key = this.#access.schema.key;
    if (key === null || this.#hash === null || this.#probe === null) return this.#inTurn();
    const codec = this.#access.codecs[key.index];
    const checked = codec.take(value);
    // The code of a category depends on what was stored before: its text is what is hashed.
    if (key.type.kind === "category") return this.#shard(hashText(checked as string));
    codec.store(this.#probe, 0, checked);
    return this.#shard(this.#hash.hash(this.#probe, 0));
  }

  /** The shard of a new row. @throws ValidationError if it is no object, or its key is none of this entity */
  ofRow(row: unknown): number {
    const { name, key } = this.#access.schema;
    if (typeof row !== "object" || row === null)
      throw new ValidationError({ entity: name, value: row, expected: "an object with the entity's fields" });
    return key === null ? this.#inTurn() : this.ofKey((row as Record<string, unknown>)[key.name]);
  }

  /** The shard of a row whose key is at `at` of `column`. */
  ofColumn(column: Column, at: number): number {
    const key = this.#access.schema.key;
    if (key === null || this.#hash === null) return this.#inTurn();
    const { dictionary } = this.#access.codecs[key.index];
    if (key.type.kind === "category" && dictionary !== null)
      return this.#shard(hashText(dictionary.values[(column as FixedColumn<Uint32Array>).values[at]]));
    return this.#shard(this.#hash.hash(column, at));
  }

  #inTurn(): number {
    this.#turn = (this.#turn + 1) % this.#shards;
    return this.#turn;
  }

  /** Mixed again: within a shard, the bits that the key index goes by must stay free. */
  #shard(hash: number): number {
    return (mix(hash ^ 0x2545f491) >>> 0) % this.#shards;
  }
}

function hashText(text: string): number {
  let h = text.length;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}
