/** Whether bytes [from, to) are well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
export function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let i = from;
  while (i < to) {
    const first = bytes[i++];
    if (first < 0x80) continue;
    // Which second bytes may follow rules out what is overlong, a surrogate or too large.
    let more: number;
    let low = 0x80;
    let high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) more = 0;
    else if (first >= 0xe0 && first <= 0xef) {
      more = 1;
      if (first === 0xe0) low = 0xa0;
      else if (first === 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 2;
      if (first === 0xf0) low = 0x90;
      else if (first === 0xf4) high = 0x8f;
    } else return false;
    if (i + more >= to || bytes[i] < low || bytes[i] > high) return false;
    i++;
    for (; more > 0; more--) if ((bytes[i++] & 0xc0) !== 0x80) return false;
  }
  return true;
}
