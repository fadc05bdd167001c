import { bindOperand } from "./bind-literal.ts";
import { type BoundExpression, decimalResult, isNumeric } from "./bound.ts";
import type { ArithmeticOp, Expression } from "./expression.ts";
import { describeExpression, type Scope } from "./scope.ts";
import type { ValueType } from "./value-type.ts";

type Bind = (expression: Expression) => BoundExpression;
type Decimal = Extract<ValueType, { kind: "decimal" }>;

export function bindArithmetic(
  op: ArithmeticOp,
  [left, right]: readonly [Expression, Expression],
  bind: Bind,
  scope: Scope,
): BoundExpression {
  const side = (own: Expression, other: Expression) => {
    const bound =
      own.op === "literal" ? bindOperand(own, other.op === "literal" ? undefined : bind(other).type, scope) : bind(own);
    if (!isNumeric(bound.type)) {
      const got = bound.type.kind === "null" ? "null" : `${describeExpression(own)} (${bound.type.kind})`;
      throw scope.error(`${op} takes numbers, got ${got} in ${describeExpression(left)}.${op}(${describeExpression(right)})`);
    }
    return bound;
  };
  const a = side(left, right);
  const b = side(right, left);
  const type = resultOf(op, a.type, b.type, left, right, scope);
  const byZero = (op === "intDiv" || op === "mod") && type.kind !== "f64" && !(b.op === "literal" && Number(b.value) !== 0);
  return { op, args: [a, b], type, nullable: a.nullable || b.nullable || byZero };
}

function resultOf(op: ArithmeticOp, a: ValueType, b: ValueType, left: Expression, right: Expression, scope: Scope): ValueType {
  if (op === "intDiv" && !(isInteger(a) && isInteger(b))) {
    const wrong = isInteger(a) ? `${describeExpression(right)} (${b.kind})` : `${describeExpression(left)} (${a.kind})`;
    throw scope.error(`intDiv takes integers, got ${wrong}; div divides any numbers`);
  }
  if (op === "div" || isFloat(a) || isFloat(b)) return { kind: "f64" };
  if (a.kind === "decimal" || b.kind === "decimal") {
    const [s, t] = [scaleOf(a), scaleOf(b)];
    const scale = op === "mul" ? s + t : Math.max(s, t);
    if (scale > 38) {
      throw scope.error(
        `${describeExpression(left)}.${op}(${describeExpression(right)}) would need ${scale} decimal places, and a decimal has 38 at most`,
      );
    }
    return decimalResult(scale, modeOf([a, b].filter((type) => type.kind === "decimal")));
  }
  return { kind: "integer", mode: isBigint(a) || isBigint(b) ? "bigint" : "number" };
}

export function bindNegation(operand: Expression, bind: Bind, scope: Scope): BoundExpression {
  const x = bind(operand);
  if (!isNumeric(x.type)) throw scope.error(`neg takes a number, got ${describeExpression(operand)} (${x.type.kind})`);
  const type: ValueType = isFloat(x.type)
    ? { kind: "f64" }
    : x.type.kind === "decimal"
      ? decimalResult(x.type.scale, x.type.mode)
      : { kind: "integer", mode: isBigint(x.type) ? "bigint" : "number" };
  return { op: "neg", args: [x], type, nullable: x.nullable };
}

export const isFloat = (type: ValueType): boolean => type.kind === "f32" || type.kind === "f64";
export const isInteger = (type: ValueType): boolean => isNumeric(type) && !isFloat(type) && type.kind !== "decimal";
export const isBigint = (type: ValueType): boolean => "mode" in type && type.mode === "bigint";

const scaleOf = (type: ValueType): number => (type.kind === "decimal" ? type.scale : 0);
const modeOf = (decimals: readonly Decimal[]) => (decimals.every((type) => type.mode === "bigint") ? "bigint" : "string");
