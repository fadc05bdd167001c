import type { FixedArray } from "./fixed-column.ts";

/** Whether all of codes [from, to), unsigned, are below `limit`, those under nulls too. */
export function allBelow(codes: FixedArray, from: number, to: number, limit: number): boolean {
  if (codes instanceof Uint8Array) return limit > 0xff || bytesBelow(codes, from, to, limit);
  if (codes instanceof Uint16Array) return limit > 0xffff || shortsBelow(codes, from, to, limit);
  for (let i = from; i < to; i++) if ((codes[i] as number) >= limit) return false;
  return true;
}

/** Four at a time where the limit leaves each byte a bit for the carry. */
function bytesBelow(codes: Uint8Array, from: number, to: number, limit: number): boolean {
  let at = from;
  const start = codes.byteOffset + from;
  if (limit > 0 && limit <= 0x80 && start % 4 === 0) {
    const words = new Uint32Array(codes.buffer, start, (to - from) >>> 2);
    // A byte with this added has its highest bit set if it is the limit or more, or had that bit set before.
    const carry = (0x80 - limit) * 0x0101_0101;
    let over = 0;
    for (let i = 0; i < words.length; i++) over |= words[i] | ((words[i] & 0x7f7f_7f7f) + carry);
    if ((over & 0x8080_8080) !== 0) return false;
    at += words.length * 4;
  }
  for (; at < to; at++) if (codes[at] >= limit) return false;
  return true;
}

function shortsBelow(codes: Uint16Array, from: number, to: number, limit: number): boolean {
  for (let i = from; i < to; i++) if (codes[i] >= limit) return false;
  return true;
}
