import * as arrow from "apache-arrow";
import { arrowFieldNames, arrowFieldTypes, arrowSchema, Entity, Store, toArrowIPC, u32, ValidationError } from "faun";
import { expect, test } from "vitest";
import { everyType } from "../entity/arbitrary.ts";

class Everything extends Entity("everything", { ...everyType, maybe: u32().nullable().column("Maybe").id(99) }) {}

test("types, names, nullability and metadata", () => {
  expect(arrowFieldNames(Everything).slice(-3)).toEqual(["decimal_whole", "decimal_bigint", "Maybe"]);
  expect(arrowSchema(Everything).fields.map((field) => `${field.name}: ${field.type}`)).toEqual([
    "bool: Bool",
    "u8: Uint8",
    "u16: Uint16",
    "u32: Uint32",
    "i8: Int8",
    "i16: Int16",
    "i32: Int32",
    "u64: Uint64",
    "i64: Int64",
    "u64_number: Uint64",
    "i64_number: Int64",
    "f32: Float32",
    "f64: Float64",
    "utf8: Utf8",
    "binary: Binary",
    "category: Dictionary<Uint32, Utf8>",
    "small_enum: Dictionary<Uint8, Utf8>",
    "large_enum: Dictionary<Uint16, Utf8>",
    "date: Date32<DAY>",
    "seconds: Timestamp<SECOND>",
    "millis: Timestamp<MILLISECOND, Europe/Berlin>",
    "micros: Timestamp<MICROSECOND>",
    "nanos: Timestamp<NANOSECOND>",
    "micros_date: Timestamp<MICROSECOND>",
    "nanos_date: Timestamp<NANOSECOND>",
    "seconds_number: Timestamp<SECOND>",
    "nanos_number: Timestamp<NANOSECOND>",
    "millis_bigint: Timestamp<MILLISECOND>",
    "decimal: Decimal[20e+6]",
    "decimal_wide: Decimal[38e+38]",
    "decimal_whole: Decimal[7e0]",
    "decimal_bigint: Decimal[38e+10]",
    "Maybe: Uint32",
  ]);
  expect(arrowFieldTypes(Everything).map(String)).toEqual(arrowSchema(Everything).fields.map((field) => String(field.type)));
  const nullable = arrowSchema(Everything).fields.filter((field) => field.nullable);
  expect(nullable.map((field) => field.name)).toEqual(["Maybe"]);
});

test("ids, order and entity survive IPC", () => {
  for (const format of ["stream", "file"] as const) {
    const { schema } = arrow.tableFromIPC(toArrowIPC(new Store(Everything), { format }));
    expect(schema.metadata.get("faun.entity")).toBe("everything");
    expect(schema.fields.map((field) => field.metadata.get("PARQUET:field_id"))).toEqual([
      ...Object.keys(everyType).map((_, i) => String(i + 1)),
      "99",
    ]);
    const coded = schema.fields.filter((field) => arrow.DataType.isDictionary(field.type));
    expect(coded.map((field) => [field.name, field.type.isOrdered])).toEqual([
      ["category", false],
      ["small_enum", true],
      ["large_enum", true],
    ]);
    expect(new Set(coded.map((field) => field.type.id)).size).toBe(3);
  }
});

test("a schema can be assigned to and selected from", () => {
  const schema = arrowSchema(Everything);
  expect(arrowSchema(Everything)).toBe(schema);
  expect(schema.assign([...schema.fields])).toBe(schema);
  const changed = schema.assign([arrow.Field.new({ name: "u8", type: new arrow.Utf8() })]);
  expect(String(changed.fields[1])).toContain("Utf8");
  expect(String(schema.fields[1]!.type)).toBe("Uint8");
  expect(schema.select(["u8"]).fields).toHaveLength(1);
});

test("what is no entity is refused", () => {
  expect(() => arrowSchema(class {} as never)).toThrow(ValidationError);
  expect(() => arrowFieldNames({} as never)).toThrow(ValidationError);
});
