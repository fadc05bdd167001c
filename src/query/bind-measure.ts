import { isBigint, isFloat } from "./bind-arithmetic.ts";
import { bindExpression, bindPredicate } from "./bind-expression.ts";
import { type BoundExpression, type BoundMeasure, type BoundSortKey, decimalResult, isNumeric } from "./bound.ts";
import type { AggregateFunction, Measure, SortKey } from "./plan.ts";
import { describeExpression, type Scope } from "./scope.ts";
import type { ValueType } from "./value-type.ts";

const COUNT: ValueType = { kind: "integer", mode: "number" };

/** A measure with the type of its result. `grouped`: there are group keys, so that no group is empty. */
export function bindMeasure(
  measure: Measure,
  grouped: boolean,
  scope: Scope,
  bindKeys: (keys: readonly SortKey[]) => BoundSortKey[],
): BoundMeasure {
  const { as, fn } = measure;
  const what = `${as}: ${fn}`;
  const arg = measure.arg === undefined ? null : bindExpression(measure.arg, scope);
  const filter =
    measure.filter === undefined
      ? null
      : bindPredicate(measure.filter, bindExpression(measure.filter, scope), `the filter of ${what}`, scope);
  const needsOrder = fn === "first" || fn === "last";
  if (needsOrder && !measure.orderBy?.length) throw scope.error(`${what} needs an order to be ${fn} in: ${fn}("…").orderBy("…")`);
  if (!needsOrder && measure.orderBy !== undefined) throw scope.error(`${what} does not depend on an order: leave orderBy out`);
  const orderBy = measure.orderBy === undefined ? [] : bindKeys(measure.orderBy);

  if (arg === null) {
    if (fn !== "count") throw scope.error(`${what} takes a column, such as ${fn}("${scope.columns[0]?.name}")`);
    return { as, fn, arg, filter, orderBy, type: COUNT, nullable: false };
  }
  if (arg.type.kind === "null") throw scope.error(`${what} of null: it takes a column`);
  const type = resultOf(fn, arg.type);
  if (type === undefined) throw scope.error(`${what} takes numbers, got ${describeExpression(measure.arg!)} (${arg.type.kind})`);
  return { as, fn, arg, filter, orderBy, type, nullable: isNullable(fn, arg, filter, grouped) };
}

function isNullable(fn: AggregateFunction, arg: BoundExpression, filter: BoundExpression | null, grouped: boolean): boolean {
  if (fn === "count" || fn === "countDistinct") return false;
  return fn === "stddev" || arg.nullable || filter !== null || !grouped;
}

function resultOf(fn: AggregateFunction, arg: ValueType): ValueType | undefined {
  switch (fn) {
    case "count":
    case "countDistinct":
      return COUNT;
    case "sum":
      if (!isNumeric(arg)) return undefined;
      if (isFloat(arg)) return { kind: "f64" };
      if (arg.kind === "decimal") return decimalResult(arg.scale, arg.mode);
      return { kind: "integer", mode: isBigint(arg) ? "bigint" : "number" };
    case "avg":
    case "stddev":
      return isNumeric(arg) ? { kind: "f64" } : undefined;
    default:
      return arg;
  }
}
