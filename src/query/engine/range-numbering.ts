import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { BoundExpression } from "../bound.ts";
import type { Batch } from "./batch.ts";
import { type RangeLayout, rangeLayout } from "./range.ts";
import type { Selection } from "./selection.ts";
import { kernelFamily } from "./specialise.ts";
import type { ValueNumbering } from "./value-numbering.ts";
import { type NumVector, type Vector, vectorKind, wordsOf } from "./vector.ts";
import { boundsOf, zoneOf } from "./zone-map.ts";

/** Ranges up to this are worth an array of their own, whatever the number of rows. */
const SMALL = 65_536;

/**
 * Numbers integers that lie within a range not much greater than the number of rows: by their distance from its begin, and
 * null by the number behind the last. No table is looked up.
 */
export class RangeNumbering implements ValueNumbering {
  readonly size: number;
  readonly #index: number;
  readonly #low: bigint;
  readonly #form: "num" | "u64" | "i64";
  /** For the numbers of a batch: fresh memory for each would cost more than they do. */
  #numbers = new Uint32Array(0);

  private constructor(index: number, low: bigint, range: number, form: "num" | "u64" | "i64") {
    this.#index = index;
    this.#low = low;
    this.size = range + 2;
    this.#form = form;
  }

  /** For a stored integer column whose values are that close to each other; null for others. O(chunks) once chunks have zone maps. */
  static of(key: BoundExpression, batches: readonly Batch[]): RangeNumbering | null {
    if (key.op !== "column" || key.type.kind === "null" || key.type.kind === "integer") return null;
    const layout = rangeLayout(key.type);
    if (layout === null || layout === "float" || batches.length === 0) return null;
    const bounds = overall(batches, key.index, layout, key.type.kind !== "u64");
    if (bounds === null) return null;
    const rows = batches.reduce((sum, batch) => sum + batch.length, 0);
    const range = bounds.high - bounds.low;
    if (range > BigInt(Math.max(SMALL, rows * 2))) return null;
    const form = vectorKind(key.type) === "num" ? "num" : key.type.kind === "u64" ? "u64" : "i64";
    return new RangeNumbering(key.index, bounds.low, Number(range), form);
  }

  /** The numbers of the chosen rows of a chunk, read in place; null where there are nulls. */
  numberInPlace(batch: Batch, selection: Selection): Uint32Array | null {
    const column = batch.chunk?.columns[this.#index] as FixedColumn;
    if (column.validity !== null) return null;
    const { rows, count } = selection;
    const out = this.#room(count);
    const low = Number(BigInt.asIntN(32, this.#low));
    const variant = `${column.values.constructor.name} ${rows === null}`;
    if (column.words === null) distances(variant)(column.values as Uint32Array, rows, count, low, out);
    else wordDistances(variant)(column.words, rows, count, low, out);
    return out;
  }

  #room(count: number): Uint32Array {
    if (this.#numbers.length < count) this.#numbers = new Uint32Array(count);
    return this.#numbers.subarray(0, count);
  }

  number(vector: Vector): Uint32Array {
    const out = this.#room(vector.values.length);
    const { valid } = vector;
    if (vector.kind === "num") {
      const low = Number(this.#low);
      for (let i = 0; i < out.length; i++) out[i] = vector.values[i] - low;
    } else
      wordDistances("vector")(
        wordsOf(vector.values as BigInt64Array),
        null,
        out.length,
        Number(BigInt.asIntN(32, this.#low)),
        out,
      );
    if (valid !== null) for (let i = 0; i < out.length; i++) if (valid[i] === 0) out[i] = this.size - 1;
    return out;
  }

  valuesAt(numbers: Uint32Array): Vector {
    const count = numbers.length;
    const valid = this.#validity(numbers);
    if (this.#form === "num") {
      const values: NumVector["values"] = new Float64Array(count);
      const low = Number(this.#low);
      for (let i = 0; i < count; i++) values[i] = low + numbers[i];
      return { kind: "num", values, valid };
    }
    const values = this.#form === "u64" ? new BigUint64Array(count) : new BigInt64Array(count);
    const words = wordsOf(values);
    const low0 = Number(BigInt.asUintN(32, this.#low));
    const low1 = Number(BigInt.asIntN(64, this.#low) >> 32n) | 0;
    for (let i = 0; i < count; i++) {
      const sum = low0 + numbers[i];
      words[2 * i] = sum;
      words[2 * i + 1] = low1 + (sum > 0xffff_ffff ? 1 : 0);
    }
    return { kind: "big", values, valid };
  }

  #validity(numbers: Uint32Array): Uint8Array | null {
    const none = this.size - 1;
    if (!numbers.includes(none)) return null;
    const valid = new Uint8Array(numbers.length);
    for (let i = 0; i < valid.length; i++) valid[i] = numbers[i] === none ? 0 : 1;
    return valid;
  }
}

function overall(
  batches: readonly Batch[],
  field: number,
  layout: RangeLayout,
  signed: boolean,
): { low: bigint; high: bigint } | null {
  let bounds: { low: bigint; high: bigint } | null = null;
  for (const { chunk } of batches) {
    if (chunk === null) return null;
    const { min, max } = zoneOf(chunk, field, layout, signed) ?? boundsOf(chunk, field, layout, signed);
    // No value at all.
    if (min > max) continue;
    const [low, high] = [BigInt(min), BigInt(max)];
    bounds =
      bounds === null
        ? { low, high }
        : { low: low < bounds.low ? low : bounds.low, high: high > bounds.high ? high : bounds.high };
  }
  return bounds;
}

type Narrow = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array;

const distances = kernelFamily((values: Narrow, rows: Uint32Array | null, count: number, low: number, out: Uint32Array): void => {
  if (rows === null) for (let i = 0; i < count; i++) out[i] = values[i] - low;
  else for (let i = 0; i < count; i++) out[i] = values[rows[i]] - low;
});

/** Modulo 2^32, which the low words suffice for. Four at a time, as kernels/sum.ts tells. */
const wordDistances = kernelFamily(
  (words: Uint32Array, rows: Uint32Array | null, count: number, low: number, out: Uint32Array): void => {
    let i = 0;
    if (rows === null) {
      for (; i + 4 <= count; i += 4) {
        out[i] = (words[2 * i] | 0) - low;
        out[i + 1] = (words[2 * i + 2] | 0) - low;
        out[i + 2] = (words[2 * i + 4] | 0) - low;
        out[i + 3] = (words[2 * i + 6] | 0) - low;
      }
      for (; i < count; i++) out[i] = (words[2 * i] | 0) - low;
    } else for (; i < count; i++) out[i] = (words[2 * rows[i]] | 0) - low;
  },
);
