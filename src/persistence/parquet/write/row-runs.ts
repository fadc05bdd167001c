import type { Column } from "../../../columns/column.ts";
import { VarColumn } from "../../../columns/var-column.ts";
import { liveRuns } from "../../../soa/compact.ts";
import type { Rows } from "../../../soa/rows.ts";

/** Consecutive rows of the columns of one chunk, all of them there. */
export interface RowRun {
  readonly columns: readonly Column[];
  readonly from: number;
  readonly to: number;
}

/** The rows of one row group, where they lie. */
export interface RowGroupRows {
  readonly runs: readonly RowRun[];
  /** How many rows that is. */
  readonly rows: number;
  /** The strings behind the codes of enums and categories; null for other fields. One a field. */
  readonly dictionaries: readonly (readonly string[] | null)[];
}

/** Bytes of one utf8 or binary column from which on a row group takes no further row. */
const FULL_BYTES = 2 ** 27;

/**
 * Parts rows into row groups of `size` rows, fewer in the last, and in those that hold a hundred megabytes in a column.
 * Deleted rows are left out; the borders of chunks do not matter. Nothing is copied. O(chunks), and O(rows / 256) where
 * there are columns of variable length.
 */
export function* rowGroupsOf(rows: Rows, size: number, fullBytes = FULL_BYTES): Generator<RowGroupRows, void, undefined> {
  const dictionaries = rows.codecs.map(({ dictionary }) => dictionary?.values ?? null);
  let runs: RowRun[] = [];
  let taken = 0;
  let bytes: number[] = rows.codecs.map(() => 0);
  const finish = (): RowGroupRows => {
    const group = { runs, rows: taken, dictionaries };
    runs = [];
    taken = 0;
    bytes = bytes.map(() => 0);
    return group;
  };
  for (const chunk of rows.chunkList) {
    const { columns } = chunk;
    for (const column of columns) if (column instanceof VarColumn) column.settle();
    const live: [from: number, to: number][] = [];
    liveRuns(chunk, (from, to) => live.push([from, to]));
    for (const [start, end] of live) {
      for (let from = start; from < end; ) {
        const to = fittingEnd(columns, from, Math.min(end, from + size - taken), bytes, fullBytes);
        runs.push({ columns, from, to });
        taken += to - from;
        columns.forEach((column, i) => {
          if (column instanceof VarColumn) bytes[i] += column.offsets[to] - column.offsets[from];
        });
        from = to;
        if (taken === size || bytes.some((held) => held >= fullBytes)) yield finish();
      }
    }
  }
  if (taken > 0) yield finish();
}

/** Where a run from `from` to at most `to` must end, so that no column takes more bytes than it should: a row at least. */
function fittingEnd(columns: readonly Column[], from: number, to: number, held: readonly number[], full: number): number {
  let end = to;
  columns.forEach((column, i) => {
    if (!(column instanceof VarColumn)) return;
    const { offsets } = column;
    const limit = offsets[from] + full - held[i];
    if (offsets[end] <= limit) return;
    let low = from + 1;
    while (low < end) {
      const middle = (low + end) >>> 1;
      if (offsets[middle] >= limit) end = middle;
      else low = middle + 1;
    }
  });
  return end;
}
