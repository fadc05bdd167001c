/** Bitmaps as Arrow has them: bit `i` is bit `i & 7` of byte `i >> 3`. */

export const bitmapBytes = (bits: number): number => (bits + 7) >>> 3;

export const getBit = (bits: Uint8Array, i: number): boolean => ((bits[i >>> 3] >>> (i & 7)) & 1) === 1;

export function setBit(bits: Uint8Array, i: number): void {
  bits[i >>> 3] |= 1 << (i & 7);
}

export function clearBit(bits: Uint8Array, i: number): void {
  bits[i >>> 3] &= ~(1 << (i & 7));
}

/** Sets bits [from, to) to `value`. */
export function fillBits(bits: Uint8Array, from: number, to: number, value: boolean): void {
  let i = from;
  for (; i < to && (i & 7) !== 0; i++) value ? setBit(bits, i) : clearBit(bits, i);
  const bytes = (to - i) >>> 3;
  if (bytes > 0) {
    bits.fill(value ? 0xff : 0, i >>> 3, (i >>> 3) + bytes);
    i += bytes * 8;
  }
  for (; i < to; i++) value ? setBit(bits, i) : clearBit(bits, i);
}

/** Copies `count` bits from `source` at `from` to `target` at `to`. */
export function copyBits(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
  let i = 0;
  for (; i < count && ((to + i) & 7) !== 0; i++) copyBit(source, from + i, target, to + i);
  const shift = (from + i) & 7;
  let read = (from + i) >>> 3;
  let write = (to + i) >>> 3;
  const bytes = (count - i) >>> 3;
  if (shift === 0) {
    target.set(source.subarray(read, read + bytes), write);
  } else {
    for (let b = 0; b < bytes; b++, read++, write++) target[write] = (source[read] >>> shift) | (source[read + 1] << (8 - shift));
  }
  for (i += bytes * 8; i < count; i++) copyBit(source, from + i, target, to + i);
}

function copyBit(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  getBit(source, from) ? setBit(target, to) : clearBit(target, to);
}

/** How many of bits [from, to) are set. */
export function countBits(bits: Uint8Array, from: number, to: number): number {
  let count = 0;
  let i = from;
  for (; i < to && (i & 7) !== 0; i++) count += (bits[i >>> 3] >>> (i & 7)) & 1;
  for (; i + 8 <= to; i += 8) count += POPCOUNT[bits[i >>> 3]];
  for (; i < to; i++) count += (bits[i >>> 3] >>> (i & 7)) & 1;
  return count;
}

const POPCOUNT = Uint8Array.from({ length: 256 }, (_, byte) => {
  let n = 0;
  for (let b = byte; b !== 0; b &= b - 1) n++;
  return n;
});
