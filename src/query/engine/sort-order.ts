import type { Column } from "../../columns/column.ts";
import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { KeyHash } from "../../soa/key-hash.ts";
import type { RangeLayout } from "./range.ts";
import { kernelFamily } from "./specialise.ts";

/** 11 bits a pass: three passes for 32 bits, and a table of counts that stays in the first-level cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

type Narrow = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array;
type Float = Float32Array | Float64Array;

/** The rows of a chunk that are not null, by value; equal values by row. `-0` is 0, NaN is greatest. O(rows). */
export function sortByValue(column: Column, rows: number, layout: RangeLayout, signed: boolean): Uint16Array {
  const { values, words } = column as FixedColumn;
  const low = new Uint32Array(rows);
  if (layout === "narrow") {
    narrowKeys(values.constructor.name)(values as Narrow, rows, low);
    return sortRows(column, rows, [low]);
  }
  const high = new Uint32Array(rows);
  if (layout === "wide") wideKeys("")(words as Uint32Array, rows, signed ? 0x8000_0000 | 0 : 0, low, high);
  else floatKeys(values.constructor.name)(values as Float, rows, new Float64Array(1), low, high);
  return sortRows(column, rows, [low, high]);
}

/** As `sortByValue`, by the hash of the value, with the hashes in that order. */
export function sortByHash(column: Column, rows: number, hash: KeyHash): { sorted: Uint16Array; hashes: Uint32Array } {
  const keys = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) if (!column.isNull(row)) keys[row] = hash.hash(column, row);
  const sorted = sortRows(column, rows, [keys]);
  const hashes = new Uint32Array(sorted.length);
  for (let i = 0; i < hashes.length; i++) hashes[i] = keys[sorted[i]];
  return { sorted, hashes };
}

// Distances to the least value: columns of a small span need few passes, whatever their width. Nulls are zeros, which
// may widen the span and do not matter else.
const narrowKeys = kernelFamily((values: Narrow, rows: number, low: Uint32Array): void => {
  let min = 4_294_967_295;
  for (let i = 0; i < rows; i++) if (values[i] < min) min = values[i];
  for (let i = 0; i < rows; i++) low[i] = values[i] - min;
});

const wideKeys = kernelFamily((words: Uint32Array, rows: number, sign: number, low: Uint32Array, high: Uint32Array): void => {
  for (let i = 0; i < rows; i++) {
    low[i] = words[2 * i];
    high[i] = words[2 * i + 1] ^ sign;
  }
});

// The bits of doubles are ordered as they are once the negative ones are turned over.
const floatKeys = kernelFamily((values: Float, rows: number, one: Float64Array, low: Uint32Array, high: Uint32Array): void => {
  const bits = new Int32Array(one.buffer);
  for (let i = 0; i < rows; i++) {
    const value = values[i];
    one[0] = value + 0;
    const turn = bits[1] >> 31;
    const nan = Number(Number.isNaN(value));
    low[i] = (bits[0] ^ turn) | -nan;
    high[i] = (bits[1] ^ (turn | 0x8000_0000)) | -nan;
  }
});

/** The valid rows by their keys, which are words of 32 bits, the lowest first. Stable. */
function sortRows(column: Column, rows: number, keys: readonly Uint32Array[]): Uint16Array {
  let from = validRows(column, rows);
  let to = new Uint16Array(from.length);
  const counts = new Uint32Array(DIGITS);
  for (const words of keys) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (!sortByDigit(words, shift, from, to, counts)) continue;
      [from, to] = [to, from];
    }
  }
  return from;
}

function validRows(column: Column, rows: number): Uint16Array<ArrayBuffer> {
  const valid = new Uint16Array(rows - column.nullCount(rows));
  let m = 0;
  for (let row = 0; m < valid.length; row++) if (!column.isNull(row)) valid[m++] = row;
  return valid;
}

/** False where all have the same digit, and nothing was moved. */
function sortByDigit(keys: Uint32Array, shift: number, from: Uint16Array, to: Uint16Array, counts: Uint32Array): boolean {
  const length = from.length;
  counts.fill(0);
  for (let i = 0; i < length; i++) counts[(keys[from[i]] >>> shift) & (DIGITS - 1)]++;
  if (length === 0 || counts[(keys[from[0]] >>> shift) & (DIGITS - 1)] === length) return false;
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = counts[digit];
    counts[digit] = start;
    start += count;
  }
  for (let i = 0; i < length; i++) {
    const row = from[i];
    to[counts[(keys[row] >>> shift) & (DIGITS - 1)]++] = row;
  }
  return true;
}
