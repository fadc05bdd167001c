import { getBit } from "../../../columns/bitmap.ts";
import { compareBytes } from "../../../columns/utf8.ts";
import type { FileColumn } from "../format/file-schema.ts";
import { PhysicalType, type Statistics } from "../format/metadata.ts";
import { pageKernels } from "../kernels/page-kernels.ts";
import type { Values } from "./column-values.ts";
import type { ChunkDictionary } from "./dictionary.ts";

/** Minima and maxima of byte arrays have at most so many bytes; longer ones are cut to bounds. */
const MAX_BYTES = 64;

type Bounds = Pick<Statistics, "minValue" | "maxValue" | "isMinValueExact" | "isMaxValueExact">;

/**
 * Null count, least and greatest value of a column chunk in the order of its logical type. Floats with a NaN among them
 * have neither, for readers disagree on where a NaN stands; a zero minimum is -0, a zero maximum +0, so that they bound
 * both. O(values), or O(distinct values) where there is a dictionary.
 */
export function statisticsOf(column: FileColumn, values: Values, nulls: number, dictionary: ChunkDictionary | null): Statistics {
  return { nullCount: nulls, ...(values.count > 0 && boundsOf(column, values, dictionary)) };
}

function boundsOf(column: FileColumn, values: Values, dictionary: ChunkDictionary | null): Bounds {
  const { type } = column.field;
  switch (values.kind) {
    case "bits":
      return bitBounds(values.bits, values.count);
    case "codes":
      return dictionary?.texts === undefined ? {} : textBounds(dictionary.texts);
    case "byteArrays": {
      const { offsets, data, count } = values;
      return byteBounds(count, (i) => data.subarray(offsets[i], offsets[i + 1]), compareBytes, type.kind !== "binary");
    }
    case "bytes": {
      const { bytes, width, count } = values;
      return byteBounds(count, (i) => bytes.subarray(i * width, (i + 1) * width), compareSigned, false);
    }
    case "words": {
      // The distinct values have the same bounds.
      const page = dictionary?.page;
      const words = page === undefined ? values.words : new Uint32Array(page.buffer, page.byteOffset, page.byteLength >>> 2);
      const count = words.length / (values.width >>> 2);
      if (column.physicalType === PhysicalType.FLOAT) return floatBounds(new Float32Array(words.buffer, words.byteOffset, count));
      if (column.physicalType === PhysicalType.DOUBLE)
        return floatBounds(new Float64Array(words.buffer, words.byteOffset, count));
      const signed = !type.kind.startsWith("u");
      if (values.width === 4) return bounds32(words, signed);
      const kernels = page === undefined ? pageKernels(values.count) : null;
      return kernels === null ? bounds64(words, signed) : exactWords(kernels.bounds64(words, signed));
    }
  }
}

const exact = (minValue: Uint8Array, maxValue: Uint8Array): Bounds => {
  return { minValue, maxValue, isMinValueExact: true, isMaxValueExact: true };
};

function bitBounds(bits: Uint8Array, count: number): Bounds {
  let ones = 0;
  for (let i = 0; i < count; i++) if (getBit(bits, i)) ones++;
  return exact(Uint8Array.of(ones === count ? 1 : 0), Uint8Array.of(ones > 0 ? 1 : 0));
}

/** Compared as signed numbers, or with their highest bit flipped. */
function bounds32(words: Uint32Array, signed: boolean): Bounds {
  const flip = signed ? 0 : 0x8000_0000;
  let least = 0x7fff_ffff;
  let most = -0x8000_0000;
  for (let i = 0; i < words.length; i++) {
    const value = words[i] ^ flip;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return exact(littleEndian(least ^ flip), littleEndian(most ^ flip));
}

const exactWords = (words: Uint32Array): Bounds => exact(littleEndian(words[0], words[1]), littleEndian(words[2], words[3]));

function bounds64(words: Uint32Array, signed: boolean): Bounds {
  const flip = signed ? 0 : 0x8000_0000;
  let [leastHigh, leastLow] = [words[1] ^ flip, words[0]];
  let [mostHigh, mostLow] = [leastHigh, leastLow];
  for (let i = 0; i < words.length; i += 2) {
    const high = words[i + 1] ^ flip;
    const low = words[i];
    if (high < leastHigh || (high === leastHigh && low < leastLow)) {
      leastHigh = high;
      leastLow = low;
    }
    if (high > mostHigh || (high === mostHigh && low > mostLow)) {
      mostHigh = high;
      mostLow = low;
    }
  }
  return exact(littleEndian(leastLow, leastHigh ^ flip), littleEndian(mostLow, mostHigh ^ flip));
}

const littleEndian = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words, (word) => word >>> 0).buffer);

function floatBounds(values: Float32Array | Float64Array): Bounds {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < least) least = value;
    if (value > most) most = value;
    if (Number.isNaN(value)) return {};
  }
  const array = values.constructor as new (values: number[]) => Float32Array | Float64Array;
  const bytesOf = (value: number) => new Uint8Array(new array([value]).buffer);
  return exact(bytesOf(least === 0 ? -0 : least), bytesOf(most === 0 ? 0 : most));
}

function textBounds(texts: readonly Uint8Array[]): Bounds {
  return byteBounds(texts.length, (i) => texts[i], compareBytes, true);
}

function byteBounds(
  count: number,
  valueAt: (i: number) => Uint8Array,
  compare: (a: Uint8Array, b: Uint8Array) => number,
  text: boolean,
): Bounds {
  let least = valueAt(0);
  let most = least;
  for (let i = 1; i < count; i++) {
    const value = valueAt(i);
    if (compare(value, least) < 0) least = value;
    else if (compare(value, most) > 0) most = value;
  }
  const min = prefix(least, text);
  const max = most.length <= MAX_BYTES ? most : successor(prefix(most, text), text);
  return {
    minValue: new Uint8Array(min),
    isMinValueExact: min.length === least.length,
    ...(max !== undefined && { maxValue: new Uint8Array(max), isMaxValueExact: most.length <= MAX_BYTES }),
  };
}

/** The first bytes; those of a text up to the end of a character. */
function prefix(bytes: Uint8Array, text: boolean): Uint8Array {
  if (bytes.length <= MAX_BYTES) return bytes;
  let end = MAX_BYTES;
  while (text && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Something that no bytes beginning with `bytes` are beyond; of texts a text. Undefined where there is none. */
function successor(bytes: Uint8Array, text: boolean): Uint8Array | undefined {
  // A last character of several bytes is dropped rather than counted up.
  const last = text ? 0x7e : 0xfe;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] > last) end--;
  if (end === 0) return undefined;
  const next = bytes.slice(0, end);
  next[end - 1]++;
  return next;
}

/** Order of big-endian two's complement numbers of one width. */
function compareSigned(a: Uint8Array, b: Uint8Array): number {
  const sign = ((a[0] << 24) >> 24) - ((b[0] << 24) >> 24);
  return sign !== 0 ? sign : compareBytes(a, b);
}
