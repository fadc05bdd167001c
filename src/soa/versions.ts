import type { Column } from "../columns/column.ts";
import { Chunk } from "./chunk.ts";

/**
 * What a snapshot keeps of a kernel. Taking one notes the chunks and the length and copies nothing.
 * A chunk is frozen (a copy of its list of columns) when the snapshot first reads it or when the
 * kernel is about to replace one of its columns, whichever comes first.
 *
 * States form a chain from older to newer, and the kernel itself holds the newest weakly: what was
 * frozen for a newer state serves the older ones, and once nobody holds any, nothing is kept.
 */
export class SnapshotState {
  readonly epoch: number;
  readonly length: number;
  readonly size: number;
  /** Deletions of the kernel when this was taken: while they are as many, its key index serves us too. */
  readonly deletions: number;
  newer: SnapshotState | null = null;
  readonly #chunks: readonly Chunk[];
  readonly #frozen = new Map<Chunk, Chunk>();

  constructor(epoch: number, chunks: readonly Chunk[], length: number, size: number, deletions: number) {
    this.epoch = epoch;
    this.#chunks = chunks;
    this.length = length;
    this.size = size;
    this.deletions = deletions;
  }

  /** Keeps `chunk` as it is, before the kernel changes it. */
  preserve(chunk: Chunk): void {
    if (chunk.start < this.length && !this.#frozen.has(chunk)) this.#freeze(chunk, chunk);
  }

  /** The chunks as they were. */
  chunks(): Chunk[] {
    const chunks: Chunk[] = [];
    for (let i = 0; i < this.#chunks.length && this.#chunks[i].start < this.length; i++) chunks.push(this.#chunk(this.#chunks[i]));
    return chunks;
  }

  #chunk(live: Chunk): Chunk {
    const frozen = this.#frozen.get(live);
    if (frozen !== undefined) return frozen;
    let source: Chunk | undefined;
    for (let state = this.newer; source === undefined && state !== null; state = state.newer) source = state.#frozen.get(live);
    return this.#freeze(live, source ?? live);
  }

  /** Rows added after this state was taken are cut off. */
  #freeze(live: Chunk, source: Chunk): Chunk {
    const frozen = source.freeze(Math.min(source.length, this.length - source.start));
    this.#frozen.set(live, frozen);
    return frozen;
  }
}

/** Decides what a write must copy. */
export class Versions {
  /** Columns made in this epoch are seen by no snapshot. */
  epoch = 0;
  #newest: WeakRef<SnapshotState> | null = null;

  take(chunks: readonly Chunk[], length: number, size: number, deletions: number): SnapshotState {
    const state = new SnapshotState(this.epoch, chunks, length, size, deletions);
    const previous = this.#newest?.deref();
    if (previous !== undefined) previous.newer = state;
    this.#newest = new WeakRef(state);
    this.epoch++;
    return state;
  }

  /** Whether a snapshot may still see what was private in `epoch`. */
  seen(epoch: number): boolean {
    return epoch < this.epoch && this.#newest?.deref() !== undefined;
  }

  preserve(chunk: Chunk): void {
    this.#newest?.deref()?.preserve(chunk);
  }

  /** The column to write existing rows of: the chunk's own, or a private copy put in its place. O(rows of the chunk) when it copies. */
  own(chunk: Chunk, field: number, copy: (column: Column) => Column): Column {
    const column = chunk.columns[field];
    if (!column.shared && column.epoch === this.epoch) return column;
    const seen = this.seen(column.epoch);
    if (!column.shared && !seen) {
      column.epoch = this.epoch;
      return column;
    }
    if (seen) this.preserve(chunk);
    const own = copy(column);
    chunk.columns[field] = own;
    column.release(!seen);
    return own;
  }
}
