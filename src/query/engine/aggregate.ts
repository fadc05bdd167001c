import type { BoundMeasure, BoundProjection } from "../bound.ts";
import { type Accumulator, RowCounts } from "./accumulator.ts";
import type { Batch } from "./batch.ts";
import { Count, CountDistinct, Filtered } from "./counts.ts";
import type { Filter } from "./filter.ts";
import { Grouping } from "./grouping.ts";
import { Extreme, Pick } from "./picks.ts";
import { countRows, scan } from "./scan.ts";
import { BigSum, Deviation, FloatSum, IntegerSum } from "./sums.ts";
import { gather, type Vector } from "./vector.ts";

/** What rows aggregate to: a vector for each key and each measure. */
export interface Groups {
  readonly length: number;
  readonly vectors: readonly Vector[];
}

/** Groups the rows that meet all conditions, in one pass. Without keys there is one group, be there rows or not. */
export function aggregate(
  batches: readonly Batch[],
  filters: readonly Filter[],
  by: readonly BoundProjection[],
  measures: readonly BoundMeasure[],
): Groups {
  if (by.length === 0 && measures.every((measure) => countsRows(measure))) {
    const count = countRows(batches, filters);
    return { length: 1, vectors: measures.map(() => ({ kind: "num", values: Float64Array.of(count), valid: null })) };
  }
  const grouping = new Grouping(
    by.map((key) => key.expr),
    batches,
  );
  const rows = new RowCounts();
  const accumulators = measures.map((measure) => accumulatorFor(measure, rows));
  scan(batches, filters, (batch, selection) => {
    const groups = grouping.groups(batch, selection);
    rows.add(selection, groups, grouping.size);
    for (const accumulator of accumulators) accumulator.add(batch, selection, groups, grouping.size);
    return false;
  });
  if (by.length === 0) return { length: 1, vectors: accumulators.map((accumulator) => accumulator.finish(1)) };
  const size = Math.min(grouping.size, rows.counts.length);
  // Directly addressed groups may have no rows.
  const present = new Uint32Array(size);
  let length = 0;
  for (let group = 0; group < size; group++) if (rows.counts[group] > 0) present[length++] = group;
  const groups = present.subarray(0, length);
  const results = accumulators.map((accumulator) => accumulator.finish(size));
  return {
    length,
    vectors: [...grouping.keys(groups), ...results.map((vector) => (length === size ? vector : gather(vector, groups)))],
  };
}

const countsRows = ({ fn, arg, filter }: BoundMeasure): boolean => fn === "count" && arg === null && filter === null;

function accumulatorFor(measure: BoundMeasure, rows: RowCounts): Accumulator {
  const { filter } = measure;
  return filter === null ? unfiltered(measure, rows) : new Filtered(filter, (kept) => unfiltered(measure, kept));
}

function unfiltered(measure: BoundMeasure, rows: RowCounts): Accumulator {
  const { fn, arg, orderBy } = measure;
  if (arg === null) return new Count(null, rows);
  switch (fn) {
    case "count":
      return new Count(arg, rows);
    case "countDistinct":
      return new CountDistinct(arg);
    case "min":
    case "max":
      return new Extreme(arg, fn);
    case "first":
    case "last":
      return new Pick(arg, orderBy, fn === "last");
    case "stddev":
      return new Deviation(arg);
    case "sum":
    case "avg": {
      const { type } = arg;
      if (type.kind === "f32" || type.kind === "f64") return new FloatSum(arg, rows, fn === "avg");
      const beyond64 = type.kind === "decimal" || (type.kind === "integer" && type.mode === "bigint");
      return beyond64 ? new BigSum(measure, arg, rows) : new IntegerSum(measure, arg, rows);
    }
  }
}
