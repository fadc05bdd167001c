import type { Cursor } from "./cursor.ts";

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second ones; back into values of `width` bytes. O(count). */
export function readByteStreamSplit(cursor: Cursor, width: number, out: Uint8Array, count: number): void {
  const from = cursor.take(count * width);
  const { bytes } = cursor;
  for (let b = 0; b < width; b++) {
    const stream = from + b * count;
    for (let i = 0, to = b; i < count; i++, to += width) out[to] = bytes[stream + i];
  }
}
