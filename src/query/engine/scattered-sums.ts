import { kernelFamily } from "./specialise.ts";

/** Groups of one part: their sums, half a megabyte, stay in a core's own cache while rows are added to them. */
const PART = 65_536;

/** Beyond this many groups a sum is met so rarely that it is fetched from memory each time. */
export const MANY_GROUPS = 2 ** 20;

type Floats = Float32Array | Float64Array;

/**
 * Sums of doubles by group for groups by the million: rows are first laid down by the part that their group lies in, and
 * added part by part, as soon as as many wait as it has groups. Radix partitioning, as joins and aggregations of
 * databases do it. Each group's rows are added in their order. Takes ten bytes a group besides the sums.
 */
export class ScatteredSums {
  readonly #sums: Float64Array;
  /** Groups within their part, and values, that wait: those of part `p` from p * PART on, up to `#ends[p]`. */
  readonly #groups: Uint16Array;
  readonly #values: Float64Array;
  readonly #ends: Uint32Array;
  readonly #coming: Uint32Array;

  /** Adds to `sums`, once `finish` is called. */
  constructor(sums: Float64Array) {
    const parts = Math.ceil(sums.length / PART);
    this.#sums = sums;
    this.#groups = new Uint16Array(parts * PART);
    this.#values = new Float64Array(parts * PART);
    this.#ends = Uint32Array.from({ length: parts }, (_, part) => part * PART);
    this.#coming = new Uint32Array(parts);
  }

  /** The values of rows, or with `rows` null the first `count` ones; `groups` has a group for each. */
  add(values: Floats, rows: Uint32Array | null, count: number, groups: Uint32Array): void {
    // No more rows at once than the room of one part, which all of them may go to.
    for (let from = 0; from < count; from += PART) this.#lay(values, rows, from, Math.min(count, from + PART), groups);
  }

  #lay(values: Floats, rows: Uint32Array | null, from: number, to: number, groups: Uint32Array): void {
    this.#coming.fill(0);
    countParts("")(groups, from, to, this.#coming);
    for (let part = 0; part < this.#ends.length; part++)
      if (this.#ends[part] + this.#coming[part] > (part + 1) * PART) this.#settle(part);
    lay(`${values.constructor.name} ${rows === null}`)(values, rows, from, to, groups, this.#ends, this.#groups, this.#values);
  }

  #settle(part: number): void {
    settle("")(this.#groups, this.#values, part * PART, this.#ends[part], this.#sums.subarray(part * PART));
    this.#ends[part] = part * PART;
  }

  finish(): void {
    for (let part = 0; part < this.#ends.length; part++) this.#settle(part);
  }
}

const countParts = kernelFamily((groups: Uint32Array, from: number, to: number, counts: Uint32Array): void => {
  for (let i = from; i < to; i++) counts[groups[i] >>> 16]++;
});

const lay = kernelFamily(
  (
    values: Floats,
    rows: Uint32Array | null,
    from: number,
    to: number,
    groups: Uint32Array,
    ends: Uint32Array,
    laidGroups: Uint16Array,
    laidValues: Float64Array,
  ): void => {
    for (let i = from; i < to; i++) {
      const group = groups[i];
      const at = ends[group >>> 16]++;
      laidGroups[at] = group;
      laidValues[at] = values[rows === null ? i : rows[i]];
    }
  },
);

const settle = kernelFamily((groups: Uint16Array, values: Float64Array, from: number, to: number, sums: Float64Array): void => {
  let i = from;
  for (; i + 4 <= to; i += 4) {
    sums[groups[i]] += values[i];
    sums[groups[i + 1]] += values[i + 1];
    sums[groups[i + 2]] += values[i + 2];
    sums[groups[i + 3]] += values[i + 3];
  }
  for (; i < to; i++) sums[groups[i]] += values[i];
});
