import { encodeUtf8 } from "../../../columns/utf8.ts";
import { pageKernels } from "../kernels/page-kernels.ts";
import { bitWidth } from "./bit-packing.ts";
import type { Values } from "./column-values.ts";

/** The distinct values of a column chunk, and which of them each value is. */
export interface ChunkDictionary {
  /** One a value. */
  readonly indices: Uint32Array;
  readonly size: number;
  /** The distinct values by index, in the form of the dictionary's page: PLAIN. */
  readonly page: Uint8Array;
  /** Codes only: the values by index. */
  readonly texts?: readonly Uint8Array[];
}

/** After so many values a column that hardly repeats any is given up, unless its dictionary may be of any size. */
const FIRST_LOOK = 16_384;
const HARDLY = 0.75;

const hardlyRepeats = (distinct: number, seen: number, limit: number): boolean =>
  seen >= FIRST_LOOK && distinct > seen * HARDLY && limit !== Number.POSITIVE_INFINITY;

/**
 * The dictionary of a column; null once its page and the indices would have more than `limit` bytes, or few values repeat.
 * Indices are in order of appearance, those of codes in order of the codes. O(values).
 */
export function buildDictionary(values: Values, limit: number): ChunkDictionary | null {
  switch (values.kind) {
    case "codes":
      return codeDictionary(values);
    case "words":
      return wordDictionary(values, limit);
    case "bytes": {
      const { bytes, width, count } = values;
      return byteDictionary(count, (i) => i * width, bytes, limit, false);
    }
    case "byteArrays":
      return byteDictionary(values.count, (i) => values.offsets[i], values.data, limit, true);
    case "bits":
      return null;
  }
}

/** Only of the codes that occur: a category's dictionary may be that of a whole store. O(codes + values). */
function codeDictionary({ codes, dictionary, count }: Extract<Values, { kind: "codes" }>): ChunkDictionary {
  const used = new Uint8Array(dictionary.length);
  for (let i = 0; i < count; i++) used[codes[i]] = 1;
  const indexOf = new Uint32Array(dictionary.length);
  const texts: Uint8Array[] = [];
  let bytes = 0;
  for (let code = 0; code < dictionary.length; code++) {
    if (used[code] === 0) continue;
    indexOf[code] = texts.length;
    const text = encodeUtf8(dictionary[code]);
    texts.push(text);
    bytes += 4 + text.length;
  }
  const indices = new Uint32Array(count);
  if (texts.length === dictionary.length) indices.set(codes);
  else for (let i = 0; i < count; i++) indices[i] = indexOf[codes[i]];
  const page = new Uint8Array(bytes);
  const view = new DataView(page.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    page.set(text, at + 4);
    at += 4 + text.length;
  }
  return { indices, size: texts.length, page, texts };
}

function wordDictionary({ words, width, count }: Extract<Values, { kind: "words" }>, limit: number): ChunkDictionary | null {
  const kernels = pageKernels(count);
  if (kernels !== null) {
    const most = mostDistinct(count, limit, width);
    return kernels.distinct(words, width, most, limit, firstSlots(most));
  }
  return width === 4 ? words32(words, count, limit) : words64(words, count, limit);
}

const mostDistinct = (count: number, limit: number, width: number): number => Math.min(count, Math.floor(limit / width));

/** Bytes of the indices of `count` values, once there are `size` distinct ones. */
const indexBytes = (size: number, count: number): number => (bitWidth(size) * count) / 8;

/** Slots of open addressing: an index plus 1, 0 for none. At most half of them are taken. */
const slotsFor = (entries: number): Int32Array => new Int32Array(slotCount(entries));

const slotCount = (entries: number): number => 2 ** Math.max(6, Math.ceil(Math.log2(entries * 2 + 2)));

/** Slots to begin with. */
export const firstSlots = (most: number): number => slotCount(Math.min(most, 1024));

const pageOf = (words: Uint32Array, length: number): Uint8Array => new Uint8Array(words.buffer.slice(0, length * 4));

/** The distinct values of 32 bits; without WebAssembly. O(values). */
export function words32(words: Uint32Array, count: number, limit: number): ChunkDictionary | null {
  const most = mostDistinct(count, limit, 4);
  let slots = slotsFor(Math.min(most, 1024));
  let mask = slots.length - 1;
  let distinct = new Uint32Array(1024);
  const indices = new Uint32Array(count);
  let size = 0;
  for (let i = 0; i < count; i++) {
    const value = words[i];
    let slot = Math.imul(value, 0x9e3779b1);
    slot = (slot ^ (slot >>> 15)) & mask;
    let entry = slots[slot];
    while (entry !== 0 && distinct[entry - 1] !== value) {
      slot = (slot + 1) & mask;
      entry = slots[slot];
    }
    if (entry !== 0) {
      indices[i] = entry - 1;
      continue;
    }
    if (size === most || hardlyRepeats(size, i, limit)) return null;
    if (size === distinct.length) distinct = doubled(distinct);
    distinct[size] = value;
    indices[i] = size++;
    slots[slot] = size;
    if (size * 2 > mask) {
      if (size * 4 + indexBytes(size, count) > limit) return null;
      slots = slotsFor(size * 2);
      mask = slots.length - 1;
      for (let e = 0; e < size; e++) {
        let free = Math.imul(distinct[e], 0x9e3779b1);
        free = (free ^ (free >>> 15)) & mask;
        while (slots[free] !== 0) free = (free + 1) & mask;
        slots[free] = e + 1;
      }
    }
  }
  return { indices, size, page: pageOf(distinct, size) };
}

/** As {@link words32}, of 64 bits. */
export function words64(words: Uint32Array, count: number, limit: number): ChunkDictionary | null {
  const most = mostDistinct(count, limit, 8);
  let slots = slotsFor(Math.min(most, 1024));
  let mask = slots.length - 1;
  let distinct = new Uint32Array(2048);
  const indices = new Uint32Array(count);
  let size = 0;
  for (let i = 0; i < count; i++) {
    const low = words[2 * i];
    const high = words[2 * i + 1];
    let slot = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    slot = (slot ^ (slot >>> 15)) & mask;
    let entry = slots[slot];
    while (entry !== 0 && (distinct[2 * entry - 2] !== low || distinct[2 * entry - 1] !== high)) {
      slot = (slot + 1) & mask;
      entry = slots[slot];
    }
    if (entry !== 0) {
      indices[i] = entry - 1;
      continue;
    }
    if (size === most || hardlyRepeats(size, i, limit)) return null;
    if (2 * size === distinct.length) distinct = doubled(distinct);
    distinct[2 * size] = low;
    distinct[2 * size + 1] = high;
    indices[i] = size++;
    slots[slot] = size;
    if (size * 2 > mask) {
      if (size * 8 + indexBytes(size, count) > limit) return null;
      slots = slotsFor(size * 2);
      mask = slots.length - 1;
      for (let e = 0; e < size; e++) {
        let free = Math.imul(distinct[2 * e] ^ Math.imul(distinct[2 * e + 1], 0x85ebca6b), 0x9e3779b1);
        free = (free ^ (free >>> 15)) & mask;
        while (slots[free] !== 0) free = (free + 1) & mask;
        slots[free] = e + 1;
      }
    }
  }
  return { indices, size, page: pageOf(distinct, 2 * size) };
}

function doubled(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(words.length * 2);
  grown.set(words);
  return grown;
}

/** Value i has the bytes from startOf(i) to startOf(i + 1). */
function byteDictionary(
  count: number,
  startOf: (i: number) => number,
  data: Uint8Array,
  limit: number,
  lengths: boolean,
): ChunkDictionary | null {
  let slots = slotsFor(1024);
  let mask = slots.length - 1;
  const rows: number[] = [];
  const hashes: number[] = [];
  const indices = new Uint32Array(count);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const start = startOf(i);
    const end = startOf(i + 1);
    const hash = hashBytes(data, start, end);
    let slot = hash & mask;
    let entry = slots[slot];
    while (
      entry !== 0 &&
      (hashes[entry - 1] !== hash || !sameBytes(data, startOf(rows[entry - 1]), startOf(rows[entry - 1] + 1), start, end))
    ) {
      slot = (slot + 1) & mask;
      entry = slots[slot];
    }
    if (entry !== 0) {
      indices[i] = entry - 1;
      continue;
    }
    bytes += end - start + (lengths ? 4 : 0);
    if (bytes > limit || hardlyRepeats(rows.length, i, limit)) return null;
    indices[i] = rows.length;
    rows.push(i);
    hashes.push(hash);
    slots[slot] = rows.length;
    if (rows.length * 2 > mask) {
      if (bytes + indexBytes(rows.length, count) > limit) return null;
      slots = slotsFor(rows.length * 2);
      mask = slots.length - 1;
      hashes.forEach((of, e) => {
        let free = of & mask;
        while (slots[free] !== 0) free = (free + 1) & mask;
        slots[free] = e + 1;
      });
    }
  }
  const page = new Uint8Array(bytes);
  const view = new DataView(page.buffer);
  let at = 0;
  for (const row of rows) {
    const value = data.subarray(startOf(row), startOf(row + 1));
    if (lengths) {
      view.setUint32(at, value.length, true);
      at += 4;
    }
    page.set(value, at);
    at += value.length;
  }
  return { indices, size: rows.length, page };
}

function hashBytes(data: Uint8Array, start: number, end: number): number {
  let hash = (end - start) | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ data[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return (hash ^ (hash >>> 13)) | 0;
}

function sameBytes(data: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false;
  for (let i = a, j = b; i < aEnd; i++, j++) if (data[i] !== data[j]) return false;
  return true;
}
