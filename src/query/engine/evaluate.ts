import { equalBytes } from "../../columns/utf8.ts";
import type { BoundExpression, Value } from "../bound.ts";
import type { TextOp } from "../expression.ts";
import type { ValueType } from "../value-type.ts";
import { arithmetic, negate } from "./arithmetic.ts";
import type { Batch } from "./batch.ts";
import { compareToConstant, compareVectors, orderBetween } from "./comparison.ts";
import { constantVector } from "./constant.ts";
import { and, not, or } from "./logic.ts";
import type { Selection } from "./selection.ts";
import { likeMatcher } from "./text-match.ts";
import { dateTrunc, extract } from "./time.ts";
import { type BigArray, type BoolVector, bothValid, toTexts, type Vector } from "./vector.ts";

/** Computes an expression for the chosen rows of a batch: one value for each. */
export type Evaluate = (batch: Batch, selection: Selection) => Vector;
type EvaluateBool = (batch: Batch, selection: Selection) => BoolVector;

/** Makes an expression ready to run, column at a time. Everything but the columns' values is decided here. */
export function compile(expr: BoundExpression): Evaluate {
  switch (expr.op) {
    case "column": {
      const { index } = expr;
      return (batch, selection) => batch.load(index, selection);
    }
    case "literal":
      return (_, { count }) => constantVector(expr.type, expr.value, count);
    case "neg":
      return map(expr.args[0], negate(expr.type));
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "intDiv":
    case "mod": {
      const [left, right] = expr.args;
      return zip(left, right, arithmetic(expr.op, expr.type, left.type, right.type));
    }
    case "dateTrunc":
      return map(expr.args[0], dateTrunc(expr.args[0].type, expr.unit));
    case "extract":
      return map(expr.args[0], extract(expr.args[0].type, expr.part));
    default:
      return compileBool(expr);
  }
}

/** As {@link compile}, for conditions. */
export function compileBool(expr: BoundExpression): EvaluateBool {
  switch (expr.op) {
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const [left, right] = expr.args;
      if (right.op === "literal" && right.value !== null && expr.comparison === "same") {
        return map(left, compareToConstant(expr.op, constantFor(left.type, right.value)));
      }
      return zip(left, right, compareVectors(expr.op, orderBetween(left.type, right.type, expr.comparison)));
    }
    case "between": {
      const [arg] = expr.args;
      const fromLow = compareToConstant("ge", constantFor(arg.type, expr.low));
      const toHigh = compareToConstant("le", constantFor(arg.type, expr.high));
      return map(arg, (a) => and(fromLow(a), toHigh(a)));
    }
    case "in":
    case "notIn":
      return map(expr.args[0], oneOf(expr.args[0].type, expr.values, expr.op === "in" ? 1 : 0));
    case "known":
      return map(expr.args[0], (a) => ({
        kind: "bool",
        values: new Uint8Array(a.values.length).fill(expr.value ? 1 : 0),
        valid: a.valid,
      }));
    case "isNull":
      return map(expr.args[0], (a) => nullness(a, 0));
    case "isNotNull":
      return map(expr.args[0], (a) => nullness(a, 1));
    case "not": {
      const inner = compileBool(expr.args[0]);
      return (batch, selection) => not(inner(batch, selection));
    }
    case "and":
    case "or": {
      const parts = expr.args.map(compileBool);
      const combine = expr.op === "and" ? and : or;
      return (batch, selection) => {
        if (parts.length === 0)
          return { kind: "bool", values: new Uint8Array(selection.count).fill(expr.op === "and" ? 1 : 0), valid: null };
        return parts.map((part) => part(batch, selection)).reduce(combine);
      };
    }
    case "startsWith":
    case "endsWith":
    case "contains":
    case "like": {
      const [text, pattern] = expr.args;
      if (pattern.op === "literal" && pattern.value !== null)
        return map(text, matching(textTest(expr.op, pattern.value as string, expr.escape)));
      return zip(text, pattern, (a, b) => {
        const [x, y] = [toTexts(a), toTexts(b)];
        const valid = bothValid(a.valid, b.valid);
        const values = new Uint8Array(x.length);
        for (let i = 0; i < values.length; i++)
          if (valid === null || valid[i] === 1) values[i] = textTest(expr.op, y[i], expr.escape)(x[i]) ? 1 : 0;
        return { kind: "bool", values, valid };
      });
    }
    default: {
      const evaluate = compile(expr);
      return (batch, selection) => {
        const vector = evaluate(batch, selection);
        // A bare null stands where a condition may.
        return vector.kind === "bool"
          ? vector
          : { kind: "bool", values: new Uint8Array(selection.count), valid: new Uint8Array(selection.count) };
      };
    }
  }
}

function map<V extends Vector>(arg: BoundExpression, compute: (a: Vector) => V): (batch: Batch, selection: Selection) => V {
  const inner = compile(arg);
  return (batch, selection) => compute(inner(batch, selection));
}

function zip<V extends Vector>(left: BoundExpression, right: BoundExpression, compute: (a: Vector, b: Vector) => V) {
  const [a, b] = [compile(left), compile(right)];
  return (batch: Batch, selection: Selection): V => compute(a(batch, selection), b(batch, selection));
}

/** A constant in the form of what it stands beside: categories compare by their text. */
const constantFor = (type: ValueType, value: Value): Vector =>
  constantVector(type.kind === "category" ? { kind: "utf8" } : type, value, 1);

function nullness(a: Vector, wanted: 0 | 1): BoolVector {
  const values = new Uint8Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = (a.valid === null ? 1 : a.valid[i]) === wanted ? 1 : 0;
  return { kind: "bool", values, valid: null };
}

function oneOf(type: ValueType, values: readonly Value[], found: 0 | 1): (a: Vector) => BoolVector {
  const numbers = new Set<unknown>(type.kind === "timestamp" || type.kind === "bool" ? values.map(Number) : values);
  const set = new Set<unknown>(values);
  return (a) => {
    const n = a.values.length;
    const out = new Uint8Array(n);
    const test = (is: boolean): number => (is ? found : 1 - found);
    switch (a.kind) {
      case "num":
      case "bool":
        for (let i = 0; i < n; i++) out[i] = test(numbers.has(a.values[i]));
        break;
      case "big":
        for (let i = 0; i < n; i++) out[i] = test(set.has((a.values as BigArray)[i]));
        break;
      case "text":
        for (let i = 0; i < n; i++) out[i] = test(set.has(a.values[i]));
        break;
      case "code": {
        const table = a.dictionary.values.map((value) => test(set.has(value)));
        for (let i = 0; i < n; i++) out[i] = table[a.values[i]];
        break;
      }
      case "bytes":
        for (let i = 0; i < n; i++) out[i] = test(values.some((value) => equalBytes(value as Uint8Array, a.values[i])));
    }
    return { kind: "bool", values: out, valid: a.valid };
  };
}

function textTest(op: TextOp, pattern: string, escaper: string | null): (text: string) => boolean {
  switch (op) {
    case "startsWith":
      return (text) => text.startsWith(pattern);
    case "endsWith":
      return (text) => text.endsWith(pattern);
    case "contains":
      return (text) => text.includes(pattern);
    case "like":
      return likeMatcher(pattern, escaper);
  }
}

function matching(test: (text: string) => boolean): (a: Vector) => BoolVector {
  return (a) => {
    const texts = toTexts(a);
    const values = new Uint8Array(texts.length);
    for (let i = 0; i < values.length; i++) if (a.valid === null || a.valid[i] === 1) values[i] = test(texts[i]) ? 1 : 0;
    return { kind: "bool", values, valid: a.valid };
  };
}
