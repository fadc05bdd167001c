import type { ArenaKernels } from "../wasm/arena-kernels.ts";
import { blocksOf } from "../wasm/chunk-mask.ts";
import { keepSelection, type Selection } from "./selection.ts";

/** Chosen rows of one batch: as a bitmask, or as a list; `bits` and `rows` null: the first `count`. */
interface Part {
  /** Position of the batch's first row. */
  readonly first: number;
  readonly count: number;
  readonly bits: { readonly mask: Uint8Array; readonly kernels: ArenaKernels } | null;
  readonly rows: Uint32Array | null;
}

/**
 * Positions of the chosen rows of a scan. How many there are is known at its end: until then bitmasks stay bitmasks, an eighth
 * of a byte a row, and no array of positions is made that has to grow.
 */
export class Positions {
  readonly #parts: Part[] = [];
  length = 0;

  /** Takes the chosen rows of a batch of `batchRows` rows, whose first one has position `first`. */
  add(selection: Selection, batchRows: number, first: number): void {
    const { kernels, count } = selection;
    this.length += count;
    if (kernels !== undefined) {
      const mask = kernels.bytes.slice(kernels.mask, kernels.mask + blocksOf(batchRows) * 8);
      this.#parts.push({ first, count, bits: { mask, kernels }, rows: null });
    } else {
      const rows = selection.rows === null ? null : keepSelection(selection);
      this.#parts.push({ first, count, bits: null, rows });
    }
  }

  /** All of them, ascending. O(rows) */
  toArray(): Uint32Array {
    const out = new Uint32Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      writePart(part, out, at);
      at += part.count;
    }
    return out;
  }
}

function writePart({ first, count, bits, rows }: Part, out: Uint32Array, at: number): void {
  if (bits !== null) {
    const { kernels, mask } = bits;
    kernels.bytes.set(mask, kernels.mask);
    kernels.scan.rows(kernels.mask, mask.length >>> 3, kernels.rows, first);
    out.set(kernels.rowNumbers.subarray(0, count), at);
  } else if (rows === null) for (let i = 0; i < count; i++) out[at + i] = first + i;
  else for (let i = 0; i < count; i++) out[at + i] = first + rows[i];
}
