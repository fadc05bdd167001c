import { getBit } from "../columns/bitmap.ts";
import { readUtf8 } from "../columns/utf8.ts";
import { VarColumn } from "../columns/var-column.ts";
import type { ForeignArray, ForeignType } from "./foreign.ts";
import { elementsOf, filled, freshColumn, type ReadColumn, type Span, type Target, validityOf } from "./span.ts";
import { isUtf8 } from "./utf8-check.ts";

type TextForeign = Extract<ForeignType, { kind: "utf8" | "binary" }>;

/** A column's 32-bit offsets end here. */
const MAX_OFFSET = 0x7fff_ffff;

/** utf8 into utf8 and binary into binary, of any form of offsets. */
export function textReader(target: Target, from: TextForeign): ReadColumn {
  const check = from.kind === "utf8" ? checkUtf8 : () => {};
  return (span) => {
    const validity = validityOf(target, span);
    if (from.offsets === "view") return fromViews(target, span, validity, from.kind === "utf8");
    const { offsets, data } = from.offsets === 32 ? smallOffsets(target, span) : largeOffsets(target, span);
    check(target, span, offsets, data, validity);
    return VarColumn.adopt(offsets, data, validity, span.rows);
  };
}

/** Bytes of one width into binary. */
export function fixedBinaryReader(target: Target, { width }: Extract<ForeignType, { kind: "fixedBinary" }>): ReadColumn {
  return (span) => {
    const { array, from, rows } = span;
    if (rows * width > MAX_OFFSET) throw tooLong(target, span);
    if ((from + rows) * width > array.values.length)
      throw target.damage(`${from + rows} values of ${width} bytes in a buffer of ${array.values.length}`);
    const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * width);
    return VarColumn.adopt(offsets, array.values.subarray(from * width, (from + rows) * width), validityOf(target, span), rows);
  };
}

/** Gives the bytes of a row of a utf8 or binary column, of any form of offsets. @throws ArrowError where they lie outside the data */
export function bytesReader(target: Target, type: TextForeign, array: ForeignArray): (row: number) => Uint8Array {
  const { values } = array;
  if (type.offsets === "view") return (row) => viewedBytes(target, array, row);
  const count = array.length === 0 ? 0 : array.length + 1;
  const offsets =
    type.offsets === 32
      ? elementsOf<Int32Array>(target, array.offsets as Uint8Array, Int32Array, 0, count)
      : elementsOf<BigInt64Array>(target, array.offsets as Uint8Array, BigInt64Array, 0, count);
  return (row) => {
    const begin = Number(offsets[row]);
    const end = Number(offsets[row + 1]);
    if (begin < 0 || end < begin || end > values.length)
      throw target.damage(`row ${row} has the offsets ${begin} to ${end} in ${values.length} bytes`);
    return values.subarray(begin, end);
  };
}

/** The text of some bytes. @throws TypeConversionError if they are not UTF-8 */
export function textOf(target: Target, bytes: Uint8Array, row: number): string {
  try {
    return readUtf8(bytes, 0, bytes.length);
  } catch {
    throw notUtf8(target, row);
  }
}

const notUtf8 = (target: Target, row: number) => target.refusal(`row ${row} holds bytes that are not UTF-8`);

const tooLong = (target: Target, { firstRow, rows }: Span) =>
  target.refusal(`rows ${firstRow} to ${firstRow + rows - 1} hold more than 2 GiB; cut the batch into smaller ones`);

interface Offsets {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

function smallOffsets(target: Target, { array, from, rows }: Span): Offsets {
  const data = array.values;
  // A column without rows may come without its one offset.
  if (rows === 0) return { offsets: new Int32Array(1), data };
  const offsets = elementsOf<Int32Array>(target, array.offsets as Uint8Array, Int32Array, from, rows + 1);
  if (offsets[0] < 0 || offsets[rows] > data.length)
    throw target.damage(`offsets ${offsets[0]} to ${offsets[rows]} in ${data.length} bytes`);
  for (let i = 0; i < rows; i++) if (offsets[i] > offsets[i + 1]) throw target.damage(`its offsets decrease at row ${from + i}`);
  return { offsets, data };
}

/** The offsets are made anew, from 0; the data stays where it is. */
function largeOffsets(target: Target, span: Span): Offsets {
  const { array, from, rows } = span;
  if (rows === 0) return { offsets: new Int32Array(1), data: array.values };
  const large = elementsOf<BigInt64Array>(target, array.offsets as Uint8Array, BigInt64Array, from, rows + 1);
  const [begin, end] = [large[0], large[rows]];
  if (begin < 0n || end < begin || end > array.values.length)
    throw target.damage(`offsets ${begin} to ${end} in ${array.values.length} bytes`);
  if (end - begin > MAX_OFFSET) throw tooLong(target, span);
  const first = Number(begin);
  const offsets = new Int32Array(rows + 1);
  for (let i = 1; i <= rows; i++) {
    if (large[i] < large[i - 1]) throw target.damage(`its offsets decrease at row ${from + i - 1}`);
    offsets[i] = Number(large[i]) - first;
  }
  return { offsets, data: array.values.subarray(first, Number(end)) };
}

/** All rows at once, which is quick; only where that fails, row by row, for a null may stand over any bytes. */
function checkUtf8(
  target: Target,
  { rows, firstRow }: Span,
  offsets: Int32Array,
  data: Uint8Array,
  validity: Uint8Array | null,
): void {
  if (isUtf8(data, offsets[0], offsets[rows])) {
    let i = 1;
    while (i < rows && (offsets[i] === offsets[rows] || (data[offsets[i]] & 0xc0) !== 0x80)) i++;
    if (i >= rows) return;
  }
  for (let i = 0; i < rows; i++) {
    if ((validity === null || getBit(validity, i)) && !isUtf8(data, offsets[i], offsets[i + 1]))
      throw notUtf8(target, firstRow + i);
  }
}

function fromViews(target: Target, span: Span, validity: Uint8Array | null, utf8: boolean): VarColumn {
  const { array, from, rows } = span;
  return filled(freshColumn<VarColumn>(target, span, validity), (column) => {
    for (let i = 0; i < rows; i++) {
      if (validity !== null && !getBit(validity, i)) {
        column.endRow(i, column.offsets[i]);
        continue;
      }
      const bytes = viewedBytes(target, array, from + i);
      if (utf8 && !isUtf8(bytes, 0, bytes.length)) throw notUtf8(target, span.firstRow + i);
      if (column.offsets[i] + bytes.length > MAX_OFFSET) throw tooLong(target, span);
      column.append(i, bytes);
    }
  });
}

/** A view is 16 bytes: a length, then up to 12 bytes of the value, or 4 of them with the number of a buffer and an offset in it. */
function viewedBytes(target: Target, { values, viewed }: ForeignArray, row: number): Uint8Array {
  const at = row * 16;
  if (at + 16 > values.length) throw target.damage(`${row + 1} views in a buffer of ${values.length} bytes`);
  const view = new DataView(values.buffer, values.byteOffset + at, 16);
  const length = view.getInt32(0, true);
  if (length >= 0 && length <= 12) return values.subarray(at + 4, at + 4 + length);
  const data = viewed[view.getInt32(8, true)];
  const start = view.getInt32(12, true);
  if (length < 0 || data === undefined || start < 0 || start + length > data.length)
    throw target.damage(`the view of row ${row} lies outside its data`);
  return data.subarray(start, start + length);
}
