import type { RowCounts } from "./accumulator.ts";
import type { Batch } from "./batch.ts";
import type { Grouping } from "./grouping.ts";
import type { Selection } from "./selection.ts";
import { gather, type Vector } from "./vector.ts";

/** Groups as rows: first their keys, then their measures. Values are made as they are asked for: whoever wants the top ten makes ten. */
export class GroupBatch implements Batch {
  readonly chunk = null;
  readonly length: number;
  readonly #grouping: Grouping;
  readonly #measures: readonly Vector[];
  /** The groups that have rows: directly addressed ones may have none. */
  readonly #groups: Uint32Array;

  /** `measures` have a value for each number of a group. */
  constructor(grouping: Grouping, rows: RowCounts, measures: readonly Vector[]) {
    const { size } = grouping;
    const groups = new Uint32Array(size);
    let length = 0;
    for (let group = 0; group < size; group++) if (rows.of(group) > 0) groups[length++] = group;
    this.length = length;
    this.#groups = groups.subarray(0, length);
    this.#grouping = grouping;
    this.#measures = measures;
  }

  load(index: number, { rows, count }: Selection): Vector {
    const groups = rows === null ? this.#groups : rows.subarray(0, count).map((row) => this.#groups[row]);
    const keys = this.#grouping.keyCount;
    if (index < keys) return this.#grouping.key(index, groups);
    const measure = this.#measures[index - keys];
    return groups.length === measure.values.length && rows === null ? measure : gather(measure, groups);
  }
}
