import { describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../src/entity/entity.ts";
import { category, decimal, enumOf, f64, i32, timestamp, u8, u64, utf8 } from "../../src/entity/fields.ts";
import { snakeCase } from "../../src/entity/snake-case.ts";
import type { EntityClass, EntityRow } from "../../src/entity/types.ts";
import { ValidationError } from "../../src/errors.ts";

/** Declares as plain JavaScript would, where no compiler stands in the way. */
const declare = (name: unknown, fields: unknown, options?: unknown) => () =>
  (Entity as (...all: unknown[]) => unknown)(name, fields, options);

const refused: [what: string, declaration: () => unknown, message: RegExp][] = [
  ["no name", declare("", { a: u8() }), /^Entity\(\): expected a name.*got ""$/],
  ["a name that is no string", declare(7, { a: u8() }), /^Entity\(\): expected a name.*got 7$/],
  ["a name with a lone surrogate", declare("\ud800", { a: u8() }), /^Entity\(\): expected a name/],
  ["no fields", declare("things", undefined), /^things: expected an object of fields/],
  ["an array of fields", declare("things", [u8()]), /^things: expected an object of fields/],
  ["one field instead of an object", declare("things", u8()), /^things: expected an object of fields/],
  ["a field as prototype", declare("things", { __proto__: u8(), a: u8() }), /^things: expected an object of fields/],
  ["an empty object", declare("things", {}), /^things: expected at least one field$/],
  ["a builder that was not called", declare("things", { a: u8 }), /^things\.a: expected a field.*parentheses/],
  ["a type name", declare("things", { a: "u8" }), /^things\.a: expected a field such as .*got "u8"$/],
  ["a name with a space", declare("things", { "a b": u8() }), /^things\.a b: expected a field name that is an identifier/],
  ["a name that is an index", declare("things", { 1: u8() }), /^things\.1: expected a field name that is an identifier/],
  [
    "a name that would break generated code",
    declare("things", { "a;alert()": u8() }),
    /expected a field name that is an identifier/,
  ],
  ["an empty name", declare("things", { "": u8() }), /expected a field name that is an identifier/],
  ["two keys", declare("things", { a: u8().key(), b: u8().key() }), /^things\.b: expected one key at most, and a is it already$/],
  [
    "two columns of one name",
    declare("things", { orderId: u8(), order_id: u8() }),
    /^things\.order_id: expected a column of its own, but orderId has "order_id"/,
  ],
  [
    "a column named like another",
    declare("things", { a: u8(), b: u8().column("a") }),
    /^things\.b: expected a column of its own, but a has "a"/,
  ],
  [
    "two equal ids",
    declare("things", { a: u8().id(2), b: u8() }),
    /^things\.b: expected an id of its own, but a has 2 too; .*position/,
  ],
  ["no shards", declare("things", { a: u8() }, { shards: 0 }), /^things: expected shards: an integer from 1 to 1024, got 0$/],
  ["too many shards", declare("things", { a: u8() }, { shards: 1025 }), /got 1025$/],
  ["half a shard", declare("things", { a: u8() }, { shards: 1.5 }), /got 1.5$/],
  ["shards as text", declare("things", { a: u8() }, { shards: "4" }), /got "4"$/],
  [
    "an unknown option",
    declare("things", { a: u8() }, { shard: 4 }),
    /^things\.shard: expected one of the options shards \(did you mean "shards"\?\)$/,
  ],
  ["options that are none", declare("things", { a: u8() }, 4), /^things: expected an object of options: shards, got 4$/],
];

describe("a declaration is refused for", () => {
  test.each(refused)("%s", (_, declaration, message) => {
    expect(declaration).toThrow(ValidationError);
    expect(declaration).toThrow(message);
  });

  const members = [
    "toObject",
    "toJSON",
    "with",
    "constructor",
    "prototype",
    "__proto__",
    "hasOwnProperty",
    "toString",
    "valueOf",
  ];
  test.each(members)("a field named %s", (name) => {
    const declaration = declare("things", { a: u8(), [name]: u8() });
    expect(declaration).toThrow(ValidationError);
    expect(declaration).toThrow(`things.${name}: expected another field name`);
  });
});

const refusedFields: [what: string, declaration: () => unknown][] = [
  ["a nullable key", () => u8().nullable().key()],
  ["a key made nullable", () => u8().key().nullable()],
  ["a key of floats", () => f64().key()],
  ["an enum without values", () => (enumOf as () => unknown)()],
  ["an enum with one value twice", () => enumOf("A", "B", "A")],
  ["an enum with a lone surrogate", () => enumOf("\udc00")],
  ["an id of 0", () => u8().id(0)],
  ["an empty column name", () => u8().column("")],
  ["an unknown time zone", () => timestamp("ms", { timezone: "Mars/Olympus" })],
  ["an unknown unit", () => (timestamp as (unit: string) => unknown)("m")],
  ["an unknown mode", () => (u64 as (options: object) => unknown)({ mode: "string" })],
];

test.each<[what: string, declaration: () => unknown, message: string]>([
  ["index(5)", () => (u8() as { index(of: number): unknown }).index(5), "index() without arguments, got 5"],
  [
    "nullable(false)",
    () => (u8() as { nullable(is: boolean): unknown }).nullable(false),
    "nullable() without arguments, got false",
  ],
  ["key(true)", () => (u8() as { key(is: boolean): unknown }).key(true), "key() without arguments, got true"],
  ["a u8 with options", () => (u8 as (options: object) => unknown)({ mode: "number" }), "u8() without arguments"],
  [
    "a misspelt mode",
    () => (u64 as (options: object) => unknown)({ mod: "number" }),
    'u64().mod: expected one of the options mode (did you mean "mode"?)',
  ],
  [
    "misspelt codes",
    () => (category as (options: object) => unknown)({ code: "u8" }),
    "category().code: expected one of the options codes",
  ],
  [
    "a misspelt zone",
    () => timestamp("ms", { timeZone: "UTC" } as never),
    'timestamp().timeZone: expected one of the options timezone, mode (did you mean "timezone"?)',
  ],
  [
    "a decimal with rounding",
    () => decimal(5, 2, { rounding: "up" } as never),
    "decimal().rounding: expected one of the options mode",
  ],
])("what a field would not look at is refused: %s", (_, declaration, message) => {
  expect(declaration).toThrow(ValidationError);
  expect(declaration).toThrow(message);
});

test.each(refusedFields)("a field is refused for %s", (_, declaration) => {
  expect(declaration).toThrow(ValidationError);
});

test("the schema holds what was declared, in order", () => {
  class Order extends Entity(
    "orders",
    { orderId: u64().key(), unitPrice: f64().nullable(), note: utf8().column("Note!").id(40).default("-") },
    { shards: 16 },
  ) {}
  const schema = schemaOf(Order);
  expect(schema.name).toBe("orders");
  expect(schema.shards).toBe(16);
  expect(schema.key?.name).toBe("orderId");
  expect(schema.fields.map(({ name, column, id, index, nullable, key }) => ({ name, column, id, index, nullable, key }))).toEqual(
    [
      { name: "orderId", column: "order_id", id: 1, index: 0, nullable: false, key: true },
      { name: "unitPrice", column: "unit_price", id: 2, index: 1, nullable: true, key: false },
      { name: "note", column: "Note!", id: 40, index: 2, nullable: false, key: false },
    ],
  );
  expect(schema.byColumn("Note!")?.name).toBe("note");
  expect(schema.fields[2].defaultValue?.()).toBe("-");
});

test("names of any script are identifiers", () => {
  expect(schemaOf(Entity("Gerät", { größe: i32(), $x: i32(), _y: i32(), class: i32() })).fields.map((f) => f.column)).toEqual([
    "größe",
    "$x",
    "_y",
    "class",
  ]);
});

test("schemaOf finds the declaration through subclasses and nowhere else", () => {
  class Order extends Entity("orders", { id: u64().key() }) {}
  class Rush extends Order {}
  class Overnight extends Rush {}
  expect(schemaOf(Overnight)).toBe(schemaOf(Order));
  expect(schemaOf(Order).shards).toBe(1);
  for (const other of [class {}, {}, null, undefined, "orders", new Order({ id: 1n }), schemaOf(Order)]) {
    expect(() => schemaOf(other as unknown as EntityClass<EntityRow>)).toThrow(ValidationError);
  }
  expect(() => schemaOf(class Plain {} as unknown as EntityClass<EntityRow>)).toThrow(
    "entity class: expected an entity class: one that extends Entity(name, fields), got function Plain",
  );
});

test.each([
  ["orderId", "order_id"],
  ["shippingURLHash", "shipping_url_hash"],
  ["x2y", "x2y"],
  ["x2Y", "x2_y"],
  ["parseJSON", "parse_json"],
  ["HTTPServer", "http_server"],
  ["already_snake", "already_snake"],
  ["größeÄndern", "größe_ändern"],
  ["A", "a"],
])("the column of %s is %s", (name, column) => {
  expect(snakeCase(name)).toBe(column);
});
