import type { ArenaKernels } from "../wasm/arena-kernels.ts";
import type { Finished } from "../wasm/chunk-sums.ts";

/** Rows of a batch by position, ascending. `rows` null: the first `count` ones, all of them. */
export interface Selection {
  /** May be made when first asked for: ask only where they are needed. */
  readonly rows: Uint32Array | null;
  readonly count: number;
  /** Where these hold the rows as a bitmask too, at `kernels.mask`. */
  readonly kernels?: ArenaKernels;
  /** What another thread has already made of these rows. */
  readonly finished?: Finished | null;
}

export const allRows = (count: number): Selection => ({ rows: null, count });

/** The same rows in memory of their own, for whoever keeps them: scans reuse their buffer. */
export function keepSelection(selection: Selection): Uint32Array {
  const { rows, count } = selection;
  if (rows !== null) return rows.slice(0, count);
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}
