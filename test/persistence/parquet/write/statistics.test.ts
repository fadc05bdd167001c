import { parquetMetadata } from "hyparquet";
import { describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../../../src/entity/entity.ts";
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
  i32,
  i64,
  timestamp,
  u8,
  u32,
  u64,
  utf8,
} from "../../../../src/entity/fields.ts";
import type { EntityClass, EntityRow, Fields } from "../../../../src/entity/types.ts";
import type { Statistics } from "../../../../src/persistence/parquet/format/metadata.ts";
import type { ColumnEncoding } from "../../../../src/persistence/parquet/write/options.ts";
import { Store } from "../../../../src/store/store.ts";
import { encodeFile } from "../encode-file.ts";
import { footerOf } from "../read-file.ts";

async function statisticsOf(type: Fields[string], values: readonly unknown[], encoding?: ColumnEncoding): Promise<Statistics> {
  const entity: EntityClass<EntityRow> = class extends Entity("columns", { value: type }) {};
  const store = new Store(entity);
  store.addBatch(values.map((value) => ({ value })) as never);
  const bytes = await encodeFile(
    schemaOf(entity),
    store.kernel,
    encoding === undefined ? {} : { encodings: { value: encoding } },
  );
  // Others read them from the same place.
  expect(parquetMetadata(bytes).row_groups[0]?.columns[0]?.meta_data?.statistics).toBeDefined();
  return footerOf(bytes).metadata.rowGroups[0]!.columns[0]!.metaData!.statistics!;
}

const le = (array: ArrayLike<number> | ArrayLike<bigint>, of: { new (values: never): { buffer: ArrayBufferLike } }) =>
  new Uint8Array(new of(array as never).buffer);
const utf = (text: string) => new TextEncoder().encode(text);

describe("least and greatest values", () => {
  test.each<[string, Fields[string], unknown[], Uint8Array, Uint8Array]>([
    ["bool", bool(), [true, false], Uint8Array.of(0), Uint8Array.of(1)],
    ["only true", bool(), [true, true], Uint8Array.of(1), Uint8Array.of(1)],
    ["u8", u8(), [200, 3, 7], le([3], Int32Array), le([200], Int32Array)],
    ["i8", i8(), [-5, 3, -128], le([-128], Int32Array), le([3], Int32Array)],
    ["u32 by unsigned order", u32(), [4_000_000_000, 1], le([1], Uint32Array), le([4_000_000_000], Uint32Array)],
    ["i32 by signed order", i32(), [-1, 1], le([-1], Int32Array), le([1], Int32Array)],
    ["u64 by unsigned order", u64(), [2n ** 63n, 5n, 2n ** 33n], le([5n], BigUint64Array), le([2n ** 63n], BigUint64Array)],
    [
      "u64 equal in the upper half",
      u64(),
      [2n ** 32n + 9n, 2n ** 32n + 2n ** 31n],
      le([2n ** 32n + 9n], BigUint64Array),
      le([2n ** 32n + 2n ** 31n], BigUint64Array),
    ],
    ["i64 by signed order", i64(), [-(2n ** 40n), 5n], le([-(2n ** 40n)], BigInt64Array), le([5n], BigInt64Array)],
    ["f32", f32(), [1.5, -2], le([-2], Float32Array), le([1.5], Float32Array)],
    ["f64", f64(), [Number.POSITIVE_INFINITY, 3], le([3], Float64Array), le([Number.POSITIVE_INFINITY], Float64Array)],
    ["zeros of both signs bound each other", f64(), [0], le([-0], Float64Array), le([0], Float64Array)],
    ["negative zero", f64(), [-0], le([-0], Float64Array), le([0], Float64Array)],
    ["utf8 by bytes", utf8(), ["b", "a\u{1f98c}", "\uffff", "ab"], utf("ab"), utf("\uffff")],
    ["an enum by bytes, not by declaration", enumOf("Z", "B", "C"), ["C", "Z", "B"], utf("B"), utf("Z")],
    ["an enum's values that occur", enumOf("Z", "B", "C"), ["C"], utf("C"), utf("C")],
    ["category", category(), ["x", "y", "aa"], utf("aa"), utf("y")],
    ["binary", binary(), [Uint8Array.of(255), Uint8Array.of(1, 2)], Uint8Array.of(1, 2), Uint8Array.of(255)],
    ["date", date(), ["1969-12-31", "2000-01-01"], le([-1], Int32Array), le([10_957], Int32Array)],
    [
      "seconds, as milliseconds",
      timestamp("s"),
      [new Date(-5000), new Date(1000)],
      le([-5000n], BigInt64Array),
      le([1000n], BigInt64Array),
    ],
    ["decimal of 4 bytes", decimal(5, 2), ["-1.50", "2.25"], le([-150], Int32Array), le([225], Int32Array)],
    ["decimal of 8 bytes", decimal(15, 0), ["-1", "7"], le([-1n], BigInt64Array), le([7n], BigInt64Array)],
    [
      "decimal of more",
      decimal(20, 0),
      ["-2", "5", "-1"],
      Uint8Array.of(...Array<number>(8).fill(255), 254),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 5),
    ],
  ])("%s", async (_, type, values, minValue, maxValue) => {
    const expected = { nullCount: 0, minValue, maxValue, isMinValueExact: true, isMaxValueExact: true };
    expect(await statisticsOf(type, values)).toEqual(expected);
    expect(await statisticsOf(type.nullable(), [null, ...values, null])).toEqual({ ...expected, nullCount: 2 });
    // Those of a dictionary's values are the same.
    const repeated = Array.from({ length: 50 }, () => values).flat();
    expect(await statisticsOf(type, repeated)).toEqual(expected);
    expect(await statisticsOf(type, repeated, "PLAIN")).toEqual(expected);
  });

  test("there are none where a NaN is, or every value is null", async () => {
    expect(await statisticsOf(f64(), [1, Number.NaN, 3])).toEqual({ nullCount: 0 });
    expect(
      await statisticsOf(
        f32(),
        Array.from({ length: 99 }, (_, i) => (i === 50 ? Number.NaN : 1)),
      ),
    ).toEqual({ nullCount: 0 });
    expect(await statisticsOf(u64().nullable(), [null, null])).toEqual({ nullCount: 2 });
    expect(await statisticsOf(category().nullable(), [null])).toEqual({ nullCount: 1 });
  });

  test("long texts are cut to bounds that are texts", async () => {
    const long = "a".repeat(63);
    expect(await statisticsOf(utf8(), [`${long}ü`])).toEqual({
      nullCount: 0,
      minValue: utf(long),
      isMinValueExact: false,
      maxValue: utf(`${"a".repeat(62)}b`),
      isMaxValueExact: false,
    });
    // Nothing of one byte a character is beyond these.
    expect(await statisticsOf(utf8(), ["ü".repeat(40)])).toEqual({
      nullCount: 0,
      minValue: utf("ü".repeat(32)),
      isMinValueExact: false,
    });
    expect(await statisticsOf(binary(), [new Uint8Array(70).fill(255), new Uint8Array(70).fill(7)])).toEqual({
      nullCount: 0,
      minValue: new Uint8Array(64).fill(7),
      isMinValueExact: false,
    });
  });
});
