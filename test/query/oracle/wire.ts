import type { FieldType, TimeUnit } from "../../../src/entity/field-type.ts";
import { daysFromIso } from "../../../src/entity/values/date.ts";
import { ticksFromDate } from "../../../src/entity/values/timestamp.ts";

/**
 * How a value of the query language lies in the oracle: integers, decimals (unscaled) and ticks as HUGEINT, so that
 * nothing is rounded or wraps; floats as DOUBLE; enums as their codes. Only the digits of a decimal are more than its type.
 */
export type Wire =
  | { readonly k: "bool" }
  | { readonly k: "int"; readonly mode: "number" | "bigint" }
  | { readonly k: "float" }
  | { readonly k: "text" }
  | { readonly k: "enum"; readonly values: readonly string[] }
  | { readonly k: "binary" }
  | { readonly k: "date" }
  | { readonly k: "ts"; readonly unit: TimeUnit; readonly zone: string | null; readonly mode: "date" | "number" | "bigint" }
  /** `digits` bounds the magnitude: |unscaled| < 10^digits. */
  | { readonly k: "dec"; readonly digits: number; readonly scale: number; readonly mode: "string" | "bigint" };

export type WireValue = boolean | bigint | number | string | Uint8Array | null;

export const SQL_TYPE: Readonly<Record<Wire["k"], string>> = {
  bool: "BOOLEAN",
  int: "HUGEINT",
  float: "DOUBLE",
  text: "VARCHAR",
  enum: "HUGEINT",
  binary: "BLOB",
  date: "HUGEINT",
  ts: "HUGEINT",
  dec: "HUGEINT",
};

export function wireOf(type: FieldType): Wire {
  switch (type.kind) {
    case "bool":
    case "binary":
    case "date":
      return { k: type.kind };
    case "f32":
    case "f64":
      return { k: "float" };
    case "utf8":
    case "category":
      return { k: "text" };
    case "enum":
      return { k: "enum", values: type.values };
    case "u64":
    case "i64":
      return { k: "int", mode: type.mode };
    case "timestamp":
      return { k: "ts", unit: type.unit, zone: type.timezone, mode: type.mode };
    case "decimal":
      return { k: "dec", digits: type.precision, scale: type.scale, mode: type.mode };
    default:
      return { k: "int", mode: "number" };
  }
}

/** The wire value of what Faun reads or takes for a value of this type; throws where the JavaScript type is another. */
export function toWire(value: unknown, type: Wire): WireValue {
  if (value === null) return null;
  const wrong = () => new TypeError(`${typeof value} ${String(value)} is no value of ${JSON.stringify(type)}`);
  switch (type.k) {
    case "bool":
      if (typeof value !== "boolean") throw wrong();
      return value;
    case "int":
      if (type.mode === "number" ? !Number.isSafeInteger(value) : typeof value !== "bigint") throw wrong();
      return BigInt(value as number);
    case "float":
      if (typeof value !== "number") throw wrong();
      return value;
    case "text":
      if (typeof value !== "string") throw wrong();
      return value;
    case "enum": {
      const code = type.values.indexOf(value as string);
      if (code < 0) throw wrong();
      return BigInt(code);
    }
    case "binary":
      if (!(value instanceof Uint8Array)) throw wrong();
      return value;
    case "date": {
      const days = typeof value === "string" ? daysFromIso(value) : undefined;
      if (days === undefined) throw wrong();
      return BigInt(days);
    }
    case "ts":
      if (type.mode === "date") {
        const ticks = value instanceof Date ? ticksFromDate(value, type.unit) : undefined;
        if (ticks === undefined) throw wrong();
        return ticks;
      }
      if (typeof value !== type.mode) throw wrong();
      return BigInt(value as number);
    case "dec": {
      if (type.mode === "bigint") {
        if (typeof value !== "bigint") throw wrong();
        return value;
      }
      const form = type.scale === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${type.scale}}$`);
      if (typeof value !== "string" || !form.test(value)) throw wrong();
      return BigInt(value.replace(".", ""));
    }
  }
}

/** One text per value; equal values have equal texts. -0 is 0, as queries see it. */
export function canonical(value: WireValue): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return `${value === 0 ? 0 : value}f`;
  return String(value);
}
