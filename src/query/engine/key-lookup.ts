import type { FieldType } from "../../entity/field-type.ts";
import { decimalLimit } from "../../entity/values/decimal.ts";
import { dateFromTicks } from "../../entity/values/timestamp.ts";
import type { BoundExpression, BoundPlan, Value } from "../bound.ts";
import { toJs } from "./js-value.ts";
import { conjuncts } from "./plan-filters.ts";
import { comparisonRange } from "./range.ts";
import type { QuerySource, RowPosition } from "./source.ts";

/**
 * The row that a plan can only ask for because its first conditions say which key it has; null where there is none with
 * that key, undefined where they do not say. O(1).
 */
export function keyLookup(plan: BoundPlan, source: QuerySource): RowPosition | null | undefined {
  const value = keyWanted(plan);
  return value === undefined ? undefined : source.findKey?.(value);
}

/** The key that the conditions in front of everything else demand, as a field reads it. */
export function keyWanted(plan: BoundPlan): unknown {
  const { key } = plan.schema;
  if (key === null) return undefined;
  for (const step of plan.steps) {
    if (step.step !== "where") return undefined;
    for (const condition of conjuncts(step.predicate)) {
      const value = equalTo(condition, key.index);
      if (value !== undefined && canBeKey(key.type, value)) return toJs(key.type)(value);
    }
  }
  return undefined;
}

function equalTo(condition: BoundExpression, field: number): Value | undefined {
  if (condition.op === "in" && condition.values.length === 1)
    return isColumn(condition.args[0], field) ? condition.values[0] : undefined;
  if (condition.op !== "eq" || condition.comparison !== "same") return undefined;
  const [left, right] = condition.args;
  return isColumn(left, field) && right.op === "literal" && right.value !== null ? right.value : undefined;
}

const isColumn = (expr: BoundExpression, field: number): boolean => expr.op === "column" && expr.index === field;

/** Others equal no key, and a lookup would refuse them: the scan finds nothing. */
function canBeKey(type: FieldType, value: Value): boolean {
  switch (type.kind) {
    case "utf8":
    case "category":
    case "enum":
      return (value as string).isWellFormed();
    case "decimal":
      return magnitude(value as bigint) < decimalLimit(type.precision);
    case "bool":
    case "binary":
      return true;
    case "timestamp":
      if (type.mode === "date" && dateFromTicks(BigInt(value as bigint), type.unit) === undefined) return false;
      return type.mode !== "number" || Number.isSafeInteger(Number(value));
    default:
      if (typeof value === "number" && !Number.isSafeInteger(value)) return false;
      return typeof comparisonRange(type, "eq", value) === "object";
  }
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
