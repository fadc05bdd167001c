import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { BoundExpression } from "../bound.ts";
import type { Batch } from "./batch.ts";
import { compile, type Evaluate } from "./evaluate.ts";
import { RangeNumbering } from "./range-numbering.ts";
import { allRows, type Selection } from "./selection.ts";
import { numberingFor, pairNumbers, type ValueNumbering } from "./value-numbering.ts";
import type { Vector } from "./vector.ts";
import { WordTable } from "./word-table.ts";
import { codeZoneOf } from "./zone-map.ts";

/** The group of each row; null where all rows are of group 0. */
export type GroupNumbers = Uint8Array | Uint16Array | Uint32Array | null;

/** Products of dictionary sizes up to this are addressed directly. */
const DIRECT = 65_536;

/** Whether the numbers of its values are known beforehand. */
const hasFewValues = ({ type }: BoundExpression): boolean =>
  type.kind === "enum" || type.kind === "category" || type.kind === "bool";

const isCoded = ({ type }: BoundExpression): boolean => type.kind === "enum" || type.kind === "category";

/** Numbers the groups of rows: by each key, and then by the pairs of the group so far and the next key. */
export class Grouping {
  readonly #keys: readonly BoundExpression[];
  readonly #evaluate: readonly Evaluate[];
  readonly #numberings: readonly ValueNumbering[];
  /** One for each key from the second on; null where pairs are addressed directly. */
  readonly #pairs: (WordTable | null)[];
  #strides: number[] = [];

  /** `batches` are those whose rows will be grouped. */
  constructor(keys: readonly BoundExpression[], batches: readonly Batch[]) {
    this.#keys = keys;
    this.#evaluate = keys.map(compile);
    this.#numberings = keys.map((key) => RangeNumbering.of(key, batches) ?? numberingFor(key.type));
    this.#pairs = keys.slice(1).map(() => new WordTable());
  }

  /** One more than the greatest group given so far. */
  size = 1;

  /** Of what `groups` gave last, which groups have rows, where that is known without a look at each row; else null. */
  present: Uint32Array | null = null;

  get keyCount(): number {
    return this.#keys.length;
  }

  /** How groups are found, for `explain`. */
  get method(): string {
    if (this.#numberings.every((numbering) => numbering instanceof RangeNumbering)) return "addressed directly by value";
    return this.#keys.every(hasFewValues) ? "addressed directly by code" : "hash table";
  }

  /** The field whose codes themselves are the groups where every row takes part, and how many there are; null where there is none. */
  codes(batches: readonly Batch[]): { readonly field: number; readonly size: number } | null {
    const [key] = this.#keys;
    const chunk = batches.find((batch) => batch.chunk !== null);
    if (chunk === undefined || this.#keys.length !== 1 || key.op !== "column" || !isCoded(key)) return null;
    this.#numberings[0].number(chunk.load(key.index, allRows(0)));
    return { field: key.index, size: this.#numberings[0].size };
  }

  /** The group of each chosen row. What is given is overwritten by the next call. */
  groups(batch: Batch, selection: Selection): GroupNumbers {
    this.present = null;
    if (this.#keys.length === 0) return null;
    const codes = this.#codesInPlace(batch, selection);
    if (codes !== null) return codes;
    const numbers = this.#numberings.map((numbering, k) => {
      const inPlace = numbering instanceof RangeNumbering ? numbering.numberInPlace(batch, selection) : null;
      return inPlace ?? numbering.number(this.#evaluate[k](batch, selection));
    });
    if (this.#strides.length === 0) this.#decide();
    let groups = numbers[0];
    let size = this.#numberings[0].size;
    for (let k = 1; k < numbers.length; k++) {
      const table = this.#pairs[k - 1];
      if (table === null) {
        const stride = this.#strides[k];
        const combined = new Uint32Array(groups.length);
        for (let i = 0; i < combined.length; i++) combined[i] = groups[i] * stride + numbers[k][i];
        groups = combined;
        size *= stride;
      } else {
        groups = pairNumbers(table, groups, numbers[k]);
        size = table.size;
      }
    }
    this.size = size;
    return groups;
  }

  /** Whether pairs are few enough to need no table: known once the first rows were seen, and the same from then on. */
  #decide(): void {
    const direct = this.#keys.map((key, k) => hasFewValues(key) || this.#numberings[k] instanceof RangeNumbering);
    this.#strides = this.#numberings.map(({ size }) => size);
    let product = this.#strides[0];
    for (let k = 1; k < this.#keys.length; k++) {
      product *= this.#strides[k];
      if (!direct.slice(0, k + 1).every(Boolean) || product > DIRECT) break;
      this.#pairs[k - 1] = null;
    }
  }

  /** The codes of the only key themselves, where every row takes part and none is null. */
  #codesInPlace(batch: Batch, selection: Selection): GroupNumbers {
    const [key] = this.#keys;
    if (this.#keys.length !== 1 || key.op !== "column" || batch.chunk === null || selection.rows !== null) return null;
    if (!isCoded(key)) return null;
    const column = batch.chunk.columns[key.index] as FixedColumn<Uint8Array>;
    if (column.validity !== null) return null;
    // Tells the numbering which dictionary it is.
    this.#numberings[0].number(batch.load(key.index, allRows(0)));
    this.size = this.#numberings[0].size;
    const zone = codeZoneOf(batch.chunk, key.index, this.size);
    // One of more rows was made by whoever sees a longer chunk over the same column.
    this.present = zone?.rows === batch.length ? zone.codes : null;
    return column.values.subarray(0, selection.count);
  }

  /** The values of a key for these groups. O(groups). */
  key(index: number, groups: Uint32Array): Vector {
    let own = groups;
    for (let k = this.#keys.length - 1; k >= Math.max(index, 1); k--) {
      const pairs = this.#pairs[k - 1]?.pairs;
      const stride = this.#strides[k];
      const isLast = k === index;
      const from = own;
      own = new Uint32Array(from.length);
      for (let i = 0; i < from.length; i++) {
        if (pairs !== undefined) own[i] = pairs[2 * from[i] + (isLast ? 1 : 0)];
        else own[i] = isLast ? from[i] % stride : Math.floor(from[i] / stride);
      }
    }
    return withoutNulls(this.#numberings[index].valuesAt(own));
  }
}

/** A numbering knows a number for null; that none of the groups has it is found here. */
function withoutNulls(vector: Vector): Vector {
  return vector.valid?.includes(0) === false ? { ...vector, valid: null } : vector;
}
