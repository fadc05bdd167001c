import type { BoundExpression } from "../bound.ts";

/** The expression with each column replaced by what computes it: a question to a step becomes one to the step before. */
export function substitute(expr: BoundExpression, columns: readonly BoundExpression[]): BoundExpression {
  if (expr.op === "column") return columns[expr.index];
  if (expr.op === "literal") return expr;
  return { ...expr, args: expr.args.map((arg) => substitute(arg, columns)) } as unknown as BoundExpression;
}
