import type { Column } from "../../columns/column.ts";
import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { FieldType } from "../../entity/field-type.ts";
import type { Chunk } from "../../soa/chunk.ts";
import { keyHashFor } from "../../soa/key-hash.ts";
import { type RangeLayout, rangeLayout } from "./range.ts";
import { sortByHash, sortByValue } from "./sort-order.ts";
import { kernelFamily } from "./specialise.ts";

/** A secondary index in one chunk: its rows sorted by a column. Good until the column is written. */
export interface ColumnOrder {
  /** Rows it covers, from the first on. */
  readonly rows: number;
  /** Those of them that are not null, by value, equal ones by row. */
  readonly sorted: Uint16Array;
  /** Where they are sorted by hash: the hashes. */
  readonly hashes: Uint32Array | null;
}

/** What rows are sorted by: the values as they lie in memory, or, for equality alone, a hash of them. */
export type OrderLayout = RangeLayout | "hash";

export const orderLayout = (type: FieldType): OrderLayout =>
  type.kind === "enum" || type.kind === "category" ? "narrow" : (rangeLayout(type) ?? "hash");

/** When an index is worth it. Lowered in tests only. */
export const indexLimits = {
  /** Rows from which on a chunk is sorted: fewer are looked through as fast. */
  minRows: 1024,
  /**
   * Sorting a chunk takes as long as some ten or twenty scans of it. A column that was written since it was sorted waits
   * for so many queries before it is sorted anew: one written between all queries costs no more than without an index.
   */
  patience: 24,
  /** Where more than one row in so many is found, a scan is as fast. */
  scanShare: 16,
};

/** null where a scan is better. Sorts the chunk where that is due: O(rows); else O(1). */
export function orderOf(chunk: Chunk, field: number, type: FieldType): ColumnOrder | null {
  const column = chunk.columns[field];
  if (column.exposed || chunk.length - chunk.deadCount < indexLimits.minRows) return null;
  const known = column.order as ColumnOrder | number | null;
  const layout = orderLayout(type);
  // What is looked up by hash is else compared value by value: a scan of that takes longer than sorting.
  if (typeof known === "number" && known < indexLimits.patience && layout !== "hash") {
    column.order = known + 1;
    return null;
  }
  if (typeof known === "object" && known !== null && coversEnough(known, chunk.length)) return known;
  const order = sort(column, chunk.length, type, layout);
  column.order = order;
  return order;
}

/** Rows added since are scanned, until they are an eighth of those sorted. */
const coversEnough = ({ rows }: ColumnOrder, length: number): boolean =>
  length - rows <= Math.max(indexLimits.minRows, rows >>> 3);

/** Bytes of what is kept of a column's order. */
export function orderBytes({ order }: Column): number {
  if (typeof order !== "object" || order === null) return 0;
  const { sorted, hashes } = order as ColumnOrder;
  return sorted.byteLength + (hashes?.byteLength ?? 0);
}

function sort(column: Column, rows: number, type: FieldType, layout: OrderLayout): ColumnOrder {
  if (layout === "hash") return { rows, ...sortByHash(column, rows, keyHashFor(type)) };
  return { rows, sorted: sortByValue(column, rows, layout, type.kind !== "u64"), hashes: null };
}

/**
 * How many sorted rows have a value below `bound`, or with `orEqual` not above it. O(log rows).
 * @param bound in the form of ranges: a bigint for `wide`, else a number
 */
export function rowsBelow(
  { sorted, hashes }: ColumnOrder,
  column: Column,
  type: FieldType,
  bound: number | bigint,
  orEqual: boolean,
): number {
  const and = orEqual ? 1 : 0;
  if (hashes !== null) return hashesBelow(hashes, bound as number, and);
  const { values, words } = column as FixedColumn;
  if (orderLayout(type) !== "wide") {
    return valuesBelow(values.constructor.name)(values as Float64Array, sorted, bound as number, and);
  }
  const sign = type.kind === "u64" ? 0 : 0x8000_0000 | 0;
  one[0] = BigInt.asUintN(64, bound as bigint);
  return wordsBelow("")(words as Uint32Array, sorted, oneWords[0], (oneWords[1] ^ sign) >>> 0, sign, and);
}

const one = new BigUint64Array(1);
const oneWords = new Uint32Array(one.buffer);

type Values = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

// NaN is at the end and not below anything.
const valuesBelow = kernelFamily((values: Values, sorted: Uint16Array, bound: number, orEqual: number): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = values[sorted[middle]];
    if (value < bound || (orEqual === 1 && value === bound)) low = middle + 1;
    else high = middle;
  }
  return low;
});

const wordsBelow = kernelFamily(
  (words: Uint32Array, sorted: Uint16Array, bound0: number, bound1: number, sign: number, orEqual: number): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = sorted[middle];
      const value0 = words[2 * row];
      const value1 = (words[2 * row + 1] ^ sign) >>> 0;
      const below = value1 < bound1 || (value1 === bound1 && (value0 < bound0 || (orEqual === 1 && value0 === bound0)));
      if (below) low = middle + 1;
      else high = middle;
    }
    return low;
  },
);

function hashesBelow(hashes: Uint32Array, bound: number, orEqual: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hashes[middle] < bound || (orEqual === 1 && hashes[middle] === bound)) low = middle + 1;
    else high = middle;
  }
  return low;
}
