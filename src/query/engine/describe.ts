import { describeValue } from "../../errors.ts";
import type { BoundExpression, BoundMeasure, BoundSortKey, Value } from "../bound.ts";
import type { ValueType } from "../value-type.ts";
import { toJs } from "./js-value.ts";

const SIGN: Readonly<Record<string, string>> = {
  eq: "=",
  ne: "<>",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
};

/** An expression as people write it. */
export function describe(expr: BoundExpression): string {
  switch (expr.op) {
    case "column":
      return expr.name;
    case "literal":
      return expr.value === null ? "null" : constant(expr.type, expr.value);
    case "between": {
      const [arg] = expr.args;
      return `${describe(arg)} between ${constant(arg.type, expr.low)} and ${constant(arg.type, expr.high)}`;
    }
    case "in":
    case "notIn": {
      const [arg] = expr.args;
      const shown = expr.values.slice(0, 5).map((value) => constant(arg.type, value));
      if (expr.values.length > 5) shown.push(`… ${expr.values.length} values`);
      return `${describe(arg)} ${expr.op === "in" ? "in" : "not in"} (${shown.join(", ")})`;
    }
    case "known":
      return expr.value ? `${describe(expr.args[0])} is not null` : `false for every ${describe(expr.args[0])}`;
    case "and":
    case "or":
      return `(${expr.args.map(describe).join(` ${expr.op} `)})`;
    case "not":
      return `not ${describe(expr.args[0])}`;
    case "isNull":
      return `${describe(expr.args[0])} is null`;
    case "isNotNull":
      return `${describe(expr.args[0])} is not null`;
    case "dateTrunc":
      return `dateTrunc(${describe(expr.args[0])}, ${expr.unit})`;
    case "extract":
      return `extract(${describe(expr.args[0])}, ${expr.part})`;
    default: {
      const args = expr.args.map(describe);
      const sign = SIGN[expr.op];
      return sign === undefined || args.length !== 2 ? `${expr.op}(${args.join(", ")})` : `${args[0]} ${sign} ${args[1]}`;
    }
  }
}

function constant(type: ValueType, value: Value): string {
  const shown = type.kind === "timestamp" ? toJs({ ...type, mode: "bigint" })(value) : toJs(type)(value);
  return type.kind === "decimal" ? String(shown) : describeValue(shown);
}

export function describeMeasure({ as, fn, arg, filter, orderBy }: BoundMeasure): string {
  const order = orderBy.length === 0 ? "" : ` order by ${describeKeys(orderBy)}`;
  const condition = filter === null ? "" : ` where ${describe(filter)}`;
  return `${as} = ${fn}(${arg === null ? "" : describe(arg)}${order})${condition}`;
}

export const describeKeys = (keys: readonly BoundSortKey[]): string =>
  keys.map(({ expr, direction, nulls }) => `${describe(expr)} ${direction}${nulls === "first" ? " nulls first" : ""}`).join(", ");
