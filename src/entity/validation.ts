import { nearest, ValidationError } from "../errors.ts";
import type { FieldType, TimeUnit } from "./field-type.ts";
import type { EntitySchema, FieldSpec } from "./schema.ts";
import { daysFromIso, isoFromDays } from "./values/date.ts";
import { canonicalDecimal, decimalLimit } from "./values/decimal.ts";
import { dateRange, MAX_INT64, MIN_INT64 } from "./values/timestamp.ts";

export const MAX_UINT64 = 2n ** 64n - 1n;

/** Smallest and largest value of each integer type of at most 32 bits. */
export const INT_RANGE = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  i8: [-0x80, 0x7f],
  i16: [-0x8000, 0x7fff],
  i32: [-0x8000_0000, 0x7fff_ffff],
} as const;

/** Enum values that a message lists before it only counts. */
const LISTED = 20;

/** What a field of this type takes, in words: "an integer from 0 to 255", `one of "A", "B" or null`. */
export function expectation(type: FieldType, nullable = false): string {
  const words = expectationOf(type);
  return nullable ? `${words} or null` : words;
}

function expectationOf(type: FieldType): string {
  switch (type.kind) {
    case "bool":
      return "true or false";
    case "f32":
    case "f64":
      return "a number";
    case "u64":
      return type.mode === "bigint" ? `a bigint from 0n to ${MAX_UINT64}n` : `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`;
    case "i64":
      return type.mode === "bigint"
        ? `a bigint from ${MIN_INT64}n to ${MAX_INT64}n`
        : `an integer from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`;
    case "utf8":
    case "category":
      return "a string without lone surrogates";
    case "enum": {
      const listed = type.values.slice(0, LISTED).map((value) => JSON.stringify(value));
      return `one of ${listed.join(", ")}${type.values.length > LISTED ? ` … (${type.values.length} values)` : ""}`;
    }
    case "binary":
      return "a Uint8Array";
    case "date":
      return 'an existing day as an ISO string such as "2024-02-29", from -5877641-06-23 to +5881580-07-11';
    case "timestamp":
      return timestampExpectation(type.mode, type.unit);
    case "decimal": {
      const { precision, scale } = type;
      if (type.mode === "bigint") return `a bigint of at most ${precision} digits (the value times 10^${scale})`;
      return `a decimal string with at most ${precision - scale} digits before the point and ${scale} after it`;
    }
    default: {
      const [min, max] = INT_RANGE[type.kind];
      return `an integer from ${min} to ${max}`;
    }
  }
}

const UNIT_NAME: Readonly<Record<TimeUnit, string>> = { s: "seconds", ms: "milliseconds", us: "microseconds", ns: "nanoseconds" };

function timestampExpectation(mode: "date" | "number" | "bigint", unit: TimeUnit): string {
  if (mode === "bigint") return `a bigint of ${UNIT_NAME[unit]} since 1970 from ${MIN_INT64}n to ${MAX_INT64}n`;
  if (mode === "number") return `a safe integer of ${UNIT_NAME[unit]} since 1970`;
  if (unit === "s") return "a valid Date in whole seconds";
  if (unit === "ms") return "a valid Date";
  const { min, max } = dateRange(unit);
  return `a valid Date from ${new Date(min).toISOString()} to ${new Date(max).toISOString()}`;
}

/** The error for a value that a field cannot take; for an enum it suggests the value that was likely meant. */
export function invalid(schema: EntitySchema, field: FieldSpec, value: unknown): ValidationError {
  let expected = expectation(field.type, field.nullable);
  if (field.type.kind === "enum" && typeof value === "string") {
    const near = nearest(value, field.type.values);
    if (near !== undefined) expected += ` (did you mean ${JSON.stringify(near)}?)`;
  }
  return new ValidationError({ entity: schema.name, field: field.name, value, expected });
}

/** The error for a required field that has no value. */
export function missing(schema: EntitySchema, field: FieldSpec): ValidationError {
  const expected = `${expectation(field.type, field.nullable)}, but the field is missing`;
  return new ValidationError({ entity: schema.name, field: field.name, expected });
}

/** The error for a name that is no field of the entity; it suggests the field that was likely meant. */
export function unknownField(schema: EntitySchema, name: string): ValidationError {
  const names = schema.fields.map((field) => field.name);
  const near = nearest(name, names);
  const hint = near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`;
  const expected = `one of the fields ${names.join(", ")}${hint}`;
  return new ValidationError({ entity: schema.name, field: name, expected });
}

/**
 * Checks values of a field: gives the one form in which a value is held, or throws the
 * {@link ValidationError} that names entity, field and value. null passes where the field is nullable;
 * undefined never does (see {@link absentValue}). Bytes and Dates are kept by reference.
 */
export function normaliser(schema: EntitySchema, field: FieldSpec): (value: unknown) => unknown {
  const canonical = canonicaliser(field.type);
  const { nullable } = field;
  return (value) => {
    if (value === null && nullable) return null;
    const held = canonical(value);
    if (held === undefined) throw invalid(schema, field, value);
    return held;
  };
}

/** Gives the value of an absent field: its default, else null where it is nullable; throws where it is required. */
export function absentValue(schema: EntitySchema, field: FieldSpec): () => unknown {
  const { defaultValue, nullable } = field;
  if (defaultValue !== undefined) {
    const normalise = normaliser(schema, field);
    return () => normalise(defaultValue());
  }
  if (nullable) return () => null;
  return () => {
    throw missing(schema, field);
  };
}

/** The canonical form of a value of this type, undefined where it is not one; null is none of any type. */
export function canonicaliser(type: FieldType): (value: unknown) => unknown {
  switch (type.kind) {
    case "bool":
      return (value) => (typeof value === "boolean" ? value : undefined);
    case "f64":
      return (value) => (typeof value === "number" ? value : undefined);
    case "f32":
      return (value) => (typeof value === "number" ? Math.fround(value) : undefined);
    case "u64":
      return type.mode === "bigint" ? bigintWithin(0n, MAX_UINT64) : integerWithin(0, Number.MAX_SAFE_INTEGER);
    case "i64":
      return type.mode === "bigint" ? bigintWithin(MIN_INT64, MAX_INT64) : safeInteger;
    case "utf8":
    case "category":
      return (value) => (typeof value === "string" && value.isWellFormed() ? value : undefined);
    case "enum": {
      const values: ReadonlySet<unknown> = new Set(type.values);
      return (value) => (values.has(value) ? value : undefined);
    }
    case "binary":
      return (value) => (isBytes(value) ? value : undefined);
    case "date":
      return canonicalDay;
    case "timestamp":
      if (type.mode === "bigint") return bigintWithin(MIN_INT64, MAX_INT64);
      if (type.mode === "number") return safeInteger;
      return dateOf(type.unit);
    case "decimal": {
      const { precision, scale } = type;
      const limit = decimalLimit(precision);
      if (type.mode === "bigint") return bigintWithin(1n - limit, limit - 1n);
      return (value) => (typeof value === "string" ? canonicalDecimal(value, precision, scale) : undefined);
    }
    default: {
      const [min, max] = INT_RANGE[type.kind];
      return integerWithin(min, max);
    }
  }
}

/** Number.isInteger refuses NaN, infinities and other types; adding 0 turns -0 into 0. */
const integerWithin = (min: number, max: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) + 0 : undefined;

const safeInteger = integerWithin(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

const bigintWithin = (min: bigint, max: bigint) => (value: unknown) =>
  typeof value === "bigint" && value >= min && value <= max ? value : undefined;

function canonicalDay(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const days = daysFromIso(value);
  if (days === undefined) return undefined;
  return value.length === 10 ? value : isoFromDays(days);
}

function dateOf(unit: TimeUnit): (value: unknown) => Date | undefined {
  const { min, max } = dateRange(unit);
  return (value) => {
    if (!isDate(value)) return undefined;
    const ms = value.getTime();
    // An invalid Date is NaN, which no comparison lets through.
    return ms >= min && ms <= max && (unit !== "s" || ms % 1000 === 0) ? value : undefined;
  };
}

// Values of another realm (a frame, a vm context) are no instances of this one's classes; what they are made
// of is asked for where it cannot be feigned.
const timeOf = Date.prototype.getTime;
const nameOfArray = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => unknown;

function isDate(value: unknown): value is Date {
  if (value instanceof Date) return true;
  if (typeof value !== "object") return false;
  try {
    timeOf.call(value as Date);
    return true;
  } catch {
    return false;
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || nameOfArray.call(value) === "Uint8Array";
}

export const noKey = (entity: string): ValidationError =>
  new ValidationError({ entity, expected: "an entity with a key: declare one field with .key() to look rows up by it" });
