import { UnsupportedError } from "../../../errors.ts";
import { Encoding } from "../format/metadata.ts";
import { type Cursor, damaged } from "./cursor.ts";
import { readDelta32 } from "./delta.ts";

/** Offsets of a column are 32-bit integers. */
export const MAX_DATA = 0x7fff_ffff;

/** Values behind each other; there are `count + 1` offsets. */
export interface ByteArrays {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

/**
 * `count` byte strings of a page or dictionary. O(bytes).
 * @param most bytes that they may have together
 * @throws CorruptDataError, UnsupportedError beyond `most`
 */
export function readByteArrays(encoding: number, cursor: Cursor, count: number, most = MAX_DATA): ByteArrays {
  switch (encoding) {
    case Encoding.PLAIN:
      return plain(cursor, count);
    case Encoding.DELTA_LENGTH_BYTE_ARRAY:
      return deltaLength(cursor, count);
    case Encoding.DELTA_BYTE_ARRAY:
      return deltaStrings(cursor, count, most);
  }
  throw damaged(`byte arrays in encoding ${encoding}`);
}

/** A 32-bit length before each value. */
function plain(cursor: Cursor, count: number): ByteArrays {
  const { bytes, end } = cursor;
  if (count * 4 > cursor.left) throw damaged(`${count} byte arrays in ${cursor.left} bytes`);
  const offsets = new Int32Array(count + 1);
  const data = new Uint8Array(cursor.left - count * 4);
  let from = cursor.at;
  let to = 0;
  for (let i = 0; i < count; i++) {
    if (from + 4 > end) throw damaged(`${count} byte arrays, but the page ends after ${i}`);
    const length = bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16) | (bytes[from + 3] << 24);
    from += 4;
    if (length < 0 || length > end - from || length > data.length - to)
      throw damaged(`a byte array of ${length >>> 0} bytes where the page has ${end - from} left`);
    if (length < 32) for (let b = 0; b < length; b++) data[to + b] = bytes[from + b];
    else data.set(bytes.subarray(from, from + length), to);
    from += length;
    to += length;
    offsets[i + 1] = to;
  }
  cursor.at = from;
  return { offsets, data };
}

/** All lengths, then all bytes. */
function deltaLength(cursor: Cursor, count: number): ByteArrays {
  const offsets = readLengths(cursor, count);
  const from = cursor.take(offsets[count]);
  return { offsets, data: cursor.bytes.subarray(from, from + offsets[count]) };
}

function readLengths(cursor: Cursor, count: number): Int32Array {
  const offsets = new Int32Array(count + 1);
  readDelta32(cursor, offsets, 1, count);
  for (let i = 1; i <= count; i++) {
    const end = offsets[i - 1] + offsets[i];
    if (offsets[i] < 0 || end > MAX_DATA) throw damaged("lengths of byte arrays that are negative or beyond 2 GiB");
    offsets[i] = end;
  }
  return offsets;
}

/** How much of the value before begins each value, then the rests. */
function deltaStrings(cursor: Cursor, count: number, most: number): ByteArrays {
  const shared = new Int32Array(count);
  readDelta32(cursor, shared, 0, count);
  const rests = deltaLength(cursor, count);
  const offsets = new Int32Array(count + 1);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const before = i === 0 ? 0 : offsets[i] - offsets[i - 1];
    if (shared[i] < 0 || shared[i] > before) throw damaged(`a byte array that begins with ${shared[i]} of ${before} bytes`);
    total += shared[i] + rests.offsets[i + 1] - rests.offsets[i];
    assertFits(total, most);
    offsets[i + 1] = total;
  }
  const data = new Uint8Array(total);
  for (let i = 0; i < count; i++) {
    const to = offsets[i];
    if (shared[i] > 0) data.copyWithin(to, offsets[i - 1], offsets[i - 1] + shared[i]);
    data.set(rests.data.subarray(rests.offsets[i], rests.offsets[i + 1]), to + shared[i]);
  }
  return { offsets, data };
}

export function assertFits(bytes: number, most: number): void {
  if (bytes <= most) return;
  throw new UnsupportedError(
    `its values take more than ${most} bytes in one row group; write smaller row groups, or raise the limit decodedBytes`,
  );
}
