import { bindArithmetic, bindNegation } from "./bind-arithmetic.ts";
import { bindBetween, bindComparison, bindIn, isText } from "./bind-comparison.ts";
import { bindLiteral, wellFormed } from "./bind-literal.ts";
import type { BoundExpression } from "./bound.ts";
import type { DatePart, Expression, TextOp, TruncUnit } from "./expression.ts";
import { describeExpression, describeLiteral, type Scope } from "./scope.ts";

/** Levels an expression may have: what is deeper was not written by hand, and would overflow the stack somewhere. */
const MAX_DEPTH = 500;

/** Resolves the names of an expression and gives every node its type. @throws QueryError, ColumnNotFoundError */
export function bindExpression(expression: Expression, scope: Scope, depth = 0): BoundExpression {
  const before = scope.cached(expression);
  if (before !== undefined) return before;
  if (depth > MAX_DEPTH)
    throw scope.error(`an expression is nested more than ${MAX_DEPTH} levels deep; use in() or one and() of many`);
  return scope.remember(
    expression,
    bindNew(expression, scope, (arg) => bindExpression(arg, scope, depth + 1)),
  );
}

function bindNew(expression: Expression, scope: Scope, bind: (expression: Expression) => BoundExpression): BoundExpression {
  switch (expression.op) {
    case "column":
      return scope.column(expression.name);
    case "literal":
      return bindLiteral(expression, scope);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return bindComparison(expression.op, expression.args, bind, scope);
    case "between":
      return bindBetween(expression.args, bind, scope);
    case "in":
    case "notIn":
      return bindIn(expression.op, expression.args, bind, scope);
    case "isNull":
    case "isNotNull":
      return { op: expression.op, args: [bind(expression.args[0])], type: { kind: "bool" }, nullable: false };
    case "not":
    case "and":
    case "or":
      return bindLogic(expression.op, expression.args, scope, bind);
    case "neg":
      return bindNegation(expression.args[0], bind, scope);
    case "startsWith":
    case "endsWith":
    case "contains":
    case "like":
      return bindText(expression, scope, bind);
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "intDiv":
    case "mod":
      return bindArithmetic(expression.op, expression.args, bind, scope);
    case "dateTrunc": {
      const x = calendar(expression.args[0], "dateTrunc", expression.unit, scope, bind);
      return { op: "dateTrunc", args: [x], unit: expression.unit, type: x.type, nullable: x.nullable };
    }
    case "extract": {
      const x = calendar(expression.args[0], "extract", expression.part, scope, bind);
      const type = expression.part === "epoch" ? ({ kind: "f64" } as const) : ({ kind: "integer", mode: "number" } as const);
      return { op: "extract", args: [x], part: expression.part, type, nullable: x.nullable };
    }
  }
}

function bindLogic(
  op: "and" | "or" | "not",
  operands: readonly Expression[],
  scope: Scope,
  bind: (expression: Expression) => BoundExpression,
): BoundExpression {
  const args = operands.map((arg) => bindPredicate(arg, bind(arg), op, scope));
  const nullable = args.some((arg) => arg.nullable);
  if (op === "not") return { op, args: [args[0]!], type: { kind: "bool" }, nullable };
  return { op, args, type: { kind: "bool" }, nullable };
}

/** What is true, false or null. */
export function bindPredicate(expression: Expression, bound: BoundExpression, where: string, scope: Scope): BoundExpression {
  if (bound.type.kind !== "bool" && bound.type.kind !== "null") {
    throw scope.error(
      `${where} takes predicates, such as status.eq("…"), got ${describeExpression(expression)} (${bound.type.kind})`,
    );
  }
  return bound;
}

function bindText(
  { op, args, escape: quote }: Extract<Expression, { op: TextOp }>,
  scope: Scope,
  bind: (expression: Expression) => BoundExpression,
): BoundExpression {
  const [x, y] = [bind(args[0]), bind(args[1])];
  for (const [i, bound] of [x, y].entries()) {
    if (!isText(bound.type)) throw scope.error(`${op} takes text, got ${describeExpression(args[i]!)} (${bound.type.kind})`);
  }
  const bound = { args: [x, y], type: { kind: "bool" }, nullable: x.nullable || y.nullable } as const;
  if (op !== "like") {
    if (quote !== undefined) throw scope.error(`${op} takes its text as it is: only like has an escape character`);
    return { op, ...bound, escape: null };
  }
  const pattern = args[1];
  if (pattern.op !== "literal" || pattern.type !== "string")
    throw scope.error(`like takes a constant pattern, got ${describeExpression(pattern)}`);
  if (quote !== undefined) checkEscape(pattern.value, quote, scope);
  return { op, ...bound, escape: quote ?? null };
}

function checkEscape(pattern: string, quote: string, scope: Scope): void {
  if ([...wellFormed(quote, scope)].length !== 1)
    throw scope.error(`like takes one character as escape, got ${JSON.stringify(quote)}`);
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    if (characters[i] !== quote) continue;
    const next = characters[++i];
    if (next !== "%" && next !== "_" && next !== quote) {
      const found = next === undefined ? "the end" : JSON.stringify(next);
      throw scope.error(
        `like: the escape ${JSON.stringify(quote)} stands before %, _ or itself, and here before ${found}: ${describeLiteral({ op: "literal", type: "string", value: pattern })}`,
      );
    }
  }
}

const TIME_UNITS: ReadonlySet<string> = new Set(["hour", "minute", "second", "millisecond", "microsecond"]);

function calendar(
  operand: Expression,
  op: "dateTrunc" | "extract",
  unit: TruncUnit | DatePart,
  scope: Scope,
  bind: (expression: Expression) => BoundExpression,
): BoundExpression {
  const x = bind(operand);
  if (x.type.kind !== "date" && x.type.kind !== "timestamp") {
    throw scope.error(`${op} takes a date or timestamp, got ${describeExpression(operand)} (${x.type.kind})`);
  }
  if (x.type.kind === "date" && TIME_UNITS.has(unit))
    throw scope.error(`${describeExpression(operand)} is a date, which has no ${unit}`);
  return x;
}
