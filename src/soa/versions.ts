import { bitmapBytes } from "../columns/bitmap.ts";
import type { Column } from "../columns/column.ts";
import type { Chunk } from "./chunk.ts";

/**
 * What a snapshot keeps of a kernel. Taking one notes the chunks and the length and copies nothing.
 * A chunk is frozen (its list of columns copied, not their values) when the snapshot first reads it or
 * when the kernel is about to replace one of its columns, whichever comes first.
 */
export class SnapshotState {
  /** Epoch of the kernel that ended with this snapshot: it may see every column made up to then. */
  readonly epoch: number;
  readonly length: number;
  readonly size: number;
  /** Deletions of the kernel when this was taken: while they are as many, its key index serves us too. */
  readonly deletions: number;
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
    if (chunk.start < this.length) this.#freeze(chunk);
  }

  /** The chunks as they were. */
  chunks(): Chunk[] {
    const chunks: Chunk[] = [];
    for (let i = 0; i < this.#chunks.length && this.#chunks[i].start < this.length; i++)
      chunks.push(this.#freeze(this.#chunks[i]));
    return chunks;
  }

  #freeze(live: Chunk): Chunk {
    let frozen = this.#frozen.get(live);
    if (frozen === undefined) {
      // Rows that came after this state are cut off.
      frozen = live.freeze(Math.min(live.length, this.length - live.start));
      this.#frozen.set(live, frozen);
    }
    return frozen;
  }
}

/**
 * Decides what a write must copy. Snapshots are held weakly: once nobody reads one any more, nothing is
 * copied or kept for it.
 */
export class Versions {
  /** Columns made in this epoch are seen by no snapshot. */
  epoch = 0;
  /** Oldest first. */
  #states: WeakRef<SnapshotState>[] = [];
  /** Number of states at which those gone are swept out. */
  #sweepAt = 8;

  take(chunks: readonly Chunk[], length: number, size: number, deletions: number): SnapshotState {
    const state = new SnapshotState(this.epoch, chunks, length, size, deletions);
    if (this.#states.length >= this.#sweepAt) {
      this.#states = this.#states.filter((ref) => ref.deref() !== undefined);
      this.#sweepAt = Math.max(8, this.#states.length * 2);
    }
    this.#states.push(new WeakRef(state));
    this.epoch++;
    return state;
  }

  /** Whether a snapshot may still see what was made in `epoch`. */
  seen(epoch: number): boolean {
    if (epoch === this.epoch) return false;
    while (this.#states.length > 0) {
      const newest = this.#states[this.#states.length - 1].deref();
      if (newest !== undefined) return newest.epoch >= epoch;
      this.#states.pop();
    }
    return false;
  }

  /** Lets every snapshot keep `chunk` as it is. */
  preserve(chunk: Chunk): void {
    for (const ref of this.#states) ref.deref()?.preserve(chunk);
  }

  /** The column to overwrite rows of: the chunk's own, or a private copy put in its place. O(rows of the chunk) when it copies. */
  own(chunk: Chunk, field: number, copy: (column: Column) => Column): Column {
    const column = chunk.columns[field];
    const own = this.#own(chunk, field, column, copy);
    own.statistics = null;
    own.order = column.order === null ? null : 0;
    return own;
  }

  /** The bitmap of deleted rows to write: the chunk's own, or a private copy put in its place; made where there was none. */
  ownDead(chunk: Chunk): Uint8Array {
    const bytes = bitmapBytes(chunk.capacity);
    const seen = this.seen(chunk.deadEpoch);
    if (seen) this.preserve(chunk);
    if (chunk.dead === null || seen || chunk.dead.length < bytes) {
      const dead = new Uint8Array(bytes);
      // Longer than needed where the chunk ended early since.
      if (chunk.dead !== null) dead.set(chunk.dead.subarray(0, bytes));
      chunk.dead = dead;
    }
    chunk.deadEpoch = this.epoch;
    return chunk.dead;
  }

  #own(chunk: Chunk, field: number, column: Column, copy: (column: Column) => Column): Column {
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
