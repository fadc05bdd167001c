import type { BitColumn } from "../../../columns/bit-column.ts";
import { bitmapBytes, copyBits, countBits, fillBits, getBit, setBit } from "../../../columns/bitmap.ts";
import type { CodeArray } from "../../../columns/codecs/dictionary.ts";
import type { FixedArray, FixedColumn } from "../../../columns/fixed-column.ts";
import type { VarColumn } from "../../../columns/var-column.ts";
import type { FileColumn } from "../format/file-schema.ts";
import { PhysicalType } from "../format/metadata.ts";
import { bigEndianDecimals, millisecondsOf, narrowDecimals } from "./convert-values.ts";
import type { RowGroupRows, RowRun } from "./row-runs.ts";

/** The values of a column in a row group that are not null, in the form of the physical type. Not to be written to. */
export type Values =
  /** INT32, FLOAT: a word a value; INT64, DOUBLE: two, the low one first. */
  | { readonly kind: "words"; readonly words: Uint32Array; readonly width: 4 | 8; readonly count: number }
  /** FIXED_LEN_BYTE_ARRAY: `width` bytes a value. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly width: number; readonly count: number }
  /** BYTE_ARRAY: value i has the bytes from offsets[i] to offsets[i + 1]. */
  | { readonly kind: "byteArrays"; readonly offsets: Int32Array; readonly data: Uint8Array; readonly count: number }
  /** BYTE_ARRAY by codes into a dictionary. */
  | { readonly kind: "codes"; readonly codes: CodeArray; readonly dictionary: readonly string[]; readonly count: number }
  /** BOOLEAN: a bit a value. */
  | { readonly kind: "bits"; readonly bits: Uint8Array; readonly count: number };

export interface ColumnValues {
  readonly rows: number;
  /** Bitmap of the rows that are not null; null where all are. */
  readonly validity: Uint8Array | null;
  readonly nulls: number;
  readonly values: Values;
}

/**
 * Gathers a column of a row group. Without a copy where the values lie in one run, are of the physical type already and
 * none is null; else O(rows).
 * @throws TypeConversionError for seconds that are no milliseconds of 64 bits
 */
export function gatherColumn(column: FileColumn, source: RowGroupRows, entity: string): ColumnValues {
  const { rows } = source;
  const { validity, nulls } = gatherValidity(column.field.index, source);
  const values = gatherValues(column, source, entity);
  return { rows, validity, nulls, values: validity === null ? values : withoutNulls(values, validity, rows, rows - nulls) };
}

function gatherValidity(field: number, { runs, rows }: RowGroupRows): { validity: Uint8Array | null; nulls: number } {
  if (runs.every(({ columns }) => columns[field].validity === null)) return { validity: null, nulls: 0 };
  const validity = new Uint8Array(bitmapBytes(rows));
  let at = 0;
  for (const { columns, from, to } of runs) {
    const source = columns[field].validity;
    if (source === null) fillBits(validity, at, at + to - from, true);
    else copyBits(source, from, validity, at, to - from);
    at += to - from;
  }
  const nulls = rows - countBits(validity, 0, rows);
  return nulls === 0 ? { validity: null, nulls } : { validity, nulls };
}

/** The values of all rows; whatever it is that stands under nulls. */
function gatherValues({ field, physicalType, width }: FileColumn, source: RowGroupRows, entity: string): Values {
  const { runs, rows } = source;
  const { index, type } = field;
  switch (type.kind) {
    case "bool":
      return { kind: "bits", bits: gatherBits(index, runs, rows), count: rows };
    case "utf8":
    case "binary":
      return gatherByteArrays(index, runs, rows);
    case "enum":
    case "category": {
      const codes = gatherFixed(index, runs, rows, 1) as CodeArray;
      return { kind: "codes", codes, dictionary: source.dictionaries[index] ?? [], count: rows };
    }
    case "decimal": {
      const halves = gatherFixed(index, runs, rows, 2) as BigUint64Array;
      if (physicalType === PhysicalType.FIXED_LEN_BYTE_ARRAY)
        return { kind: "bytes", bytes: bigEndianDecimals(halves, width), width, count: rows };
      return wordsOf(narrowDecimals(halves, width as 4 | 8), rows);
    }
    case "timestamp": {
      const ticks = gatherFixed(index, runs, rows, 1) as BigInt64Array;
      return wordsOf(type.unit === "s" ? millisecondsOf(ticks, entity, field.column) : ticks, rows);
    }
    case "u8":
    case "u16":
    case "i8":
    case "i16": {
      const wide = new Int32Array(rows);
      eachRun(index, runs, (column: FixedColumn, from, to, at) => wide.set(column.values.subarray(from, to) as Uint8Array, at));
      return wordsOf(wide, rows);
    }
    default:
      return wordsOf(gatherFixed(index, runs, rows, 1), rows);
  }
}

function eachRun<C>(
  field: number,
  runs: readonly RowRun[],
  visit: (column: C, from: number, to: number, at: number) => void,
): void {
  let at = 0;
  for (const { columns, from, to } of runs) {
    visit(columns[field] as C, from, to, at);
    at += to - from;
  }
}

function gatherFixed(field: number, runs: readonly RowRun[], rows: number, stride: number): FixedArray {
  const first = runs[0].columns[field] as FixedColumn;
  if (runs.length === 1) return first.values.subarray(runs[0].from * stride, runs[0].to * stride);
  const values = new (first.values.constructor as new (length: number) => FixedArray)(rows * stride);
  eachRun(field, runs, (column: FixedColumn, from, to, at) => {
    (values as Uint8Array).set(column.values.subarray(from * stride, to * stride) as Uint8Array, at * stride);
  });
  return values;
}

function wordsOf(values: FixedArray, count: number): Values {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2);
  return { kind: "words", words, width: values.BYTES_PER_ELEMENT as 4 | 8, count };
}

function gatherBits(field: number, runs: readonly RowRun[], rows: number): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(rows));
  eachRun(field, runs, (column: BitColumn, from, to, at) => copyBits(column.bits, from, bits, at, to - from));
  return bits;
}

function gatherByteArrays(field: number, runs: readonly RowRun[], rows: number): Values {
  if (runs.length === 1) {
    const { offsets, data } = runs[0].columns[field] as VarColumn;
    return { kind: "byteArrays", offsets: offsets.subarray(runs[0].from, runs[0].to + 1), data, count: rows };
  }
  let bytes = 0;
  eachRun(field, runs, ({ offsets }: VarColumn, from, to) => {
    bytes += offsets[to] - offsets[from];
  });
  const data = new Uint8Array(bytes);
  const all = new Int32Array(rows + 1);
  let end = 0;
  eachRun(field, runs, ({ offsets, data: part }: VarColumn, from, to, at) => {
    const shift = end - offsets[from];
    data.set(part.subarray(offsets[from], offsets[to]), end);
    for (let row = from; row < to; row++) all[at + row - from + 1] = offsets[row + 1] + shift;
    end = offsets[to] + shift;
  });
  return { kind: "byteArrays", offsets: all, data, count: rows };
}

function withoutNulls(values: Values, validity: Uint8Array, rows: number, count: number): Values {
  switch (values.kind) {
    case "words": {
      const { width } = values;
      return { ...values, words: keepValid(values.words, width >>> 2, validity, rows, count), count };
    }
    case "bytes":
      return { ...values, bytes: keepValid(values.bytes, values.width, validity, rows, count), count };
    case "codes":
      return { ...values, codes: keepValid(values.codes, 1, validity, rows, count), count };
    case "bits": {
      const bits = new Uint8Array(bitmapBytes(count));
      for (let row = 0, at = 0; row < rows; row++) {
        if (!getBit(validity, row)) continue;
        if (getBit(values.bits, row)) setBit(bits, at);
        at++;
      }
      return { ...values, bits, count };
    }
    case "byteArrays":
      return byteArraysWithoutNulls(values, validity, rows, count);
  }
}

function keepValid<A extends Uint8Array | Uint16Array | Uint32Array>(
  values: A,
  stride: number,
  validity: Uint8Array,
  rows: number,
  count: number,
): A {
  const kept = new (values.constructor as new (length: number) => A)(count * stride);
  let at = 0;
  if (stride === 1) {
    for (let row = 0; row < rows; row++) if (((validity[row >>> 3] >>> (row & 7)) & 1) === 1) kept[at++] = values[row];
    return kept;
  }
  for (let row = 0; row < rows; row++) {
    if (((validity[row >>> 3] >>> (row & 7)) & 1) === 0) continue;
    for (let i = 0; i < stride; i++) kept[at++] = values[row * stride + i];
  }
  return kept;
}

/** Foreign columns may have bytes under nulls: those are left out too. */
function byteArraysWithoutNulls(
  { offsets, data }: Extract<Values, { kind: "byteArrays" }>,
  validity: Uint8Array,
  rows: number,
  count: number,
): Values {
  const kept = new Int32Array(count + 1);
  const bytes = new Uint8Array(offsets[rows] - offsets[0]);
  let end = 0;
  for (let row = 0, at = 0; row < rows; row++) {
    if (!getBit(validity, row)) continue;
    if (offsets[row + 1] > offsets[row]) bytes.set(data.subarray(offsets[row], offsets[row + 1]), end);
    end += offsets[row + 1] - offsets[row];
    kept[++at] = end;
  }
  return { kind: "byteArrays", offsets: kept, data: bytes, count };
}
