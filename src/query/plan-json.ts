import { describeValue, nearest, QueryError } from "../errors.ts";
import type { Expression, Literal } from "./expression.ts";
import type { AggregateFunction, Measure, Plan, Projection, SortKey, Step } from "./plan.ts";

/**
 * Plans from outside. What is read is copied field by field: a plan holds nothing that was not asked for, and is
 * safe to keep when the JSON it came from changes.
 */

/** Levels of expressions, and arguments in all, that a plan from outside may have. */
const MAX_DEPTH = 400;
const MAX_NODES = 1_000_000;

/** The plan that some JSON (text, or what JSON.parse gives) describes. @throws QueryError saying where it does not */
export function planFromJson(json: unknown): Plan {
  return new Reader().plan(typeof json === "string" ? parse(json) : json);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new QueryError(`the plan is not JSON: ${(cause as Error).message}`, { cause });
  }
}

type Json = Readonly<Record<string, unknown>>;

const FUNCTIONS = [
  "count",
  "countDistinct",
  "sum",
  "min",
  "max",
  "avg",
  "stddev",
  "first",
  "last",
] as const satisfies AggregateFunction[];
const UNITS = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"] as const;
const PARTS = ["year", "quarter", "month", "week", "day", "dayOfWeek", "dayOfYear", "hour", "minute", "second", "epoch"] as const;
const LITERALS = ["null", "bool", "number", "bigint", "string", "instant", "binary"] as const;
const STEPS = ["where", "select", "distinct", "aggregate", "orderBy", "limit"] as const;
const OPS = [
  ...([
    "column",
    "literal",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "between",
    "in",
    "notIn",
    "isNull",
    "isNotNull",
    "not",
    "neg",
    "and",
    "or",
  ] as const),
  ...([
    "startsWith",
    "endsWith",
    "contains",
    "like",
    "add",
    "sub",
    "mul",
    "div",
    "intDiv",
    "mod",
    "dateTrunc",
    "extract",
  ] as const),
] as const;

class Reader {
  #nodes = 0;

  plan(json: unknown): Plan {
    const plan = object(json, "the plan", ["faun", "entity", "steps"]);
    if (plan.faun !== 1) throw wrong("the plan's version (faun)", "1", plan.faun);
    const steps = list(plan.steps, "steps").map((step, i) => this.#step(step, `steps[${i}]`));
    return { faun: 1, entity: text(plan.entity, "entity"), steps };
  }

  #step(json: unknown, at: string): Step {
    const kind = oneOf(object(json, at).step, `${at}.step`, STEPS);
    switch (kind) {
      case "where":
        return { step: kind, predicate: this.#expression(object(json, at, ["step", "predicate"]).predicate, `${at}.predicate`) };
      case "select":
        return { step: kind, columns: this.#projections(object(json, at, ["step", "columns"]).columns, `${at}.columns`) };
      case "distinct":
        object(json, at, ["step"]);
        return { step: kind };
      case "aggregate": {
        const step = object(json, at, ["step", "by", "measures"]);
        const measures = list(step.measures, `${at}.measures`).map((measure, i) =>
          this.#measure(measure, `${at}.measures[${i}]`),
        );
        return { step: kind, by: this.#projections(step.by, `${at}.by`), measures };
      }
      case "orderBy":
        return { step: kind, keys: this.#keys(object(json, at, ["step", "keys"]).keys, `${at}.keys`) };
      case "limit": {
        const { count, offset } = object(json, at, ["step", "count", "offset"]);
        const start = rows(offset, `${at}.offset`);
        return count === undefined
          ? { step: kind, offset: start }
          : { step: kind, count: rows(count, `${at}.count`), offset: start };
      }
    }
  }

  #projections(json: unknown, at: string): Projection[] {
    return list(json, at).map((item, i) => {
      const { as, expr } = object(item, `${at}[${i}]`, ["as", "expr"]);
      return { as: text(as, `${at}[${i}].as`), expr: this.#expression(expr, `${at}[${i}].expr`) };
    });
  }

  #keys(json: unknown, at: string): SortKey[] {
    return list(json, at).map((item, i) => {
      const key = object(item, `${at}[${i}]`, ["expr", "direction", "nulls"]);
      return {
        expr: this.#expression(key.expr, `${at}[${i}].expr`),
        direction: oneOf(key.direction, `${at}[${i}].direction`, ["asc", "desc"]),
        nulls: oneOf(key.nulls, `${at}[${i}].nulls`, ["first", "last"]),
      };
    });
  }

  #measure(json: unknown, at: string): Measure {
    const measure = object(json, at, ["as", "fn", "arg", "filter", "orderBy"]);
    return {
      as: text(measure.as, `${at}.as`),
      fn: oneOf(measure.fn, `${at}.fn`, FUNCTIONS),
      ...(measure.arg === undefined ? {} : { arg: this.#expression(measure.arg, `${at}.arg`) }),
      ...(measure.filter === undefined ? {} : { filter: this.#expression(measure.filter, `${at}.filter`) }),
      ...(measure.orderBy === undefined ? {} : { orderBy: this.#keys(measure.orderBy, `${at}.orderBy`) }),
    };
  }

  #expression(json: unknown, at: string, depth = 0): Expression {
    if (depth > MAX_DEPTH) throw new QueryError(`${shorten(at)}: an expression is nested more than ${MAX_DEPTH} levels deep`);
    if (++this.#nodes > MAX_NODES) throw new QueryError(`the plan has more than ${MAX_NODES} expressions`);
    const named = object(json, at).op;
    if ((FUNCTIONS as readonly unknown[]).includes(named))
      throw new QueryError(`${shorten(at)}.op: ${named} is of many rows: make it a measure of an aggregate step`);
    const op = oneOf(named, `${at}.op`, OPS);
    const args = (allowed: readonly string[], count: number | null) => {
      const node = object(json, at, ["op", "args", ...allowed]);
      const items = list(node.args, `${at}.args`);
      if (count !== null && items.length !== count)
        throw wrong(`${at}.args`, `${count} argument${count === 1 ? "" : "s"} of ${op}`, items);
      return [node, items.map((arg, i) => this.#expression(arg, `${at}.args[${i}]`, depth + 1))] as const;
    };
    switch (op) {
      case "column":
        return { op, name: text(object(json, at, ["op", "name"]).name, `${at}.name`) };
      case "literal":
        return literal(json, at);
      case "between":
        return { op, args: args([], 3)[1] as [Expression, Expression, Expression] };
      case "in":
      case "notIn": {
        const [first, ...rest] = args([], null)[1];
        if (first === undefined) throw wrong(`${at}.args`, `a value and constants of ${op}`, []);
        const other = rest.findIndex((arg) => arg.op !== "literal");
        if (other >= 0)
          throw new QueryError(`${at}.args[${other + 1}]: ${op} takes constants, got the op ${JSON.stringify(rest[other]!.op)}`);
        return { op, args: [first, ...(rest as Literal[])] };
      }
      case "isNull":
      case "isNotNull":
      case "not":
      case "neg":
        return { op, args: args([], 1)[1] as [Expression] };
      case "and":
      case "or":
        return { op, args: args([], null)[1] };
      case "startsWith":
      case "endsWith":
      case "contains":
      case "like": {
        const [{ escape: quote }, operands] = args(["escape"], 2);
        const both = operands as [Expression, Expression];
        return quote === undefined ? { op, args: both } : { op, args: both, escape: text(quote, `${at}.escape`) };
      }
      case "dateTrunc": {
        const [{ unit }, operands] = args(["unit"], 1);
        return { op, args: operands as [Expression], unit: oneOf(unit, `${at}.unit`, UNITS) };
      }
      case "extract": {
        const [{ part }, operands] = args(["part"], 1);
        return { op, args: operands as [Expression], part: oneOf(part, `${at}.part`, PARTS) };
      }
      default:
        return { op, args: args([], 2)[1] as [Expression, Expression] };
    }
  }
}

function literal(json: unknown, at: string): Literal {
  const { type: kind, value } = object(json, at, ["op", "type", "value"]);
  const type = oneOf(kind, `${at}.type`, LITERALS);
  switch (type) {
    case "null":
      if (value !== undefined) throw wrong(`${at}.value`, "no value beside the type null", value);
      return { op: "literal", type };
    case "bool":
      if (typeof value !== "boolean") throw wrong(`${at}.value`, "true or false", value);
      return { op: "literal", type, value };
    case "number":
      if (value === "NaN" || value === "Infinity" || value === "-Infinity" || value === "-0")
        return { op: "literal", type, value };
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw wrong(`${at}.value`, 'a number, or one of "NaN", "Infinity", "-Infinity", "-0"', value);
      }
      return { op: "literal", type, value };
    default:
      return { op: "literal", type, value: text(value, `${at}.value`) };
  }
}

function object(json: unknown, at: string, allowed?: readonly string[]): Json {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrong(at, "an object", json);
  if (allowed !== undefined) {
    for (const name of Object.keys(json)) {
      if (!allowed.includes(name))
        throw new QueryError(`${shorten(at)}: unknown property ${JSON.stringify(name)}; there are ${allowed.join(", ")}`);
    }
  }
  return json as Json;
}

function list(json: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(json)) throw wrong(at, "an array", json);
  return json;
}

function text(json: unknown, at: string): string {
  if (typeof json !== "string" || !json.isWellFormed()) throw wrong(at, "a string without lone surrogates", json);
  return json;
}

function rows(json: unknown, at: string): number {
  if (!Number.isSafeInteger(json) || (json as number) < 0) throw wrong(at, "a number of rows, an integer from 0", json);
  return json as number;
}

function oneOf<T extends string>(json: unknown, at: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === json);
  if (found !== undefined) return found;
  const near = typeof json === "string" ? nearest(json, allowed) : undefined;
  const hint = near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`;
  throw wrong(at, `one of ${allowed.map((name) => JSON.stringify(name)).join(", ")}${hint}`, json);
}

const wrong = (at: string, expected: string, got: unknown) =>
  new QueryError(`${shorten(at)}: expected ${expected}, got ${describeValue(got)}`);

/** Where in the plan; of deep places the beginning and the end. */
const shorten = (at: string) => (at.length <= 120 ? at : `${at.slice(0, 60)}…${at.slice(-50)}`);
