import type { ByteSink } from "./byte-sink.ts";

/** Numbers packed at a time. */
const BLOCK = 1024;

const packed = new Uint32Array(BLOCK);
const packedBytes = new Uint8Array(packed.buffer);

/** Bits that an unsigned 32-bit number takes. */
export const bitWidth = (value: number): number => 32 - Math.clz32(value);

/**
 * Appends `count` numbers of `width` bits each (0 to 32), the lowest bits first, in as many bytes as they take. Bits of
 * the numbers beyond the width must be 0. O(count).
 */
export function packBits(values: Uint32Array, from: number, count: number, width: number, sink: ByteSink): void {
  if (width === 0) return;
  sink.reserve(Math.ceil((count * width) / 8) + 4);
  for (let at = 0; at < count; at += BLOCK) {
    const end = Math.min(count, at + BLOCK);
    const bytes = Math.ceil(((end - at) * width) / 8);
    packBlock(values, from + at, from + end, width);
    sink.bytes.set(packedBytes.subarray(0, bytes), sink.length);
    sink.length += bytes;
  }
}

/** A block's bits end with a byte, but for the last: 1,024 numbers are a multiple of 8. */
function packBlock(values: Uint32Array, from: number, to: number, width: number): void {
  let word = 0;
  let used = 0;
  let out = 0;
  for (let i = from; i < to; i++) {
    const value = values[i];
    word |= value << used;
    used += width;
    if (used >= 32) {
      packed[out++] = word;
      used -= 32;
      // A shift by 32 would be one by 0.
      word = used === 0 ? 0 : value >>> (width - used);
    }
  }
  if (used > 0) packed[out] = word;
}
