/**
 * Bytes as base64 text (RFC 4648, with padding), without anything that only some platforms have.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) VALUE[ALPHABET.charCodeAt(i)] = i;

const PAD = 61;
/** Characters made at a time: a call takes only so many arguments. */
const BLOCK = 8_192;

/** O(bytes). */
export function base64FromBytes(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PAD);
  let o = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    out[o] = ALPHABET.charCodeAt(group >> 18);
    out[o + 1] = ALPHABET.charCodeAt((group >> 12) & 63);
    if (left > 1) out[o + 2] = ALPHABET.charCodeAt((group >> 6) & 63);
    if (left > 2) out[o + 3] = ALPHABET.charCodeAt(group & 63);
    o += 4;
  }
  let text = "";
  for (let i = 0; i < out.length; i += BLOCK) text += String.fromCharCode(...out.subarray(i, i + BLOCK));
  return text;
}

/** The bytes; undefined where the text is not padded base64 or carries bits that no byte holds. O(characters). */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const length = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let o = 0;
  for (let i = 0; i < length; i++) {
    const value = VALUE[text.charCodeAt(i)] ?? -1;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[o++] = bits >> held;
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}
