import type { BoundExpression } from "../bound.ts";
import { type Accumulator, grown, RowCounts, ValueCounts, valuesInPlace } from "./accumulator.ts";
import type { Batch } from "./batch.ts";
import { compile, compileBool, type Evaluate } from "./evaluate.ts";
import type { GroupNumbers } from "./grouping.ts";
import type { Selection } from "./selection.ts";
import { numberingFor, pairNumbers, type ValueNumbering } from "./value-numbering.ts";
import { isValid, type Vector } from "./vector.ts";
import { WordTable } from "./word-table.ts";

/** Rows, or the values among them that are not null. */
export class Count implements Accumulator {
  readonly #arg: BoundExpression | null;
  readonly #evaluate: Evaluate | null;
  readonly #counts: ValueCounts;

  constructor(arg: BoundExpression | null, rows: RowCounts) {
    this.#arg = arg;
    this.#evaluate = arg === null ? null : compile(arg);
    this.#counts = new ValueCounts(rows);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    if (this.#arg === null || this.#evaluate === null || valuesInPlace(this.#arg, batch) !== null) return;
    this.#counts.addNulls(this.#evaluate(batch, selection).valid, groups, size);
  }

  finish(size: number): Vector {
    return { kind: "num", values: Float64Array.from({ length: size }, (_, group) => this.#counts.of(group)), valid: null };
  }
}

/** Distinct values that are not null. */
export class CountDistinct implements Accumulator {
  readonly #evaluate: Evaluate;
  readonly #numbering: ValueNumbering;
  /** Pairs of group and value met so far. */
  readonly #met = new WordTable();
  #counts = new Float64Array(1);

  constructor(arg: BoundExpression) {
    this.#evaluate = compile(arg);
    this.#numbering = numberingFor(arg.type);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    this.#counts = grown(this.#counts, size);
    const vector = this.#evaluate(batch, selection);
    const values = this.#numbering.number(vector);
    const groupOf = groups === null ? new Uint32Array(values.length) : Uint32Array.from(groups);
    let known = this.#met.size;
    const pairs = pairNumbers(this.#met, groupOf, values);
    for (let i = 0; i < pairs.length; i++) {
      // Pairs are numbered in the order in which they appear.
      if (pairs[i] !== known) continue;
      known++;
      if (isValid(vector, i)) this.#counts[groupOf[i]]++;
    }
  }

  finish(size: number): Vector {
    return { kind: "num", values: grown(this.#counts, size).slice(0, size), valid: null };
  }
}

/** Feeds an aggregate only the rows for which a condition holds. */
export class Filtered implements Accumulator {
  readonly #holds: ReturnType<typeof compileBool>;
  readonly #rows: RowCounts;
  readonly #inner: Accumulator;

  /** `make` gives the aggregate, which counts rows by what it is given. */
  constructor(condition: BoundExpression, make: (rows: RowCounts) => Accumulator) {
    this.#holds = compileBool(condition);
    this.#rows = new RowCounts();
    this.#inner = make(this.#rows);
  }

  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void {
    const { values, valid } = this.#holds(batch, selection);
    const rows = new Uint32Array(selection.count);
    const groupOf = groups === null ? null : new Uint32Array(selection.count);
    let m = 0;
    for (let i = 0; i < selection.count; i++) {
      rows[m] = selection.rows === null ? i : selection.rows[i];
      if (groupOf !== null && groups !== null) groupOf[m] = groups[i];
      m += valid === null ? values[i] : values[i] & valid[i];
    }
    if (m === 0) return;
    const kept = { rows, count: m };
    const keptGroups = groupOf?.subarray(0, m) ?? null;
    this.#rows.add(kept, keptGroups, size);
    this.#inner.add(batch, kept, keptGroups, size);
  }

  finish(size: number): Vector {
    return this.#inner.finish(size);
  }
}
