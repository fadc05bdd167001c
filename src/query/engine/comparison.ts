import { compareBytes } from "../../columns/utf8.ts";
import type { Comparison } from "../bound.ts";
import type { ComparisonOp } from "../expression.ts";
import type { ValueType } from "../value-type.ts";
import { scaledTo, scaleOf } from "./arithmetic.ts";
import { compareDecimalToDouble, compareNumbers } from "./number-order.ts";
import { compareText } from "./text-order.ts";
import { TICKS_PER_SECOND } from "./time.ts";
import { type BigArray, type BoolVector, type BytesVector, bothValid, toBigs, toTexts, type Vector } from "./vector.ts";

/** Compares row `i` of one vector with row `j` of another; both are valid there. */
export type RowOrder = (i: number, j: number) => number;

/** How values of two types compare. */
export function orderBetween(left: ValueType, right: ValueType, comparison: Comparison): (a: Vector, b: Vector) => RowOrder {
  if (comparison === "units") return unitOrder(left, right);
  if (comparison === "mixed" && (left.kind === "decimal" || right.kind === "decimal")) return decimalOrder(left, right);
  return sameOrder;
}

function sameOrder(a: Vector, b: Vector): RowOrder {
  switch (a.kind) {
    case "num":
    case "big":
      return numberOrder(a.values, b.values as Float64Array | BigArray);
    case "bool": {
      const other = (b as BoolVector).values;
      return (i, j) => a.values[i] - other[j];
    }
    case "bytes": {
      const other = (b as BytesVector).values;
      return (i, j) => compareBytes(a.values[i], other[j]);
    }
    case "code":
      if (
        b.kind === "code" &&
        a.dictionary.ordered &&
        b.dictionary.ordered &&
        sameDeclaration(a.dictionary.values, b.dictionary.values)
      ) {
        return (i, j) => a.values[i] - b.values[j];
      }
  }
  const x = toTexts(a);
  const y = toTexts(b);
  return (i, j) => compareText(x[i], y[j]);
}

const sameDeclaration = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((value, i) => value === b[i]));

function numberOrder(x: Float64Array | BigArray, y: Float64Array | BigArray): RowOrder {
  if (x instanceof Float64Array && y instanceof Float64Array) return (i, j) => compareNumbers(x[i], y[j]);
  return (i, j) => compareNumbers(x[i], y[j]);
}

function unitOrder(left: ValueType, right: ValueType): (a: Vector, b: Vector) => RowOrder {
  const toLeft = commonUnits(left, right);
  const toRight = commonUnits(right, left);
  return (a, b) => {
    const x = toLeft(a);
    const y = toRight(b);
    return (i, j) => (x[i] < y[j] ? -1 : x[i] > y[j] ? 1 : 0);
  };
}

function commonUnits(type: ValueType, other: ValueType): (vector: Vector) => BigArray {
  if (type.kind === "timestamp" && other.kind === "timestamp") {
    const factor = BigInt(Math.max(1, TICKS_PER_SECOND[other.unit] / TICKS_PER_SECOND[type.unit]));
    return (vector) => Array.from(toBigs(vector), (value) => value * factor);
  }
  return scaledTo(type, Math.max(scaleOf(type), scaleOf(other)));
}

/** A decimal against a double. */
function decimalOrder(left: ValueType, right: ValueType): (a: Vector, b: Vector) => RowOrder {
  if (left.kind !== "decimal") {
    const turned = decimalOrder(right, left);
    return (a, b) => {
      const order = turned(b, a);
      return (i, j) => -order(j, i);
    };
  }
  const { scale } = left;
  return (a, b) => {
    const x = a.values as BigArray;
    const y = b.values as Float64Array;
    return (i, j) => compareDecimalToDouble(x[i], scale, y[j]);
  };
}

const HOLDS: Readonly<Record<ComparisonOp, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

/** `a op b` row by row. */
export function compareVectors(
  op: ComparisonOp,
  orderOf: (a: Vector, b: Vector) => RowOrder,
): (a: Vector, b: Vector) => BoolVector {
  const holds = HOLDS[op];
  return (a, b) => {
    const valid = bothValid(a.valid, b.valid);
    const order = orderOf(a, b);
    const values = new Uint8Array(a.values.length);
    for (let i = 0; i < values.length; i++) if (valid === null || valid[i] === 1) values[i] = holds(order(i, i)) ? 1 : 0;
    return { kind: "bool", values, valid };
  };
}

/** `a op constant`, where the constant is a vector of one row. */
export function compareToConstant(op: ComparisonOp, constant: Vector): (a: Vector) => BoolVector {
  const holds = HOLDS[op];
  return (a) => {
    const { valid } = a;
    const order = sameOrder(a, constant);
    const values = new Uint8Array(a.values.length);
    for (let i = 0; i < values.length; i++) if (valid === null || valid[i] === 1) values[i] = holds(order(i, 0)) ? 1 : 0;
    return { kind: "bool", values, valid };
  };
}
