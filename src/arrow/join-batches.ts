import { bitmapBytes, copyBits, fillBits } from "../columns/bitmap.ts";
import type { ForeignArray, ForeignTable, ForeignType } from "./foreign.ts";

/**
 * The rows of a table as one batch: reading many batches of few rows costs far more than copying them together. The
 * table itself where its columns are of types, or in a state, that this does not put together. O(bytes).
 */
export function joinBatches(table: ForeignTable): ForeignTable {
  const { fields, batches } = table;
  if (fields === null || batches.length < 2 || batches.some((batch) => batch.fields !== fields)) return table;
  const columns: ForeignArray[] = [];
  for (let i = 0; i < fields.length; i++) {
    const arrays = batches.map((batch) => batch.column(i));
    const sound = arrays.every(({ length, bitOffset }, at) => length === batches[at].length && bitOffset === 0);
    const joined = sound ? joinArrays(fields[i].type, arrays) : null;
    if (joined === null) return table;
    columns.push(joined);
  }
  const length = batches.reduce((sum, batch) => sum + batch.length, 0);
  return { fields, batches: [{ fields, length, column: (i) => columns[i] }] };
}

/** Arrays of one type behind each other; null where they cannot be. Their first rows begin at whole bytes. */
function joinArrays(type: ForeignType, arrays: readonly ForeignArray[]): ForeignArray | null {
  const [{ dictionary }] = arrays;
  if (arrays.some((array) => array.dictionary !== dictionary)) return null;
  const parts = {
    rows: arrays.map(({ length }) => length),
    validity: { of: arrays.map(({ validity }) => validity), at: 0 },
    values: { of: arrays.map(({ values }) => values), at: 0 },
    offsets: { of: arrays.map(({ offsets }) => offsets), at: 0 },
  };
  return joinParts(type, dictionary, parts);
}

/** A buffer of each of several arrays: bytes of it, and where in them it begins. */
interface Buffers {
  readonly of: readonly (Uint8Array | null)[];
  readonly at: number;
}

/** Several arrays of one type. */
export interface Parts {
  /** Of each. */
  readonly rows: readonly number[];
  /** null where every row is valid. */
  readonly validity: Buffers;
  readonly values: Buffers;
  readonly offsets: Buffers;
}

/** The arrays as one; null where their type is of those that cannot be put together, or they are not sound. O(bytes). */
export function joinParts(type: ForeignType, dictionary: ForeignArray["dictionary"], parts: Parts): ForeignArray | null {
  const { rows } = parts;
  const length = rows.reduce((sum, count) => sum + count, 0);
  const validity = joinValidity(parts.validity, rows, length);
  const common = { type, length, bitOffset: 0, validity, viewed: [], dictionary };
  if (type.kind === "bool") {
    const values = joinBits(parts.values, rows, length);
    return values === null ? null : { ...common, values, offsets: null };
  }
  if (type.kind === "utf8" || type.kind === "binary") {
    const texts = type.offsets === 32 ? joinTexts(parts, length) : null;
    return texts === null ? null : { ...common, ...texts };
  }
  const width = widthOf(type);
  const values = width === 0 ? null : joinValues(parts.values, rows, length, width);
  return values === null ? null : { ...common, values, offsets: null };
}

/** Bytes of a value; 0 for types whose values are not all of one size. */
function widthOf(type: ForeignType): number {
  switch (type.kind) {
    case "int":
    case "float":
    case "decimal":
      return type.bits >> 3;
    case "date":
      return type.unit === "day" ? 4 : 8;
    case "timestamp":
      return 8;
    case "fixedBinary":
      return type.width;
    case "dictionary":
      return type.codes.bits >> 3;
    default:
      return 0;
  }
}

function joinValidity({ of, at }: Buffers, rows: readonly number[], length: number): Uint8Array | null {
  if (of.every((bitmap) => bitmap === null)) return null;
  const bits = new Uint8Array(bitmapBytes(length));
  let to = 0;
  of.forEach((bitmap, i) => {
    if (bitmap === null) fillBits(bits, to, to + rows[i], true);
    else copyBits(bitmap, at * 8, bits, to, rows[i]);
    to += rows[i];
  });
  return bits;
}

function joinBits({ of, at }: Buffers, rows: readonly number[], length: number): Uint8Array | null {
  const bits = new Uint8Array(bitmapBytes(length));
  let to = 0;
  for (let i = 0; i < of.length; i++) {
    const source = of[i];
    if (source === null || source.length < at + bitmapBytes(rows[i])) return null;
    copyBits(source, at * 8, bits, to, rows[i]);
    to += rows[i];
  }
  return bits;
}

function joinValues({ of, at }: Buffers, rows: readonly number[], length: number, width: number): Uint8Array | null {
  const joined = new Uint8Array(length * width);
  let to = 0;
  for (let i = 0; i < of.length; i++) {
    const source = of[i];
    const bytes = rows[i] * width;
    if (source === null || source.length < at + bytes) return null;
    // What a call costs is more than what a few bytes do.
    if (bytes <= 16) for (let b = 0; b < bytes; b++) joined[to + b] = source[at + b];
    else joined.set(source.subarray(at, at + bytes), to);
    to += bytes;
  }
  return joined;
}

function joinTexts({ rows, offsets, values }: Parts, length: number): { offsets: Uint8Array; values: Uint8Array } | null {
  const ends = new Int32Array(length + 1);
  const parts: { source: Uint8Array; from: number; to: number }[] = [];
  let row = 0;
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const [own, source] = [offsets.of[i], values.of[i]];
    if (rows[i] === 0) continue;
    if (own === null || source === null || own.length < offsets.at + (rows[i] + 1) * 4) return null;
    const view = new DataView(own.buffer, own.byteOffset + offsets.at, (rows[i] + 1) * 4);
    const from = view.getInt32(0, true);
    let to = from;
    for (let n = 1; n <= rows[i]; n++) {
      const end = view.getInt32(n * 4, true);
      if (end < to) return null;
      to = end;
      ends[++row] = total + (to - from);
    }
    if (from < 0 || values.at + to > source.length) return null;
    total += to - from;
    if (total > 0x7fff_ffff) return null;
    parts.push({ source, from: values.at + from, to: values.at + to });
  }
  const joined = new Uint8Array(total);
  let at = 0;
  for (const { source, from, to } of parts) {
    joined.set(source.subarray(from, to), at);
    at += to - from;
  }
  return { offsets: new Uint8Array(ends.buffer), values: joined };
}
