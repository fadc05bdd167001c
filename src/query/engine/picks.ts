import type { BoundExpression, BoundSortKey, Value } from "../bound.ts";
import { type Accumulator, grown } from "./accumulator.ts";
import type { Batch } from "./batch.ts";
import { compile, type Evaluate } from "./evaluate.ts";
import type { GroupNumbers } from "./grouping.ts";
import { maxOf, minOf } from "./kernels/extreme.ts";
import type { Selection } from "./selection.ts";
import { valueAt, valueOrder, vectorOf } from "./value-order.ts";
import { type CodeDictionary, isValid, type Vector } from "./vector.ts";

/** The least or greatest value that is not null. */
export class Extreme implements Accumulator {
  readonly #arg: BoundExpression;
  readonly #evaluate: Evaluate;
  readonly #wanted: "min" | "max";
  readonly #order: (a: Value, b: Value) => number;
  /** For numbers and codes that order as their values. */
  #best = new Float64Array(1);
  #seen = new Uint8Array(1);
  /** For all others. */
  readonly #values: (Value | null)[] = [];
  #dictionary: CodeDictionary | null = null;

  constructor(arg: BoundExpression, wanted: "min" | "max") {
    this.#arg = arg;
    this.#evaluate = compile(arg);
    this.#wanted = wanted;
    this.#order = valueOrder(arg.type);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    const vector = this.#evaluate(batch, selection);
    if (vector.kind === "code") this.#dictionary = vector.dictionary;
    if (vector.kind === "num" || (vector.kind === "code" && vector.dictionary.ordered)) {
      this.#reach(size);
      const kernel = this.#wanted === "min" ? minOf : maxOf;
      kernel(`${vector.kind} ${groups?.constructor.name}`)(
        vector.values,
        selection.count,
        groups,
        vector.valid,
        this.#best,
        this.#seen,
      );
      return;
    }
    while (this.#values.length < size) this.#values.push(null);
    const sign = this.#wanted === "min" ? 1 : -1;
    for (let i = 0; i < selection.count; i++) {
      if (!isValid(vector, i)) continue;
      const group = groups === null ? 0 : groups[i];
      const value = valueAt(vector, i);
      const old = this.#values[group];
      if (old === null || this.#order(value, old) * sign < 0) this.#values[group] = value;
    }
  }

  #reach(size: number): void {
    this.#best = grown(this.#best, size);
    if (this.#seen.length < this.#best.length) {
      const seen = new Uint8Array(this.#best.length);
      seen.set(this.#seen);
      this.#seen = seen;
    }
  }

  finish(size: number): Vector {
    if (this.#values.length > 0) {
      return vectorOf(
        this.#arg.type,
        Array.from({ length: size }, (_, group) => this.#values[group] ?? null),
        this.#dictionary,
      );
    }
    this.#reach(size);
    const values = Array.from({ length: size }, (_, group) => (this.#seen[group] === 1 ? this.#best[group] : null));
    return vectorOf(this.#arg.type, values, this.#dictionary);
  }
}

/** The value of the first or last row of an order, null if that row's is. Of rows that order alike, the one that came first or last. */
export class Pick implements Accumulator {
  readonly #arg: BoundExpression;
  readonly #evaluate: Evaluate;
  readonly #keys: readonly { evaluate: Evaluate; order: (a: Value | null, b: Value | null) => number }[];
  readonly #last: boolean;
  /** Of the best row so far of each group. */
  readonly #bestKeys: (Value | null)[][] = [];
  readonly #values: (Value | null)[] = [];
  #dictionary: CodeDictionary | null = null;

  constructor(arg: BoundExpression, orderBy: readonly BoundSortKey[], last: boolean) {
    this.#arg = arg;
    this.#evaluate = compile(arg);
    this.#last = last;
    this.#keys = orderBy.map((key) => ({ evaluate: compile(key.expr), order: keyOrder(key) }));
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    const vector = this.#evaluate(batch, selection);
    if (vector.kind === "code") this.#dictionary = vector.dictionary;
    const keys = this.#keys.map((key) => key.evaluate(batch, selection));
    while (this.#values.length < size) this.#values.push(null);
    for (let i = 0; i < selection.count; i++) {
      const group = groups === null ? 0 : groups[i];
      const best = this.#bestKeys[group];
      if (best !== undefined && !this.#precedes(keys, i, best)) continue;
      this.#bestKeys[group] = keys.map((key) => nullableAt(key, i));
      this.#values[group] = nullableAt(vector, i);
    }
  }

  /** Whether row `i` takes the place of the best one. */
  #precedes(keys: readonly Vector[], i: number, best: readonly (Value | null)[]): boolean {
    for (let k = 0; k < keys.length; k++) {
      const order = this.#keys[k].order(nullableAt(keys[k], i), best[k]);
      if (order !== 0) return this.#last ? order > 0 : order < 0;
    }
    return this.#last;
  }

  finish(size: number): Vector {
    return vectorOf(
      this.#arg.type,
      Array.from({ length: size }, (_, group) => this.#values[group] ?? null),
      this.#dictionary,
    );
  }
}

const nullableAt = (vector: Vector, row: number): Value | null => (isValid(vector, row) ? valueAt(vector, row) : null);

function keyOrder({ expr, direction, nulls }: BoundSortKey): (a: Value | null, b: Value | null) => number {
  const order = valueOrder(expr.type);
  const sign = direction === "asc" ? 1 : -1;
  const nullSign = nulls === "first" ? -1 : 1;
  return (a, b) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? nullSign : -nullSign;
    return order(a, b) * sign;
  };
}
