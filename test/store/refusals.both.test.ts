import { describe, expect, test } from "vitest";
import { Entity } from "../../src/entity/entity.ts";
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
import {
  ColumnNotFoundError,
  ConflictError,
  DuplicateKeyError,
  FaunError,
  KeyNotFoundError,
  RowGoneError,
  UnsupportedError,
  ValidationError,
} from "../../src/errors.ts";
import { ShardedStore } from "../../src/store/sharded-store.ts";
import { Store } from "../../src/store/store.ts";
import { show, showRow } from "./show.ts";

const fields = {
  key: u64().key(),
  bool: bool(),
  u8: u8(),
  u16: u16(),
  u32: u32(),
  i8: i8(),
  i16: i16(),
  i32: i32(),
  u64: u64(),
  i64: i64(),
  safe: u64({ mode: "number" }),
  signedSafe: i64({ mode: "number" }),
  f32: f32(),
  f64: f64(),
  text: utf8(),
  bytes: binary(),
  kind: category({ codes: "u8" }),
  colour: enumOf("Red", "Green", "Blue"),
  day: date(),
  seconds: timestamp("s"),
  millis: timestamp("ms"),
  nanos: timestamp("ns"),
  nanosDate: timestamp("ns", { mode: "date" }),
  ticks: timestamp("us", { mode: "number" }),
  price: decimal(6, 2),
  units: decimal(6, 2, { mode: "bigint" }),
  note: utf8().nullable(),
};

class Thing extends Entity("things", fields) {}
type Init = ConstructorParameters<typeof Thing>[0];

const good = (key: bigint): Init => ({
  key,
  bool: true,
  u8: 1,
  u16: 2,
  u32: 3,
  i8: -1,
  i16: -2,
  i32: -3,
  u64: 4n,
  i64: -4n,
  safe: 5,
  signedSafe: -5,
  f32: 0.5,
  f64: 0.1,
  text: "text",
  bytes: Uint8Array.of(1, 2),
  kind: `kind ${key % 2n}`,
  colour: "Green",
  day: "2024-02-29",
  seconds: new Date(1000),
  millis: new Date(1),
  nanos: 1n,
  nanosDate: new Date(2),
  ticks: 7,
  price: "12.50",
  units: 1250n,
});
const names = Object.keys(fields);

type Either = Store<Thing> | ShardedStore<Thing>;

/** Everything that a refused change must leave alone. */
function state(store: Either) {
  const kernel = store instanceof Store ? store.kernel : store.shard(0).kernel;
  return {
    size: store.size,
    rows: Array.from(store, (row) => showRow(row, names)).sort(),
    dictionaries: kernel.codecs.map((codec) => codec.dictionary?.values.join()),
    arrow: store
      .toArrow()
      .toArray()
      .map((row) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? `${value}n` : value)))
      .sort(),
    batches: store.memoryStats().numBatches,
  };
}

function filled(): Store<Thing> {
  const store = new Store(Thing);
  store.addBatch([good(1n), good(2n), good(3n)]);
  return store;
}

function sharded(): ShardedStore<Thing> {
  const store = new ShardedStore(Thing, { shards: 3 });
  store.addBatch([good(1n), good(2n), good(3n)]);
  return store;
}

/** A field, a value that it refuses, and words of what the message says would be right. */
const badValues: [field: keyof typeof fields, value: unknown, expected: string][] = [
  ["key", 1, "a bigint from 0n"],
  ["key", -1n, "a bigint from 0n"],
  ["key", null, "a bigint from 0n"],
  ["bool", 1, "true or false"],
  ["bool", "true", "true or false"],
  ["u8", 256, "an integer from 0 to 255"],
  ["u8", -1, "an integer from 0 to 255"],
  ["u8", 1.5, "an integer from 0 to 255"],
  ["u8", "1", "an integer from 0 to 255"],
  ["u16", 65_536, "an integer from 0 to 65535"],
  ["u32", 2 ** 32, "an integer from 0 to 4294967295"],
  ["u32", Number.NaN, "an integer from 0 to 4294967295"],
  ["u32", 1n, "an integer from 0 to 4294967295"],
  ["i8", 128, "an integer from -128 to 127"],
  ["i16", -32_769, "an integer from -32768 to 32767"],
  ["i32", 2 ** 31, "an integer from -2147483648 to 2147483647"],
  ["i32", Number.POSITIVE_INFINITY, "an integer from -2147483648"],
  ["u64", 2n ** 64n, "a bigint from 0n to 18446744073709551615n"],
  ["u64", 4, "a bigint from 0n"],
  ["i64", 2n ** 63n, "a bigint from -9223372036854775808n"],
  ["i64", -(2n ** 63n) - 1n, "a bigint from -9223372036854775808n"],
  ["safe", 2 ** 53, "an integer from 0 to 9007199254740991"],
  ["safe", -1, "an integer from 0 to 9007199254740991"],
  ["safe", 5n, "an integer from 0 to 9007199254740991"],
  ["signedSafe", -(2 ** 53), "an integer from -9007199254740991"],
  ["signedSafe", Number.NaN, "an integer from -9007199254740991"],
  ["f32", "0.5", "a number"],
  ["f64", 1n, "a number"],
  ["f64", null, "a number"],
  ["text", 5, "a string without lone surrogates"],
  ["text", "\ud800", "a string without lone surrogates"],
  ["text", "a\udc00b", "a string without lone surrogates"],
  ["text", null, "a string without lone surrogates"],
  ["bytes", [1, 2], "a Uint8Array"],
  ["bytes", new Uint16Array(2), "a Uint8Array"],
  ["bytes", new ArrayBuffer(2), "a Uint8Array"],
  ["kind", 7, "a string without lone surrogates"],
  ["kind", "\udfff", "a string without lone surrogates"],
  ["colour", "green", 'one of "Red", "Green", "Blue" (did you mean "Green"?)'],
  ["colour", 1, 'one of "Red", "Green", "Blue"'],
  ["day", "2023-02-29", "an existing day as an ISO string"],
  ["day", "2024-2-9", "an existing day as an ISO string"],
  ["day", new Date(0), "an existing day as an ISO string"],
  ["seconds", new Date(1001), "a valid Date in whole seconds"],
  ["seconds", 1, "a valid Date in whole seconds"],
  ["millis", new Date(Number.NaN), "a valid Date"],
  ["millis", "2024-01-01", "a valid Date"],
  ["nanos", 1, "a bigint of nanoseconds since 1970"],
  ["nanos", 2n ** 63n, "a bigint of nanoseconds since 1970"],
  ["nanosDate", new Date(8.64e15), "a valid Date from 1677"],
  ["ticks", 2 ** 53, "a safe integer of microseconds since 1970"],
  ["ticks", 0.5, "a safe integer of microseconds since 1970"],
  ["price", "12345.00", "a decimal string with at most 4 digits before the point"],
  ["price", "1.005", "a decimal string with at most 4 digits before the point and 2 after it"],
  ["price", 12.5, "a decimal string"],
  ["price", "1e2", "a decimal string"],
  ["units", 1_000_000n, "a bigint of at most 6 digits"],
  ["units", "1", "a bigint of at most 6 digits"],
  ["note", 5, "a string without lone surrogates or null"],
  ["u8", {}, "an integer from 0 to 255"],
  ["u8", Symbol("s"), "an integer from 0 to 255"],
];

function caught(run: () => unknown): FaunError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FaunError);
    return error as FaunError;
  }
  throw new Error("it was taken");
}

function expectInvalid(run: () => unknown, field: string | undefined, expected: string, value?: { value: unknown }): void {
  const error = caught(run) as ValidationError;
  expect(error).toBeInstanceOf(ValidationError);
  expect(error.code).toBe("VALIDATION");
  expect(error.message).toContain(field === undefined ? "things: expected " : `things.${field}: expected `);
  expect(error.message).toContain(expected);
  expect(error.entity).toBe("things");
  expect(error.field).toBe(field);
  if (value !== undefined) expect(show(error.value)).toBe(show(value.value));
}

/** Runs it on a store and on a sharded one; each must be left as it was. */
function refusedBy(attempt: (store: Either) => void): void {
  for (const store of [filled(), sharded()]) {
    const before = state(store);
    attempt(store);
    expect(state(store)).toEqual(before);
    expect(store.has(4n)).toBe(false);
    store.add(good(4n));
    expect(store.size).toBe(4);
    expect(store.get(4n)!.kind).toBe("kind 0");
  }
}

describe("a value that its field cannot hold is refused wherever it comes from, and nothing is changed:", () => {
  test.each(badValues.map(([field, value, expected]) => ({ field, value, expected, text: show(value) })))(
    "$field: $text",
    ({ field, value, expected }) => {
      const bad = { ...good(4n), kind: "never seen before", [field]: value } as Init;
      const given = { value };
      refusedBy((store) => expectInvalid(() => store.add(bad), field, expected, given));
      refusedBy((store) =>
        expectInvalid(
          () => store.addBatch([good(4n), good(5n), { ...bad, ...(field === "key" ? {} : { key: 6n }) }]),
          field,
          expected,
          given,
        ),
      );
      refusedBy((store) => expectInvalid(() => store.upsert(bad), field, expected, given));
      refusedBy((store) => {
        const columns = Object.fromEntries(names.map((name) => [name, [good(4n), bad].map((row): unknown => row[name as "u8"])]));
        columns.key = field === "key" ? [4n, value] : [4n, 5n];
        expectInvalid(() => store.addColumns(columns as never), field, expected, given);
      });
      if (field === "key") {
        refusedBy((store) => expectInvalid(() => store.get(value as bigint), field, expected, given));
        refusedBy((store) => expectInvalid(() => store.has(value as bigint), field, expected, given));
        refusedBy((store) => expectInvalid(() => store.delete(value as bigint), field, expected, given));
        refusedBy((store) => expectInvalid(() => store.update(value as bigint, {}), field, expected, given));
        return;
      }
      // A good field before the bad one: an update changes all or nothing.
      refusedBy((store) =>
        expectInvalid(() => store.update(1n, { bool: false, kind: "another", [field]: value }), field, expected, given),
      );
      refusedBy((store) => expectInvalid(() => store.upsert({ ...bad, key: 1n }), field, expected, given));
      refusedBy((store) =>
        expectInvalid(
          () => {
            (store.get(2n) as unknown as Record<string, unknown>)[field] = value;
          },
          field,
          expected,
          given,
        ),
      );
      expectInvalid(() => new Thing(bad), field, expected, given);
    },
  );

  test("undefined for a field that is required", () => {
    for (const name of names.filter((field) => field !== "note")) {
      const { [name as "u8"]: _, ...rest } = good(4n);
      refusedBy((store) => expectInvalid(() => store.add(rest as Init), name, "but the field is missing"));
      refusedBy((store) =>
        expectInvalid(() => store.add({ ...rest, [name]: undefined } as never), name, "but the field is missing"),
      );
      if (name !== "key") {
        refusedBy((store) =>
          expectInvalid(
            () => {
              (store.get(2n) as unknown as Record<string, unknown>)[name] = undefined;
            },
            name,
            "",
          ),
        );
      }
    }
  });
});

describe("rows that are none", () => {
  test.each([null, undefined, 5, "row", true, 1n, Symbol("row")])("%s", (row) => {
    const attempts: ((store: Either) => unknown)[] = [
      (s) => s.add(row as never),
      (s) => s.addBatch([row as never]),
      (s) => s.upsert(row as never),
    ];
    for (const attempt of attempts)
      refusedBy((store) => expectInvalid(() => attempt(store), undefined, "an object with the entity's fields"));
  });

  test.each([null, undefined, 5, {}, "rows"])("a batch that is %s", (rows) => {
    refusedBy((store) => expectInvalid(() => store.addBatch(rows as never), undefined, "an iterable of rows, such as an array"));
  });

  test.each([null, undefined, 5])("columns that are %s", (columns) => {
    refusedBy((store) =>
      expectInvalid(() => store.addColumns(columns as never), undefined, "an object with one array per field"),
    );
  });

  test.each([null, 5, "patch", [1]])("a patch that is %s", (patch) => {
    refusedBy((store) => expectInvalid(() => store.update(1n, patch as never), undefined, "an object with the fields to change"));
  });
});

describe("names that are no field", () => {
  const expected = "one of the fields key, bool, u8";

  test("in a row, a batch, columns, an update, an upsert, wherever they stand", () => {
    const rows = [
      { ...good(4n), colours: "Red" },
      { colours: "Red", ...good(4n) },
      Object.assign(Object.create({ colours: 1 }), good(4n)),
    ];
    for (const row of rows) {
      refusedBy((store) => expectInvalid(() => store.add(row), "colours", expected));
      refusedBy((store) => expectInvalid(() => store.add(row), "colours", '(did you mean "colour"?)'));
      refusedBy((store) => expectInvalid(() => store.addBatch([good(4n), { ...row, key: 5n }, row]), "colours", expected));
      refusedBy((store) => expectInvalid(() => store.upsert(row), "colours", expected));
      refusedBy((store) =>
        expectInvalid(
          () => store.upsert(Object.defineProperty(Object.create(row), "key", { value: 1n, enumerable: true })),
          "colours",
          expected,
        ),
      );
    }
    refusedBy((store) =>
      expectInvalid(() => store.addColumns({ ...columnsOf([good(4n)]), colours: ["Red"] } as never), "colours", expected),
    );
    refusedBy((store) => expectInvalid(() => store.update(1n, { bool: false, colours: "Red" } as never), "colours", expected));
  });

  test("asked of a kernel", () => {
    const error = caught(() => filled().kernel.chunks("colours" as "colour")) as ColumnNotFoundError;
    expect(error).toBeInstanceOf(ColumnNotFoundError);
    expect(error.code).toBe("COLUMN_NOT_FOUND");
    expect(error.columnName).toBe("colours");
    expect(error.message).toContain('did you mean "colour"?');
    expectInvalid(() => filled().kernel.offsets("u8"), "u8", "a utf8 or binary field");
  });
});

const columnsOf = (rows: readonly Init[]) =>
  Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name as "u8"])]));

describe("keys", () => {
  const expectDuplicate = (run: () => unknown, key: bigint) => {
    const error = caught(run) as DuplicateKeyError;
    expect(error).toBeInstanceOf(DuplicateKeyError);
    expect(error).toMatchObject({ code: "DUPLICATE_KEY", entity: "things", field: "key", key });
    expect(error.message).toContain(`things.key: a row with key ${key}n exists already`);
    expect(error.message).toContain("upsert()");
  };

  test("there already, or twice in one batch or in one set of columns", () => {
    const fresh = (key: bigint) => ({ ...good(key), kind: "never seen before" });
    refusedBy((store) => expectDuplicate(() => store.add(fresh(2n)), 2n));
    refusedBy((store) => expectDuplicate(() => store.addBatch([fresh(4n), fresh(2n)]), 2n));
    refusedBy((store) => expectDuplicate(() => store.addBatch([fresh(4n), fresh(5n), fresh(4n)]), 4n));
    refusedBy((store) => expectDuplicate(() => store.addColumns(columnsOf([fresh(4n), fresh(2n)]) as never), 2n));
    refusedBy((store) => expectDuplicate(() => store.addColumns(columnsOf([fresh(4n), fresh(4n)]) as never), 4n));
    refusedBy((store) =>
      expectDuplicate(
        () => store.addColumns({ ...columnsOf([fresh(4n), fresh(5n)]), key: BigUint64Array.of(4n, 1n) } as never),
        1n,
      ),
    );
  });

  test("of no row", () => {
    refusedBy((store) => {
      const error = caught(() => store.update(9n, { u8: 1 })) as KeyNotFoundError;
      expect(error).toBeInstanceOf(KeyNotFoundError);
      expect(error).toMatchObject({
        code: "KEY_NOT_FOUND",
        entity: "things",
        field: "key",
        key: 9n,
        message: "things.key: no row has key 9n",
      });
      expect(store.delete(9n)).toBe(false);
      expect(store.get(9n)).toBeUndefined();
    });
  });

  test("to be changed", () => {
    refusedBy((store) => expectInvalid(() => store.update(1n, { u8: 9, key: 5n } as never), "key", "no change of the key"));
    refusedBy((store) =>
      expectInvalid(
        () => {
          (store.get(1n) as { key: bigint }).key = 5n;
        },
        "key",
        "the key of a stored row is read-only",
      ),
    );
  });

  test("of an entity that has none", () => {
    class Reading extends Entity("things", { value: f64() }) {}
    for (const store of [new Store(Reading), new ShardedStore(Reading, { shards: 2 })]) {
      store.add({ value: 1 });
      const loose = store as unknown as Record<"get" | "has" | "delete" | "update" | "upsert", (...args: unknown[]) => unknown>;
      for (const run of [
        () => loose.get(1),
        () => loose.has(1),
        () => loose.delete(1),
        () => loose.update(1, { value: 2 }),
        () => loose.upsert({ value: 2 }),
      ]) {
        expectInvalid(run, undefined, "an entity with a key");
      }
      expect(store.snapshot().size).toBe(1);
      expectInvalid(() => (store.snapshot().get as (key: unknown) => unknown)(1), undefined, "an entity with a key");
      expect(Array.from(store, (row) => row.value)).toEqual([1]);
    }
  });
});

describe("columns", () => {
  const columns = () => columnsOf([good(4n), good(5n)]);
  const refused = (change: Record<string, unknown>, field: string, expected: string) =>
    refusedBy((store) => expectInvalid(() => store.addColumns({ ...columns(), ...change } as never), field, expected));

  test("of other lengths", () => {
    refused({ u16: [1] }, "u16", "2 values, as many as key has (it has 1)");
    refused({ note: ["a", "b", "c"] }, "note", "2 values");
    refused({ price: new BigUint64Array(2) }, "price", "2 values");
    refused({ price: new BigUint64Array(5) }, "price", "two 64-bit halves");
    refused({ u16: new Uint16Array(3) }, "u16", "2 values");
  });

  test("that end between the halves of a decimal", () => {
    class Price extends Entity("things", { amount: decimal(20, 2) }) {}
    const store = new Store(Price);
    expectInvalid(() => store.addColumns({ amount: new BigUint64Array(5) }), "amount", "two 64-bit halves");
    expect(store.size).toBe(0);
    expect(store.addColumns({ amount: BigUint64Array.of(150n, 0n) }).length).toBe(1);
    expect([...store][0]!.amount).toBe("1.50");
  });

  test("that are no array, or are missing", () => {
    refused({ u16: 5 }, "u16", "an array or typed array of values");
    refused({ u16: "12" }, "u16", "an array or typed array of values");
    refused({ u16: new DataView(new ArrayBuffer(4)) }, "u16", "an array or typed array of values");
    refused({ u16: undefined }, "u16", "but the field is missing");
  });

  test("of another kind of typed array", () => {
    refused({ u16: new Int16Array(2) }, "u16", "Uint16Array");
    refused({ u8: new Uint8ClampedArray(2) }, "u8", "Uint8Array");
    refused({ f64: new Float32Array(2) }, "f64", "Float64Array");
    refused({ millis: new Float64Array(2) }, "millis", "BigInt64Array");
    refused({ colour: new Uint16Array(2) }, "colour", "Uint8Array");
    refused({ bool: new Uint8Array(2) }, "bool", "an array of values");
    refused({ text: new Uint8Array(2) }, "text", "an array of values");
    refused({ price: new BigInt64Array(4) }, "price", "BigUint64Array");
  });

  test("with elements that no value of the field has", () => {
    refused({ colour: Uint8Array.of(0, 3) }, "colour", "codes below 3");
    refused({ kind: Uint8Array.of(0, 2) }, "kind", "codes below 2");
    refused({ safe: BigUint64Array.of(1n, 2n ** 53n) }, "safe", "an integer from 0 to 9007199254740991");
    refused({ signedSafe: BigInt64Array.of(1n, -(2n ** 53n)) }, "signedSafe", "an integer from -9007199254740991");
    refused({ ticks: BigInt64Array.of(2n ** 63n - 1n, 0n) }, "ticks", "a safe integer of microseconds");
    refused({ millis: BigInt64Array.of(0n, 8_640_000_000_000_001n) }, "millis", "a valid Date");
    refused({ nanosDate: BigInt64Array.of(0n, 1n) }, "nanosDate", "a valid Date");
    refused({ price: BigUint64Array.of(0n, 0n, 1_000_000n, 0n) }, "price", "a decimal string with at most 4 digits");
  });
});

describe("categories", () => {
  class Tag extends Entity("things", { key: u32().key(), kind: category({ codes: "u8" }), other: category() }) {}
  const full = () => {
    const store = new Store(Tag);
    store.addBatch(Array.from({ length: 256 }, (_, key) => ({ key, kind: `kind ${key}`, other: "same" })));
    return store;
  };
  const expected = "at most 256 distinct values";

  test("take no more strings than their codes have room for", () => {
    const row = { key: 300, kind: "one more", other: "new" };
    const attempts: ((store: Store<Tag>) => unknown)[] = [
      (store) => store.add(row),
      (store) => store.addBatch([{ ...row, kind: "kind 1", key: 301 }, row]),
      (store) => store.addColumns({ key: [300], kind: ["one more"], other: ["new"] }),
      (store) => store.update(0, { other: "new", kind: "one more" }),
      (store) => store.upsert({ ...row, key: 0 }),
      (store) => {
        store.get(0)!.kind = "one more";
      },
    ];
    for (const attempt of attempts) {
      const store = full();
      expectInvalid(() => attempt(store), "kind", expected);
      expect(store.size).toBe(256);
      expect(store.kernel.codecs[2]!.dictionary!.values).toEqual(["same"]);
      expect(store.get(0)!.toObject()).toEqual({ key: 0, kind: "kind 0", other: "same" });
      store.add({ ...row, kind: "kind 255" });
      expect(store.get(300)!.kind).toBe("kind 255");
    }
  });

  test("a batch that would overfill one leaves no string of its own", () => {
    const store = new Store(Tag);
    store.add({ key: 1000, kind: "first", other: "first" });
    expectInvalid(
      () => store.addBatch(Array.from({ length: 300 }, (_, key) => ({ key, kind: `kind ${key}`, other: `other ${key}` }))),
      "kind",
      expected,
    );
    expect(store.kernel.codecs.map((codec) => codec.dictionary?.values)).toEqual([undefined, ["first"], ["first"]]);
    expect(store.toArrow().getChild("kind")!.toArray()).toHaveLength(1);
    store.addBatch(Array.from({ length: 255 }, (_, key) => ({ key, kind: `kind ${key}`, other: "first" })));
    expect(store.get(254)!.kind).toBe("kind 254");
  });
});

function deleteAndCompact(store: Store<Thing>): void {
  store.delete(1n);
  store.compact();
}

describe("changes from within an addition", () => {
  const during = (change: (store: Either) => unknown) => {
    refusedBy((store) => {
      const sneaky = { ...good(4n), kind: "never seen before" };
      Object.defineProperty(sneaky, "text", { enumerable: true, get: () => change(store) });
      const error = caught(() => store.add(sneaky)) as ConflictError;
      expect(error).toBeInstanceOf(ConflictError);
      expect(error.code).toBe("CONFLICT");
      expect(error.message).toContain("things: the store is in the middle of an addition");
    });
    refusedBy((store) => {
      function* rows() {
        yield { ...good(4n), kind: "never seen before" };
        change(store);
      }
      expect(caught(() => store.addBatch(rows()))).toBeInstanceOf(ConflictError);
    });
  };

  test("are refused: additions, updates, writes, deletions, compaction, clearing", () => {
    for (const key of [5n, 6n, 7n, 8n, 9n]) during((store) => store.add({ ...good(key), kind: "another" }));
    during((store) => store.addBatch([good(5n)]));
    during((store) => store.addColumns(columnsOf([good(5n)]) as never));
    during((store) => store.upsert(good(1n)));
    for (const key of [1n, 2n, 3n]) {
      during((store) => store.update(key, { kind: "another" }));
      during((store) => store.delete(key));
      during((store) => {
        store.get(key)!.kind = "another";
      });
    }
    during((store) => store.compact());
    during((store) => store.clear());
  });

  test("reading is not, and shows nothing of what is being added", () => {
    for (const store of [filled(), sharded()]) {
      const seen: unknown[] = [];
      store.addBatch(
        (function* () {
          yield good(4n);
          seen.push(store.size, store.has(4n), store.get(4n), [...store].length, store.snapshot().size, store.toArrow().numRows);
          yield good(5n);
        })(),
      );
      expect(seen).toEqual([3, false, undefined, 3, 3, 3]);
      expect(store.size).toBe(5);
    }
  });

  test("a patch whose getters move its row is refused", () => {
    for (const move of [(store: Store<Thing>) => store.delete(2n), deleteAndCompact]) {
      for (const change of ["update", "upsert"] as const) {
        const store = filled();
        const patch = {
          ...(change === "upsert" ? good(2n) : {}),
          get u8() {
            move(store);
            return 77;
          },
        };
        expect(
          caught(() => (change === "update" ? store.update(2n, patch as never) : store.upsert(patch as Init))),
        ).toBeInstanceOf(ConflictError);
        expect(Array.from(store, (row) => row.u8)).not.toContain(77);
      }
    }
  });

  test("an error of the source comes out as it is", () => {
    refusedBy((store) => {
      const broken = new RangeError("broken source");
      let error: unknown;
      try {
        store.addBatch(
          (function* () {
            yield good(4n);
            throw broken;
          })(),
        );
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBe(broken);
    });
  });
});

describe("views of rows that are gone", () => {
  test("are neither read nor written", () => {
    const gone: [(store: Store<Thing>) => void, string][] = [
      [(store) => store.delete(1n), "the row of this view was deleted"],
      [(store) => store.deleteAt(0), "the row of this view was deleted"],
      [(store) => store.clear(), "compacted or cleared"],
      [deleteAndCompact, "compacted or cleared"],
    ];
    for (const [change, reason] of gone) {
      const store = filled();
      const view = store.get(1n)!;
      change(store);
      const rows = Array.from(store, (row) => showRow(row, names));
      for (const run of [
        () => view.u8,
        () => view.toObject(),
        () => view.toJSON(),
        () => view.with({ u8: 2 }),
        () => (view.u8 = 9),
      ]) {
        const error = caught(run) as RowGoneError;
        expect(error).toBeInstanceOf(RowGoneError);
        expect(error.code).toBe("ROW_GONE");
        expect(error.message).toContain("things: ");
        expect(error.message).toContain(reason);
        expect(error.message).toContain("take the row again from its store");
      }
      expect(Array.from(store, (row) => showRow(row, names))).toEqual(rows);
    }
  });

  test("of a snapshot are read-only", () => {
    const store = filled();
    const snapshot = store.snapshot();
    expectInvalid(() => (snapshot.get(1n)!.u8 = 9), "u8", "this row is read-only");
    expect(snapshot.get(1n)!.u8).toBe(1);
    expect(store.get(1n)!.u8).toBe(1);
  });
});

describe("classes and options", () => {
  const expectBad = (run: () => unknown, ...parts: string[]) => {
    const error = caught(run);
    expect(error).toBeInstanceOf(ValidationError);
    for (const part of parts) expect(error.message).toContain(part);
  };

  test("something that is no entity class", () => {
    for (const bad of [undefined, null, {}, class {}, () => {}, "things", Thing.prototype]) {
      expectBad(() => new Store(bad as never), "entity class: expected an entity class");
      expectBad(() => new ShardedStore(bad as never), "entity class: expected an entity class");
    }
  });

  test("members that hide a column", () => {
    const base = Entity("things", { key: u32().key(), name: utf8() });
    class WithField extends base {
      override name = "mine";
    }
    class WithGetter extends base {}
    Object.defineProperty(WithGetter.prototype, "name", { get: () => "mine" });
    class WithMethod extends base {}
    Object.defineProperty(WithMethod.prototype, "name", { value: () => "mine" });
    class Below extends WithField {}
    expectBad(
      () => new Store(WithField),
      "things.name: expected no field of this name in class WithField",
      "it would hide the column",
    );
    expectBad(() => new Store(WithGetter), "things.name: expected no accessor or method of this name in class WithGetter");
    expectBad(() => new Store(WithMethod), "things.name: expected no accessor or method of this name in class WithMethod");
    expectBad(() => new Store(Below), "things.name: expected no field of this name");
    expectBad(() => new ShardedStore(WithField), "things.name");
  });

  test("constructors that views cannot go through", () => {
    const base = Entity("things", { key: u32().key() });
    class Own extends base {
      constructor() {
        super({ key: 1 });
      }
    }
    class Copies extends base {
      constructor(init: { key: number }) {
        super({ ...init });
      }
    }
    class Throws extends base {
      constructor(init: { key: number }) {
        super(init);
        throw new RangeError("not today");
      }
    }
    expectBad(() => new Store(Own as never), "class Own", "pass the argument of its constructor on to super()");
    expectBad(() => new Store(Copies), "class Copies", "super()");
    expectBad(() => new Store(Throws), "class Throws", "constructible with one argument");
  });

  test("options out of range", () => {
    for (const shards of [0, -1, 1.5, 1025, Number.NaN, "4", null]) {
      expectBad(() => new ShardedStore(Thing, { shards } as never), "things.shards: expected an integer from 1 to 1024");
    }
    for (const allocator of ["Heap", 5, null, {}])
      expectBad(() => new Store(Thing, { allocator } as never), "store options.allocator", '"heap", "shared" or a function');
    expectBad(
      () => new Store(Thing, { allocator: () => ({}) } as never),
      "store options.allocator",
      "a function that makes an allocator",
    );
    for (const options of [null, 5, "heap"]) {
      expectBad(() => new Store(Thing, options as never), "an object of options: allocator, workers");
      expectBad(() => new ShardedStore(Thing, options as never), "an object of options: allocator, workers, shards");
    }
    expectBad(() => new Store(Thing, { alocator: "shared" } as never), "store options.alocator", 'did you mean "allocator"?');
    expectBad(() => new ShardedStore(Thing, { shard: 4 } as never), "store options.shard", 'did you mean "shards"?');
  });

  test("shards and row indices that are not there", () => {
    const store = sharded();
    for (const index of [-1, 3, 0.5, Number.NaN]) {
      expect(caught(() => store.shard(index))).toBeInstanceOf(ValidationError);
      expect(caught(() => store.snapshot().shard(index))).toBeInstanceOf(ValidationError);
    }
    const single = filled();
    for (const row of [-1, 3, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, "0", null, undefined]) {
      expect(single.at(row as number)).toBeUndefined();
      expect(single.deleteAt(row as number)).toBe(false);
      expect(single.snapshot().at(row as number)).toBeUndefined();
    }
    expect(single.size).toBe(3);
  });

  test("a shared allocator where there is no shared memory", () => {
    const { SharedArrayBuffer: kept } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
      expect(caught(() => new Store(Thing, { allocator: "shared" }))).toBeInstanceOf(UnsupportedError);
    } finally {
      globalThis.SharedArrayBuffer = kept;
    }
  });
});
