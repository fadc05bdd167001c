import type { FieldSpec } from "../../entity/schema.ts";
import type { BoundExpression, BoundPlan, Value } from "../bound.ts";
import { toJs } from "./js-value.ts";
import { conjuncts } from "./plan-filters.ts";
import type { QuerySource, RowPosition } from "./source.ts";
import { canBeStored } from "./storable.ts";

/**
 * The row that a plan can only ask for because its first conditions say which key it has; null where they do not say, or
 * the rows have no index. O(1).
 */
export function keyLookup(plan: BoundPlan, source: QuerySource): KeyLookup | null {
  if (source.findKey === undefined) return null;
  const condition = keyCondition(plan);
  return condition === null ? null : { condition, found: source.findKey(keyOf(plan, condition)) };
}

/** What a plan asks of the key index, and what the index says. */
export interface KeyLookup {
  /** Holds for the row that was found: the index has compared its key. */
  readonly condition: BoundExpression;
  /** null where no row has the key. */
  readonly found: RowPosition | null;
}

/** The condition, among those in front of everything else, that says which key the rows have. */
function keyCondition({ schema: { key }, steps }: BoundPlan): BoundExpression | null {
  if (key === null) return null;
  for (const step of steps) {
    if (step.step !== "where") return null;
    for (const condition of conjuncts(step.predicate)) {
      const value = equalTo(condition, key.index);
      if (value !== undefined && canBeStored(key.type, value)) return condition;
    }
  }
  return null;
}

/** The key that a condition demands, as a field reads it. */
function keyOf({ schema }: BoundPlan, condition: BoundExpression): unknown {
  const { index, type } = schema.key as FieldSpec;
  return toJs(type)(equalTo(condition, index) as Value);
}

function equalTo(condition: BoundExpression, field: number): Value | undefined {
  if (condition.op === "in" && condition.values.length === 1)
    return isColumn(condition.args[0], field) ? condition.values[0] : undefined;
  if (condition.op !== "eq" || condition.comparison !== "same") return undefined;
  const [left, right] = condition.args;
  return isColumn(left, field) && right.op === "literal" && right.value !== null ? right.value : undefined;
}

const isColumn = (expr: BoundExpression, field: number): boolean => expr.op === "column" && expr.index === field;
