import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { BoundExpression } from "../bound.ts";
import { countCodes } from "../wasm/chunk-sums.ts";
import type { Batch } from "./batch.ts";
import type { GroupNumbers } from "./grouping.ts";
import { countByFewGroups, countByGroup, countNulls, markGroups } from "./kernels/sum.ts";
import type { Selection } from "./selection.ts";
import type { Vector } from "./vector.ts";

/** An aggregate on its way: fed batch by batch, one state a group. */
export interface Accumulator {
  /** Takes the chosen rows of a batch; `groups` gives the group of each, null where all are of group 0. `size` groups are known. */
  add(batch: Batch, selection: Selection, groups: GroupNumbers, size: number): void;
  /** The result of each of `size` groups. */
  finish(size: number): Vector;
}

/** Room for `size` numbers, the old ones kept. */
export function grown(array: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  if (array.length >= size) return array;
  const larger = new Float64Array(Math.max(size, array.length * 2));
  larger.set(array);
  return larger;
}

/** Up to this many groups get four lanes each. */
export const FEW_GROUPS = 256;

/** How many rows each group has. */
export class RowCounts {
  counts = new Float64Array(1);
  /** Whether groups without rows are left out: then only nulls make a group one without values. */
  readonly dropsEmpty: boolean;

  constructor(dropsEmpty = false) {
    this.dropsEmpty = dropsEmpty;
  }

  /** `present`: the groups that have rows in it, where that is known. */
  add(selection: Selection, groups: GroupNumbers, size: number, _present?: Uint32Array | null): void {
    this.counts = grown(this.counts, size);
    if (groups === null) this.counts[0] += selection.count;
    else if (!countCodes(selection, groups, size, this.counts)) this.#count(groups, selection.count);
  }

  #count(groups: NonNullable<GroupNumbers>, count: number): void {
    const { counts } = this;
    const variant = groups.constructor.name;
    if (counts.length > FEW_GROUPS) {
      countByGroup(variant)(groups, count, counts);
      return;
    }
    const lanes = new Uint32Array(counts.length * 4);
    countByFewGroups(variant)(groups, count, lanes);
    for (let i = 0; i < lanes.length; i++) counts[i >>> 2] += lanes[i];
  }

  of(group: number): number {
    return this.counts[group] ?? 0;
  }
}

/** Which groups have rows, where nobody asks how many: a byte a group, which is written and never read back. */
export class RowMarks extends RowCounts {
  #marks = new Uint8Array(1);

  override add(selection: Selection, groups: GroupNumbers, size: number, present: Uint32Array | null = null): void {
    if (this.#marks.length < size) {
      const larger = new Uint8Array(Math.max(size, this.#marks.length * 2));
      larger.set(this.#marks);
      this.#marks = larger;
    }
    if (groups === null) this.#marks[0] = 1;
    else if (present !== null) for (let i = 0; i < present.length; i++) this.#marks[present[i]] = 1;
    else markGroups(groups.constructor.name)(groups, selection.count, this.#marks);
  }

  override of(group: number): number {
    return this.#marks[group] ?? 0;
  }
}

/** How many values, nulls not counted, each group has: its rows less the nulls, which are counted only where there are any. */
export class ValueCounts {
  readonly #rows: RowCounts;
  #nulls: Float64Array<ArrayBuffer> | null = null;

  constructor(rows: RowCounts) {
    this.#rows = rows;
  }

  addNulls(valid: Uint8Array | null, groups: GroupNumbers, size: number): void {
    if (valid === null) return;
    this.#nulls = grown(this.#nulls ?? new Float64Array(size), size);
    countNulls(groups?.constructor.name ?? "")(valid, groups, this.#nulls);
  }

  of(group: number): number {
    return this.#rows.of(group) - (this.#nulls?.[group] ?? 0);
  }

  /** Validity of `size` results that are null where there is no value. */
  validity(size: number): Uint8Array | null {
    if (this.#nulls === null && this.#rows.dropsEmpty) return null;
    const valid = new Uint8Array(size);
    let all = 1;
    for (let group = 0; group < size; group++) {
      valid[group] = this.of(group) >= 1 ? 1 : 0;
      all &= valid[group];
    }
    return all === 1 ? null : valid;
  }
}

/** The values of a stored column of numbers without nulls, where they can be read in place. */
export function valuesInPlace(expr: BoundExpression, batch: Batch): FixedColumn | null {
  if (expr.op !== "column" || batch.chunk === null) return null;
  const column = batch.chunk.columns[expr.index];
  return column.validity === null ? (column as FixedColumn) : null;
}
