import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Entity } from "../../src/entity/entity.ts";
import { f64, timestamp, u8, u64, utf8 } from "../../src/entity/fields.ts";
import type { AnyField } from "../../src/entity/types.ts";
import { SerializationError, ValidationError } from "../../src/errors.ts";
import { everyType, valuesOf } from "./arbitrary.ts";

class Everything extends Entity("everything", everyType) {}
type Loose = { new (init: unknown): object; fromJSON(json: unknown): object };

const nullableFields: Record<string, AnyField> = {};
for (const [name, field] of Object.entries(everyType)) nullableFields[name] = field.nullable();
class Optional extends Entity("optional", nullableFields) {}

const rows: Record<string, fc.Arbitrary<unknown>> = {};
const optionalRows: Record<string, fc.Arbitrary<unknown>> = {};
for (const [name, field] of Object.entries(everyType)) {
  rows[name] = valuesOf(field.type);
  optionalRows[name] = fc.option(valuesOf(field.type));
}

describe("any row comes back from JSON as it was", () => {
  const both: [string, Loose, Record<string, fc.Arbitrary<unknown>>][] = [
    ["of required fields", Everything as unknown as Loose, rows],
    ["of nullable fields", Optional as unknown as Loose, optionalRows],
  ];

  test.each(both)("%s", (_, Class, values) => {
    fc.assert(
      fc.property(fc.record(values), (init) => {
        const row = new Class(init) as object & { toJSON(): unknown };
        const text = JSON.stringify(row);
        // toEqual tells NaN from other numbers and -0 from 0.
        expect(Class.fromJSON(text)).toEqual(row);
        expect(Class.fromJSON(row.toJSON())).toEqual(row);
        expect(JSON.parse(text)).toEqual(row.toJSON());
        expect(Class.fromJSON(text)).toBeInstanceOf(Class);
      }),
      { numRuns: 300 },
    );
  });
});

test("JSON forms, type by type", () => {
  const row = new Everything({
    bool: true,
    u8: 8,
    u16: 16,
    u32: 32,
    i8: -8,
    i16: -16,
    i32: -32,
    u64: 2n ** 64n - 1n,
    i64: -(2n ** 63n),
    u64Number: Number.MAX_SAFE_INTEGER,
    i64Number: -1,
    f32: 0.5,
    f64: 0.1,
    utf8: "ü\0",
    binary: Uint8Array.of(0, 255, 16),
    category: "",
    smallEnum: "Ü",
    largeEnum: "value 7",
    date: "2024-02-29",
    seconds: new Date(0),
    millis: new Date(1),
    micros: -1n,
    nanos: 2n ** 63n - 1n,
    microsDate: new Date(2),
    nanosDate: new Date(3),
    secondsNumber: 253_402_300_800,
    nanosNumber: 5,
    millisBigint: -62_167_219_200_001n,
    decimal: "-12.5",
    decimalWide: "0.00000000000000000000000000000000000001",
    decimalWhole: "7",
    decimalBigint: -1n,
  });
  expect(row.toJSON()).toStrictEqual({
    bool: true,
    u8: 8,
    u16: 16,
    u32: 32,
    i8: -8,
    i16: -16,
    i32: -32,
    u64: "18446744073709551615",
    i64: "-9223372036854775808",
    u64Number: "9007199254740991",
    i64Number: "-1",
    f32: 0.5,
    f64: 0.1,
    utf8: "ü\0",
    binary: "AP8Q",
    category: "",
    smallEnum: "Ü",
    largeEnum: "value 7",
    date: "2024-02-29",
    seconds: "1970-01-01T00:00:00Z",
    millis: "1970-01-01T00:00:00.001Z",
    micros: "1969-12-31T23:59:59.999999Z",
    nanos: "2262-04-11T23:47:16.854775807Z",
    microsDate: "1970-01-01T00:00:00.002000Z",
    nanosDate: "1970-01-01T00:00:00.003000000Z",
    secondsNumber: "+010000-01-01T00:00:00Z",
    nanosNumber: "1970-01-01T00:00:00.000000005Z",
    millisBigint: "-000001-12-31T23:59:59.999Z",
    decimal: "-12.500000",
    decimalWide: "0.00000000000000000000000000000000000001",
    decimalWhole: "7",
    decimalBigint: "-0.0000000001",
  });
});

test.each([
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
  [-0, "-0"],
  [0, 0],
])("the float %s is written as %j", (value, json) => {
  const Reading = Entity("readings", { value: f64() });
  expect(new Reading({ value }).toJSON()).toStrictEqual({ value: json });
  expect(Object.is(Reading.fromJSON({ value: json }).value, value)).toBe(true);
});

class Reading extends Entity("readings", {
  id: u64().key(),
  at: timestamp("s"),
  level: u8().default(1),
  value: f64().nullable(),
  note: utf8().nullable(),
}) {
  get isHigh() {
    return (this.value ?? 0) > 10;
  }
}
const valid = { id: "1", at: "1970-01-01T00:00:01Z", level: 2, value: 11, note: "n" };

describe("fromJSON", () => {
  test("gives an instance of the class it is called on, with defaults and nulls filled in", () => {
    class Special extends Reading {}
    const reading = Special.fromJSON({ id: "1", at: "1970-01-01T00:00:01Z" });
    expect(reading).toBeInstanceOf(Special);
    expect({ ...reading }).toEqual({ id: 1n, at: new Date(1000), level: 1, value: null, note: null });
    expect(Reading.fromJSON(valid).isHigh).toBe(true);
  });

  test("takes a 64-bit integer as a JSON number where no digit can be lost", () => {
    expect(Reading.fromJSON({ ...valid, id: 12 }).id).toBe(12n);
    expect(() => Reading.fromJSON('{"id": 9007199254740993, "at": "1970-01-01T00:00:01Z"}')).toThrow(
      "readings.id: expected the decimal digits of an integer, as a string, got 9007199254740992",
    );
  });

  test.each(["", "{", "undefined", "{'id': 1}", '{"id": 1n}'])("refuses the text %j as not JSON", (text) => {
    expect(() => Reading.fromJSON(text)).toThrow(SerializationError);
    expect(() => Reading.fromJSON(text)).toThrow(/^readings: the text is not JSON: /);
  });

  test.each([["null"], ["1"], ['"x"'], ["[]"], [null], [undefined], [1], [[]], [true], [1n]])(
    "refuses %o as no object",
    (json) => {
      expect(() => Reading.fromJSON(json)).toThrow(SerializationError);
      expect(() => Reading.fromJSON(json)).toThrow(/^readings: expected a JSON object with the entity's fields, got /);
    },
  );

  const wrong: [field: string, json: unknown, message: RegExp][] = [
    ["id", "-1", /^readings\.id: expected a bigint from 0n/],
    ["id", "18446744073709551616", /^readings\.id: expected a bigint from 0n/],
    ["id", "1.5", /^readings\.id: expected the decimal digits/],
    ["id", "", /^readings\.id: expected the decimal digits/],
    ["id", "0x10", /^readings\.id: expected the decimal digits/],
    ["id", 1.5, /^readings\.id: expected the decimal digits/],
    ["id", null, /^readings\.id: .*got null$/],
    ["id", undefined, /^readings\.id: .*missing$/],
    ["at", "1970-01-01", /^readings\.at: expected an ISO 8601 instant such as "1970-01-01T00:00:00Z"/],
    ["at", "1970-01-01T00:00:00.5Z", /^readings\.at: expected an ISO 8601 instant/],
    ["at", "+275760-09-13T00:00:01Z", /^readings\.at: expected an ISO 8601 instant .* fits a Date/],
    ["at", 0, /^readings\.at: expected an ISO 8601 instant/],
    ["level", 256, /^readings\.level: expected an integer from 0 to 255, got 256/],
    ["level", "1", /^readings\.level: .*got "1"/],
    ["value", "nan", /^readings\.value: expected a number or one of "NaN".* or null, got "nan"/],
    ["value", "toString", /^readings\.value: expected a number or one of/],
    ["note", 5, /^readings\.note: /],
    ["nota", 5, /^readings\.nota: expected one of the fields .*did you mean "note"/],
  ];
  test.each(wrong)("refuses %s: %o", (field, json, message) => {
    const attempt = () => Reading.fromJSON({ ...valid, [field]: json });
    expect(attempt).toThrow(ValidationError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ entity: "readings", field }));
  });

  test.each([
    ["binary", "AAA", /base64/],
    ["decimalBigint", "1e5", /a decimal string with at most 28 digits before the point and 10 after it/],
    ["decimalBigint", 5, /a decimal string/],
    ["decimal", 5, /a decimal string/],
    ["u64Number", "9007199254740992", /safe integer/],
    ["nanosNumber", "2024-01-01T00:00:00Z", /fits a number of unit ns/],
    ["nanosDate", "2024-01-01T00:00:00.000000001Z", /fits a Date of unit ns/],
  ] as const)("refuses %s: %o", (name, json, message) => {
    const Thing = Entity("things", { value: everyType[name] });
    expect(() => Thing.fromJSON({ value: json })).toThrow(ValidationError);
    expect(() => Thing.fromJSON({ value: json })).toThrow(message);
  });
});

test("toJSON refuses what was put into an instance past its validation", () => {
  const reading = Reading.fromJSON(valid) as unknown as Record<string, unknown>;
  reading.level = 300;
  expect(() => JSON.stringify(reading)).toThrow("readings.level: expected an integer from 0 to 255, got 300");
  reading.level = 3;
  reading.at = new Date(Number.NaN);
  expect(() => JSON.stringify(reading)).toThrow(ValidationError);
});
