import type { BoundSortKey } from "../bound.ts";
import { compareText } from "./text-order.ts";
import { type BigArray, type CodeVector, type Vector, wordsOf } from "./vector.ts";

/** Column of 32-bit words, a row each. Sorting by several, the first being the weightiest, sorts rows by their values. */
type Words = Uint32Array;

/**
 * The rows of the key vectors in order: a permutation of 0 … count - 1. Stable. Values become words that order as they
 * do, and words are sorted by radix: O(rows) for each byte that differs between rows.
 */
export function sortRows(keys: readonly BoundSortKey[], vectors: readonly Vector[], count: number): Uint32Array {
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const words = keys.flatMap((key, k) => sortWords(key, vectors[k]));
  let spare = new Uint32Array(count);
  for (let w = words.length - 1; w >= 0; w--) [order, spare] = sortByWord(words[w], order, spare);
  return order;
}

/** Words of one key, weightiest first: a word for nulls where there are any, and one or two for the value. */
export function sortWords({ direction, nulls }: BoundSortKey, vector: Vector): Words[] {
  const { valid } = vector;
  const values = valueWords(vector);
  if (direction === "desc") for (const words of values) for (let i = 0; i < words.length; i++) words[i] = ~words[i];
  if (valid === null) return values;
  const there = nulls === "first" ? 1 : 0;
  const presence = new Uint32Array(valid.length);
  for (let i = 0; i < valid.length; i++) {
    presence[i] = valid[i] === 1 ? there : 1 - there;
    // Nulls are alike, whatever stands under them.
    if (valid[i] === 0) for (const words of values) words[i] = 0;
  }
  return [presence, ...values];
}

/** The weightiest word of the values alone, nulls not minded, for kinds whose words are stable. */
export function firstWord({ direction }: BoundSortKey, vector: Vector): Words {
  const [word] = vector.kind === "num" ? [highWord(vector.values)] : valueWords(vector);
  if (direction === "desc") for (let i = 0; i < word.length; i++) word[i] = ~word[i];
  return word;
}

function highWord(values: Float64Array): Words {
  const high = new Uint32Array(values.length);
  for (let i = 0; i < high.length; i++) {
    BITS[0] = Number.isNaN(values[i]) ? Number.NaN : values[i] + 0;
    const word = BIT_WORDS[1];
    high[i] = word ^ (-(word >>> 31) | 0x8000_0000);
  }
  return high;
}

const BITS = new Float64Array(1);
const BIT_WORDS = wordsOf(BITS);

function valueWords(vector: Vector): Words[] {
  switch (vector.kind) {
    case "num":
      return doubleWords(vector.values);
    case "bool":
      return [Uint32Array.from(vector.values)];
    case "code":
      return [codeRanks(vector)];
    case "big":
      return Array.isArray(vector.values) ? bigWords(vector.values) : integerWords(vector.values);
    case "text":
      return [ranks(vector.values, (value) => value, compareText)];
    case "bytes":
      return [
        ranks(
          vector.values,
          (value) => value.reduce((text, byte) => text + String.fromCharCode(byte), ""),
          (a, b) => (a < b ? -1 : a > b ? 1 : 0),
        ),
      ];
  }
}

/** IEEE bits order as integers once those of negative numbers are turned over. NaN has the greatest bits; -0 is 0. */
function doubleWords(values: Float64Array): Words[] {
  const n = values.length;
  const copy = new Float64Array(n);
  for (let i = 0; i < n; i++) copy[i] = Number.isNaN(values[i]) ? Number.NaN : values[i] + 0;
  const bits = wordsOf(copy);
  const high = new Uint32Array(n);
  const low = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const negative = -(bits[2 * i + 1] >>> 31);
    high[i] = bits[2 * i + 1] ^ (negative | 0x8000_0000);
    low[i] = bits[2 * i] ^ negative;
  }
  return [high, low];
}

function integerWords(values: BigInt64Array | BigUint64Array): Words[] {
  const bits = wordsOf(values);
  const n = values.length;
  const sign = values instanceof BigInt64Array ? 0x8000_0000 : 0;
  const high = new Uint32Array(n);
  const low = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    high[i] = bits[2 * i + 1] ^ sign;
    low[i] = bits[2 * i];
  }
  return [high, low];
}

/** Integers to 128 bits. */
function bigWords(values: BigArray): Words[] {
  const n = values.length;
  const high = new BigInt64Array(n);
  const low = new BigUint64Array(n);
  for (let i = 0; i < n; i++) {
    high[i] = values[i] >> 64n;
    low[i] = values[i];
  }
  return [...integerWords(high), ...integerWords(low)];
}

function codeRanks(vector: CodeVector): Words {
  const { values, dictionary } = vector;
  if (dictionary.ordered) return values.slice();
  const codes = Uint32Array.from(dictionary.values, (_, code) => code).sort((a, b) =>
    compareText(dictionary.values[a], dictionary.values[b]),
  );
  const rank = new Uint32Array(codes.length);
  codes.forEach((code, at) => {
    rank[code] = at;
  });
  return Uint32Array.from(values, (code) => rank[code]);
}

/** The place of each value among the distinct ones. */
function ranks<V>(values: readonly V[], keyOf: (value: V) => string, compare: (a: string, b: string) => number): Words {
  const places = new Map<string, number>();
  const keys = values.map(keyOf);
  for (const key of keys) places.set(key, 0);
  [...places.keys()].sort(compare).forEach((key, at) => {
    places.set(key, at);
  });
  return Uint32Array.from(keys, (key) => places.get(key) ?? 0);
}

/** Bits that are sorted by at a time. */
const DIGIT = 11;

/** Sorts `order` by the word of each row, digit by digit from the lowest. Gives the sorted array and the spare one. */
function sortByWord(
  words: Words,
  order: Uint32Array<ArrayBuffer>,
  spare: Uint32Array<ArrayBuffer>,
): [Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>] {
  let from = order;
  let to = spare;
  const n = order.length;
  let differing = 0;
  for (let i = 1; i < n; i++) differing |= words[i] ^ words[0];
  const mask = (1 << DIGIT) - 1;
  for (let shift = 0; shift < 32; shift += DIGIT) {
    if (((differing >>> shift) & mask) === 0) continue;
    // How many have each digit does not depend on their order.
    const starts = new Uint32Array(mask + 2);
    for (let i = 0; i < n; i++) starts[((words[i] >>> shift) & mask) + 1]++;
    for (let digit = 0; digit < mask; digit++) starts[digit + 1] += starts[digit];
    for (let i = 0; i < n; i++) {
      const row = from[i];
      to[starts[(words[row] >>> shift) & mask]++] = row;
    }
    [from, to] = [to, from];
  }
  return [from, to];
}

/** Whether words of vectors of this kind mean the same in every batch, so that rows of several batches compare by them. */
export const hasStableWords = (vector: Vector): boolean => vector.kind !== "text" && vector.kind !== "bytes";
