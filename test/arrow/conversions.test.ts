/** What is taken in converted, and that nothing is lost. Refusals have their own file. */
import * as arrow from "apache-arrow";
import fc from "fast-check";
import {
  binary,
  bool,
  category,
  date,
  decimal,
  Entity,
  enumOf,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  Store,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "faun";
import { describe, expect, test } from "vitest";
import { bytes, coded, column, read, tableOf } from "./foreign.ts";

const ints = {
  Int8: [new arrow.Int8(), Int8Array, -128, 127],
  Int16: [new arrow.Int16(), Int16Array, -32_768, 32_767],
  Int32: [new arrow.Int32(), Int32Array, -(2 ** 31), 2 ** 31 - 1],
  Int64: [new arrow.Int64(), BigInt64Array, -(2 ** 53) + 1, 2 ** 53 - 1],
  Uint8: [new arrow.Uint8(), Uint8Array, 0, 255],
  Uint16: [new arrow.Uint16(), Uint16Array, 0, 65_535],
  Uint32: [new arrow.Uint32(), Uint32Array, 0, 2 ** 32 - 1],
  Uint64: [new arrow.Uint64(), BigUint64Array, 0, 2 ** 53 - 1],
} as const;

const numbers = {
  u8: [u8(), 0, 255],
  u16: [u16(), 0, 65_535],
  u32: [u32(), 0, 2 ** 32 - 1],
  i8: [i8(), -128, 127],
  i16: [i16(), -32_768, 32_767],
  i32: [i32(), -(2 ** 31), 2 ** 31 - 1],
  u64: [u64({ mode: "number" }), 0, 2 ** 53 - 1],
  i64: [i64({ mode: "number" }), -(2 ** 53) + 1, 2 ** 53 - 1],
  f64: [f64(), -(2 ** 53), 2 ** 53],
  f32: [f32(), -(2 ** 24), 2 ** 24],
} as const;

describe.each(Object.entries(ints))("%s", (_, [type, array, low, high]) => {
  test.each(Object.entries(numbers))("becomes %s if every value fits, and is refused if one does not", (_, [field, min, max]) => {
    const value = fc.oneof(fc.integer({ min: low, max: high }), fc.constantFrom<number>(low, high, 0, 1));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        const wide = type.bitWidth === 64;
        const data = (array as unknown as { from(values: unknown[]): ArrayBufferView }).from(wide ? values.map(BigInt) : values);
        const table = bytes(type, data, values.length);
        const fits =
          field.type.kind === "f32" ? values.every((v) => Math.fround(v) === v) : values.every((v) => v >= min && v <= max);
        if (fits) expect(read(field, table)).toEqual(values);
        else
          expect(() => read(field, table)).toThrow(
            /column "value" of type U?[Ii]nt\d+ cannot become [uif]\d+: row \d holds -?\d+/,
          );
      }),
      { numRuns: 30 },
    );
  });
});

test("64-bit integers beyond 2^53", () => {
  const big = [2n ** 63n - 1n, 0n, 2n ** 53n + 1n];
  expect(read(u64(), bytes(new arrow.Int64(), BigInt64Array.from(big), 3))).toEqual(big);
  expect(read(i64(), bytes(new arrow.Uint64(), BigUint64Array.from(big), 3))).toEqual(big);
  expect(read(f64(), bytes(new arrow.Int64(), BigInt64Array.of(2n ** 62n, -(2n ** 63n)), 2))).toEqual([2 ** 62, -(2 ** 63)]);
  expect(() => read(f64(), bytes(new arrow.Int64(), BigInt64Array.of(2n ** 53n + 1n), 1))).toThrow(
    "row 0 holds 9007199254740993",
  );
  expect(() => read(u64(), bytes(new arrow.Int64(), BigInt64Array.of(1n, -1n), 2))).toThrow(
    "row 1 holds -1, expected a bigint from 0n",
  );
  expect(() => read(i64(), bytes(new arrow.Uint64(), BigUint64Array.of(2n ** 63n), 1))).toThrow(
    "row 0 holds 9223372036854775808",
  );
  expect(() => read(u64({ mode: "number" }), bytes(new arrow.Uint64(), BigUint64Array.of(1n, 2n ** 53n), 2))).toThrow(
    "row 1 holds 9007199254740992",
  );
  expect(() => read(i64({ mode: "number" }), bytes(new arrow.Int64(), BigInt64Array.of(-(2n ** 53n)), 1))).toThrow(
    "row 0 holds -9007199254740992",
  );
});

test("floats", () => {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1.5];
  expect(read(f64(), bytes(new arrow.Float32(), Float32Array.from(odd), 4))).toEqual(odd);
  expect(read(f32(), bytes(new arrow.Float64(), Float64Array.from(odd), 4))).toEqual(odd);
  expect(() => read(f32(), bytes(new arrow.Float64(), Float64Array.of(0.1), 1))).toThrow("row 0 holds 0.1");
  expect(read(u8(), bytes(new arrow.Float64(), Float64Array.of(255, 0), 2))).toEqual([255, 0]);
  expect(read(u64(), bytes(new arrow.Float64(), Float64Array.of(2 ** 63, 7), 2))).toEqual([2n ** 63n, 7n]);
  for (const bad of [Number.NaN, 1.5, 2 ** 64, -1, Number.POSITIVE_INFINITY]) {
    expect(() => read(u64(), bytes(new arrow.Float64(), Float64Array.of(bad), 1))).toThrow(`row 0 holds ${bad}`);
  }
  const halves = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x7e00, 0x3555];
  expect(read(f64(), bytes(new arrow.Float16(), Uint16Array.from(halves), 8))).toEqual([
    1,
    -2,
    2 ** -24,
    65_504,
    Number.POSITIVE_INFINITY,
    -0,
    Number.NaN,
    0.333251953125,
  ]);
});

test("strings of every layout", () => {
  const texts = ["", "short", "exactly 12 b", "a good deal longer than that", "ü𝄞", null, "\u0000"];
  for (const type of [
    new arrow.Utf8(),
    new arrow.LargeUtf8(),
    new arrow.Utf8View(),
    new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16()),
  ]) {
    const table = column(type, texts);
    expect(read(utf8().nullable(), table), String(type)).toEqual(texts);
    expect(read(category().nullable(), table), String(type)).toEqual(texts);
    expect(read(category({ codes: "u8" }).nullable(), table), String(type)).toEqual(texts);
    const bytes = arrow.tableToIPC(table);
    expect(read(utf8().nullable(), bytes), String(type)).toEqual(texts);
    expect(read(category().nullable(), bytes), String(type)).toEqual(texts);
    expect(read(utf8().nullable(), table.slice(1, 5)), String(type)).toEqual(texts.slice(1, 5));
    // apache-arrow writes too few views of a sliced column.
    if (!arrow.DataType.isUtf8View(type))
      expect(read(utf8().nullable(), arrow.tableToIPC(table.slice(3)))).toEqual(texts.slice(3));
  }
});

test("bytes of every layout", () => {
  const values = [Uint8Array.of(), Uint8Array.of(255, 0), new Uint8Array(20).fill(7), null];
  for (const type of [new arrow.Binary(), new arrow.LargeBinary(), new arrow.BinaryView()]) {
    expect(read(binary().nullable(), column(type, values)), String(type)).toEqual(values);
    expect(read(binary().nullable(), arrow.tableToIPC(column(type, values))), String(type)).toEqual(values);
  }
  const fixed = column(new arrow.FixedSizeBinary(3), [Uint8Array.of(1, 2, 3), null, Uint8Array.of(4, 5, 6)]);
  expect(read(binary().nullable(), fixed)).toEqual([Uint8Array.of(1, 2, 3), null, Uint8Array.of(4, 5, 6)]);
  expect(read(binary().nullable(), fixed.slice(2))).toEqual([Uint8Array.of(4, 5, 6)]);
});

test("dictionaries of other values are decoded", () => {
  const numbers = arrow.vectorFromArray([10, null, 30], new arrow.Int32());
  const type = new arrow.Dictionary(new arrow.Int32(), new arrow.Uint8());
  expect(read(u16().nullable(), coded(type, Uint8Array.of(2, 0, 1, 2), numbers))).toEqual([30, 10, null, 30]);
  expect(() => read(u16(), coded(type, Uint8Array.of(2, 0, 1, 2), numbers))).toThrow("row 2 is null");
  expect(read(u16(), coded(type, Uint8Array.of(2, 0), numbers))).toEqual([30, 10]);
  const times = arrow.vectorFromArray([1000, 2000], new arrow.TimestampSecond());
  expect(
    read(timestamp("ms"), coded(new arrow.Dictionary(new arrow.TimestampSecond(), new arrow.Int8()), Int8Array.of(1, 0), times)),
  ).toEqual([new Date(2000), new Date(1000)]);
});

describe("dictionary codes", () => {
  const values = (...texts: (string | null)[]) => arrow.vectorFromArray(texts, new arrow.Utf8());
  const type = (codes: arrow.Int) => new arrow.Dictionary(new arrow.Utf8(), codes as never);
  const [a, b] = ["a", "b"];

  test("are mapped by value, never by code", () => {
    const table = coded(type(new arrow.Uint8()), Uint8Array.of(0, 1, 0), values("b", "a"));
    expect(read(enumOf(a, b), table)).toEqual(["b", "a", "b"]);
    expect(read(category({ codes: "u8" }), table)).toEqual(["b", "a", "b"]);
  });

  test("of all widths and signs", () => {
    for (const [codes, array] of [
      [new arrow.Int8(), Int8Array],
      [new arrow.Int16(), Int16Array],
      [new arrow.Int32(), Int32Array],
      [new arrow.Uint8(), Uint8Array],
      [new arrow.Uint16(), Uint16Array],
      [new arrow.Uint32(), Uint32Array],
    ] as const) {
      const table = coded(type(codes as never), array.of(1, 0, 1), values("a", "b"));
      for (const field of [enumOf(a, b), category(), category({ codes: "u16" }), category({ codes: "u8" }), utf8()]) {
        expect(read(field, table), `${codes} ${field.type.kind}`).toEqual(["b", "a", "b"]);
      }
    }
  });

  test("without a value are refused, wherever one stands and however many values there are", () => {
    const texts = Array.from({ length: 256 }, (_, i) => `t${i}`);
    for (const [codes, array] of [
      [new arrow.Uint8(), Uint8Array],
      [new arrow.Uint16(), Uint16Array],
    ] as const) {
      for (const size of [1, 2, 3, 4, 100, 127, 128, 129, 200, 255, 256]) {
        const of = (list: number[]) => coded(type(codes as never), array.from(list), values(...texts.slice(0, size)));
        const field = category({ codes: array === Uint8Array ? "u8" : "u16" });
        const good = Array.from({ length: 11 }, (_, i) => (i % 2 === 0 ? size - 1 : 0));
        expect(read(field, of(good))).toEqual(good.map((code) => texts[code]));
        for (const bad of [size, size + 1, 127, 128, 255].filter((code) => code >= size && code <= 255)) {
          for (let at = 0; at < good.length; at++) {
            const list = good.with(at, bad);
            expect(() => read(field, of(list))).toThrow(`row ${at} has the code ${bad} in a dictionary of ${size} values`);
          }
        }
      }
    }
  });

  test("under nulls, and values that are null, do no harm", () => {
    const nulls = { nullBitmap: Uint8Array.of(0b101), nullCount: 1 };
    const table = coded(type(new arrow.Uint8()), Uint8Array.of(0, 200, 1), values("a", "b"), nulls);
    expect(read(enumOf(a, b).nullable(), table)).toEqual(["a", null, "b"]);
    expect(read(category({ codes: "u8" }).nullable(), table)).toEqual(["a", null, "b"]);
    expect(read(utf8().nullable(), table)).toEqual(["a", null, "b"]);
    const holes = coded(type(new arrow.Uint8()), Uint8Array.of(0, 1, 2), values("a", null, "b"));
    expect(read(enumOf(a, b).nullable(), holes)).toEqual(["a", null, "b"]);
    expect(read(category().nullable(), holes)).toEqual(["a", null, "b"]);
    expect(() => read(category(), holes)).toThrow("row 1 is null and the field is not nullable");
  });

  test("of values that nobody uses may be of any value", () => {
    const table = coded(type(new arrow.Uint8()), Uint8Array.of(1, 1), values("unknown", "a"));
    expect(read(enumOf(a, b), table)).toEqual(["a", "a"]);
  });

  test("are adopted where both dictionaries agree, and only there", () => {
    class Tagged extends Entity("tagged", { tag: category({ codes: "u32" }).column("value") }) {}
    const codes = Int32Array.from({ length: 10_000 }, (_, i) => i % 2);
    const first = coded(type(new arrow.Int32()), codes, values("x", "y"));
    const store = Store.fromArrow(Tagged, first as never);
    expect(store.kernel.chunks("tag")[0]!.buffer).toBe(codes.buffer);
    expect(store.at(9_999)!.tag).toBe("y");
    const more = coded(type(new arrow.Int32()), codes, values("x", "y", "z"));
    store.addArrow(more as never);
    expect(store.kernel.chunks("tag")[1]!.buffer).toBe(codes.buffer);
    store.addArrow(coded(type(new arrow.Int32()), codes, values("y", "x")) as never);
    expect(store.kernel.chunks("tag")[2]!.buffer).not.toBe(codes.buffer);
    expect([store.at(0)!.tag, store.at(10_000)!.tag, store.at(20_000)!.tag, store.at(20_001)!.tag]).toEqual(["x", "x", "y", "x"]);
  });

  test("are mapped where a longer dictionary repeats a value or holds a null", () => {
    class Tagged extends Entity("tagged", { tag: category().nullable().column("value") }) {}
    for (const more of ["x", null, "y"]) {
      const store = Store.fromArrow(
        Tagged,
        coded(
          type(new arrow.Uint32()),
          Uint32Array.from({ length: 9000 }, (_, i) => i % 2),
          values("x", "y"),
        ),
      );
      store.addArrow(coded(type(new arrow.Uint32()), new Uint32Array(9000).fill(2), values("x", "y", more)));
      expect([store.at(0)!.tag, store.at(1)!.tag, store.at(9000)!.tag, store.at(17_999)!.tag]).toEqual(["x", "y", more, more]);
      expect(store.kernel.codecs[0]!.dictionary!.values).toEqual(["x", "y"]);
    }
  });

  test("in parts and replaced on the way", () => {
    // Two batches of a stream with different dictionaries, and one with a dictionary in two parts.
    const one = coded(type(new arrow.Uint8()), Uint8Array.of(0, 1), values("a", "b"));
    const dictionary = new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint8(), 77);
    const batch = (texts: string[]) =>
      tableOf(arrow.makeData({ type: dictionary, data: Uint8Array.of(0, 1), dictionary: values(...texts) }) as arrow.Data)
        .batches[0]!;
    const stream = arrow.RecordBatchStreamWriter.writeAll([batch(["a", "b"]), batch(["b", "c"])]).toUint8Array(true);
    expect(read(enumOf("a", "b", "c"), stream)).toEqual(["a", "b", "b", "c"]);
    const chunked = values("a").concat(values("b"));
    const delta = coded(dictionary, Uint8Array.of(1, 0), chunked);
    expect(read(category(), delta)).toEqual(["b", "a"]);
    expect(read(category(), arrow.tableToIPC(delta, "stream"))).toEqual(["b", "a"]);
    expect(read(category(), arrow.tableToIPC(delta, "file"))).toEqual(["b", "a"]);
    expect(read(category(), [...one.batches, batch(["c", "d"])])).toEqual(["a", "b", "c", "d"]);
  });
});

test("booleans at any bit", () => {
  const values = Array.from({ length: 40 }, (_, i) => (i % 5 === 0 ? null : i % 3 === 0));
  const table = column(new arrow.Bool(), values);
  for (const from of [0, 1, 7, 8, 13])
    expect(read(bool().nullable(), table.slice(from)), String(from)).toEqual(values.slice(from));
});

test("timestamps of any unit, where no digit is lost", () => {
  const types = {
    s: new arrow.TimestampSecond(),
    ms: new arrow.TimestampMillisecond("UTC"),
    us: new arrow.TimestampMicrosecond(),
    ns: new arrow.TimestampNanosecond("Europe/Berlin"),
  };
  const perSecond = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n };
  const units = ["s", "ms", "us", "ns"] as const;
  for (const from of units) {
    for (const to of units) {
      for (const seconds of [0n, -1n, 1_700_000_000n, -9_000_000_000n, 9_223_372_036n]) {
        const ticks = BigInt64Array.of(seconds * perSecond[from]);
        expect(read(timestamp(to, { mode: "bigint" } as never), bytes(types[from], ticks, 1)), `${from} ${to}`).toEqual([
          seconds * perSecond[to],
        ]);
        expect(read(timestamp(to, { mode: "date" }), bytes(types[from], ticks, 1))).toEqual([new Date(Number(seconds) * 1000)]);
      }
      if (perSecond[from] > perSecond[to]) {
        expect(() => read(timestamp(to, { mode: "bigint" } as never), bytes(types[from], BigInt64Array.of(0n, 1n), 2))).toThrow(
          `row 1 holds 1 ${from}, which is no whole number of ${to}`,
        );
      } else if (from !== to) {
        expect(() =>
          read(timestamp(to, { mode: "bigint" } as never), bytes(types[from], BigInt64Array.of(2n ** 62n), 1)),
        ).toThrow("beyond 64 bits");
      }
    }
  }
});

test("days and whole days of milliseconds", () => {
  expect(read(date(), bytes(new arrow.DateDay(), Int32Array.of(0, -1, 19_782), 3))).toEqual([
    "1970-01-01",
    "1969-12-31",
    "2024-02-29",
  ]);
  expect(
    read(date(), bytes(new arrow.DateMillisecond(), BigInt64Array.of(0n, -86_400_000n, 2_147_483_647n * 86_400_000n), 3)),
  ).toEqual(["1970-01-01", "1969-12-31", "+5881580-07-11"]);
  expect(() => read(date(), bytes(new arrow.DateMillisecond(), BigInt64Array.of(1n), 1))).toThrow(
    "row 0 holds 1 ms, which is no whole day",
  );
  expect(() => read(date(), bytes(new arrow.DateMillisecond(), BigInt64Array.of(2_147_483_648n * 86_400_000n), 1))).toThrow(
    "no whole day within",
  );
});

describe("decimals", () => {
  const halves = (...values: bigint[]) =>
    new Uint32Array(BigUint64Array.from(values.flatMap((v) => [BigInt.asUintN(64, v), BigInt.asUintN(64, v >> 64n)])).buffer);

  test("of other scales and widths, where exact", () => {
    expect(read(decimal(10, 2), bytes(new arrow.Decimal(2, 10, 128), halves(123n, -5n), 2))).toEqual(["1.23", "-0.05"]);
    expect(read(decimal(10, 4), bytes(new arrow.Decimal(2, 10, 128), halves(123n, -5n), 2))).toEqual(["1.2300", "-0.0500"]);
    expect(read(decimal(10, 1), bytes(new arrow.Decimal(2, 10, 128), halves(120n), 1))).toEqual(["1.2"]);
    expect(
      read(
        decimal(38, 0),
        bytes(
          new arrow.Decimal(0, 76, 256),
          new Uint32Array(
            BigUint64Array.of(5n, 1n, 0n, 0n, 2n ** 64n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n).buffer,
          ),
          2,
        ),
      ),
    ).toEqual([String(2n ** 64n + 5n), "-1"]);
    expect(read(decimal(9, 2), bytes(new arrow.Decimal(2, 9, 32), Uint32Array.of(250, 2 ** 32 - 250), 2))).toEqual([
      "2.50",
      "-2.50",
    ]);
    expect(read(decimal(18, 2), bytes(new arrow.Decimal(2, 18, 64), new Uint32Array(BigInt64Array.of(-250n).buffer), 1))).toEqual(
      ["-2.50"],
    );
    expect(read(decimal(5, 2), bytes(new arrow.Int16(), Int16Array.of(-999, 7), 2))).toEqual(["-999.00", "7.00"]);
    expect(read(decimal(20, 0), bytes(new arrow.Uint64(), BigUint64Array.of(2n ** 64n - 1n), 1))).toEqual([
      "18446744073709551615",
    ]);
  });

  test("are refused where not", () => {
    expect(() => read(decimal(10, 1), bytes(new arrow.Decimal(2, 10, 128), halves(120n, 123n), 2))).toThrow(
      "row 1 holds 123 x 10^-2",
    );
    expect(() => read(decimal(4, 2), bytes(new arrow.Decimal(2, 10, 128), halves(9_999n, 10_000n), 2))).toThrow(
      "row 1 holds 10000",
    );
    expect(() => read(decimal(38, 0), bytes(new arrow.Decimal(0, 38, 128), halves(10n ** 38n), 1))).toThrow("row 0 holds 1000");
    expect(() => read(decimal(38, 0), bytes(new arrow.Decimal(0, 38, 128), halves(-(10n ** 38n)), 1))).toThrow(
      "row 0 holds -1000",
    );
    expect(() => read(decimal(4, 2), bytes(new arrow.Int16(), Int16Array.of(100), 1))).toThrow("row 0 holds 100");
  });
});

test("a column of nulls, an absent column and a default", () => {
  const nulls = new arrow.Table({ value: arrow.makeVector(arrow.makeData({ type: new arrow.Null(), length: 3 })) } as never);
  for (const field of [u8(), utf8(), binary(), bool(), f64(), enumOf("a"), category(), date(), decimal(5, 1), timestamp("us")]) {
    expect(read((field as ReturnType<typeof u8>).nullable(), nulls), field.type.kind).toEqual([null, null, null]);
  }
  class Partial extends Entity("partial", {
    id: u32().key(),
    text: utf8().default("none"),
    maybe: i16().nullable(),
    at: u8().nullable().default(3),
  }) {}
  const store = Store.fromArrow(
    Partial,
    new arrow.Table({ extra: arrow.vectorFromArray(["x", "y"]), id: arrow.makeVector(Uint32Array.of(1, 2)) } as never),
  );
  expect([...store].map((row) => row.toObject())).toEqual([
    { id: 1, text: "none", maybe: null, at: 3 },
    { id: 2, text: "none", maybe: null, at: 3 },
  ]);
});

test("columns are found by column name first, then by the field's name", () => {
  class Named extends Entity("named", { orderId: u32(), other: u32().column("order_id_2") }) {}
  const v = (n: number) => arrow.makeVector(Uint32Array.of(n));
  const rows = (table: object) => [...Store.fromArrow(Named, new arrow.Table(table as never))].map((row) => row.toObject());
  expect(rows({ orderId: v(1), order_id: v(2), order_id_2: v(3), other: v(4) })).toEqual([{ orderId: 2, other: 3 }]);
  expect(rows({ orderId: v(1), other: v(4) })).toEqual([{ orderId: 1, other: 4 }]);
});

test("a bitmap that a null count of 0 hides is not looked at", () => {
  expect(read(u8(), bytes(new arrow.Uint8(), Uint8Array.of(1, 2), 2, { nullBitmap: Uint8Array.of(0), nullCount: 0 }))).toEqual([
    1, 2,
  ]);
  expect(
    read(u8().nullable(), bytes(new arrow.Uint8(), Uint8Array.of(1, 2), 2, { nullBitmap: Uint8Array.of(1), nullCount: -1 })),
  ).toEqual([1, null]);
});

test("IPC bytes at any alignment", () => {
  const plain = arrow.tableToIPC(new arrow.Table({ value: arrow.makeVector(Float64Array.of(1, 2, 3)) } as never));
  for (let shift = 0; shift < 9; shift++) {
    const moved = new Uint8Array(plain.length + shift).subarray(shift);
    moved.set(plain);
    expect(read(f64(), moved)).toEqual([1, 2, 3]);
  }
  const shared = new Uint8Array(new SharedArrayBuffer(plain.length));
  shared.set(plain);
  expect(read(f64(), shared)).toEqual([1, 2, 3]);
  expect(read(f64(), shared.buffer)).toEqual([1, 2, 3]);
});
