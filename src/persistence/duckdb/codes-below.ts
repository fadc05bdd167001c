type Codes = Uint8Array | Uint16Array | Uint32Array;

/** Whether all of codes [from, to) are below `size`. Codes of a byte are looked at four at a time. */
export function allBelow(codes: Codes, from: number, to: number, size: number): boolean {
  let i = from;
  if (codes instanceof Uint8Array && size <= 0x80 && ((codes.byteOffset + from) & 3) === 0) {
    const words = new Uint32Array(codes.buffer, codes.byteOffset + from, (to - from) >>> 2);
    if (!bytesBelow(words, size)) return false;
    i += words.length * 4;
  }
  let most = -1;
  for (; i < to; i++) if ((codes[i] as number) > most) most = codes[i] as number;
  return most < size;
}

/**
 * A byte below 128 that `size`, up to 128, is added to as what it lacks to 128 has its high bit set exactly if it was not
 * below; without a carry, for both are below 128. One from 128 on has it set already.
 */
function bytesBelow(words: Uint32Array, size: number): boolean {
  const lack = Math.imul(0x80 - size, 0x01010101);
  let seen = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    seen |= word | (word + lack);
  }
  return (seen & 0x80808080) === 0;
}
