import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../../../src/entity/entity.ts";
import { binary, category, decimal, enumOf, f32, f64, i32, i64, u8, u32, u64, utf8 } from "../../../../src/entity/fields.ts";
import type { EntityClass, EntityRow, Fields } from "../../../../src/entity/types.ts";
import { ByteSink } from "../../../../src/persistence/parquet/write/byte-sink.ts";
import { type ColumnEncoding, ENCODINGS, type ParquetWriteOptions } from "../../../../src/persistence/parquet/write/options.ts";
import { encodeHybrid, encodeValidity } from "../../../../src/persistence/parquet/write/rle.ts";
import { Store } from "../../../../src/store/store.ts";
import { encodeFile } from "../encode-file.ts";
import { readFile } from "../read-file.ts";

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);

/** Columns of numbers as columns are: in sequence, in runs, in a narrow range, and anything. */
function series(min: bigint, max: bigint): fc.Arbitrary<bigint[]> {
  const any = fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max));
  const wrapped = (value: bigint) => min + ((((value - min) % (max - min + 1n)) + (max - min + 1n)) % (max - min + 1n));
  const part = fc
    .tuple(any, fc.bigInt({ min: -300n, max: 300n }), fc.nat({ max: 400 }), oneOf("steps", "run", "near"))
    .map(([start, step, count, kind]) =>
      Array.from({ length: count }, (_, i) => {
        if (kind === "run") return start;
        return wrapped(start + (kind === "steps" ? BigInt(i) * step : BigInt((i * 7919) % 1000)));
      }),
    );
  return fc.oneof(
    fc.array(any, { maxLength: 300 }),
    fc.array(part, { maxLength: 4 }).map((parts) => parts.flat()),
  );
}

const floats = fc.oneof(
  fc.array(fc.double(), { maxLength: 300 }),
  fc.array(oneOf(1.5, -0, 0, Number.NaN, Number.POSITIVE_INFINITY), { maxLength: 600 }),
);
const texts = fc.oneof(
  fc.array(fc.string({ unit: "binary", maxLength: 50 }), { maxLength: 200 }),
  fc.array(oneOf("", "a", "ab", "\u{1f98c}", "x".repeat(100)), { maxLength: 600 }),
);

const CASES = {
  u8: [u8(), series(0n, 255n).map((all) => all.map(Number))],
  u32: [u32(), series(0n, 2n ** 32n - 1n).map((all) => all.map(Number))],
  i32: [i32(), series(-(2n ** 31n), 2n ** 31n - 1n).map((all) => all.map(Number))],
  u64: [u64(), series(0n, 2n ** 64n - 1n)],
  i64: [i64(), series(-(2n ** 63n), 2n ** 63n - 1n)],
  f32: [f32(), floats.map((all) => all.map(Math.fround))],
  f64: [f64(), floats],
  decimal: [decimal(30, 2, { mode: "bigint" }), series(-(10n ** 30n) + 1n, 10n ** 30n - 1n)],
  utf8: [utf8(), texts],
  category: [category(), texts],
  binary: [binary(), fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 200 })],
} as const;

const INTEGERS = ENCODINGS.filter((each) => each !== "DELTA_LENGTH_BYTE_ARRAY");
const FIXED: readonly ColumnEncoding[] = ["PLAIN", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"];
const BYTES: readonly ColumnEncoding[] = ["PLAIN", "RLE_DICTIONARY", "DELTA_LENGTH_BYTE_ARRAY"];
const POSSIBLE: Record<string, readonly ColumnEncoding[]> = {
  ...Object.fromEntries(["u8", "u32", "i32", "u64", "i64"].map((kind) => [kind, INTEGERS])),
  ...Object.fromEntries(["f32", "f64", "decimal"].map((kind) => [kind, FIXED])),
  ...Object.fromEntries(["utf8", "category", "binary"].map((kind) => [kind, BYTES])),
};

const storeOf = (entity: EntityClass<EntityRow>, values: readonly unknown[]) => {
  const store = new Store(entity);
  store.addBatch(values.map((value) => ({ value })) as never);
  return store;
};

const valuesOf = (rows: Iterable<EntityRow>) => [...rows].map((row) => (row.toObject() as { value: unknown }).value);
const entityOf = (type: Fields[string]): EntityClass<EntityRow> => class extends Entity("columns", { value: type }) {};

describe.each(Object.entries(CASES))("a column of %s", (kind, [type, columns]) => {
  test.each<ColumnEncoding | "chosen">(["chosen", ...(POSSIBLE[kind] as readonly ColumnEncoding[])])(
    "%s, is read as written",
    async (encoding) => {
      const [required, optional] = [entityOf(type), entityOf(type.nullable())];
      await fc.assert(
        fc.asyncProperty(
          columns as fc.Arbitrary<unknown[]>,
          fc.nat({ max: 5 }),
          oneOf(1024, 2 ** 20),
          async (values, nth, pageSize) => {
            const entity = nth === 0 ? required : optional;
            const given = nth === 0 ? values : values.map((value, i) => ((i * 7) % nth === 0 ? null : value));
            const store = storeOf(entity, given);
            const options: ParquetWriteOptions = { pageSize, ...(encoding !== "chosen" && { encodings: { value: encoding } }) };
            const bytes = await encodeFile(schemaOf(entity), store.kernel, options);
            const expected = valuesOf(store);
            expect(valuesOf(await readFile(entity, bytes))).toEqual(expected);
            if (kind === "decimal") return;
            const read = await parquetReadObjects({ file: bytes.buffer, compressors, utf8: false });
            expect(read.map(({ value }) => value)).toEqual(expected);
            const used = parquetMetadata(bytes).row_groups[0]?.columns[0]?.meta_data?.encodings ?? [];
            if (encoding !== "chosen" && expected.some((value) => value !== null)) expect(used).toContain(encoding);
          },
        ),
        { numRuns: 20 },
      );
    },
  );
});

describe("what is chosen", () => {
  const N = 5_000;
  const chosen = async (type: Fields[string], valueAt: (i: number) => unknown) => {
    const entity = entityOf(type);
    const store = storeOf(
      entity,
      Array.from({ length: N }, (_, i) => valueAt(i)),
    );
    const bytes = await encodeFile(schemaOf(entity), store.kernel, { compression: "uncompressed" });
    expect(valuesOf(await readFile(entity, bytes))).toEqual(valuesOf(store));
    const column = parquetMetadata(bytes).row_groups[0]?.columns[0]?.meta_data;
    return [column?.encodings.find((each) => each !== "RLE"), Number(column?.total_compressed_size)] as const;
  };
  const scattered = (i: number) => Math.imul(i, 0x9e3779b1) >>> 0;

  test.each<[string, Fields[string], (i: number) => unknown, string, number]>([
    ["numbers in sequence", u64(), (i) => BigInt(i) * 3n, "DELTA_BINARY_PACKED", 400],
    ["numbers of a narrow range", u64(), (i) => 2n ** 60n + BigInt(scattered(i) % 4096), "DELTA_BINARY_PACKED", 9_000],
    ["times", i64(), (i) => 1_700_000_000_000n + BigInt(i * 1000 + (scattered(i) % 1000)), "DELTA_BINARY_PACKED", 8_500],
    ["few numbers", u32(), (i) => [1, 1_000_000, 4_000_000_000][scattered(i) % 3], "RLE_DICTIONARY", 1_500],
    ["few doubles", f64(), (i) => (scattered(i) % 100) / 7, "RLE_DICTIONARY", 5_500],
    ["numbers without an order", u64(), (i) => (BigInt(scattered(i)) << 32n) | BigInt(scattered(i + 9)), "PLAIN", 41_000],
    ["doubles without an order", f64(), (i) => scattered(i) / 7, "PLAIN", 41_000],
    ["an enum", enumOf("A", "B", "C"), (i) => ["A", "B", "C"][scattered(i) % 3], "RLE_DICTIONARY", 1_500],
    ["one value of an enum", enumOf("A", "B", "C"), () => "B", "RLE_DICTIONARY", 200],
    ["few texts", utf8(), (i) => `text ${scattered(i) % 50}`, "RLE_DICTIONARY", 5_000],
    ["texts without repetition", utf8(), (i) => `${scattered(i)}`, "DELTA_LENGTH_BYTE_ARRAY", 60_000],
  ])("%s", async (_, type, valueAt, encoding, bytes) => {
    const [used, size] = await chosen(type, valueAt);
    expect(used).toBe(encoding);
    expect(size).toBeLessThan(bytes);
  });

  test("a category's page has only the values that occur", async () => {
    class Tagged extends Entity("tagged", { id: u32().key(), tag: category() }) {}
    const store = new Store(Tagged);
    for (let id = 0; id < 1_000; id++) store.add({ id, tag: `tag ${id}` });
    for (let id = 0; id < 998; id++) store.delete(id);
    const bytes = await encodeFile(schemaOf(Tagged), store.kernel, { compression: "uncompressed" });
    expect(Number(parquetMetadata(bytes).row_groups[0]?.columns[1]?.meta_data?.total_compressed_size)).toBeLessThan(100);
    expect([...(await readFile(Tagged, bytes))].map(({ tag }) => tag)).toEqual(["tag 998", "tag 999"]);
  });
});

describe("RLE and bit-packing", () => {
  const bytesOf = (values: number[], width: number) => {
    const sink = new ByteSink();
    encodeHybrid(Uint32Array.from(values), 0, values.length, width, sink);
    return [...sink.written];
  };

  test("has the bytes that the format's own example has", () => {
    expect(bytesOf([0, 1, 2, 3, 4, 5, 6, 7], 3)).toEqual([0x03, 0b10001000, 0b11000110, 0b11111010]);
    expect(bytesOf(Array<number>(100).fill(4), 3)).toEqual([0xc8, 0x01, 4]);
    expect(bytesOf([], 3)).toEqual([]);
    expect(bytesOf([5, 5, 5], 3)).toEqual([0x03, 0b01101101, 0b00000001, 0]);
  });

  test("levels are a run where all rows are alike, else packed", () => {
    const bytesOf = (validity: number[] | null, from: number, to: number) => {
      const sink = new ByteSink();
      encodeValidity(validity === null ? null : Uint8Array.from(validity), from, to, sink);
      return [...sink.written];
    };
    expect(bytesOf(null, 0, 70)).toEqual([3, 0, 0, 0, 0x8c, 0x01, 1]);
    expect(bytesOf([0, 0], 3, 9)).toEqual([2, 0, 0, 0, 12, 0]);
    expect(bytesOf([0b10101010, 0b1], 1, 9)).toEqual([2, 0, 0, 0, 3, 0b11010101]);
  });
});
