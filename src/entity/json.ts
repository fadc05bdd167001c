import { SerializationError, ValidationError } from "../errors.ts";
import type { FieldType } from "./field-type.ts";
import type { EntitySchema, FieldSpec } from "./schema.ts";
import { expectation, unknownField } from "./validation.ts";
import { base64FromBytes, bytesFromBase64 } from "./values/base64.ts";
import { textFromUnscaled, unscaledFromText } from "./values/decimal.ts";
import { dateFromTicks, isoFromTicks, ticksFromDate, ticksFromIso } from "./values/timestamp.ts";

/** How values of one type are written as JSON and read from it. Neither is given null. */
interface JsonCodec {
  /** The JSON form of a canonical value. */
  encode(value: unknown): unknown;
  /** The value for the constructor to check; undefined where the JSON is of no form that `encode` writes. */
  decode(json: unknown): unknown;
  /** What `decode` takes, in words. */
  expected: string;
}

/** The codec of a field, or null where values are their own JSON form. */
export function jsonCodec(type: FieldType): JsonCodec | null {
  switch (type.kind) {
    case "f32":
    case "f64":
      return FLOAT;
    case "u64":
    case "i64":
      return type.mode === "bigint" ? BIGINT : INTEGER;
    case "binary":
      return BINARY;
    case "timestamp":
      return timestampCodec(type);
    case "decimal":
      return type.mode === "bigint" ? unscaledCodec(type.precision, type.scale) : null;
    default:
      return null;
  }
}

/** The fields of text or of an object, as values for the constructor. Throws SerializationError, ValidationError. */
export function initFromJson(schema: EntitySchema, json: unknown): Record<string, unknown> {
  const row = typeof json === "string" ? parse(schema, json) : json;
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    const form = row === null ? "null" : Array.isArray(row) ? "an array" : `a ${typeof row}`;
    throw new SerializationError(`${schema.name}: expected a JSON object with the entity's fields, got ${form}`);
  }
  const init: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (!schema.has(name)) throw unknownField(schema, name);
    init[name] = valueFromJson(schema, schema.field(name), value);
  }
  return init;
}

function parse(schema: EntitySchema, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SerializationError(`${schema.name}: the text is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function valueFromJson(schema: EntitySchema, field: FieldSpec, json: unknown): unknown {
  const codec = jsonCodec(field.type);
  // null and absent values are the constructor's to judge.
  if (codec === null || json === null || json === undefined) return json;
  const value = codec.decode(json);
  if (value === undefined) {
    const expected = `${codec.expected}${field.nullable ? " or null" : ""}`;
    throw new ValidationError({ entity: schema.name, field: field.name, value: json, expected });
  }
  return value;
}

const INTEGER_TEXT = /^-?\d+$/;

/** A bigint as decimal digits; also reads numbers that cannot have lost a digit. */
const BIGINT: JsonCodec = {
  encode: String,
  decode: (json) => {
    if (typeof json === "string") return INTEGER_TEXT.test(json) ? BigInt(json) : undefined;
    return Number.isSafeInteger(json) ? BigInt(json as number) : undefined;
  },
  expected: "the decimal digits of an integer, as a string",
};

const INTEGER: JsonCodec = {
  encode: String,
  decode: (json) => {
    const value = BIGINT.decode(json) as bigint | undefined;
    return value === undefined || !Number.isSafeInteger(Number(value)) ? undefined : Number(value);
  },
  expected: "the decimal digits of a safe integer, as a string",
};

/** JSON has no literal for these; `JSON.stringify` would write null or drop the sign. */
const UNWRITABLE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

const FLOAT: JsonCodec = {
  encode: (value) => (Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : String(value)),
  decode: (json) => {
    if (typeof json === "string") return Object.hasOwn(UNWRITABLE, json) ? UNWRITABLE[json] : undefined;
    return typeof json === "number" ? json : undefined;
  },
  expected: 'a number or one of "NaN", "Infinity", "-Infinity", "-0"',
};

const BINARY: JsonCodec = {
  encode: (value) => base64FromBytes(value as Uint8Array),
  decode: (json) => (typeof json === "string" ? bytesFromBase64(json) : undefined),
  expected: "bytes as base64 text",
};

function unscaledCodec(precision: number, scale: number): JsonCodec {
  return {
    encode: (value) => textFromUnscaled(value as bigint, scale),
    decode: (json) => (typeof json === "string" ? unscaledFromText(json, precision, scale) : undefined),
    expected: expectation({ kind: "decimal", precision, scale, mode: "string" }),
  };
}

function timestampCodec({ unit, mode }: FieldType & { kind: "timestamp" }): JsonCodec {
  // A canonical Date always has ticks: validation let through no other.
  const toTicks = (value: unknown) =>
    mode === "date" ? (ticksFromDate(value as Date, unit) as bigint) : BigInt(value as number | bigint);
  const fromTicks = (ticks: bigint) => {
    if (mode === "bigint") return ticks;
    if (mode === "date") return dateFromTicks(ticks, unit);
    return Number.isSafeInteger(Number(ticks)) ? Number(ticks) : undefined;
  };
  return {
    encode: (value) => isoFromTicks(toTicks(value), unit),
    decode: (json) => {
      const ticks = typeof json === "string" ? ticksFromIso(json, unit) : undefined;
      return ticks === undefined ? undefined : fromTicks(ticks);
    },
    expected: `an ISO 8601 instant such as "${isoFromTicks(0n, unit)}" that fits a ${mode === "date" ? "Date" : mode} of unit ${unit}`,
  };
}
