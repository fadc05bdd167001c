import { type BoundExpression, type Comparison, isNumeric, type Value } from "./bound.ts";
import type { ComparisonOp, Expression, Literal } from "./expression.ts";
import { type Placement, place } from "./placement.ts";
import { describeExpression, describeLiteral, type Scope } from "./scope.ts";
import type { ValueType } from "./value-type.ts";

/**
 * Comparisons with a constant always reach the engine with the constant on the right and as a value of the left's type.
 * A constant that is none (2.5 for an integer, 300 for a u8) moves to its neighbour or decides the answer: `x > 2.5` is
 * `x >= 3`, `x = 2.5` is false where x is not null.
 */

type Bind = (expression: Expression) => BoundExpression;

const SWAPPED: Readonly<Record<ComparisonOp, ComparisonOp>> = { eq: "eq", ne: "ne", lt: "gt", le: "ge", gt: "lt", ge: "le" };

export function bindComparison(
  op: ComparisonOp,
  [left, right]: readonly [Expression, Expression],
  bind: Bind,
  scope: Scope,
): BoundExpression {
  if (right.op === "literal") {
    if (left.op === "literal")
      throw scope.error(`${op} of two constants (${describeLiteral(left)}, ${describeLiteral(right)}): compare a column`);
    return withConstant(op, left, right, bind, scope);
  }
  if (left.op === "literal") return withConstant(SWAPPED[op], right, left, bind, scope);
  const a = bind(left);
  const b = bind(right);
  const comparison = comparisonOf(op, a.type, b.type);
  if (comparison === undefined) throw scope.error(incomparable(op, left, a.type, right, b.type));
  return { op, args: [a, b], comparison, type: { kind: "bool" }, nullable: a.nullable || b.nullable };
}

function withConstant(op: ComparisonOp, operand: Expression, literal: Literal, bind: Bind, scope: Scope): BoundExpression {
  const x = bind(operand);
  return against(op, x, place(literal, x.type, operand, scope));
}

/** `x op constant`, for a constant placed among the values of x's type. */
function against(op: ComparisonOp, x: BoundExpression, placement: Placement): BoundExpression {
  switch (placement.at) {
    case "value":
      return compare(op, x, placement.value);
    case "gap":
      if (op === "lt" || op === "le") return compare("le", x, placement.below);
      if (op === "gt" || op === "ge") return compare("ge", x, placement.above);
      return known(x, op === "ne");
    case "over":
      return known(x, op === "lt" || op === "le" || op === "ne");
    case "under":
      return known(x, op === "gt" || op === "ge" || op === "ne");
  }
}

function compare(op: ComparisonOp, x: BoundExpression, value: Value): BoundExpression {
  const literal: BoundExpression = { op: "literal", type: x.type, nullable: false, value };
  return { op, args: [x, literal], comparison: "same", type: { kind: "bool" }, nullable: x.nullable };
}

const known = (x: BoundExpression, value: boolean): BoundExpression => ({
  op: "known",
  args: [x],
  value,
  type: { kind: "bool" },
  nullable: x.nullable,
});

export function bindBetween(
  [operand, low, high]: readonly [Expression, Expression, Expression],
  bind: Bind,
  scope: Scope,
): BoundExpression {
  const from = bindComparison("ge", [operand, low], bind, scope);
  const to = bindComparison("le", [operand, high], bind, scope);
  const nullable = from.nullable || to.nullable;
  if (from.op === "ge" && to.op === "le") {
    const [x, least] = from.args;
    const [, most] = to.args;
    if (least.op === "literal" && most.op === "literal" && least.value !== null && most.value !== null) {
      return { op: "between", args: [x], low: least.value, high: most.value, type: { kind: "bool" }, nullable };
    }
  }
  return { op: "and", args: [from, to], type: { kind: "bool" }, nullable };
}

export function bindIn(
  op: "in" | "notIn",
  [operand, ...literals]: readonly [Expression, ...Literal[]],
  bind: Bind,
  scope: Scope,
): BoundExpression {
  const x = bind(operand);
  if (literals.length === 0) return { op: "literal", value: op === "notIn", type: { kind: "bool" }, nullable: false };
  const values = new Map<unknown, Value>();
  for (const literal of literals) {
    if (literal.op !== "literal") throw scope.error(`${op} takes constants, got ${describeExpression(literal)}`);
    const placement = place(literal, x.type, operand, scope);
    if (placement.at === "value") values.set(identity(placement.value), placement.value);
  }
  if (values.size === 0) return known(x, op === "notIn");
  return { op, args: [x], values: [...values.values()], type: { kind: "bool" }, nullable: x.nullable };
}

/** Equal for equal values; Maps take NaN for itself and -0 for 0 already. */
const identity = (value: Value): unknown => (value instanceof Uint8Array ? `bytes ${value.join()}` : value);

function comparisonOf(op: ComparisonOp, a: ValueType, b: ValueType): Comparison | undefined {
  if (isNumeric(a) && isNumeric(b)) {
    const [x, y] = [numericForm(a), numericForm(b)];
    if (x === "number" || y === "number") return x === y ? "same" : "mixed";
    return scaleOf(a) === scaleOf(b) && x === y ? "same" : "units";
  }
  if (a.kind === "timestamp" && b.kind === "timestamp") return a.unit === b.unit ? "same" : "units";
  if (isText(a) && isText(b)) {
    if (a.kind !== "enum" && b.kind !== "enum") return "same";
    if (a.kind === "enum" && b.kind === "enum" && sameValues(a.values, b.values)) return "same";
    return op === "eq" || op === "ne" ? "text" : undefined;
  }
  return a.kind === b.kind && a.kind !== "null" ? "same" : undefined;
}

/** How a value of a numeric type is held: see `Value`. */
function numericForm(type: ValueType): "number" | "bigint" | "decimal" {
  if (type.kind === "decimal") return "decimal";
  return "mode" in type && type.mode === "bigint" ? "bigint" : "number";
}

const scaleOf = (type: ValueType): number => (type.kind === "decimal" ? type.scale : 0);

export const isText = (type: ValueType): type is Extract<ValueType, { kind: "utf8" | "category" | "enum" }> =>
  type.kind === "utf8" || type.kind === "category" || type.kind === "enum";

export const sameValues = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((value, i) => value === b[i]));

function incomparable(op: ComparisonOp, left: Expression, a: ValueType, right: Expression, b: ValueType): string {
  const [x, y] = [describeExpression(left), describeExpression(right)];
  if (isText(a) && isText(b)) {
    return `${op} has no common order for ${x} and ${y}: an enum is ordered by its declaration; between different enums, and with other text, only eq and ne compare`;
  }
  return `${op} cannot compare ${x} (${a.kind}) with ${y} (${b.kind}): compare values of one kind`;
}
