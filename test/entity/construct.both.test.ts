import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../src/entity/entity.ts";
import { bool, decimal, enumOf, f64, timestamp, u8, u32, u64, utf8 } from "../../src/entity/fields.ts";
import type { AnyField } from "../../src/entity/types.ts";
import { ViewToken } from "../../src/entity/view-token.ts";
import { ValidationError } from "../../src/errors.ts";
import { everyType, valuesOf } from "./arbitrary.ts";

type Loose = new (init: unknown) => Record<string, unknown>;

/** The class without its types: for what only plain JavaScript can write. */
const loosely = (fields: Record<string, AnyField>): Loose => Entity("things", fields) as unknown as Loose;

class Order extends Entity("orders", {
  orderId: u64().key(),
  quantity: u32(),
  status: enumOf("Pending", "Shipped", "Delivered"),
  note: utf8().nullable(),
  tries: u8().default(3),
  placed: timestamp("ms").default(() => new Date(0)),
}) {
  get isLarge() {
    return this.quantity > 100;
  }
}
const LooseOrder = Order as unknown as Loose;
const whole = { orderId: 1n, quantity: 2, status: "Pending", note: null, tries: 0, placed: new Date(5) } as const;

const error = (attempt: () => unknown): ValidationError => {
  try {
    attempt();
  } catch (caught) {
    expect(caught).toBeInstanceOf(ValidationError);
    return caught as ValidationError;
  }
  return expect.fail("nothing was thrown");
};

describe("an instance", () => {
  test("has one enumerable data property per field, in order of declaration", () => {
    const order = new Order({ status: "Shipped", quantity: 200, orderId: 7n });
    expect(Object.keys(order)).toEqual(["orderId", "quantity", "status", "note", "tries", "placed"]);
    expect({ ...order }).toEqual({ orderId: 7n, quantity: 200, status: "Shipped", note: null, tries: 3, placed: new Date(0) });
    expect(order).toBeInstanceOf(Order);
    expect(order.isLarge).toBe(true);
    expect(inspect(new Order(whole))).toMatch(
      /^Order \{\s+orderId: 1n,\s+quantity: 2,\s+status: 'Pending',\s+note: null,\s+tries: 0,/,
    );
  });

  test("takes undefined for absent, null as null, and a default anew each time", () => {
    const first = new Order({ ...whole, note: undefined, tries: undefined, placed: undefined });
    expect(first).toMatchObject({ note: null, tries: 3, placed: new Date(0) });
    expect(new Order({ ...whole, placed: undefined }).placed).not.toBe(first.placed);
    const Both = Entity("both", { a: u8().nullable().default(4) });
    expect(new Both({ a: null }).a).toBeNull();
    expect(new Both({}).a).toBe(4);
  });

  test("can be made from an instance, of a subclass too, whatever else that carries", () => {
    class Rush extends Order {
      readonly courier = "bike";
      #secret = 42;
      get secret() {
        return this.#secret;
      }
    }
    const rush = new Rush(whole);
    expect(rush.secret).toBe(42);
    const order = new Order(rush);
    expect({ ...order }).toEqual(whole);
    expect(new Rush(order)).toMatchObject({ ...whole, courier: "bike" });
  });

  test("can be made from an object whose fields are accessors, or inherited", () => {
    class Source {
      #id = 9n;
      get orderId() {
        return this.#id;
      }
      get quantity() {
        return 1;
      }
      status = "Pending" as const;
    }
    expect(new Order(new Source() as never)).toMatchObject({ orderId: 9n, quantity: 1, status: "Pending", tries: 3 });
    expect(new Order(Object.create(whole))).toMatchObject(whole);
    expect(new Order(Object.assign(Object.create(null), whole))).toMatchObject(whole);
  });

  test("given a view token, runs the chain of constructors over what the token makes", () => {
    class Rush extends Order {
      readonly courier = "bike";
      #secret = 42;
      get secret() {
        return this.#secret;
      }
    }
    const stored = Object.create(Rush.prototype, { quantity: { get: () => 500 } });
    const view = new (Rush as unknown as new (token: ViewToken) => Rush)(new ViewToken(() => stored));
    expect(view).toBe(stored);
    expect(view.secret).toBe(42);
    expect(view.isLarge).toBe(true);
    expect(Object.keys(view)).toEqual(["courier"]);
  });
});

describe("construction is refused, naming entity and field, for", () => {
  test.each([[undefined], [null], [1], ["{}"], [[]], [true], [() => 1]])("%o instead of an object", (init) => {
    expect(() => new LooseOrder(init)).toThrow(/^orders: expected an object with the entity's fields, got /);
    expect(error(() => new LooseOrder(init)).value).toBe(init);
  });

  test("a missing field", () => {
    const { quantity: _, ...rest } = whole;
    const thrown = error(() => new LooseOrder(rest));
    expect(thrown.message).toBe("orders.quantity: expected an integer from 0 to 4294967295, but the field is missing");
    expect(thrown).toMatchObject({ code: "VALIDATION", entity: "orders", field: "quantity", value: undefined });
    expect(() => new LooseOrder({ ...whole, quantity: undefined })).toThrow(thrown.message);
  });

  test("an unknown field, with the nearest one suggested", () => {
    expect(() => new LooseOrder({ ...whole, quantitty: 4 })).toThrow(
      'orders.quantitty: expected one of the fields orderId, quantity, status, note, tries, placed (did you mean "quantity"?)',
    );
    expect(() => new LooseOrder({ ...whole, zzzzzzzzzz: 4 })).toThrow(
      /^orders\.zzzzzzzzzz: expected one of the fields [^?]*placed$/,
    );
    expect(() => new LooseOrder(JSON.parse('{"__proto__": 1}'))).toThrow(/^orders\.__proto__: expected one of the fields/);
    // Misspelt and therefore missing: the misspelling is what helps.
    expect(error(() => new LooseOrder({ order_id: 1n })).field).toBe("order_id");
  });

  test("null in a field that is not nullable", () => {
    for (const field of ["orderId", "quantity", "status", "tries", "placed"]) {
      expect(() => new LooseOrder({ ...whole, [field]: null })).toThrow(new RegExp(`^orders\\.${field}: expected .*, got null$`));
    }
  });

  test("an unknown enum value, with the nearest one suggested", () => {
    expect(() => new LooseOrder({ ...whole, status: "Shiped" })).toThrow(
      'orders.status: expected one of "Pending", "Shipped", "Delivered" (did you mean "Shipped"?), got "Shiped"',
    );
    const Many = loosely({ code: everyType.largeEnum });
    expect(() => new Many({ code: "nothing like it" })).toThrow(/"value 19" … \(300 values\), got "nothing like it"$/);
  });

  test("a default that does not fit", () => {
    expect(() => new (loosely({ a: u8().default(() => 256) }))({})).toThrow(
      "things.a: expected an integer from 0 to 255, got 256",
    );
    expect(() => new (loosely({ a: u8().default((() => undefined) as never) }))({})).toThrow(/^things\.a: .*got undefined$/);
  });

  test("an accessor or method of the class that hides a column", () => {
    class Hiding extends Order {
      // The compiler lets this pass.
      override get quantity() {
        return 1;
      }
    }
    expect(() => new Hiding(whole)).toThrow(/^orders\.quantity: expected no accessor or method of this name in class Hiding/);
    class Below extends Hiding {}
    expect(() => new Below(whole)).toThrow(/in class Hiding/);
    expect(new Order(whole).quantity).toBe(2);
  });

  test("a key of a nullable field is told what would do", () => {
    expect(() => new LooseOrder({ ...whole, note: 5 })).toThrow(
      "orders.note: expected a string without lone surrogates or null, got 5",
    );
  });
});

const NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5];
const OTHERS = ["1", true, {}, [], Symbol("s"), () => 1];
const refusals: [field: keyof typeof everyType, values: unknown[]][] = [
  ["bool", [0, 1, "true", 1n, new Boolean(true)]],
  ["u8", [-1, 256, 1n, ...NUMBERS, ...OTHERS]],
  ["u16", [-1, 65_536, 1n, ...NUMBERS, ...OTHERS]],
  ["u32", [-1, 4_294_967_296, 1n, ...NUMBERS, ...OTHERS]],
  ["i8", [-129, 128, 1n, ...NUMBERS, ...OTHERS]],
  ["i16", [-32_769, 32_768, 1n, ...NUMBERS, ...OTHERS]],
  ["i32", [-2_147_483_649, 2_147_483_648, 1n, ...NUMBERS, ...OTHERS]],
  ["u64", [-1n, 2n ** 64n, 1, ...NUMBERS, ...OTHERS]],
  ["i64", [-(2n ** 63n) - 1n, 2n ** 63n, 1, ...NUMBERS, ...OTHERS]],
  ["u64Number", [-1, 2 ** 53, 1n, ...NUMBERS, ...OTHERS]],
  ["i64Number", [-(2 ** 53), 2 ** 53, 1n, ...NUMBERS, ...OTHERS]],
  ["f32", [1n, ...OTHERS]],
  ["f64", [1n, ...OTHERS, new Number(1)]],
  ["utf8", [1, "\ud800", "a\udc00b", new String("a"), {}]],
  ["category", [1, "\ud800", {}]],
  ["smallEnum", ["a", "B", 0, {}]],
  ["largeEnum", ["value", 0]],
  ["binary", ["AAAA", [1, 2], new Uint8ClampedArray(2), new Int8Array(2), new ArrayBuffer(2), new DataView(new ArrayBuffer(2))]],
  ["date", ["2023-02-29", "2024-2-1", "2024-01-01T00:00:00Z", "-000000-01-01", "-5877641-06-22", new Date(0), 0]],
  ["seconds", [new Date(1), new Date(Number.NaN), 0, 0n, "1970-01-01T00:00:00Z"]],
  ["millis", [new Date(Number.NaN), 0, 0n, "1970-01-01T00:00:00Z"]],
  ["micros", [2n ** 63n, -(2n ** 63n) - 1n, 0, new Date(0)]],
  ["nanos", [2n ** 63n, 0, new Date(0)]],
  ["microsDate", [new Date(Number.NaN), 0n]],
  ["nanosDate", [new Date(9_223_372_036_855), new Date(-9_223_372_036_855), new Date(Number.NaN)]],
  ["secondsNumber", [2 ** 53, 0n, new Date(0), ...NUMBERS]],
  ["nanosNumber", [2 ** 53, 0n, ...NUMBERS]],
  ["millisBigint", [2n ** 63n, 0, new Date(0)]],
  ["decimal", [1, 1n, "1e3", ".5", "5.", "+1", "100000000000000", "0.0000001", "", " 1", "NaN"]],
  ["decimalWide", ["1", "-1.0"]],
  ["decimalWhole", ["0.5", "10000000"]],
  ["decimalBigint", [10n ** 38n, -(10n ** 38n), "1", 1]],
];

describe("values are refused by", () => {
  test("every type that this table should name", () => {
    expect(refusals.map(([name]) => name).sort()).toEqual(Object.keys(everyType).sort());
  });

  test.each(refusals)("%s", (name, values) => {
    const Thing = loosely({ value: everyType[name] });
    const Optional = loosely({ value: everyType[name].nullable() as AnyField });
    for (const value of values) {
      const thrown = error(() => new Thing({ value }));
      expect(thrown).toMatchObject({ code: "VALIDATION", entity: "things", field: "value" });
      expect(thrown.value).toBe(value);
      expect(thrown.message).toMatch(/^things\.value: expected .+, got .+$/s);
      expect(error(() => new Optional({ value })).expected).toContain("or null");
    }
  });

  test.each([
    ["u8", "an integer from 0 to 255"],
    ["u64", "a bigint from 0n to 18446744073709551615n"],
    ["i64Number", "an integer from -9007199254740991 to 9007199254740991"],
    ["bool", "true or false"],
    ["f64", "a number"],
    ["seconds", "a valid Date in whole seconds"],
    ["nanosDate", "a valid Date from 1677-09-21T00:12:43.146Z to 2262-04-11T23:47:16.854Z"],
    ["micros", "a bigint of microseconds since 1970 from -9223372036854775808n to 9223372036854775807n"],
    ["decimal", "a decimal string with at most 14 digits before the point and 6 after it"],
    ["decimalBigint", "a bigint of at most 38 digits (the value times 10^10)"],
  ] as const)("%s, which tells what it expects", (name, expected) => {
    expect(error(() => new (loosely({ value: everyType[name] }))({ value: Symbol("none") })).expected).toBe(expected);
  });
});

describe("values are held by", () => {
  const types = Object.entries(everyType).map(([name, field]) => [name, field] as const);

  test.each(types)("%s as they are where they are canonical", (_, field) => {
    const Thing = loosely({ value: field });
    const Optional = loosely({ value: field.nullable() as AnyField });
    fc.assert(
      fc.property(valuesOf(field.type), (value) => {
        const { value: held } = new Thing({ value });
        // An integer has no -0, which the generators give for floats only.
        expect(Object.is(held, value)).toBe(true);
        expect(Object.is(new Optional({ value }).value, value)).toBe(true);
        expect(new Optional({ value: null }).value).toBeNull();
      }),
    );
  });

  test.each([
    ["u8", -0, 0],
    ["i32", -0, 0],
    ["u64Number", -0, 0],
    ["nanosNumber", -0, 0],
    ["f32", 0.1, Math.fround(0.1)],
    ["f32", 1e300, Number.POSITIVE_INFINITY],
    ["f64", -0, -0],
    ["f64", Number.NaN, Number.NaN],
    ["date", "+002024-02-29", "2024-02-29"],
    ["decimal", "007.5", "7.500000"],
    ["decimal", "-0", "0.000000"],
    ["decimalWhole", "12.00", "12"],
  ] as const)("%s in one form: %s is %s", (name, given, held) => {
    const Thing = loosely({ value: everyType[name] });
    expect(Object.is(new Thing({ value: given }).value, held)).toBe(true);
  });

  test("Dates and bytes of another realm as well", () => {
    const Thing = loosely({ day: everyType.millis, bytes: everyType.binary });
    const day = runInNewContext("new Date(7)") as unknown;
    const bytes = runInNewContext("Uint8Array.of(1, 2)") as unknown;
    const thing = new Thing({ day, bytes });
    expect(thing.day).toBe(day);
    expect(thing.bytes).toBe(bytes);
    expect(() => new Thing({ day: { [Symbol.toStringTag]: "Date" }, bytes })).toThrow(ValidationError);
  });
});

describe("with()", () => {
  test("gives a changed instance of the same class and leaves the first as it was", () => {
    const first = new Order(whole);
    const second = first.with({ quantity: 1000, orderId: 2n, note: "n" });
    expect(second).toBeInstanceOf(Order);
    expect({ ...second }).toEqual({ ...whole, quantity: 1000, orderId: 2n, note: "n" });
    expect(second.isLarge).toBe(true);
    expect({ ...first }).toEqual(whole);
  });

  test("keeps what the patch leaves undefined, and takes null for null", () => {
    const order = new Order({ ...whole, note: "n", tries: 9 });
    expect(order.with({ note: undefined, tries: undefined })).toMatchObject({ note: "n", tries: 9 });
    expect(order.with({ note: null }).note).toBeNull();
    expect(order.with({})).not.toBe(order);
  });

  test("validates", () => {
    const order = new Order(whole) as unknown as { with(patch: unknown): unknown };
    expect(() => order.with({ quantity: -1 })).toThrow(/^orders\.quantity: .* got -1$/);
    expect(() => order.with({ quantitty: 1 })).toThrow(/did you mean "quantity"/);
    expect(() => order.with({ quantity: null })).toThrow(/got null$/);
    for (const patch of [null, undefined, 1, "x", []])
      expect(() => order.with(patch)).toThrow(/^orders: expected an object with the fields to change/);
  });
});

test("toObject gives a plain object of the fields alone", () => {
  class Rush extends Order {
    readonly courier = "bike";
  }
  const plain = new Rush(whole).toObject();
  expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
  expect(plain).toStrictEqual(whole);
});

test("toObject, toJSON and with are not enumerable and can be overridden", () => {
  expect(Object.keys(Order.prototype)).toEqual([]);
  const listed: string[] = [];
  for (const name in new Order(whole)) listed.push(name);
  expect(listed).toEqual(Object.keys(whole));
  class Terse extends Order {
    override toJSON() {
      return { ...super.toJSON(), note: "-" };
    }
  }
  expect(new Terse(whole).toJSON().note).toBe("-");
});

test("a class of another entity with the same fields is checked on its own", () => {
  const Flag = Entity("flags", { on: bool(), rate: decimal(4, 2) });
  const Wide = Entity("wide", { on: bool(), rate: decimal(10, 2), extra: f64() });
  expect(() => new Flag(new Wide({ on: true, rate: "1", extra: 1 }) as never)).toThrow(
    /^flags\.extra: expected one of the fields/,
  );
  expect(schemaOf(Flag)).not.toBe(schemaOf(Wide));
});
