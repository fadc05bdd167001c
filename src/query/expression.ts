/**
 * Expressions as plain data: what a query computes per row, in a form that is also its JSON. Nothing here
 * knows an entity; binding a plan to one gives every node its type (see `bind.ts`).
 */

/** A constant. `value` holds what JSON can hold; the type says what it stands for. */
export type Literal =
  | { readonly op: "literal"; readonly type: "null" }
  | { readonly op: "literal"; readonly type: "bool"; readonly value: boolean }
  /** A double: a JSON number, or a string where JSON has none. */
  | { readonly op: "literal"; readonly type: "number"; readonly value: number | "NaN" | "Infinity" | "-Infinity" | "-0" }
  /** A bigint, in decimal digits. */
  | { readonly op: "literal"; readonly type: "bigint"; readonly value: string }
  /** Text: of a utf8, category or enum field, of a decimal, or a calendar day. The other operand says which. */
  | { readonly op: "literal"; readonly type: "string"; readonly value: string }
  /** An instant: ISO-8601 in UTC with as many fraction digits as needed. */
  | { readonly op: "literal"; readonly type: "instant"; readonly value: string }
  /** Bytes in base64. */
  | { readonly op: "literal"; readonly type: "binary"; readonly value: string };

export type ComparisonOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
/** `div` gives a double, `intDiv` truncates toward zero, `mod` has the sign of the dividend. */
export type ArithmeticOp = "add" | "sub" | "mul" | "div" | "intDiv" | "mod";
export type TextOp = "startsWith" | "endsWith" | "contains" | "like";
export type TruncUnit =
  | "year"
  | "quarter"
  | "month"
  | "week"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "millisecond"
  | "microsecond";
export type DatePart =
  | "year"
  | "quarter"
  | "month"
  /** ISO 8601 week, 1 to 53. */
  | "week"
  | "day"
  /** 0 (Sunday) to 6. */
  | "dayOfWeek"
  /** 1 to 366. */
  | "dayOfYear"
  | "hour"
  | "minute"
  /** Whole seconds, 0 to 59. */
  | "second"
  /** Seconds since 1970-01-01T00:00Z, a double. */
  | "epoch";

export type Expression =
  | { readonly op: "column"; readonly name: string }
  | Literal
  | { readonly op: ComparisonOp; readonly args: readonly [Expression, Expression] }
  /** low <= value <= high. */
  | { readonly op: "between"; readonly args: readonly [value: Expression, low: Expression, high: Expression] }
  /** The first argument equals one of the others. */
  | { readonly op: "in" | "notIn"; readonly args: readonly [Expression, ...Literal[]] }
  | { readonly op: "isNull" | "isNotNull" | "not" | "neg"; readonly args: readonly [Expression] }
  | { readonly op: "and" | "or"; readonly args: readonly Expression[] }
  /** `escape` is one character; without it LIKE has no way to quote % and _. */
  | { readonly op: TextOp; readonly args: readonly [Expression, Expression]; readonly escape?: string }
  | { readonly op: ArithmeticOp; readonly args: readonly [Expression, Expression] }
  | { readonly op: "dateTrunc"; readonly args: readonly [Expression]; readonly unit: TruncUnit }
  | { readonly op: "extract"; readonly args: readonly [Expression]; readonly part: DatePart };

export type ExpressionOp = Expression["op"];
