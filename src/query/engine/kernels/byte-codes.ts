import { specialise } from "../specialise.ts";

/*
 * Codes of one byte, four at a time: the bytes of `word ^ pattern` that are zero are those that hold the code, and
 * `~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x | 0x7f7f7f7f)` has the top bit of exactly those bytes set (Warren, Hacker's Delight,
 * 6-1). A loop over single codes takes 1.2 times as long where rows are written, and 2.5 times where they are counted.
 */

/** The words of whole groups of four among the first `count` codes; null where they do not begin at a word. */
export function byteCodeWords(codes: Uint8Array, count: number): Uint32Array | null {
  return (codes.byteOffset & 3) === 0 ? new Uint32Array(codes.buffer, codes.byteOffset, count >>> 2) : null;
}

/** Rows whose code is one code, as `selectCode` gives them. */
export const selectByteCode = specialise(
  (words: Uint32Array, codes: Uint8Array, count: number, code: number, out: Uint32Array): number => {
    const pattern = Math.imul(code, 0x01010101);
    let m = 0;
    for (let w = 0; w < words.length; w++) {
      const i = w * 4;
      const x = words[w] ^ pattern;
      const equal = ~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x | 0x7f7f7f7f);
      out[m] = i;
      m += (equal >>> 7) & 1;
      out[m] = i + 1;
      m += (equal >>> 15) & 1;
      out[m] = i + 2;
      m += (equal >>> 23) & 1;
      out[m] = i + 3;
      m += equal >>> 31;
    }
    for (let i = words.length * 4; i < count; i++) {
      out[m] = i;
      m += ((codes[i] ^ code) - 1) >>> 31;
    }
    return m;
  },
);

export const countByteCode = specialise((words: Uint32Array, codes: Uint8Array, count: number, code: number): number => {
  const pattern = Math.imul(code, 0x01010101);
  let total = 0;
  for (let w = 0; w < words.length; ) {
    // A count for each of the four bytes, in a byte: 255 words fill it.
    const end = Math.min(words.length, w + 255);
    let counts = 0;
    for (; w < end; w++) {
      const x = words[w] ^ pattern;
      counts = (counts + (~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x | 0x7f7f7f7f) >>> 7)) | 0;
    }
    total += (counts & 255) + ((counts >>> 8) & 255) + ((counts >>> 16) & 255) + (counts >>> 24);
  }
  for (let i = words.length * 4; i < count; i++) total += ((codes[i] ^ code) - 1) >>> 31;
  return total;
});
