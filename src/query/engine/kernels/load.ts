import { kernelFamily } from "../specialise.ts";

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Values of the chosen rows, one behind the other. Of `variant`s: one per element type and type of `out`. */
export const gatherNumbers = kernelFamily(
  (values: Numbers, rows: Uint32Array, count: number, out: Float64Array | Uint32Array): void => {
    for (let i = 0; i < count; i++) out[i] = values[rows[i]];
  },
);

/** 64-bit integers within ±2^53 as doubles. */
export const doublesOfWords = kernelFamily((words: Uint32Array, count: number, signed: boolean, out: Float64Array): void => {
  if (signed) for (let i = 0; i < count; i++) out[i] = (words[2 * i + 1] | 0) * 4294967296 + words[2 * i];
  else for (let i = 0; i < count; i++) out[i] = words[2 * i + 1] * 4294967296 + words[2 * i];
});

export const gatherDoublesOfWords = kernelFamily(
  (words: Uint32Array, rows: Uint32Array, count: number, signed: boolean, out: Float64Array): void => {
    if (signed) for (let i = 0; i < count; i++) out[i] = (words[2 * rows[i] + 1] | 0) * 4294967296 + words[2 * rows[i]];
    else for (let i = 0; i < count; i++) out[i] = words[2 * rows[i] + 1] * 4294967296 + words[2 * rows[i]];
  },
);

export const gatherWords = kernelFamily((words: Uint32Array, rows: Uint32Array, count: number, out: Uint32Array): void => {
  for (let i = 0; i < count; i++) {
    out[2 * i] = words[2 * rows[i]];
    out[2 * i + 1] = words[2 * rows[i] + 1];
  }
});

/** Bits of a bitmap as bytes 0 and 1. */
export function bitsToBytes(bits: Uint8Array, rows: Uint32Array | null, count: number): Uint8Array {
  const out = new Uint8Array(count);
  if (rows === null) for (let i = 0; i < count; i++) out[i] = (bits[i >>> 3] >>> (i & 7)) & 1;
  else for (let i = 0; i < count; i++) out[i] = (bits[rows[i] >>> 3] >>> (rows[i] & 7)) & 1;
  return out;
}
