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
  // Each lies by itself.
  const layouts = Int32Array.from(arrays, (_, i) => i);
  const rows = arrays.map(({ length }) => length);
  const places = { length: rowsOf(layouts, rows), layouts, starts: new Float64Array(arrays.length) };
  const whole = (of: (array: ForeignArray) => Uint8Array | null): Extent[] =>
    arrays.map((array) => {
      const source = of(array);
      return source === null ? NO_EXTENT : { source, at: 0, length: source.length };
    });
  return joinParts(type, dictionary, places, {
    rows,
    validity: whole(({ validity }) => validity),
    values: whole(({ values }) => values),
    offsets: whole(({ offsets }) => offsets),
  });
}

/** Where several arrays lie: the layout of each, and from where in its source on. */
export interface Places {
  /** Rows of all of them. */
  readonly length: number;
  readonly layouts: Int32Array;
  readonly starts: Float64Array;
}

/** A buffer of the arrays of a layout: so many bytes of a source, from `at` behind the array's start on. */
export interface Extent {
  readonly source: Uint8Array;
  readonly at: number;
  readonly length: number;
}

/** None, as that for the validity of arrays without nulls. */
export const NO_EXTENT: Extent = { source: new Uint8Array(0), at: 0, length: 0 };

/** What the arrays of each layout are made of. */
export interface Layouts {
  readonly rows: readonly number[];
  readonly validity: readonly Extent[];
  readonly values: readonly Extent[];
  readonly offsets: readonly Extent[];
}

/** Rows of arrays that lie so, where a layout has so many. */
export function rowsOf(layouts: Int32Array, rows: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < layouts.length; i++) sum += rows[layouts[i]];
  return sum;
}

/** The arrays as one; null where their type is of those that cannot be put together, or they are not sound. O(bytes). */
export function joinParts(
  type: ForeignType,
  dictionary: ForeignArray["dictionary"],
  places: Places,
  of: Layouts,
): ForeignArray | null {
  const { length } = places;
  const validity = joinValidity(places, of, length);
  const common = { type, length, bitOffset: 0, validity, viewed: [], dictionary };
  if (type.kind === "bool") {
    const values = joinBits(places, of, length);
    return values === null ? null : { ...common, values, offsets: null };
  }
  if (type.kind === "utf8" || type.kind === "binary") {
    const texts = type.offsets === 32 ? joinTexts(places, of, length) : null;
    return texts === null ? null : { ...common, ...texts };
  }
  const width = widthOf(type);
  const values = width === 0 ? null : joinValues(places, of, length, width);
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

function joinValidity({ layouts, starts }: Places, { rows, validity }: Layouts, total: number): Uint8Array | null {
  if (validity.every(({ length }) => length === 0)) return null;
  const bits = new Uint8Array(bitmapBytes(total));
  let to = 0;
  for (let i = 0; i < layouts.length; i++) {
    const { source, at, length } = validity[layouts[i]];
    const count = rows[layouts[i]];
    if (length < bitmapBytes(count)) fillBits(bits, to, to + count, true);
    else copyBits(source, (starts[i] + at) * 8, bits, to, count);
    to += count;
  }
  return bits;
}

function joinBits({ layouts, starts }: Places, { rows, values }: Layouts, total: number): Uint8Array | null {
  if (values.some(({ length }, i) => length < bitmapBytes(rows[i]))) return null;
  const bits = new Uint8Array(bitmapBytes(total));
  let to = 0;
  for (let i = 0; i < layouts.length; i++) {
    const { source, at } = values[layouts[i]];
    const count = rows[layouts[i]];
    copyBits(source, (starts[i] + at) * 8, bits, to, count);
    to += count;
  }
  return bits;
}

/** What a call costs is more than what copying so many bytes one by one does. */
const FEW_BYTES = 64;

function joinValues(places: Places, { rows, values }: Layouts, total: number, width: number): Uint8Array | null {
  if (values.some(({ length }, i) => length < rows[i] * width)) return null;
  const joined = new Uint8Array(total * width);
  const { layouts, starts } = places;
  let to = 0;
  for (let i = 0; i < layouts.length; i++) {
    const { source, at } = values[layouts[i]];
    const bytes = rows[layouts[i]] * width;
    copyBytes(source, starts[i] + at, joined, to, bytes);
    to += bytes;
  }
  return joined;
}

function copyBytes(source: Uint8Array, from: number, target: Uint8Array, to: number, bytes: number): void {
  if (bytes > FEW_BYTES) target.set(source.subarray(from, from + bytes), to);
  else for (let b = 0; b < bytes; b++) target[to + b] = source[from + b];
}

function joinTexts(
  { layouts, starts }: Places,
  { rows, offsets, values }: Layouts,
  total: number,
): { offsets: Uint8Array; values: Uint8Array } | null {
  if (offsets.some(({ length }, i) => rows[i] > 0 && length < (rows[i] + 1) * 4)) return null;
  const views = offsets.map(({ source }) => new DataView(source.buffer, source.byteOffset, source.byteLength));
  const ends = new Int32Array(total + 1);
  const first = new Float64Array(layouts.length);
  let row = 0;
  for (let i = 0; i < layouts.length; i++) {
    const layout = layouts[i];
    if (rows[layout] === 0) continue;
    const view = views[layout];
    const at = starts[i] + offsets[layout].at;
    const from = view.getInt32(at, true);
    const before = ends[row] - from;
    let last = from;
    for (let n = 1; n <= rows[layout]; n++) {
      const end = view.getInt32(at + n * 4, true);
      if (end < last || before + end > 0x7fff_ffff) return null;
      last = end;
      ends[++row] = before + end;
    }
    if (from < 0 || last > values[layout].length) return null;
    first[i] = starts[i] + values[layout].at + from;
  }
  const joined = new Uint8Array(ends[total]);
  row = 0;
  for (let i = 0; i < layouts.length; i++) {
    const to = ends[row];
    row += rows[layouts[i]];
    copyBytes(values[layouts[i]].source, first[i], joined, to, ends[row] - to);
  }
  return { offsets: new Uint8Array(ends.buffer), values: joined };
}
