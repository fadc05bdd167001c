import type { ValueType } from "../value-type.ts";
import { jsValues } from "./js-value.ts";
import { slice, type Vector } from "./vector.ts";

export interface ResultColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly nullable: boolean;
  readonly vector: Vector;
}

/** Rows made at a time by iteration. */
const STRETCH = 1024;

/** The answer to a query, column by column. */
export class ResultTable implements Iterable<Record<string, unknown>> {
  readonly columns: readonly ResultColumn[];
  /** Number of rows. */
  readonly length: number;

  constructor(columns: readonly ResultColumn[], length: number) {
    this.columns = columns;
    this.length = length;
  }

  /** The value of a column in a row, as a field of its type reads; null for null. */
  value(column: number, row: number): unknown {
    const { type, vector } = this.columns[column];
    return jsValues(type, slice(vector, row, row + 1))[0];
  }

  /** Plain objects, one a row. O(rows x columns). */
  toRows(): Record<string, unknown>[] {
    return this.#rows(0, this.length);
  }

  #rows(from: number, to: number): Record<string, unknown>[] {
    const values = this.columns.map(({ type, vector }) =>
      jsValues(type, from === 0 && to === this.length ? vector : slice(vector, from, to)),
    );
    const names = this.columns.map(({ name }) => name);
    const rows = new Array<Record<string, unknown>>(to - from);
    for (let i = 0; i < rows.length; i++) {
      const row: Record<string, unknown> = {};
      for (let c = 0; c < names.length; c++) row[names[c]] = values[c][i];
      rows[i] = row;
    }
    return rows;
  }

  /** Arrays of values, one a column. O(rows x columns). */
  toColumns(): Record<string, unknown[]> {
    const columns: Record<string, unknown[]> = {};
    for (const { name, type, vector } of this.columns) columns[name] = jsValues(type, vector);
    return columns;
  }

  *[Symbol.iterator](): Generator<Record<string, unknown>> {
    for (let from = 0; from < this.length; from += STRETCH) yield* this.#rows(from, Math.min(this.length, from + STRETCH));
  }
}
