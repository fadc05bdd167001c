import type { BoundMeasure, BoundProjection } from "../bound.ts";
import type { ValueType } from "../value-type.ts";
import type { Wanted } from "../workers/scan-share.ts";
import { type Accumulator, RowCounts, RowMarks } from "./accumulator.ts";
import { type Batch, TableBatch } from "./batch.ts";
import { Count, CountDistinct, Filtered } from "./counts.ts";
import type { Filter } from "./filter.ts";
import { GroupBatch } from "./group-batch.ts";
import { Grouping } from "./grouping.ts";
import { Extreme, Pick } from "./picks.ts";
import { countRows, scan } from "./scan.ts";
import type { Selection } from "./selection.ts";
import { BigSum, Deviation, FloatSum, IntegerSum } from "./sums.ts";

/** Groups the rows that meet all conditions, in one pass: a row for each, of its keys and measures. Without keys there is one group, be there rows or not. */
export function aggregate(
  batches: readonly Batch[],
  filters: readonly Filter[],
  by: readonly BoundProjection[],
  measures: readonly BoundMeasure[],
): Batch {
  if (by.length === 0 && measures.every((measure) => countsRows(measure))) {
    const count = countRows(batches, filters);
    return new TableBatch(
      measures.map(() => ({ kind: "num", values: Float64Array.of(count), valid: null })),
      1,
    );
  }
  const grouping = new Grouping(
    by.map((key) => key.expr),
    batches,
  );
  const isGrouped = by.length > 0;
  const rows = isGrouped && !measures.some(needsCounts) ? new RowMarks(true) : new RowCounts(isGrouped);
  const accumulators = measures.map((measure) => accumulatorFor(measure, rows));
  const visit = (batch: Batch, selection: Selection): boolean => {
    const groups = grouping.groups(batch, selection);
    rows.add(selection, groups, grouping.size, grouping.present);
    for (const accumulator of accumulators) accumulator.add(batch, selection, groups, grouping.size);
    return false;
  };
  scan(batches, filters, visit, wantedFor(grouping, measures, batches));
  const size = isGrouped ? grouping.size : 1;
  const measured = accumulators.map((accumulator) => accumulator.finish(size));
  return isGrouped ? new GroupBatch(grouping, rows, measured) : new TableBatch(measured, 1);
}

/** Whether a measure asks how many rows a group has, and not only whether it has any. */
const needsCounts = ({ fn, arg, filter }: BoundMeasure): boolean =>
  fn === "count" || fn === "avg" || arg === null || arg.nullable || filter !== null;

/** What kernels can make of the rows of a chunk that measures ask for: sums of plain columns. */
export function wantedFor(grouping: Grouping, measures: readonly BoundMeasure[], batches: readonly Batch[]): Wanted {
  const fields = measures.map(({ fn, arg, filter }) =>
    (fn === "sum" || fn === "avg") && filter === null && arg?.op === "column" && !isBeyond64(arg.type) ? arg.index : null,
  );
  const sums = [...new Set(fields.filter((field) => field !== null))];
  const rows = !measures.every((measure, i) => countsRows(measure) || fields[i] !== null);
  if (grouping.keyCount === 0) return { rows, sums, groups: null };
  const groups = grouping.codes(batches);
  return groups === null ? { rows: true, sums: [], groups: null } : { rows: true, sums, groups };
}

const isBeyond64 = (type: ValueType): boolean => type.kind === "decimal" || (type.kind === "integer" && type.mode === "bigint");

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
      return isBeyond64(type) ? new BigSum(measure, arg, rows) : new IntegerSum(measure, arg, rows);
    }
  }
}
