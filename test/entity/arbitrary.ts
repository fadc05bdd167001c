import fc from "fast-check";
import type { FieldType, TimeUnit } from "../../src/entity/field-type.ts";
import {
  binary,
  bool,
  category,
  date,
  decimal,
  enumOf,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "../../src/entity/fields.ts";

/** One field of every type, unit, mode and size of code. */
export const everyType = {
  bool: bool(),
  u8: u8(),
  u16: u16(),
  u32: u32(),
  i8: i8(),
  i16: i16(),
  i32: i32(),
  u64: u64(),
  i64: i64(),
  u64Number: u64({ mode: "number" }),
  i64Number: i64({ mode: "number" }),
  f32: f32(),
  f64: f64(),
  utf8: utf8(),
  binary: binary(),
  category: category(),
  smallEnum: enumOf("A", "b", "", 'quote " and \\ and \u2028', "Ü"),
  largeEnum: enumOf(...(Array.from({ length: 300 }, (_, i) => `value ${i}`) as [string, ...string[]])),
  date: date(),
  seconds: timestamp("s"),
  millis: timestamp("ms", { timezone: "Europe/Berlin" }),
  micros: timestamp("us"),
  nanos: timestamp("ns"),
  microsDate: timestamp("us", { mode: "date" }),
  nanosDate: timestamp("ns", { mode: "date" }),
  secondsNumber: timestamp("s", { mode: "number" }),
  nanosNumber: timestamp("ns", { mode: "number" }),
  millisBigint: timestamp("ms", { mode: "bigint" }),
  decimal: decimal(20, 6),
  decimalWide: decimal(38, 38),
  decimalWhole: decimal(7, 0),
  decimalBigint: decimal(38, 10, { mode: "bigint" }),
};

const integer = (min: number, max: number) => fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
const bigint = (min: bigint, max: bigint) => fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n));
const safe = fc.maxSafeInteger();
const int64 = bigint(-(2n ** 63n), 2n ** 63n - 1n);
const text = fc.string({ unit: "binary", maxLength: 12 });

/** Valid values of a type in canonical form, its borders among them. */
export function valuesOf(type: FieldType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "u8":
      return integer(0, 255);
    case "u16":
      return integer(0, 65_535);
    case "u32":
      return integer(0, 4_294_967_295);
    case "i8":
      return integer(-128, 127);
    case "i16":
      return integer(-32_768, 32_767);
    case "i32":
      return integer(-2_147_483_648, 2_147_483_647);
    case "u64":
      return type.mode === "number" ? fc.maxSafeNat() : bigint(0n, 2n ** 64n - 1n);
    case "i64":
      return type.mode === "number" ? safe : int64;
    case "f32":
      return fc.float();
    case "f64":
      return fc.double();
    case "utf8":
    case "category":
      return text;
    case "enum":
      return fc.constantFrom(...type.values);
    case "binary":
      return fc.uint8Array({ maxLength: 9 });
    case "date":
      return fc.oneof(
        fc
          .date({ min: new Date("0000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
          .map((day) => day.toISOString().slice(0, 10)),
        fc.constantFrom("-5877641-06-23", "+5881580-07-11", "-000001-12-31", "+010000-01-01", "2024-02-29"),
      );
    case "timestamp":
      if (type.mode === "bigint") return int64;
      return type.mode === "number" ? safe : datesOf(type.unit);
    case "decimal": {
      const limit = 10n ** BigInt(type.precision) - 1n;
      const unscaled = bigint(-limit, limit);
      return type.mode === "bigint" ? unscaled : unscaled.map((value) => decimalText(value, type.scale));
    }
  }
}

function datesOf(unit: TimeUnit): fc.Arbitrary<Date> {
  if (unit === "s") return fc.date({ noInvalidDate: true }).map((day) => new Date(Math.trunc(day.getTime() / 1000) * 1000));
  if (unit !== "ns") return fc.date({ noInvalidDate: true });
  return fc.date({ min: new Date(-9_223_372_036_854), max: new Date(9_223_372_036_854), noInvalidDate: true });
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
