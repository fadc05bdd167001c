/** UTF-8 to and from bytes that may be shared memory, which TextEncoder and TextDecoder refuse in browsers. */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Strings up to this many bytes are decoded faster by a loop than by a call into the platform. */
const SHORT = 24;

/** The most bytes `text` can take. */
export const maxUtf8Bytes = (text: string): number => text.length * 3;

/** Writes well-formed `text` at `at`; there must be room for `maxUtf8Bytes(text)`. Returns where it ends. */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  let end = at;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return writeLong(text, i, target, end);
    target[end++] = code;
  }
  return end;
}

function writeLong(text: string, from: number, target: Uint8Array, at: number): number {
  let end = at;
  for (let i = from; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      target[end++] = code;
    } else if (code < 0x800) {
      target[end++] = 0xc0 | (code >>> 6);
      target[end++] = 0x80 | (code & 0x3f);
    } else if (code < 0xd800 || code > 0xdfff) {
      target[end++] = 0xe0 | (code >>> 12);
      target[end++] = 0x80 | ((code >>> 6) & 0x3f);
      target[end++] = 0x80 | (code & 0x3f);
    } else {
      code = 0x10000 + ((code & 0x3ff) << 10) + (text.charCodeAt(++i) & 0x3ff);
      target[end++] = 0xf0 | (code >>> 18);
      target[end++] = 0x80 | ((code >>> 12) & 0x3f);
      target[end++] = 0x80 | ((code >>> 6) & 0x3f);
      target[end++] = 0x80 | (code & 0x3f);
    }
  }
  return end;
}

export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text);

/** @throws TypeError where the bytes are not UTF-8 */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= SHORT) {
    let text = "";
    let i = from;
    for (; i < to; i++) {
      const byte = bytes[i];
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (i === to) return text;
  }
  return decoder.decode(copyIfShared(bytes.subarray(from, to)));
}

/** Platform edges refuse views of shared memory: those get a copy, others pass as they are. */
export function copyIfShared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

let refusesShared: boolean | undefined;

/** Text that others will decode by TextDecoder: a copy where its memory is shared and the platform's refuses that, as in pages. */
export function copyIfUndecodable(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof ArrayBuffer) return bytes;
  if (refusesShared === undefined) {
    try {
      decoder.decode(bytes.subarray(0, 0) as Uint8Array<ArrayBuffer>);
      refusesShared = false;
    } catch {
      refusesShared = true;
    }
  }
  return refusesShared ? copyIfShared(bytes) : bytes;
}

/** Order by unsigned bytes; what UTF-8 text sorts by here. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
