import { copyBits, fillBits } from "../../../columns/bitmap.ts";
import { type Cursor, damaged } from "./cursor.ts";
import { unpack } from "./unpack.ts";

export type IndexArray = Uint8Array | Uint16Array | Uint32Array;

/**
 * Parquet's RLE / bit-packing hybrid: `count` integers of `width` bits into `out` from `at` on. Values that `out` has no
 * room for lose their upper bits: check the width first. O(count).
 * @throws CorruptDataError
 */
export function readHybrid(cursor: Cursor, width: number, out: IndexArray, at: number, count: number): void {
  const end = at + count;
  while (at < end) {
    const header = cursor.varint();
    const left = end - at;
    if (header & 1) {
      const values = Math.min((header >>> 1) * 8, left);
      const packed = packedBytes(cursor, header >>> 1, width, values);
      unpack(cursor.bytes, packed, width, out, at, values);
      at += values;
    } else {
      const values = Math.min(header >>> 1, left);
      const value = repeated(cursor, width);
      if (values === 0) throw damaged("a run of no values");
      out.fill(value, at, at + values);
      at += values;
    }
  }
}

/** The hybrid of width 1 as bits of a bitmap. @throws CorruptDataError */
export function readHybridBits(cursor: Cursor, out: Uint8Array, at: number, count: number): void {
  const end = at + count;
  while (at < end) {
    const header = cursor.varint();
    const left = end - at;
    if (header & 1) {
      const values = Math.min((header >>> 1) * 8, left);
      copyBits(cursor.bytes, packedBytes(cursor, header >>> 1, 1, values) * 8, out, at, values);
      at += values;
    } else {
      const values = Math.min(header >>> 1, left);
      const value = repeated(cursor, 1);
      if (values === 0 || value > 1) throw damaged("a run of no levels, or of one that is neither 0 nor 1");
      fillBits(out, at, at + values, value === 1);
      at += values;
    }
  }
}

/** Where the bytes of a bit-packed run begin. Some writers leave out those behind the last value. */
function packedBytes(cursor: Cursor, groups: number, width: number, values: number): number {
  if (values === 0) throw damaged("a run of no values");
  const needed = Math.ceil((values * width) / 8);
  if (needed > cursor.left) throw damaged(`${needed} bytes are due where the page has ${cursor.left} left`);
  return cursor.take(Math.min(groups * width, cursor.left));
}

function repeated(cursor: Cursor, width: number): number {
  let value = 0;
  for (let shift = 0; shift < width; shift += 8) value |= cursor.bytes[cursor.take(1)] << shift;
  if (width < 32 && value >>> width !== 0) throw damaged(`a value of more than ${width} bits`);
  return value >>> 0;
}
