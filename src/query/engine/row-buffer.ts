import { CHUNK_ROWS } from "../../soa/chunk.ts";
import type { ArenaKernels } from "../wasm/arena-kernels.ts";
import { blocksOf } from "../wasm/chunk-mask.ts";
import type { Finished } from "../wasm/chunk-sums.ts";
import { allRows, type Selection } from "./selection.ts";

/** The rows of a batch that are still in question, narrowed step by step in one piece of memory. */
export class RowBuffer {
  #out: Uint32Array = new Uint32Array(0);
  /** Whether it is the first `count` rows, and `out` says nothing. */
  all = true;
  count = 0;
  /** Where the rows are a bitmask, too or yet. */
  #kernels: ArenaKernels | null = null;
  #batchRows = 0;
  /** What another thread has made of exactly these rows. */
  #finished: Finished | null = null;
  #isCounted = false;
  /** Whether `out` still is to be made from the bitmask. */
  #pending = false;

  /** Room for every row of the batch. */
  get out(): Uint32Array {
    if (this.#out.length < this.#batchRows) this.#out = new Uint32Array(this.#batchRows);
    return this.#out;
  }

  /** Whether it is no longer than a chunk, and lets go of nothing large. */
  get keepable(): boolean {
    return this.#out.length <= CHUNK_ROWS;
  }

  /** All rows of a batch. */
  start(rows: number): void {
    this.all = true;
    this.count = rows;
    this.#kernels = null;
    this.#pending = false;
    this.#finished = null;
    this.#isCounted = false;
    this.#batchRows = rows;
  }

  /** Only their number is known, and all that will be asked for. */
  counted(count: number): void {
    this.narrowed(count);
    this.#isCounted = true;
  }

  /** Another thread has made this of the rows as they are now. */
  finished(finished: Finished): void {
    this.#finished = finished;
  }

  /** The rows are those of the bitmask at `kernels.mask`, `count` of them. */
  masked(kernels: ArenaKernels, count: number = kernels.scan.count(kernels.mask, blocksOf(this.#batchRows))): void {
    this.narrowed(count);
    this.#kernels = kernels;
    this.#pending = true;
  }

  /** The rows so far; null for all. */
  get rows(): Uint32Array | null {
    if (this.#pending) {
      const { scan, mask, rows, rowNumbers } = this.#kernels as ArenaKernels;
      scan.rows(mask, blocksOf(this.#batchRows), rows, 0);
      this.out.set(rowNumbers.subarray(0, this.count));
      this.#pending = false;
    }
    return this.all ? null : this.out;
  }

  /** A step wrote the first `count` of `out`. */
  narrowed(count: number): void {
    this.all = false;
    this.count = count;
    this.#kernels = null;
    this.#pending = false;
    this.#finished = null;
    this.#isCounted = false;
  }

  none(): void {
    this.narrowed(0);
  }

  /** Valid until the next batch. */
  get selection(): Selection {
    if (this.#isCounted) return new CountedSelection(this.count, this.#finished);
    if (this.#kernels !== null) return new MaskedSelection(this, this.#kernels, this.#finished);
    if (this.all && this.#finished !== null) return { rows: null, count: this.count, finished: this.#finished };
    return this.all ? allRows(this.count) : { rows: this.out, count: this.count };
  }
}

class MaskedSelection implements Selection {
  readonly count: number;
  readonly kernels: ArenaKernels;
  readonly finished: Finished | null;
  readonly #buffer: RowBuffer;

  constructor(buffer: RowBuffer, kernels: ArenaKernels, finished: Finished | null) {
    this.finished = finished;
    this.count = buffer.count;
    this.kernels = kernels;
    this.#buffer = buffer;
  }

  get rows(): Uint32Array | null {
    return this.#buffer.rows;
  }
}

class CountedSelection implements Selection {
  readonly count: number;
  readonly finished: Finished | null;

  constructor(count: number, finished: Finished | null) {
    this.count = count;
    this.finished = finished;
  }

  get rows(): Uint32Array | null {
    throw new Error("the rows of a scan were asked for that wanted their number alone");
  }
}
