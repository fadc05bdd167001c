import { CHUNK_ROWS } from "../../soa/chunk.ts";
import type { ArenaKernels } from "../wasm/arena-kernels.ts";
import { blocksOf } from "../wasm/chunk-mask.ts";
import type { Selection } from "./selection.ts";
import { specialise } from "./specialise.ts";

/** Chosen rows of one batch: as a bitmask, or as positions; `bits` and `positions` null: the first `count`. */
interface Part {
  /** Position of the batch's first row. */
  readonly first: number;
  readonly count: number;
  readonly bits: { readonly mask: Uint8Array; readonly kernels: ArenaKernels } | null;
  readonly positions: Uint32Array | null;
}

/** Positions that memory is taken for at once. */
const ROOM = 4 * CHUNK_ROWS;

/** Memory of the last one, for the next: fresh memory costs more than the positions written to it. */
let spare: Uint32Array | null = null;

/**
 * Positions of the chosen rows of a scan. How many there are is known at its end: until then bitmasks stay bitmasks, an eighth
 * of a byte a row, and no array of positions is made that has to grow.
 */
export class Positions {
  readonly #parts: Part[] = [];
  #room: Uint32Array | null = null;
  #used = 0;
  length = 0;

  /** Takes the chosen rows of a batch of `batchRows` rows, whose first one has position `first`. */
  add(selection: Selection, batchRows: number, first: number): void {
    const { kernels, count } = selection;
    this.length += count;
    if (kernels !== undefined) {
      const mask = kernels.bytes.slice(kernels.mask, kernels.mask + blocksOf(batchRows) * 8);
      this.#parts.push({ first, count, bits: { mask, kernels }, positions: null });
      return;
    }
    const { rows } = selection;
    const positions = rows === null ? null : this.#roomFor(count);
    if (rows !== null && positions !== null) shift(rows, count, first, positions);
    this.#parts.push({ first, count, bits: null, positions });
  }

  #roomFor(count: number): Uint32Array {
    if (this.#room === null || this.#room.length - this.#used < count) {
      this.#room = spare !== null && spare.length >= count ? spare : new Uint32Array(Math.max(ROOM, count));
      this.#used = 0;
      // Another scan within this one finds none.
      spare = null;
    }
    this.#used += count;
    return this.#room.subarray(this.#used - count, this.#used);
  }

  /** All of them, ascending; to be called once. O(rows) */
  toArray(): Uint32Array {
    const out = new Uint32Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      writePart(part, out, at);
      at += part.count;
    }
    if (this.#room?.length === ROOM) spare = this.#room;
    return out;
  }
}

function writePart({ first, count, bits, positions }: Part, out: Uint32Array, at: number): void {
  if (bits !== null) {
    const { kernels, mask } = bits;
    kernels.bytes.set(mask, kernels.mask);
    kernels.scan.rows(kernels.mask, mask.length >>> 3, kernels.rows, first);
    out.set(kernels.rowNumbers.subarray(0, count), at);
  } else if (positions !== null) out.set(positions, at);
  else for (let i = 0; i < count; i++) out[at + i] = first + i;
}

const shift = specialise((rows: Uint32Array, count: number, first: number, out: Uint32Array): void => {
  for (let i = 0; i < count; i++) out[i] = rows[i] + first;
});
