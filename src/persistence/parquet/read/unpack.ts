/**
 * `count` integers of `width` bits (0 to 32), packed least significant bit first from byte `from` on, into `out` from `at`
 * on. The caller checked that the bytes are there. O(count).
 */
export function unpack(
  bytes: Uint8Array,
  from: number,
  width: number,
  out: Uint8Array | Uint16Array | Uint32Array,
  at: number,
  count: number,
): void {
  if (width === 0) out.fill(0, at, at + count);
  else if (width === 8) out.set(bytes.subarray(from, from + count), at);
  else if (width > 25) unpackWide(bytes, from, width, out, at, count);
  else if (out instanceof Uint8Array) unpack8(bytes, from, width, out, at, count);
  else if (out instanceof Uint16Array) unpack16(bytes, from, width, out, at, count);
  else unpack32(bytes, from, width, out, at, count);
}

// One function for each kind of array: one for all would be several times slower.

function unpack8(bytes: Uint8Array, from: number, width: number, out: Uint8Array, at: number, count: number): void {
  const mask = (1 << width) - 1;
  const end = at + count;
  let i = at;
  if (width === 1) {
    for (; i + 8 <= end; i += 8) {
      const b = bytes[from++];
      out[i] = b & 1;
      out[i + 1] = (b >>> 1) & 1;
      out[i + 2] = (b >>> 2) & 1;
      out[i + 3] = (b >>> 3) & 1;
      out[i + 4] = (b >>> 4) & 1;
      out[i + 5] = (b >>> 5) & 1;
      out[i + 6] = (b >>> 6) & 1;
      out[i + 7] = b >>> 7;
    }
  } else if (width === 2) {
    for (; i + 4 <= end; i += 4) {
      const b = bytes[from++];
      out[i] = b & 3;
      out[i + 1] = (b >>> 2) & 3;
      out[i + 2] = (b >>> 4) & 3;
      out[i + 3] = b >>> 6;
    }
  } else if (width === 4) {
    for (; i + 2 <= end; i += 2) {
      const b = bytes[from++];
      out[i] = b & 15;
      out[i + 1] = b >>> 4;
    }
  }
  // Eight values take `width` bytes: no bit position grows beyond a few hundred.
  for (; i < end; from += width) {
    const stop = i + 8 < end ? i + 8 : end;
    for (let bit = 0; i < stop; i++, bit += width) {
      const p = from + (bit >>> 3);
      out[i] = ((bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24)) >>> (bit & 7)) & mask;
    }
  }
}

function unpack16(bytes: Uint8Array, from: number, width: number, out: Uint16Array, at: number, count: number): void {
  const mask = (1 << width) - 1;
  const end = at + count;
  let i = at;
  for (; i < end; from += width) {
    const stop = i + 8 < end ? i + 8 : end;
    for (let bit = 0; i < stop; i++, bit += width) {
      const p = from + (bit >>> 3);
      out[i] = ((bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24)) >>> (bit & 7)) & mask;
    }
  }
}

function unpack32(bytes: Uint8Array, from: number, width: number, out: Uint32Array, at: number, count: number): void {
  const mask = (1 << width) - 1;
  const end = at + count;
  let i = at;
  for (; i < end; from += width) {
    const stop = i + 8 < end ? i + 8 : end;
    for (let bit = 0; i < stop; i++, bit += width) {
      const p = from + (bit >>> 3);
      out[i] = ((bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24)) >>> (bit & 7)) & mask;
    }
  }
}

/** Integers of 26 to 32 bits reach over five bytes. */
function unpackWide(
  bytes: Uint8Array,
  from: number,
  width: number,
  out: Uint8Array | Uint16Array | Uint32Array,
  at: number,
  count: number,
): void {
  const mask = width === 32 ? -1 : (1 << width) - 1;
  const end = at + count;
  for (let i = at; i < end; from += width) {
    const stop = i + 8 < end ? i + 8 : end;
    for (let bit = 0; i < stop; i++, bit += width) {
      const p = from + (bit >>> 3);
      const shift = bit & 7;
      const low = (bytes[p] | (bytes[p + 1] << 8) | (bytes[p + 2] << 16) | (bytes[p + 3] << 24)) >>> shift;
      out[i] = (shift === 0 ? low : low | (bytes[p + 4] << (32 - shift))) & mask;
    }
  }
}
