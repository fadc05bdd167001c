import type { FieldType, TimeUnit } from "../entity/field-type.ts";
import { bytesFromBase64 } from "../entity/values/base64.ts";
import { FRACTION_DIGITS, MAX_INT64, MIN_INT64, ticksFromIso } from "../entity/values/timestamp.ts";
import { type BoundLiteral, decimalResult } from "./bound.ts";
import type { Literal } from "./expression.ts";
import type { Scope } from "./scope.ts";
import { describeLiteral } from "./scope.ts";

const UNWRITABLE = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
} as const;

/** The double that a number literal stands for. */
export const numberOf = (literal: Literal & { type: "number" }): number =>
  typeof literal.value === "number" ? literal.value : UNWRITABLE[literal.value];

/** A constant that stands beside nothing that would say its type. */
export function bindLiteral(literal: Literal, scope: Scope): BoundLiteral {
  switch (literal.type) {
    case "null":
      return { op: "literal", type: { kind: "null" }, nullable: true, value: null };
    case "bool":
      return { op: "literal", type: { kind: "bool" }, nullable: false, value: literal.value };
    case "number": {
      const value = numberOf(literal);
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? integer(value) : double(value);
    }
    case "bigint":
      return bigintLiteral(literal, scope);
    case "string":
      return { op: "literal", type: { kind: "utf8" }, nullable: false, value: wellFormed(literal.value, scope) };
    case "instant": {
      const digits = literal.value.split(".")[1]?.match(/^\d+/)?.[0].length ?? 0;
      const unit: TimeUnit = digits <= 3 ? "ms" : digits <= 6 ? "us" : "ns";
      const value = ticksFromIso(literal.value, unit);
      if (value === undefined) throw notAnInstant(literal, scope);
      const type: FieldType = { kind: "timestamp", unit, timezone: "UTC", mode: unit === "ms" ? "date" : "bigint" };
      return { op: "literal", type, nullable: false, value };
    }
    case "binary":
      return { op: "literal", type: { kind: "binary" }, nullable: false, value: bytesOf(literal, scope) };
  }
}

/** A constant of a computation: `beside` is the type of the other operand, absent where that is a constant too. */
export function bindOperand(literal: Literal, beside: BoundLiteral["type"] | undefined, scope: Scope): BoundLiteral {
  if (literal.type === "string" && beside?.kind === "decimal") {
    const parsed = parseDecimal(literal.value);
    const digits = parsed && String(parsed.unscaled < 0n ? -parsed.unscaled : parsed.unscaled).length;
    if (parsed === undefined || digits! > 38 || parsed.scale > 38) throw notADecimal(literal, scope);
    return { op: "literal", type: decimalResult(parsed.scale, beside.mode), nullable: false, value: parsed.unscaled };
  }
  if (literal.type !== "number") return bindLiteral(literal, scope);
  // Beside a bigint or a decimal a number counts as the double it is: its digits are not what was written.
  const exact = beside === undefined || (beside.kind !== "decimal" && !("mode" in beside && beside.mode === "bigint"));
  return exact && !isFloat(beside) ? bindLiteral(literal, scope) : double(numberOf(literal));
}

const isFloat = (type: BoundLiteral["type"] | undefined) => type?.kind === "f32" || type?.kind === "f64";

const double = (value: number): BoundLiteral => ({ op: "literal", type: { kind: "f64" }, nullable: false, value });
const integer = (value: number): BoundLiteral => ({
  op: "literal",
  type: { kind: "integer", mode: "number" },
  nullable: false,
  value,
});

/** Largest magnitude of a computed integer. */
export const MAX_INTEGER = 2n ** 127n - 1n;

function bigintLiteral(literal: Literal & { type: "bigint" }, scope: Scope): BoundLiteral {
  const value = bigintOf(literal, scope);
  if (value > MAX_INTEGER || value < -MAX_INTEGER) throw scope.error(`expected an integer within ±(2^127 - 1), got ${value}n`);
  return { op: "literal", type: { kind: "integer", mode: "bigint" }, nullable: false, value };
}

export function bigintOf(literal: Literal & { type: "bigint" }, scope: Scope): bigint {
  // The length is bounded before it is read: BigInt takes quadratic time over its digits.
  if (!/^-?\d{1,200}$/.test(literal.value))
    throw scope.error(`expected decimal digits of an integer, got ${describeLiteral(literal)}`);
  return BigInt(literal.value);
}

export function bytesOf(literal: Literal & { type: "binary" }, scope: Scope): Uint8Array {
  const bytes = bytesFromBase64(literal.value);
  if (bytes === undefined) throw scope.error(`expected bytes as base64 text, got ${JSON.stringify(literal.value.slice(0, 60))}`);
  return bytes;
}

export function wellFormed(text: string, scope: Scope): string {
  if (!text.isWellFormed())
    throw scope.error(`expected a string without lone surrogates, got ${JSON.stringify(text.slice(0, 60))}`);
  return text;
}

/** The value of decimal text as unscaled · 10^-scale; undefined where it is none or longer than anything sensible. */
export function parseDecimal(text: string): { unscaled: bigint; scale: number } | undefined {
  if (text.length > 200) return undefined;
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? "";
  return { unscaled: BigInt(match[1]! + fraction), scale: fraction.length };
}

export const notADecimal = (literal: Literal, scope: Scope) =>
  scope.error(`expected a decimal number as text of at most 38 digits, such as "12.50", got ${describeLiteral(literal)}`);

const notAnInstant = (literal: Literal, scope: Scope) =>
  scope.error(`expected an ISO 8601 instant in UTC, such as "2024-02-29T12:00:00.000Z", got ${describeLiteral(literal)}`);

/**
 * Where an instant lies on a scale of ticks: on one (`exact`), or behind `ticks` and before the next. May lie outside an
 * Int64. @throws QueryError where the text is no instant
 */
export function ticksOf(literal: Literal & { type: "instant" }, unit: TimeUnit, scope: Scope): { ticks: bigint; exact: boolean } {
  const match = /^([^.]+)(?:\.(\d{1,30}))?(Z|[+-]\d\d:\d\d)$/.exec(literal.value);
  const seconds = match === null ? undefined : ticksFromIso(match[1]! + match[3]!, "s");
  if (match === null || seconds === undefined) throw notAnInstant(literal, scope);
  const size = FRACTION_DIGITS[unit];
  const fraction = match[2] ?? "";
  const ticks = seconds * 10n ** BigInt(size) + BigInt(fraction.slice(0, size).padEnd(size, "0") || "0");
  return { ticks, exact: !/[1-9]/.test(fraction.slice(size)) };
}

export const withinInt64 = (ticks: bigint): boolean => ticks >= MIN_INT64 && ticks <= MAX_INT64;
