import { TypeConversionError } from "../../../errors.ts";

const TWO_32 = 2 ** 32;

/** A thousand times this is still an exact double. */
const EXACT_SECONDS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/**
 * Seconds as milliseconds. O(values).
 * @throws TypeConversionError for one beyond the 64 bits of milliseconds, some 292 million years from 1970
 */
export function millisecondsOf(seconds: BigInt64Array, entity: string, column: string): BigInt64Array {
  const out = new BigInt64Array(seconds.length);
  const from = new Uint32Array(seconds.buffer, seconds.byteOffset, seconds.length * 2);
  const to = new Uint32Array(out.buffer);
  for (let i = 0; i < seconds.length; i++) {
    const value = (from[2 * i + 1] | 0) * TWO_32 + from[2 * i];
    if (value <= EXACT_SECONDS && value >= -EXACT_SECONDS) {
      const product = value * 1000;
      const low = product >>> 0;
      to[2 * i] = low;
      to[2 * i + 1] = (product - low) / TWO_32;
      continue;
    }
    const exact = seconds[i] * 1000n;
    if (BigInt.asIntN(64, exact) !== exact) {
      const reason = `Parquet knows no seconds, and ${seconds[i]} of them are no 64-bit number of milliseconds`;
      throw new TypeConversionError(entity, column, 'timestamp("s")', "TIMESTAMP(MILLIS)", reason);
    }
    out[i] = exact;
  }
  return out;
}

/** 128-bit decimals (low half, high half) of few digits as integers of `width` bytes. O(values). */
export function narrowDecimals(halves: BigUint64Array, width: 4 | 8): Int32Array | BigInt64Array {
  const count = halves.length >>> 1;
  const from = new Uint32Array(halves.buffer, halves.byteOffset, halves.length * 2);
  if (width === 4) {
    const out = new Int32Array(count);
    for (let i = 0; i < count; i++) out[i] = from[4 * i];
    return out;
  }
  const out = new BigInt64Array(count);
  const to = new Uint32Array(out.buffer);
  for (let i = 0; i < count; i++) {
    to[2 * i] = from[4 * i];
    to[2 * i + 1] = from[4 * i + 1];
  }
  return out;
}

/** 128-bit decimals (low half, high half) as two's complement of `width` bytes, the highest first. O(values). */
export function bigEndianDecimals(halves: BigUint64Array, width: number): Uint8Array {
  const count = halves.length >>> 1;
  const from = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
  const out = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) for (let b = 0; b < width; b++) out[(i + 1) * width - 1 - b] = from[i * 16 + b];
  return out;
}
