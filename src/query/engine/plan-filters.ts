import type { Codec } from "../../columns/codec.ts";
import type { BoundExpression } from "../bound.ts";
import { DictionaryBatch } from "./batch.ts";
import { compileBool } from "./evaluate.ts";
import { CodeFilter, type Filter, GeneralFilter, NeverFilter, NullFilter, RangeFilter } from "./filter.ts";
import { IndexedFilter, indexed } from "./indexed-filter.ts";
import { dictionaryOf } from "./load.ts";
import { betweenRange, bothRanges, comparisonRange, type Range, type RangeOutcome } from "./range.ts";
import { allRows } from "./selection.ts";

/** The conditions of a conjunction, one by one. */
export function conjuncts(expr: BoundExpression): BoundExpression[] {
  return expr.op === "and" ? expr.args.flatMap(conjuncts) : [expr];
}

/**
 * How each condition is evaluated: those that read a column in place first, in the order given, then the others.
 * `codecs` null: not on a store's columns but on what an earlier step gave.
 */
export function planFilters(conditions: readonly BoundExpression[], codecs: readonly Codec[] | null): Filter[] {
  const filters =
    codecs === null
      ? conditions.map(general)
      : mergeRanges(
          conditions.flatMap((condition) => inPlace(condition, codecs) ?? [general(condition)]),
          codecs,
        ).map((filter) => indexed(filter, codecs));
  const isGeneral = (filter: Filter) => filter instanceof GeneralFilter || (filter instanceof IndexedFilter && filter.isGeneral);
  return [...filters.filter((filter) => !isGeneral(filter)), ...filters.filter(isGeneral)];
}

/** `amount >= 10 and amount < 20` is one range. */
function mergeRanges(filters: readonly Filter[], codecs: readonly Codec[]): Filter[] {
  const merged: Filter[] = [];
  for (const filter of filters) if (!(filter instanceof RangeFilter && joinRange(merged, filter, codecs))) merged.push(filter);
  return merged;
}

/** Puts in place of a range of the same column what both hold for. False where there is none it goes with. */
function joinRange(merged: Filter[], filter: RangeFilter, codecs: readonly Codec[]): boolean {
  const [field] = filter.fields;
  for (let i = 0; i < merged.length; i++) {
    const other = merged[i];
    if (!(other instanceof RangeFilter) || other.fields[0] !== field) continue;
    const both = bothRanges(other.range, filter.range);
    if (both === null) continue;
    merged[i] = both === "none" ? new NeverFilter() : rangeFilter(both, codecs[field]);
    return true;
  }
  return false;
}

const general = (condition: BoundExpression): Filter =>
  new GeneralFilter(condition, columnsOf(condition), compileBool(condition));

/** The filters that a condition comes to where there are better ones than evaluating it; none where it always holds. */
function inPlace(condition: BoundExpression, codecs: readonly Codec[]): Filter[] | null {
  const fields = columnsOf(condition);
  if (fields.length !== 1) return null;
  const [field] = fields;
  const codec = codecs[field];
  if (codec.dictionary !== null) return [codeFilter(condition, codec)];
  if (condition.op === "isNull" || condition.op === "isNotNull") {
    return condition.args[0].op === "column" ? [new NullFilter(field, condition.op === "isNull")] : null;
  }
  if (condition.op === "known") {
    if (condition.args[0].op !== "column") return null;
    return condition.value ? [new NullFilter(field, false)] : [new NeverFilter()];
  }
  if (condition.op === "in" && condition.args[0].op === "column") return withBounds(condition, codec);
  const outcome = rangeOutcome(condition, codec);
  return outcome === null ? null : rangeFilters(outcome, codec);
}

function rangeFilters(outcome: RangeOutcome, codec: Codec): Filter[] {
  const { index, nullable } = codec.field;
  if (outcome === "none") return [new NeverFilter()];
  if (outcome === "all") return nullable ? [new NullFilter(index, false)] : [];
  return [rangeFilter(outcome, codec)];
}

const rangeFilter = (range: Range, { field }: Codec): RangeFilter =>
  new RangeFilter(field.index, range, field.type.kind !== "u64");

function rangeOutcome(condition: BoundExpression, codec: Codec): RangeOutcome | null {
  const { type } = codec.field;
  switch (condition.op) {
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const [left, right] = condition.args;
      if (left.op !== "column" || right.op !== "literal" || right.value === null || condition.comparison !== "same") return null;
      return comparisonRange(type, condition.op, right.value);
    }
    case "between":
      return condition.args[0].op === "column" ? betweenRange(type, condition.low, condition.high) : null;
    default:
      return null;
  }
}

/** One of several numbers lies between the least and the greatest of them: chunks beyond are not looked at. */
function withBounds(condition: Extract<BoundExpression, { op: "in" | "notIn" }>, codec: Codec): Filter[] | null {
  const numbers = condition.values.filter(
    (value) => typeof value === "bigint" || (typeof value === "number" && !Number.isNaN(value)),
  );
  if (numbers.length !== condition.values.length) return null;
  const low = numbers.reduce((a, b) => (a < b ? a : b));
  const high = numbers.reduce((a, b) => (a > b ? a : b));
  const outcome = betweenRange(codec.field.type, low, high);
  if (outcome === null) return null;
  if (numbers.length === 1) return rangeFilters(outcome, codec);
  return [...rangeFilters(outcome, codec), general(condition)];
}

function codeFilter(condition: BoundExpression, codec: Codec): Filter {
  const batch = new DictionaryBatch(dictionaryOf(codec));
  const { values, valid } = compileBool(condition)(batch, allRows(batch.length));
  const table = new Uint8Array(batch.length);
  for (let i = 0; i < table.length; i++) table[i] = valid === null ? values[i] : values[i] & valid[i];
  return new CodeFilter(codec.field.index, table);
}

/** The columns that an expression reads, each once. */
export function columnsOf(expr: BoundExpression, into: number[] = []): number[] {
  if (expr.op === "column") {
    if (!into.includes(expr.index)) into.push(expr.index);
  } else if ("args" in expr) for (const arg of expr.args) columnsOf(arg, into);
  return into;
}
