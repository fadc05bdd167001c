import { QueryError } from "../../errors.ts";
import type { BoundMeasure } from "../bound.ts";
import { sumDoubles, sumIntegers } from "../wasm/chunk-sums.ts";
import { type Accumulator, FEW_GROUPS, grown, type RowCounts, ValueCounts, valuesInPlace } from "./accumulator.ts";
import { doublesOf, scaleOf } from "./arithmetic.ts";
import type { Batch } from "./batch.ts";
import { compile, type Evaluate } from "./evaluate.ts";
import type { GroupNumbers } from "./grouping.ts";
import {
  sumAll,
  sumAllByFewGroups,
  sumAllByGroup,
  sumAllWords,
  sumRows,
  sumRowsByGroup,
  sumSafeIntegers,
  sumValid,
  sumWords,
} from "./kernels/sum.ts";
import { ratio } from "./number-order.ts";
import { MANY_GROUPS, ScatteredSums } from "./scattered-sums.ts";
import { allRows, type Selection } from "./selection.ts";
import { type BigArray, type Vector, wordsOf } from "./vector.ts";

type Floats = Float32Array | Float64Array;
type Argument = NonNullable<BoundMeasure["arg"]>;

/** Sums of floats, as doubles. */
export class FloatSum implements Accumulator {
  readonly #arg: Argument;
  readonly #evaluate: Evaluate;
  readonly #counts: ValueCounts;
  readonly #average: boolean;
  #sums = new Float64Array(1);
  #scattered: ScatteredSums | null = null;

  constructor(arg: Argument, rows: RowCounts, average: boolean) {
    this.#arg = arg;
    this.#evaluate = compile(arg);
    this.#counts = new ValueCounts(rows);
    this.#average = average;
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    this.#reach(size);
    const column = valuesInPlace(this.#arg, batch);
    if (column !== null) {
      if (this.#scattered === null && sumDoubles(column, selection, batch.length, groups, size, this.#sums)) return;
      this.#sum(column.values as Floats, selection, groups);
      return;
    }
    const { values, valid } = this.#evaluate(batch, selection) as { values: Float64Array; valid: Uint8Array | null };
    this.#counts.addNulls(valid, groups, size);
    if (valid === null) this.#sum(values, allRows(selection.count), groups);
    else sumValid(groups?.constructor.name ?? "")(values, selection.count, groups, valid, this.#sums);
  }

  #sum(values: Floats, selection: Selection, groups: GroupNumbers): void {
    if (this.#scattered !== null && groups instanceof Uint32Array)
      this.#scattered.add(values, selection.rows, selection.count, groups);
    else sumFloats(values, selection, groups, this.#sums);
  }

  #reach(size: number): void {
    if (this.#sums.length >= size) return;
    this.#scattered?.finish();
    this.#sums = grown(this.#sums, size);
    this.#scattered = size > MANY_GROUPS ? new ScatteredSums(this.#sums) : null;
  }

  finish(size: number): Vector {
    this.#reach(size);
    this.#scattered?.finish();
    const values = this.#sums.subarray(0, size);
    if (this.#average) for (let group = 0; group < size; group++) values[group] /= this.#counts.of(group);
    return { kind: "num", values, valid: this.#counts.validity(size) };
  }
}

function sumFloats(values: Floats, { rows, count }: Selection, groups: GroupNumbers, sums: Float64Array): void {
  const variant = values.constructor.name;
  if (groups === null) sums[0] += rows === null ? sumAll(variant)(values, count) : sumRows(variant)(values, rows, count);
  else if (rows === null && sums.length <= FEW_GROUPS) {
    const lanes = new Float64Array(sums.length * 4);
    sumAllByFewGroups(`${variant} ${groups.constructor.name}`)(values, count, groups, lanes);
    for (let group = 0; group < sums.length; group++) sums[group] += addLanes(lanes, group);
  } else if (rows === null) sumAllByGroup(`${variant} ${groups.constructor.name}`)(values, count, groups, sums);
  else sumRowsByGroup(`${variant} ${groups.constructor.name}`)(values, rows, count, groups, sums);
}

const addLanes = (lanes: Float64Array, group: number): number =>
  lanes[group * 4] + lanes[group * 4 + 1] + (lanes[group * 4 + 2] + lanes[group * 4 + 3]);

/** Rows after which carries are taken: 2^20 sums of words below 2^32 are exact in a double. */
const CARRY_AFTER = 2 ** 20;
const TWO_32 = 4_294_967_296;

/** Exact sums of integers up to 64 bits, in three limbs of 32 bits that are doubles. Results are as the measure's type says. */
export class IntegerSum implements Accumulator {
  readonly #measure: BoundMeasure;
  readonly #arg: Argument;
  readonly #evaluate: Evaluate;
  readonly #counts: ValueCounts;
  #low = new Float64Array(1);
  #high = new Float64Array(1);
  #top = new Float64Array(1);
  #sinceCarry = 0;

  constructor(measure: BoundMeasure, arg: Argument, rows: RowCounts) {
    this.#measure = measure;
    this.#arg = arg;
    this.#evaluate = compile(arg);
    this.#counts = new ValueCounts(rows);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    this.#reach(size);
    if (batch.chunk === null) {
      const { rows, count } = selection;
      // What an earlier step gave may be longer than a stretch without carries.
      for (let from = 0; from < count; from += CARRY_AFTER) {
        const to = Math.min(count, from + CARRY_AFTER);
        const part = rows === null && to - from === count ? selection : { rows: partOf(rows, from, to), count: to - from };
        this.#addStretch(batch, part, groups?.subarray(from, to) ?? null, size);
      }
    } else this.#addStretch(batch, selection, groups, size);
  }

  #addStretch(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    const { count } = selection;
    if (this.#sinceCarry + count > CARRY_AFTER) this.#carry();
    this.#sinceCarry += count;
    const by = groups?.constructor.name ?? "one";
    const column = valuesInPlace(this.#arg, batch);
    if (column !== null) {
      if (groups === null && sumIntegers(column, selection, batch.length, this.#low, this.#high)) return;
      const { rows } = selection;
      const signed = this.#arg.type.kind !== "u64";
      if (column.words !== null && groups === null && rows === null)
        sumAllWords(String(signed))(column.words, count, signed, this.#low, this.#high);
      else if (column.words !== null)
        sumWords(`${by} ${rows === null} ${signed}`)(column.words, rows, count, groups, null, signed, this.#low, this.#high);
      // Narrow integers: a sum of 2^20 of them is exact as it is.
      else sumFloats(column.values as Floats, selection, groups, this.#low);
      return;
    }
    const vector = this.#evaluate(batch, selection);
    this.#counts.addNulls(vector.valid, groups, size);
    if (vector.kind === "num") sumSafeIntegers(by)(vector.values, count, groups, vector.valid, this.#low, this.#high);
    else {
      const given = vector.values as BigArray;
      const values = !Array.isArray(given)
        ? given
        : this.#arg.type.kind === "u64"
          ? BigUint64Array.from(given)
          : BigInt64Array.from(given);
      const signed = values instanceof BigInt64Array;
      sumWords(`${by} vector ${signed}`)(wordsOf(values), null, count, groups, vector.valid, signed, this.#low, this.#high);
    }
  }

  #carry(): void {
    carry(this.#low, this.#high);
    carry(this.#high, this.#top);
    this.#sinceCarry = 0;
  }

  #reach(size: number): void {
    this.#low = grown(this.#low, size);
    this.#high = grown(this.#high, size);
    this.#top = grown(this.#top, size);
  }

  finish(size: number): Vector {
    this.#reach(size);
    const exact = (group: number): bigint =>
      (BigInt(this.#top[group]) << 64n) + (BigInt(this.#high[group]) << 32n) + BigInt(this.#low[group]);
    const valid = this.#counts.validity(size);
    const { type, fn, as } = this.#measure;
    if (type.kind === "integer" && type.mode === "bigint")
      return { kind: "big", values: Array.from({ length: size }, (_, group) => exact(group)), valid };
    const values = new Float64Array(size);
    for (let group = 0; group < size; group++) {
      const near = this.#top[group] * TWO_32 * TWO_32 + this.#high[group] * TWO_32 + this.#low[group];
      const isSafe =
        Math.abs(near) <= Number.MAX_SAFE_INTEGER && this.#top[group] === 0 && Number.isSafeInteger(this.#high[group] * TWO_32);
      if (fn === "avg") {
        const count = this.#counts.of(group);
        if (count > 0) values[group] = isSafe ? near / count : ratio(exact(group), BigInt(count));
        continue;
      }
      if (!isSafe && !fitsNumber(exact(group)))
        throw new QueryError(`${as}: sum leaves the range of ±(2^53 - 1): declare the field with mode "bigint" to sum exactly`);
      values[group] = isSafe ? near : Number(exact(group));
    }
    return { kind: "num", values, valid };
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const fitsNumber = (value: bigint): boolean => value <= MAX_SAFE && value >= -MAX_SAFE;

function partOf(rows: Uint32Array | null, from: number, to: number): Uint32Array {
  return rows?.subarray(from, to) ?? Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

/** Moves what exceeds 32 bits to the next limb. */
function carry(low: Float64Array, high: Float64Array): void {
  for (let group = 0; group < low.length; group++) {
    const over = Math.floor(low[group] / TWO_32);
    low[group] -= over * TWO_32;
    high[group] += over;
  }
}

const DECIMAL_LIMIT = 10n ** 38n;

/** Exact sums of integers beyond 64 bits and of decimals. */
export class BigSum implements Accumulator {
  readonly #measure: BoundMeasure;
  readonly #arg: Argument;
  readonly #evaluate: Evaluate;
  readonly #counts: ValueCounts;
  readonly #sums: bigint[] = [];

  constructor(measure: BoundMeasure, arg: Argument, rows: RowCounts) {
    this.#measure = measure;
    this.#arg = arg;
    this.#evaluate = compile(arg);
    this.#counts = new ValueCounts(rows);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    const { values, valid } = this.#evaluate(batch, selection) as { values: BigArray; valid: Uint8Array | null };
    this.#counts.addNulls(valid, groups, size);
    this.#reach(size);
    for (let i = 0; i < values.length; i++)
      if (valid === null || valid[i] === 1) this.#sums[groups === null ? 0 : groups[i]] += values[i];
  }

  finish(size: number): Vector {
    this.#reach(size);
    const { type, fn, as } = this.#measure;
    const valid = this.#counts.validity(size);
    if (fn === "avg") {
      const unit = 10n ** BigInt(scaleOf(this.#arg.type));
      const values = new Float64Array(size);
      for (let group = 0; group < size; group++) {
        const count = this.#counts.of(group);
        if (count > 0) values[group] = ratio(this.#sums[group], BigInt(count) * unit);
      }
      return { kind: "num", values, valid };
    }
    const limit = type.kind === "decimal" ? DECIMAL_LIMIT : 2n ** 127n;
    for (const sum of this.#sums) {
      if (sum >= limit || sum <= -limit)
        throw new QueryError(`${as}: sum leaves the range of ${type.kind === "decimal" ? "38 digits" : "±(2^127 - 1)"}`);
    }
    return { kind: "big", values: this.#sums.slice(0, size), valid };
  }

  #reach(size: number): void {
    while (this.#sums.length < size) this.#sums.push(0n);
  }
}

/** Standard deviation of a sample, by Welford's method. */
export class Deviation implements Accumulator {
  readonly #toDoubles: (vector: Vector) => Float64Array;
  readonly #evaluate: Evaluate;
  #n = new Float64Array(1);
  #mean = new Float64Array(1);
  #squares = new Float64Array(1);

  constructor(arg: Argument) {
    this.#toDoubles = doublesOf(arg.type);
    this.#evaluate = compile(arg);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    this.#n = grown(this.#n, size);
    this.#mean = grown(this.#mean, size);
    this.#squares = grown(this.#squares, size);
    const vector = this.#evaluate(batch, selection);
    const values = this.#toDoubles(vector);
    for (let i = 0; i < values.length; i++) {
      if (vector.valid !== null && vector.valid[i] === 0) continue;
      const group = groups === null ? 0 : groups[i];
      this.#n[group]++;
      const delta = values[i] - this.#mean[group];
      this.#mean[group] += delta / this.#n[group];
      this.#squares[group] += delta * (values[i] - this.#mean[group]);
    }
  }

  finish(size: number): Vector {
    const values = new Float64Array(size);
    const valid = new Uint8Array(size);
    for (let group = 0; group < size; group++) {
      const n = this.#n[group] ?? 0;
      valid[group] = n >= 2 ? 1 : 0;
      if (n >= 2) values[group] = Math.sqrt(this.#squares[group] / (n - 1));
    }
    return { kind: "num", values, valid };
  }
}
