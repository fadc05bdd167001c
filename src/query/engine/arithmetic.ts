import { QueryError } from "../../errors.ts";
import type { ArithmeticOp } from "../expression.ts";
import type { ValueType } from "../value-type.ts";
import { ratio } from "./number-order.ts";
import { type BigArray, bothValid, toBigs, type Vector } from "./vector.ts";

/** Integers that are not numbers stay within ±(2^127 - 1), decimals within 38 digits. */
const INTEGER_LIMIT = 2n ** 127n;
const DECIMAL_LIMIT = 10n ** 38n;

type Binary = (a: Vector, b: Vector) => Vector;

/** Computes `a op b` in the form that the type of the result says. */
export function arithmetic(op: ArithmeticOp, type: ValueType, left: ValueType, right: ValueType): Binary {
  if (type.kind === "decimal") return decimals(op, type.scale, left, right);
  if (type.kind === "integer" && type.mode === "bigint") return bigints(op, toBigs, toBigs, INTEGER_LIMIT, "±(2^127 - 1)");
  if (type.kind === "integer") return safeIntegers(op);
  return doubles(op, left, right);
}

const DOUBLE: Readonly<Record<ArithmeticOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  intDiv: (a, b) => Math.trunc(a / b),
  mod: (a, b) => a % b,
};

function doubles(op: ArithmeticOp, left: ValueType, right: ValueType): Binary {
  const [toLeft, toRight] = [doublesOf(left), doublesOf(right)];
  const compute = DOUBLE[op];
  return (a, b) => {
    const x = toLeft(a);
    const y = toRight(b);
    const values = new Float64Array(x.length);
    // Spelt out for the operators that make up most expressions: each loop inlines its own.
    if (op === "mul") for (let i = 0; i < values.length; i++) values[i] = x[i] * y[i];
    else if (op === "add") for (let i = 0; i < values.length; i++) values[i] = x[i] + y[i];
    else if (op === "sub") for (let i = 0; i < values.length; i++) values[i] = x[i] - y[i];
    else for (let i = 0; i < values.length; i++) values[i] = compute(x[i], y[i]);
    return { kind: "num", values, valid: bothValid(a.valid, b.valid) };
  };
}

/** Any number as the nearest double. */
export function doublesOf(type: ValueType): (vector: Vector) => Float64Array {
  const unit = type.kind === "decimal" ? 10n ** BigInt(type.scale) : 1n;
  return (vector) => {
    if (vector.kind === "num") return vector.values;
    const values = vector.values as BigArray;
    const out = new Float64Array(values.length);
    for (let i = 0; i < out.length; i++) out[i] = unit === 1n ? Number(values[i]) : ratio(values[i], unit);
    return out;
  };
}

function safeIntegers(op: ArithmeticOp): Binary {
  const compute = DOUBLE[op];
  const divides = op === "intDiv" || op === "mod";
  return (a, b) => {
    const x = a.values as Float64Array;
    const y = b.values as Float64Array;
    let valid = bothValid(a.valid, b.valid);
    const values = new Float64Array(x.length);
    let copied = false;
    for (let i = 0; i < values.length; i++) {
      if (valid !== null && valid[i] === 0) continue;
      if (divides && y[i] === 0) {
        if (!copied) valid = valid === null ? new Uint8Array(values.length).fill(1) : valid.slice();
        copied = true;
        (valid as Uint8Array)[i] = 0;
        continue;
      }
      // A product beyond 2^53 may be rounded, but not back into the range.
      const value = op === "intDiv" ? (x[i] - (x[i] % y[i])) / y[i] : compute(x[i], y[i]);
      if (!(value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER))
        throw overflow(op, "±(2^53 - 1): declare a field with bigint mode to compute in bigints");
      values[i] = value + 0;
    }
    return { kind: "num", values, valid };
  };
}

const BIG: Readonly<Record<ArithmeticOp, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  intDiv: (a, b) => a / b,
  mod: (a, b) => a % b,
};

function bigints(
  op: ArithmeticOp,
  toLeft: (v: Vector) => BigArray,
  toRight: (v: Vector) => BigArray,
  limit: bigint,
  range: string,
): Binary {
  const compute = BIG[op];
  const divides = op === "intDiv" || op === "mod";
  return (a, b) => {
    const x = toLeft(a);
    const y = toRight(b);
    const valid = bothValid(a.valid, b.valid)?.slice() ?? (divides ? new Uint8Array(x.length).fill(1) : null);
    const values = new Array<bigint>(x.length);
    for (let i = 0; i < values.length; i++) {
      if (valid !== null && (valid[i] === 0 || (divides && y[i] === 0n))) {
        valid[i] = 0;
        values[i] = 0n;
        continue;
      }
      const value = compute(x[i], y[i]);
      if (value >= limit || value <= -limit) throw overflow(op, range);
      values[i] = value;
    }
    return { kind: "big", values, valid };
  };
}

function decimals(op: ArithmeticOp, scale: number, left: ValueType, right: ValueType): Binary {
  // A product's scale is the sum of its operands'; all else is computed at the greater of the two.
  const operandScale = (type: ValueType) => (op === "mul" ? scaleOf(type) : Math.max(scaleOf(left), scaleOf(right)));
  const compute = bigints(
    op,
    scaledTo(left, operandScale(left)),
    scaledTo(right, operandScale(right)),
    DECIMAL_LIMIT,
    "38 digits",
  );
  const given = op === "mul" ? scaleOf(left) + scaleOf(right) : op === "intDiv" ? 0 : Math.max(scaleOf(left), scaleOf(right));
  if (given === scale) return compute;
  const rescale = scaledBy(scale - given);
  return (a, b) => {
    const { values, valid } = compute(a, b);
    return { kind: "big", values: Array.from(values as BigArray, rescale), valid };
  };
}

const scaledBy = (digits: number) => (value: bigint) =>
  digits < 0 ? value / 10n ** BigInt(-digits) : value * 10n ** BigInt(digits);

export const scaleOf = (type: ValueType): number => (type.kind === "decimal" ? type.scale : 0);

/** Integers and decimals as integers that count units of 10^-scale. */
export function scaledTo(type: ValueType, scale: number): (vector: Vector) => BigArray {
  const factor = 10n ** BigInt(scale - scaleOf(type));
  if (factor === 1n) return toBigs;
  return (vector) => Array.from(toBigs(vector), (value) => value * factor);
}

/** The opposite. */
export function negate(type: ValueType): (vector: Vector) => Vector {
  const limit = type.kind === "decimal" ? DECIMAL_LIMIT : INTEGER_LIMIT;
  return (vector) => {
    if (vector.kind === "num") {
      const values = new Float64Array(vector.values.length);
      const integer = type.kind !== "f64" && type.kind !== "f32";
      for (let i = 0; i < values.length; i++) values[i] = integer ? 0 - vector.values[i] : -vector.values[i];
      return { kind: "num", values, valid: vector.valid };
    }
    const values = Array.from(vector.values as BigArray, (value) => -value);
    if (values.some((value) => value >= limit || value <= -limit)) throw overflow("neg", "its type");
    return { kind: "big", values, valid: vector.valid };
  };
}

const overflow = (op: string, range: string): QueryError => new QueryError(`${op}: a result leaves the range of ${range}`);
