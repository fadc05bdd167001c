import type { Column } from "../../columns/column.ts";
import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { Chunk } from "../../soa/chunk.ts";
import type { RangeLayout } from "./range.ts";
import { kernelFamily } from "./specialise.ts";

/** What is known of the values of a column in a chunk: enough to tell that a range holds for none of them, or for all. */
export interface Zone {
  /** Rows it covers, from the first on. */
  readonly rows: number;
  readonly nulls: number;
  /** Smallest and greatest value that is not null and not NaN; `min` is above `max` where there is none. */
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly hasNaN: boolean;
}

/** The codes of a dictionary column that occur in a chunk. */
export interface CodeZone {
  readonly rows: number;
  readonly nulls: number;
  readonly codes: Uint32Array;
}

/** Whether chunk and column stay as they are until somebody writes to them through the store: then what is found out is worth keeping. */
const isSettled = (chunk: Chunk, column: Column): boolean =>
  !column.exposed && (chunk.sealed || chunk.length === chunk.capacity) && chunk.length >= 1024;

/** null where none is kept, as for the chunk that still takes rows. O(rows) the first time, then O(1) until the column is written. */
export function zoneOf(chunk: Chunk, field: number, layout: RangeLayout, signed: boolean): Zone | null {
  const column = chunk.columns[field];
  if (!isSettled(chunk, column)) return null;
  const known = column.statistics as Zone | null;
  if (known !== null && known.rows >= chunk.length) return known;
  const zone = boundsOf(chunk, field, layout, signed);
  column.statistics = zone;
  return zone;
}

/** What is true of the values at this moment. O(rows). */
export function boundsOf(chunk: Chunk, field: number, layout: RangeLayout, signed: boolean): Zone {
  const column = chunk.columns[field] as FixedColumn;
  return layout === "wide" ? wideZone(column, chunk.length, signed) : numberZone(column, chunk.length);
}

/**
 * null where none is kept. O(rows) the first time, then O(rows added since) until the column is written: few codes are
 * worth it even in the chunk that still takes rows.
 */
export function codeZoneOf(chunk: Chunk, field: number, size: number): CodeZone | null {
  const column = chunk.columns[field] as FixedColumn<Uint32Array>;
  if (column.exposed || size > (isSettled(chunk, column) ? 65_536 : 256)) return null;
  const known = column.statistics as CodeZone | null;
  if (known !== null && known.rows >= chunk.length) return known;
  const seen = new Uint8Array(size);
  if (known !== null) for (let i = 0; i < known.codes.length; i++) seen[known.codes[i]] = 1;
  markCodes(column.values.constructor.name)(column.values, known?.rows ?? 0, chunk.length, seen);
  const codes: number[] = [];
  for (let code = 0; code < size; code++) if (seen[code] === 1) codes.push(code);
  const zone: CodeZone = { rows: chunk.length, nulls: column.nullCount(chunk.length), codes: Uint32Array.from(codes) };
  column.statistics = zone;
  return zone;
}

const markCodes = kernelFamily(
  (codes: Uint8Array | Uint16Array | Uint32Array, from: number, to: number, seen: Uint8Array): void => {
    for (let i = from; i < to; i++) seen[codes[i]] = 1;
  },
);

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

// Nulls are zeros in memory: with nulls the loop asks the bitmap.
const numberBounds = kernelFamily((values: Numbers, count: number, validity: Uint8Array | null, out: Float64Array): void => {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nans = 0;
  for (let i = 0; i < count; i++) {
    if (validity !== null && ((validity[i >>> 3] >>> (i & 7)) & 1) === 0) continue;
    const value = values[i];
    if (value < min) min = value;
    if (value > max) max = value;
    if (Number.isNaN(value)) nans++;
  }
  out[0] = min;
  out[1] = max;
  out[2] = nans;
});

function numberZone(column: FixedColumn, rows: number): Zone {
  const values = column.values as Numbers;
  const out = new Float64Array(3);
  numberBounds(values.constructor.name)(values, rows, column.validity, out);
  return { rows, nulls: column.nullCount(rows), min: out[0], max: out[1], hasNaN: out[2] > 0 };
}

/** As high and low word; `sign` turned in the high word makes signed order unsigned. */
const wideBounds = kernelFamily(
  (words: Uint32Array, count: number, validity: Uint8Array | null, sign: number, out: Uint32Array): void => {
    let min1 = 0xffffffff;
    let min0 = 0xffffffff;
    let max1 = 0;
    let max0 = 0;
    for (let i = 0; i < count; i++) {
      if (validity !== null && ((validity[i >>> 3] >>> (i & 7)) & 1) === 0) continue;
      const v0 = words[2 * i];
      const v1 = (words[2 * i + 1] ^ sign) >>> 0;
      if (v1 < min1 || (v1 === min1 && v0 < min0)) {
        min1 = v1;
        min0 = v0;
      }
      if (v1 > max1 || (v1 === max1 && v0 > max0)) {
        max1 = v1;
        max0 = v0;
      }
    }
    out[0] = min0;
    out[1] = (min1 ^ sign) >>> 0;
    out[2] = max0;
    out[3] = (max1 ^ sign) >>> 0;
  },
);

function wideZone(column: FixedColumn, rows: number, signed: boolean): Zone {
  const out = new Uint32Array(4);
  wideBounds("")(column.words as Uint32Array, rows, column.validity, signed ? 0x8000_0000 | 0 : 0, out);
  const [min, max] = signed ? new BigInt64Array(out.buffer) : new BigUint64Array(out.buffer);
  const nulls = column.nullCount(rows);
  // No value at all leaves the bounds crossed.
  return nulls === rows ? { rows, nulls, min: 1n, max: 0n, hasNaN: false } : { rows, nulls, min, max, hasNaN: false };
}
