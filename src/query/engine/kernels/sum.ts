import { kernelFamily } from "../specialise.ts";

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
type Groups = Uint8Array | Uint16Array | Uint32Array;

/*
 * Sums of doubles are taken in the order of the rows, in four lanes: a row goes to the lane of its place among the chosen
 * rows of its batch modulo four, and the lanes are added two by two. Where there are many groups each has one lane.
 * Loops take four rows at a time: a step of a loop costs V8 as much as a row.
 */

export const sumAll = kernelFamily((values: Numbers, count: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += values[i];
    b += values[i + 1];
    c += values[i + 2];
    d += values[i + 3];
  }
  for (; i < count; i++) a += values[i];
  return a + b + (c + d);
});

export const sumRows = kernelFamily((values: Numbers, rows: Uint32Array, count: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += values[rows[i]];
    b += values[rows[i + 1]];
    c += values[rows[i + 2]];
    d += values[rows[i + 3]];
  }
  for (; i < count; i++) a += values[rows[i]];
  return a + b + (c + d);
});

export const sumAllByGroup = kernelFamily((values: Numbers, count: number, groups: Groups, sums: Float64Array): void => {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    sums[groups[i]] += values[i];
    sums[groups[i + 1]] += values[i + 1];
    sums[groups[i + 2]] += values[i + 2];
    sums[groups[i + 3]] += values[i + 3];
  }
  for (; i < count; i++) sums[groups[i]] += values[i];
});

/** For few groups, whose sums would wait for each other: four lanes a group, side by side in `lanes`. */
export const sumAllByFewGroups = kernelFamily((values: Numbers, count: number, groups: Groups, lanes: Float64Array): void => {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    lanes[groups[i] * 4] += values[i];
    lanes[groups[i + 1] * 4 + 1] += values[i + 1];
    lanes[groups[i + 2] * 4 + 2] += values[i + 2];
    lanes[groups[i + 3] * 4 + 3] += values[i + 3];
  }
  for (; i < count; i++) lanes[groups[i] * 4] += values[i];
});

export const countByFewGroups = kernelFamily((groups: Groups, count: number, lanes: Uint32Array): void => {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    lanes[groups[i] * 4]++;
    lanes[groups[i + 1] * 4 + 1]++;
    lanes[groups[i + 2] * 4 + 2]++;
    lanes[groups[i + 3] * 4 + 3]++;
  }
  for (; i < count; i++) lanes[groups[i] * 4]++;
});

export const sumRowsByGroup = kernelFamily(
  (values: Numbers, rows: Uint32Array, count: number, groups: Groups, sums: Float64Array): void => {
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      sums[groups[i]] += values[rows[i]];
      sums[groups[i + 1]] += values[rows[i + 1]];
      sums[groups[i + 2]] += values[rows[i + 2]];
      sums[groups[i + 3]] += values[rows[i + 3]];
    }
    for (; i < count; i++) sums[groups[i]] += values[rows[i]];
  },
);

/** 64-bit integers: the low words and the high words each, `groups` null for one group. */
export const sumWords = kernelFamily(
  (
    words: Uint32Array,
    rows: Uint32Array | null,
    count: number,
    groups: Groups | null,
    valid: Uint8Array | null,
    signed: boolean,
    low: Float64Array,
    high: Float64Array,
  ): void => {
    for (let i = 0; i < count; i++) {
      if (valid !== null && valid[i] === 0) continue;
      const row = rows === null ? i : rows[i];
      const group = groups === null ? 0 : groups[i];
      const top = words[2 * row + 1];
      low[group] += words[2 * row];
      high[group] += signed ? top | 0 : top;
    }
  },
);

/** As `sumWords` for one group, every row and no nulls. */
export const sumAllWords = kernelFamily(
  (words: Uint32Array, count: number, signed: boolean, low: Float64Array, high: Float64Array): void => {
    let a = 0;
    let b = 0;
    if (signed) {
      for (let i = 0; i < count; i++) {
        a += words[2 * i];
        b += words[2 * i + 1] | 0;
      }
    } else {
      for (let i = 0; i < count; i++) {
        a += words[2 * i];
        b += words[2 * i + 1];
      }
    }
    low[0] += a;
    high[0] += b;
  },
);

/** Integers in doubles, as low 32 bits and what is above. */
export const sumSafeIntegers = kernelFamily(
  (
    values: Float64Array,
    count: number,
    groups: Groups | null,
    valid: Uint8Array | null,
    low: Float64Array,
    high: Float64Array,
  ): void => {
    for (let i = 0; i < count; i++) {
      if (valid !== null && valid[i] === 0) continue;
      const group = groups === null ? 0 : groups[i];
      const value = values[i];
      const top = Math.floor(value / 4294967296);
      low[group] += value - top * 4294967296;
      high[group] += top;
    }
  },
);

/** Doubles that may be null. */
export const sumValid = kernelFamily(
  (values: Float64Array, count: number, groups: Groups | null, valid: Uint8Array, sums: Float64Array): void => {
    for (let i = 0; i < count; i++) if (valid[i] === 1) sums[groups === null ? 0 : groups[i]] += values[i];
  },
);

export const countByGroup = kernelFamily((groups: Groups, count: number, counts: Float64Array): void => {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    counts[groups[i]]++;
    counts[groups[i + 1]]++;
    counts[groups[i + 2]]++;
    counts[groups[i + 3]]++;
  }
  for (; i < count; i++) counts[groups[i]]++;
});

export const markGroups = kernelFamily((groups: Groups, count: number, marks: Uint8Array): void => {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    marks[groups[i]] = 1;
    marks[groups[i + 1]] = 1;
    marks[groups[i + 2]] = 1;
    marks[groups[i + 3]] = 1;
  }
  for (; i < count; i++) marks[groups[i]] = 1;
});

/** How many are null. */
export const countNulls = kernelFamily((valid: Uint8Array, groups: Groups | null, counts: Float64Array): void => {
  for (let i = 0; i < valid.length; i++) counts[groups === null ? 0 : groups[i]] += 1 - valid[i];
});
