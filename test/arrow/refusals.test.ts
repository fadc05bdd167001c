/** What is refused: always by a typed error that says where and why, and always whole. */
import * as arrow from "apache-arrow";
import {
  ArrowError,
  binary,
  bool,
  ConflictError,
  category,
  DuplicateKeyError,
  date,
  decimal,
  Entity,
  enumOf,
  type FaunError,
  f64,
  i32,
  SchemaMismatchError,
  Store,
  TypeConversionError,
  timestamp,
  toArrowIPC,
  toRecordBatches,
  u8,
  u32,
  u64,
  utf8,
  ValidationError,
} from "faun";
import { describe, expect, test } from "vitest";
import { bytes, coded, column, entityOf, read, tableOf } from "./foreign.ts";

const int32 = () => bytes(new arrow.Int32(), Int32Array.of(1, -1), 2);
const texts = (...values: unknown[]) => column(new arrow.Utf8(), values);
const binaryOf = (type: arrow.DataType, data: Uint8Array, offsets: ArrayBufferView) =>
  bytes(type, data, 1, { valueOffsets: offsets });
const dictionary = new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint8());

/** field, Arrow data, error, and what its message says */
const refused: [string, unknown, () => unknown, new (...args: never[]) => FaunError, string | RegExp][] = [
  [
    "text for a number",
    u32(),
    () => texts("1"),
    TypeConversionError,
    'things: column "value" of type Utf8 cannot become u32: there is no lossless conversion',
  ],
  ["numbers for text", utf8(), int32, TypeConversionError, "of type Int32 cannot become utf8"],
  ["numbers for booleans", bool(), int32, TypeConversionError, "of type Int32 cannot become bool"],
  ["numbers for an enum", enumOf("a"), int32, TypeConversionError, 'of type Int32 cannot become enumOf("a")'],
  [
    "numbers for a timestamp",
    timestamp("ms"),
    () => bytes(new arrow.Int64(), BigInt64Array.of(1n), 1),
    TypeConversionError,
    "of type Int64 cannot become timestamp",
  ],
  [
    "a timestamp for a date",
    date(),
    () => bytes(new arrow.TimestampMillisecond(), BigInt64Array.of(0n), 1),
    TypeConversionError,
    "of type Timestamp<ms> cannot become date",
  ],
  [
    "a date for a timestamp",
    timestamp("ms"),
    () => bytes(new arrow.DateDay(), Int32Array.of(0), 1),
    TypeConversionError,
    "of type Date32 cannot become timestamp",
  ],
  [
    "bytes for text",
    utf8(),
    () => column(new arrow.Binary(), [Uint8Array.of(65)]),
    TypeConversionError,
    "of type Binary cannot become utf8",
  ],
  ["text for bytes", binary(), () => texts("x"), TypeConversionError, "of type Utf8 cannot become binary"],
  [
    "floats for a decimal",
    decimal(5, 1),
    () => bytes(new arrow.Float64(), Float64Array.of(1.5), 1),
    TypeConversionError,
    "of type Float64 cannot become decimal(5, 1)",
  ],
  [
    "a decimal for a float",
    f64(),
    () => bytes(new arrow.Decimal(1, 5, 128), new Uint32Array(4), 1),
    TypeConversionError,
    "of type Decimal128<5, 1> cannot become f64",
  ],
  [
    "a list",
    utf8(),
    () => column(new arrow.List(arrow.Field.new({ name: "item", type: new arrow.Utf8() })), [["x"]]),
    TypeConversionError,
    "of type List cannot become utf8",
  ],
  [
    "a struct, as IPC",
    utf8(),
    () =>
      arrow.tableToIPC(column(new arrow.Struct([arrow.Field.new({ name: "item", type: new arrow.Utf8() })]), [{ item: "x" }])),
    TypeConversionError,
    "of type Struct",
  ],
  [
    "an integer too large",
    u8(),
    () => bytes(new arrow.Int32(), Int32Array.of(7, 256), 2),
    TypeConversionError,
    "row 1 holds 256, expected an integer from 0 to 255",
  ],
  ["a negative integer", u32(), int32, TypeConversionError, "row 1 holds -1, expected an integer from 0 to 4294967295"],
  [
    "an unsafe integer in number mode",
    u64({ mode: "number" }),
    () => bytes(new arrow.Uint64(), BigUint64Array.of(2n ** 53n), 1),
    TypeConversionError,
    "row 0 holds 9007199254740992, expected an integer from 0 to 9007199254740991",
  ],
  [
    "an unknown enum value",
    enumOf("Shipped", "Delivered"),
    () => texts("Shipped", "Deliverd"),
    TypeConversionError,
    'row 1 holds "Deliverd", which is none of its values (did you mean "Delivered"?)',
  ],
  [
    "an unknown enum value of a dictionary",
    enumOf("a", "b"),
    () => coded(dictionary, Uint8Array.of(0, 1), arrow.vectorFromArray(["a", "x"], new arrow.Utf8())),
    TypeConversionError,
    'row 1 holds "x", which is none of its values',
  ],
  [
    "too many categories",
    category({ codes: "u8" }),
    () => texts(...Array.from({ length: 257 }, (_, i) => `v${i}`)),
    TypeConversionError,
    "row 256 holds one more than the 256 distinct values that fit",
  ],
  [
    "a null",
    u32(),
    () => column(new arrow.Uint32(), [1, 2, null]),
    TypeConversionError,
    "row 2 is null and the field is not nullable; declare it .nullable()",
  ],
  [
    "a column of nulls",
    utf8(),
    () => column(new arrow.Null(), [null]),
    TypeConversionError,
    "of type Null cannot become utf8: row 0 is null",
  ],
  [
    "a date beyond what Date holds",
    timestamp("ms"),
    () => bytes(new arrow.TimestampMillisecond(), BigInt64Array.of(0n, 8_640_000_000_000_001n), 2),
    TypeConversionError,
    "row 1 holds 8640000000000001 ms, expected a valid Date",
  ],
  [
    "microseconds in a Date",
    timestamp("us", { mode: "date" }),
    () => bytes(new arrow.TimestampMicrosecond(), BigInt64Array.of(1n), 1),
    TypeConversionError,
    "row 0 holds 1 us",
  ],
  [
    "seconds beyond a Date",
    timestamp("s"),
    () => bytes(new arrow.TimestampSecond(), BigInt64Array.of(8_640_000_000_001n), 1),
    TypeConversionError,
    "row 0 holds 8640000000001 s",
  ],
  [
    "decimal digits",
    decimal(3, 1),
    () => bytes(new arrow.Decimal(1, 3, 128), Uint32Array.of(1000, 0, 0, 0), 1),
    TypeConversionError,
    "row 0 holds 1000 x 10^-1, which is not exactly a decimal of 3 digits",
  ],
  [
    "bytes that are no UTF-8",
    utf8(),
    () => binaryOf(new arrow.Utf8(), Uint8Array.of(0xc0, 0x80), Int32Array.of(0, 2)),
    TypeConversionError,
    "row 0 holds bytes that are not UTF-8",
  ],
  [
    "a surrogate in UTF-8",
    utf8(),
    () => binaryOf(new arrow.Utf8(), Uint8Array.of(0xed, 0xa0, 0x80), Int32Array.of(0, 3)),
    TypeConversionError,
    "not UTF-8",
  ],
  [
    "a character cut in two",
    utf8(),
    () =>
      tableOf(
        arrow.makeData({
          type: new arrow.Utf8(),
          data: Uint8Array.of(0xc3, 0xbc),
          valueOffsets: Int32Array.of(0, 1, 2),
          nullCount: 0,
        }),
      ),
    TypeConversionError,
    "row 0 holds bytes that are not UTF-8",
  ],
  [
    "a category that is no UTF-8",
    category(),
    () => binaryOf(new arrow.LargeUtf8(), Uint8Array.of(0xff), BigInt64Array.of(0n, 1n)),
    TypeConversionError,
    "row 0 holds bytes that are not UTF-8",
  ],
  [
    "a code beyond its dictionary",
    enumOf("a"),
    () => coded(dictionary, Uint8Array.of(0, 3), arrow.vectorFromArray(["a"], new arrow.Utf8())),
    ArrowError,
    'column "value" is damaged: row 1 has the code 3 in a dictionary of 1 values',
  ],
  [
    "a negative code",
    category(),
    () =>
      coded(
        new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
        Int8Array.of(-1),
        arrow.vectorFromArray(["a"], new arrow.Utf8()),
      ),
    ArrowError,
    "row 0 has the code -1",
  ],
  [
    "offsets beyond the data",
    binary(),
    () => binaryOf(new arrow.Binary(), Uint8Array.of(1), Int32Array.of(0, 2)),
    ArrowError,
    "offsets 0 to 2 in 1 bytes",
  ],
  [
    "negative offsets",
    utf8(),
    () => binaryOf(new arrow.Utf8(), Uint8Array.of(1), Int32Array.of(-1, 1)),
    ArrowError,
    "offsets -1 to 1",
  ],
  [
    "decreasing offsets",
    binary(),
    () =>
      tableOf(
        arrow.makeData({
          type: new arrow.Binary(),
          data: new Uint8Array(4),
          valueOffsets: Int32Array.of(0, 3, 1, 4),
          nullCount: 0,
        }),
      ),
    ArrowError,
    "its offsets decrease at row 1",
  ],
  [
    "large offsets beyond the data",
    binary(),
    () => binaryOf(new arrow.LargeBinary(), Uint8Array.of(1), BigInt64Array.of(0n, 2n ** 40n)),
    ArrowError,
    "offsets 0 to 1099511627776",
  ],
  [
    "too short a buffer",
    f64(),
    () => bytes(new arrow.Float64(), Float64Array.of(1), 2),
    ArrowError,
    "2 elements of 8 bytes in a buffer of 8 bytes",
  ],
  [
    "too short a bitmap",
    bool(),
    () => bytes(new arrow.Bool(), Uint8Array.of(1), 9),
    ArrowError,
    "9 rows with a bitmap of 1 bytes",
  ],
  [
    "too short a validity bitmap",
    u8().nullable(),
    () => bytes(new arrow.Uint8(), new Uint8Array(9), 9, { nullBitmap: Uint8Array.of(1), nullCount: 1 }),
    ArrowError,
    "9 rows with a bitmap of 1 bytes",
  ],
  [
    "nulls without a bitmap",
    u8().nullable(),
    () => ({
      schema: { fields: [{ name: "value", type: { typeId: 2, bitWidth: 8, isSigned: false } }] },
      data: {
        length: 1,
        children: [{ type: { typeId: 2, bitWidth: 8, isSigned: false }, length: 1, nullCount: 1, values: new Uint8Array(1) }],
      },
    }),
    ArrowError,
    "has 1 nulls and no validity bitmap",
  ],
  [
    "a missing column",
    u8(),
    () => new arrow.Table({ other: arrow.makeVector(Uint8Array.of(1)) } as never),
    SchemaMismatchError,
    'things: expected a column "value" for the field value, found the columns other',
  ],
  [
    "two columns of the name",
    u8(),
    () =>
      arrow.tableToIPC(
        new arrow.Table(
          new arrow.Schema([
            arrow.Field.new({ name: "value", type: new arrow.Uint8() }),
            arrow.Field.new({ name: "value", type: new arrow.Uint8() }),
          ]),
        ),
      ),
    SchemaMismatchError,
    'expected one column "value", found several of that name',
  ],
  [
    "a missing column of no rows",
    u8(),
    () => new arrow.Table(new arrow.Schema([])),
    SchemaMismatchError,
    "found the columns none",
  ],
  [
    "a wrong type of no rows",
    u8(),
    () => new arrow.Table(new arrow.Schema([arrow.Field.new({ name: "value", type: new arrow.Utf8() })])),
    TypeConversionError,
    "of type Utf8 cannot become u8",
  ],
  [
    "a batch of another schema than the first",
    u8(),
    () => [...bytes(new arrow.Uint8(), new Uint8Array(9), 9).batches, ...texts("x").batches],
    TypeConversionError,
    "of type Utf8 cannot become u8",
  ],
  ["undefined", u8(), () => undefined, ArrowError, "things: Expected an apache-arrow Table"],
  ["a number", u8(), () => 42, ArrowError, "Arrow IPC bytes"],
  ["rows as objects", u8(), () => [{ value: 1 }], ArrowError, "got an iterable of something else than record batches"],
  ["a plain object", u8(), () => ({ value: [1] }), ArrowError, "what is none of these can come as IPC bytes"],
  ["a promise", u8(), () => Promise.resolve(), ArrowError, "await it"],
  ["an asynchronous iterable", u8(), async function* () {}, ArrowError, "asynchronous source"],
  [
    "a schema of nonsense",
    u8(),
    () => ({ schema: { fields: [null] }, batches: [] }),
    ArrowError,
    "of a form that is not understood",
  ],
  [
    "a buffer that is none",
    u8(),
    () => ({
      schema: { fields: [{ name: "value", type: { typeId: 2, bitWidth: 8 } }] },
      data: { length: 1, children: [{ type: { typeId: 2, bitWidth: 8 }, length: 1, values: [1] }] },
    }),
    ArrowError,
    "is no typed array; pass the table as IPC bytes",
  ],
  [
    "a transferred buffer",
    f64(),
    () => {
      const t = bytes(new arrow.Float64(), Float64Array.of(1), 1);
      structuredClone(0, { transfer: [t.batches[0]!.data.children[0]!.values.buffer] });
      return t;
    },
    ArrowError,
    "things: ",
  ],
  [
    "columns cut differently",
    u8(),
    () => ({
      schema: {
        fields: [
          { name: "value", type: { typeId: 2, bitWidth: 8 } },
          { name: "b", type: { typeId: 6 } },
        ],
      },
      children: [{ data: [{ length: 1 }] }, { data: [] }],
    }),
    ArrowError,
    "cut into batches differently; pass it as IPC bytes",
  ],
  [
    "a length that is none",
    u8(),
    () => ({ schema: { fields: [] }, data: { length: -1, children: [] } }),
    ArrowError,
    "a length in the Arrow data is -1",
  ],
  [
    "a batch that contradicts its schema",
    u8(),
    () => ({
      schema: { fields: [{ name: "value", type: { typeId: 2, bitWidth: 8 } }] },
      data: { length: 1, children: [{ type: { typeId: 2, bitWidth: 64 }, length: 1, values: new Uint8Array(8) }] },
    }),
    SchemaMismatchError,
    'expected the column "value" with 1 rows of type Uint8',
  ],
  ["no bytes", u8(), () => new Uint8Array(0), ArrowError, "truncated or no Arrow IPC"],
  ["a Parquet file", u8(), () => new TextEncoder().encode("PAR1 and so on, PAR1"), ArrowError, "Parquet"],
  ["an old Feather file", u8(), () => new TextEncoder().encode("FEA1 and so on, FEA1"), ArrowError, "Feather file of version 1"],
  ["JSON", u8(), () => new TextEncoder().encode('{"value": [1, 2, 3], "and": "more"}'), ArrowError, "no Arrow IPC"],
  ["zeros", u8(), () => new Uint8Array(100), ArrowError, "do not begin with a schema"],
];

test.each(refused)("%s", (_, field, input, type, message) => {
  let error: unknown;
  try {
    read(field, input());
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toMatch(/^things: /);
});

test("a null hides what stands under it", () => {
  const hidden = { nullBitmap: Uint8Array.of(0b10), nullCount: 1 };
  expect(read(u8().nullable(), bytes(new arrow.Int32(), Int32Array.of(-1, 7), 2, hidden))).toEqual([null, 7]);
  expect(
    read(u64({ mode: "number" }).nullable(), bytes(new arrow.Uint64(), BigUint64Array.of(2n ** 60n, 7n), 2, hidden)),
  ).toEqual([null, 7]);
  expect(
    read(timestamp("ms").nullable(), bytes(new arrow.TimestampMillisecond(), BigInt64Array.of(2n ** 62n, 7n), 2, hidden)),
  ).toEqual([null, new Date(7)]);
  expect(
    read(decimal(1, 0).nullable(), bytes(new arrow.Decimal(0, 1, 128), Uint32Array.of(10, 0, 0, 0, 7, 0, 0, 0), 2, hidden)),
  ).toEqual([null, "7"]);
  const text = { ...hidden, valueOffsets: Int32Array.of(0, 1, 2) };
  expect(read(utf8().nullable(), bytes(new arrow.Utf8(), Uint8Array.of(0xff, 0x41), 2, text))).toEqual([null, "A"]);
});

describe("all or nothing", () => {
  class Thing extends Entity("things", {
    id: u32().key(),
    tag: category().nullable(),
    text: utf8(),
    at: timestamp("ms").nullable(),
  }) {}
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      id: from + i,
      tag: `tag ${(from + i) % 7}`,
      text: `text ${from + i}`,
      at: new Date(from + i),
    }));
  const storeOf = (from: number, to: number) => {
    const store = new Store(Thing);
    store.addBatch(rows(from, to));
    return store;
  };

  test.each([
    [10, 20],
    [10, 20_000],
    [20_000, 20_000],
    [65_536, 70_000],
  ])("a duplicate key behind %i rows, in a batch of %i", (before, added) => {
    const store = storeOf(0, before);
    const expected = [...store].map((row) => row.toJSON());
    const other = storeOf(1_000_000, 1_000_000 + added - 1);
    other.add({ id: before - 1, tag: "new", text: "" });
    for (const input of [other.toArrow(), toArrowIPC(other), toRecordBatches(other)]) {
      expect(() => store.addArrow(input)).toThrow(DuplicateKeyError);
      expect(store.size).toBe(before);
      expect(store.has(1_000_000)).toBe(false);
      expect([...store].map((row) => row.toJSON())).toEqual(expected);
      expect(store.toArrow().getChild("tag")!.data[0]!.dictionary!.length).toBe(Math.min(before, 7));
    }
    // And rows can still be added where they would have gone.
    const range = store.addArrow(storeOf(2_000_000, 2_000_000 + added).toArrow());
    expect(range).toMatchObject({ first: before, length: added });
    store.add({ id: 5_000_000, text: "last" });
    expect(store.size).toBe(before + added + 1);
    for (const id of [0, before - 1, 2_000_000, 2_000_000 + added - 1, 5_000_000]) expect(store.get(id)!.id).toBe(id);
    expect([...store].map((row) => row.id)).toEqual([
      ...Array.from({ length: before }, (_, i) => i),
      ...Array.from({ length: added }, (_, i) => 2_000_000 + i),
      5_000_000,
    ]);
    for (let row = 0; row < store.size; row += 997) expect(store.get(store.at(row)!.id)!.text).toBe(store.at(row)!.text);
  });

  test("a bad value in the last batch of many", () => {
    const store = storeOf(0, 5);
    const good = storeOf(100, 20_100).toArrow();
    const bad = new arrow.Table({
      id: arrow.makeVector(Uint32Array.of(9)),
      text: arrow.vectorFromArray(["x"], new arrow.Utf8()),
      at: arrow.makeVector(
        arrow.makeData({ type: new arrow.TimestampMillisecond(), data: BigInt64Array.of(2n ** 60n), nullCount: 0 }),
      ),
    } as never);
    expect(() => store.addArrow([...good.batches, ...bad.batches])).toThrow("row 20000 holds 1152921504606846976 ms");
    expect(store.size).toBe(5);
    expect(store.has(100)).toBe(false);
    expect(store.kernel.chunkList).toHaveLength(1);
    expect(store.addArrow(good).length).toBe(20_000);
  });

  test("columns made for the shared allocator are given back", () => {
    const store = new Store(Thing, { allocator: "shared" });
    store.addBatch(rows(0, 5));
    const { liveBytes } = store.kernel.allocator.stats();
    const id = Uint32Array.from({ length: 10_000 }, (_, i) => 100 + i);
    const ticks = new BigInt64Array(10_000);
    ticks[9_999] = 2n ** 60n;
    const bad = new arrow.Table({
      id: arrow.makeVector(id),
      tag: arrow.vectorFromArray(Array.from(id, String), new arrow.Utf8()),
      text: arrow.vectorFromArray(Array.from(id, String), new arrow.Utf8View()),
      at: arrow.makeVector(arrow.makeData({ type: new arrow.TimestampSecond(), data: ticks, nullCount: 0 })),
    } as never);
    for (let i = 0; i < 3; i++) expect(() => store.addArrow(bad)).toThrow(TypeConversionError);
    expect(store.kernel.allocator.stats().liveBytes).toBe(liveBytes);
  });

  test("batches that change the store while they are taken are read before it is changed", () => {
    const store = storeOf(0, 5);
    const { batches } = storeOf(100, 110).toArrow();
    store.addArrow(
      (function* () {
        store.add({ id: 50, text: "meanwhile" });
        yield* batches;
      })(),
    );
    expect([...store].map((row) => row.id)).toEqual([0, 1, 2, 3, 4, 50, ...Array.from({ length: 10 }, (_, i) => 100 + i)]);
  });

  test("a default that changes the store is refused", () => {
    class Sly extends Entity("sly", { id: u32().key(), n: i32().default(() => void other.add({ id: 7 }) as never) }) {}
    const other: Store<Sly> = new Store(Sly);
    expect(() => other.addArrow(new arrow.Table({ id: arrow.makeVector(Uint32Array.of(1)) } as never))).toThrow(ConflictError);
    expect(other.size).toBe(0);
  });
});

test("a wrong format is refused", () => {
  const store = new Store(entityOf(u8()));
  expect(() => toArrowIPC(store, { format: "parquet" as never })).toThrow(ValidationError);
  expect(() => toArrowIPC(store, { format: "parquet" as never })).toThrow(
    'things.format: expected "stream" or "file", got "parquet"',
  );
});
