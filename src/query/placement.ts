import type { FieldType } from "../entity/field-type.ts";
import { expectation, INT_RANGE, MAX_UINT64 } from "../entity/validation.ts";
import { daysFromIso } from "../entity/values/date.ts";
import { decimalLimit } from "../entity/values/decimal.ts";
import { MAX_INT64, MIN_INT64 } from "../entity/values/timestamp.ts";
import { nearest } from "../errors.ts";
import { bigintOf, bytesOf, MAX_INTEGER, notADecimal, numberOf, parseDecimal, ticksOf, wellFormed } from "./bind-literal.ts";
import type { Value } from "./bound.ts";
import type { Expression, Literal } from "./expression.ts";
import { describeExpression, describeLiteral, type Scope } from "./scope.ts";
import type { ValueType } from "./value-type.ts";

/**
 * Where a constant lies among the values of a type: it is one of them, it lies between two neighbours, or it is
 * less (`under`) or greater (`over`) than all of them. Comparisons with it become comparisons with values of the type.
 */
export type Placement =
  | { readonly at: "value"; readonly value: Value }
  | { readonly at: "gap"; readonly below: Value; readonly above: Value }
  | { readonly at: "under" | "over" };

const UNDER: Placement = { at: "under" };
const OVER: Placement = { at: "over" };

/** Places a constant that is compared with `operand`. @throws QueryError where the two do not compare */
export function place(literal: Literal, type: ValueType, operand: Expression, scope: Scope): Placement {
  const wrong = (expected: string) =>
    scope.error(`${describeExpression(operand)} compares with ${expected}, got ${describeLiteral(literal)}`);
  if (literal.type === "null") {
    throw scope.error(
      `nothing is equal to, less or greater than null; use ${describeExpression(operand)}.isNull() or .isNotNull()`,
    );
  }
  switch (type.kind) {
    case "bool":
      if (literal.type === "bool") return { at: "value", value: literal.value };
      break;
    case "f32":
    case "f64":
      if (literal.type === "number")
        return among(numberOf(literal), type.kind === "f32" ? Math.fround : same, nextFloat[type.kind]);
      if (literal.type === "bigint") return integerAmongFloats(bigintOf(literal, scope), type.kind);
      break;
    case "utf8":
    case "category":
      if (literal.type === "string") return { at: "value", value: wellFormed(literal.value, scope) };
      break;
    case "enum":
      if (literal.type === "string") {
        if (type.values.includes(literal.value)) return { at: "value", value: literal.value };
        const near = nearest(literal.value, type.values);
        throw wrong(`${expectation(type)}${near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`}`);
      }
      break;
    case "binary":
      if (literal.type === "binary") return { at: "value", value: bytesOf(literal, scope) };
      break;
    case "date":
      if (literal.type === "string") {
        const days = daysFromIso(literal.value);
        if (days === undefined) throw wrong(expectation(type));
        return { at: "value", value: days };
      }
      break;
    case "timestamp":
      if (literal.type === "instant") {
        const { ticks, exact } = ticksOf(literal, type.unit, scope);
        return amongBigints(ticks, exact, MIN_INT64, MAX_INT64);
      }
      break;
    case "decimal":
      return amongDecimals(literal, type, operand, scope) ?? fail(wrong(expectation({ ...type, mode: "string" })));
    case "null":
      throw scope.error("null compares with nothing; use isNull() or isNotNull()");
    default: {
      const { min, max, asBigint } = integerRange(type);
      if (literal.type === "bigint") return asForm(amongBigints(bigintOf(literal, scope), true, min, max), asBigint);
      if (literal.type === "number") return asForm(numberAmongIntegers(numberOf(literal), min, max), asBigint);
    }
  }
  throw wrong(expectationOf(type));
}

function fail(error: Error): never {
  throw error;
}

const expectationOf = (type: ValueType): string =>
  type.kind === "integer" || type.kind === "null" || /^[ui]\d+$/.test(type.kind) ? "a number or a bigint" : expectation(type);

type IntegerType = Extract<ValueType, { kind: "u8" | "u16" | "u32" | "i8" | "i16" | "i32" | "u64" | "i64" | "integer" }>;

function integerRange(type: IntegerType): { min: bigint; max: bigint; asBigint: boolean } {
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  switch (type.kind) {
    case "integer":
      return type.mode === "bigint"
        ? { min: -MAX_INTEGER, max: MAX_INTEGER, asBigint: true }
        : { min: -safe, max: safe, asBigint: false };
    case "u64":
      return type.mode === "bigint" ? { min: 0n, max: MAX_UINT64, asBigint: true } : { min: 0n, max: safe, asBigint: false };
    case "i64":
      return type.mode === "bigint"
        ? { min: MIN_INT64, max: MAX_INT64, asBigint: true }
        : { min: -safe, max: safe, asBigint: false };
    default: {
      const [min, max] = INT_RANGE[type.kind];
      return { min: BigInt(min), max: BigInt(max), asBigint: false };
    }
  }
}

function asForm(placement: Placement, asBigint: boolean): Placement {
  if (asBigint) return placement;
  if (placement.at === "value") return { at: "value", value: Number(placement.value) };
  return placement.at === "gap" ? { at: "gap", below: Number(placement.below), above: Number(placement.above) } : placement;
}

/** `exact` false: the constant lies behind `value` and before the next integer. */
function amongBigints(value: bigint, exact: boolean, min: bigint, max: bigint): Placement {
  if (value > max || (value === max && !exact)) return OVER;
  if (value < min) return UNDER;
  return exact ? { at: "value", value } : { at: "gap", below: value, above: value + 1n };
}

function numberAmongIntegers(value: number, min: bigint, max: bigint): Placement {
  // NaN is greater than every number.
  if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY) return OVER;
  if (value === Number.NEGATIVE_INFINITY) return UNDER;
  return amongBigints(BigInt(Math.floor(value)), Number.isInteger(value), min, max);
}

function amongDecimals(
  literal: Literal,
  type: FieldType & { kind: "decimal" },
  operand: Expression,
  scope: Scope,
): Placement | undefined {
  const max = decimalLimit(type.precision) - 1n;
  if (literal.type === "bigint") return amongBigints(bigintOf(literal, scope) * 10n ** BigInt(type.scale), true, -max, max);
  if (literal.type === "number") {
    const value = numberOf(literal);
    if (!Number.isInteger(value)) {
      const text = Number.isFinite(value) ? `"${value}"` : "a finite value";
      throw scope.error(
        `${describeExpression(operand)} is decimal, and the number ${value} is not the decimal it reads as; write ${text}`,
      );
    }
    return amongBigints(BigInt(value) * 10n ** BigInt(type.scale), true, -max, max);
  }
  if (literal.type !== "string") return undefined;
  const parsed = parseDecimal(literal.value);
  if (parsed === undefined) throw notADecimal(literal, scope);
  if (parsed.scale <= type.scale)
    return amongBigints(parsed.unscaled * 10n ** BigInt(type.scale - parsed.scale), true, -max, max);
  const divisor = 10n ** BigInt(parsed.scale - type.scale);
  const rest = parsed.unscaled % divisor;
  const floor = parsed.unscaled / divisor - (rest < 0n ? 1n : 0n);
  return amongBigints(floor, rest === 0n, -max, max);
}

const same = (value: number) => value;

/** A double among the values that `round` gives back unchanged. */
function among(value: number, round: (value: number) => number, next: Neighbours): Placement {
  const rounded = round(value);
  if (rounded === value || Number.isNaN(value)) return { at: "value", value: rounded + 0 };
  return rounded < value
    ? { at: "gap", below: rounded, above: next.up(rounded) }
    : { at: "gap", below: next.down(rounded), above: rounded };
}

function integerAmongFloats(value: bigint, kind: "f32" | "f64"): Placement {
  const rounded = kind === "f32" ? Math.fround(Number(value)) : Number(value);
  const next = nextFloat[kind];
  if (rounded === Number.POSITIVE_INFINITY) return { at: "gap", below: next.down(rounded), above: rounded };
  if (rounded === Number.NEGATIVE_INFINITY) return { at: "gap", below: rounded, above: next.up(rounded) };
  const back = BigInt(rounded);
  if (back === value) return { at: "value", value: rounded };
  return back < value
    ? { at: "gap", below: rounded, above: next.up(rounded) }
    : { at: "gap", below: next.down(rounded), above: rounded };
}

interface Neighbours {
  up(value: number): number;
  down(value: number): number;
}

/** The next number of the format. Adding 1 to the bits goes away from zero. */
function neighbours(read: () => number, write: (value: number) => void, step: (by: 1 | -1) => void, least: number): Neighbours {
  const up = (value: number): number => {
    if (value === 0) return least;
    write(value);
    step(value > 0 ? 1 : -1);
    return read();
  };
  return { up, down: (value) => -up(-value) };
}

const f64 = new Float64Array(1);
const f64Bits = new BigInt64Array(f64.buffer);
const f32 = new Float32Array(1);
const f32Bits = new Int32Array(f32.buffer);
const nextFloat = {
  f64: neighbours(
    () => f64[0]!,
    (value) => {
      f64[0] = value;
    },
    (by) => {
      f64Bits[0]! += BigInt(by);
    },
    Number.MIN_VALUE,
  ),
  f32: neighbours(
    () => f32[0]!,
    (value) => {
      f32[0] = value;
    },
    (by) => {
      f32Bits[0]! += by;
    },
    2 ** -149,
  ),
};
