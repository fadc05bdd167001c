import type { Codec } from "../columns/codec.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityRow } from "../entity/types.ts";
import type { Chunk } from "./chunk.ts";
import { keyHashFor } from "./key-hash.ts";
import { KeyIndex } from "./key-index.ts";
import { locate } from "./locate.ts";
import type { RowAccess } from "./row-access.ts";
import { Cursor, type Span } from "./row-iterator.ts";
import type { Rows } from "./rows.ts";
import type { SoA } from "./soa.ts";
import type { SnapshotState } from "./versions.ts";

/** The rows of a kernel as they were at one moment, whatever is written to it since. */
export class FrozenRows<T extends EntityRow> implements Rows {
  readonly #of: SoA<T>;
  readonly #state: SnapshotState;
  #chunks: Chunk[] | null = null;
  #index: KeyIndex | null = null;

  constructor(of: SoA<T>) {
    this.#of = of;
    this.#state = of.takeSnapshot();
  }

  get schema(): EntitySchema {
    return this.#of.schema;
  }

  get access(): RowAccess<T> {
    return this.#of.access;
  }

  get codecs(): readonly Codec[] {
    return this.#of.codecs;
  }

  get chunkList(): readonly Chunk[] {
    this.#chunks ??= this.#state.chunks();
    return this.#chunks;
  }

  get length(): number {
    return this.#state.length;
  }

  get size(): number {
    return this.#state.size;
  }

  get span(): Span {
    return { chunks: this.chunkList, end: this.length };
  }

  rows(): IterableIterator<T> {
    return this.#of.access.iterate(new Cursor(this.schema.name, [this.span]));
  }

  at(row: number): T | undefined {
    if (!Number.isInteger(row) || row < 0 || row >= this.length) return undefined;
    const chunk = locate(this.chunkList, row);
    return chunk.isDead(row - chunk.start) ? undefined : this.#of.access.views.view(chunk, row - chunk.start);
  }

  /** O(1) while nothing was deleted since; the first call after that indexes the rows, O(rows). */
  find(key: unknown): number {
    if (this.#of.deletions === this.#state.deletions) {
      const row = this.#of.find(key);
      return row < this.length ? row : -1;
    }
    const field = this.schema.key;
    // The kernel refuses the call where there is no key.
    if (field === null) return this.#of.find(key);
    const codec = this.codecs[field.index];
    const probe = codec.makeColumn(new HeapAllocator(), 1, 0);
    if (!codec.probe(probe, key)) return -1;
    this.#index ??= this.#indexed(field.index);
    return this.#index.find(this.chunkList, probe, 0);
  }

  #indexed(field: number): KeyIndex {
    const index = new KeyIndex(keyHashFor(this.schema.fields[field].type), field);
    index.reserve(this.chunkList, 0, this.length);
    for (const chunk of this.chunkList) {
      for (let at = 0; at < chunk.length; at++)
        if (!chunk.isDead(at)) index.insert(this.chunkList, chunk.start + at, chunk.columns[field], at);
    }
    return index;
  }
}
