import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wasmModuleText } from "../../../scripts/build-wasm.mjs";
import type { FixedColumn } from "../../../src/columns/fixed-column.ts";
import { Entity } from "../../../src/entity/entity.ts";
import { enumOf, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 } from "../../../src/entity/fields.ts";
import { blocksOf, type ColumnTest, kernelsFor, kernelsForTests, maskChunk } from "../../../src/query/wasm/chunk-mask.ts";
import { countCodes, extremeDoubles, sumDoubles, sumIntegers } from "../../../src/query/wasm/chunk-sums.ts";
import type { Chunk } from "../../../src/soa/chunk.ts";
import { Store } from "../../../src/store/store.ts";
import { Random } from "../oracle/random.ts";

const codes = enumOf("a", "b", "c", "d", "e");
const many = enumOf(...(Array.from({ length: 700 }, (_, i) => `v${i}`) as [string, ...string[]]));

class Row extends Entity("rows", {
  u8: u8(),
  i8: i8(),
  u16: u16(),
  i16: i16(),
  u32: u32(),
  i32: i32(),
  u64: u64(),
  i64: i64(),
  f32: f32(),
  f64: f64(),
  code: codes,
  many,
  maybe: f64().nullable(),
}) {}

const NUMBERS = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"] as const;
const FLOATS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1.5, -1.5, 5e-324, 1e300, 0.1];

/** A store on an arena whose columns hold few values over and over, their borders among them. */
function storeOf(rng: Random, rows: number): Store<Row> {
  const store = new Store(Row, { allocator: "shared" });
  const fill = <A extends { [i: number]: unknown }>(array: A, value: () => unknown): A => {
    for (let i = 0; i < rows; i++) array[i] = value();
    return array;
  };
  const int = (min: number, max: number) => () =>
    rng.chance(0.2) ? rng.pick([min, max, 0]) : rng.int(Math.max(min, -9), Math.min(max, 9));
  const big = (min: bigint, max: bigint) => () =>
    rng.chance(0.2) ? rng.pick([min, max, 0n]) : BigInt(rng.int(min < 0n ? -9 : 0, 9));
  const float = () => (rng.chance(0.3) ? rng.pick(FLOATS) : rng.int(-9, 9) / 4);
  store.addColumns({
    u8: fill(new Uint8Array(rows), int(0, 255)),
    i8: fill(new Int8Array(rows), int(-128, 127)),
    u16: fill(new Uint16Array(rows), int(0, 65_535)),
    i16: fill(new Int16Array(rows), int(-32_768, 32_767)),
    u32: fill(new Uint32Array(rows), int(0, 4_294_967_295)),
    i32: fill(new Int32Array(rows), int(-2_147_483_648, 2_147_483_647)),
    u64: fill(new BigUint64Array(rows), big(0n, 2n ** 64n - 1n)),
    i64: fill(new BigInt64Array(rows), big(-(2n ** 63n), 2n ** 63n - 1n)),
    f32: fill(new Float32Array(rows), float),
    f64: fill(new Float64Array(rows), float),
    code: fill(new Uint8Array(rows), () => rng.int(0, 4)),
    many: fill(new Uint16Array(rows), () => rng.int(0, 699)),
    maybe: Array.from({ length: rows }, () => (rng.chance(0.3) ? null : float())),
  });
  const deleted = rng.pick([0, 0, 0.01, 0.6]);
  for (let row = 0; row < rows; row++) if (rng.chance(deleted)) store.deleteAt(row);
  return store;
}

const fieldOf = (store: Store<Row>, name: string) => store.kernel.schema.field(name).index;
const valuesOf = (store: Store<Row>, chunk: Chunk, name: string) => (chunk.columns[fieldOf(store, name)] as FixedColumn).values;

function randomTest(rng: Random, store: Store<Row>, name: string): ColumnTest {
  const values = valuesOf(store, store.kernel.chunkList[0] as Chunk, name);
  const bound = () => {
    const value = values[rng.int(0, 50)] as number | bigint;
    return Number.isNaN(value) ? 1 : value;
  };
  const ranges = Array.from({ length: rng.chance(0.3) ? rng.int(2, 4) : 1 }, () => {
    const [low, high] = [bound(), bound()];
    return low <= high && rng.chance(0.7) ? { low, high } : { low, high: low };
  });
  return { field: fieldOf(store, name), ranges, negated: rng.chance(0.4) };
}

/** The rows that are there and pass, one by one. */
function expectedRows(chunk: Chunk, tests: readonly ColumnTest[]): number[] {
  const rows: number[] = [];
  for (let row = 0; row < chunk.length; row++) {
    if (chunk.isDead(row)) continue;
    const passes = tests.every(({ field, ranges, negated }) => {
      const column = chunk.columns[field] as FixedColumn;
      if (column.isNull(row)) return false;
      const value = column.values[row] as number;
      return ranges.some(({ low, high }) => value >= (low as number) && value <= (high as number)) !== negated;
    });
    if (passes) rows.push(row);
  }
  return rows;
}

/** The sum in the order of `sumF64` in assembly/scan.ts. */
function sumInOrder(values: Float64Array, rows: number, isChosen: (row: number) => boolean): number {
  const partsOf = (from: number, to: number) => {
    const parts = new Float64Array(8);
    for (let row = from; row < to; row++) if (isChosen(row)) parts[row & 7] += values[row] as number;
    return parts;
  };
  const joined = (p: Float64Array): number => {
    const [even, odd] = [0, 1].map((i) => p[i]! + p[i + 2]! + (p[i + 4]! + p[i + 6]!)) as [number, number];
    return even + odd;
  };
  const half = Math.max(0, (Math.ceil(rows / 64) - 1) >> 1) * 64;
  const [near, beyond] = [partsOf(0, half), partsOf(half, 2 * half)];
  return joined(near.map((part, i) => part + beyond[i]!)) + joined(partsOf(2 * half, rows));
}

/** Calls `check` for chunks of stores of random size; their columns are long enough to lie in an arena. */
const eachChunk = (runs: number, check: (rng: Random, store: Store<Row>, chunk: Chunk) => void) =>
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 16_400, max: 17_000 }), (seed, rows) => {
      const rng = new Random(seed);
      const store = storeOf(rng, rows);
      for (const chunk of store.kernel.chunkList) check(rng, store, chunk);
    }),
    { numRuns: runs },
  );

describe("arena kernels", () => {
  test("are compiled from their source as it is", async () => {
    const text: string = await wasmModuleText();
    expect(readFileSync(new URL("../../../src/query/wasm/module.ts", import.meta.url), "utf8")).toBe(text);
  });

  test("choose the rows that a loop over the values chooses", () => {
    let checked = 0;
    eachChunk(25, (rng, store, chunk) => {
      for (let i = 0; i < 20; i++) {
        const names = rng.shuffle([...NUMBERS, "code", "many", "maybe"]).slice(0, rng.int(1, 3));
        const tests = names.map((name) => randomTest(rng, store, name));
        const kernels = kernelsForTests(chunk, tests);
        if (kernels === null) continue;
        checked++;
        maskChunk(kernels, chunk, tests);
        const expected = expectedRows(chunk, tests);
        const { scan, mask, rows, rowNumbers } = kernels;
        expect(scan.count(mask, blocksOf(chunk.length))).toBe(expected.length);
        expect(scan.rows(mask, blocksOf(chunk.length), rows, 0)).toBe(expected.length);
        expect([...rowNumbers.subarray(0, expected.length)]).toEqual(expected);
      }
    });
    expect(checked).toBeGreaterThan(200);
  });

  test("sum and count exactly what was chosen", () => {
    eachChunk(25, (rng, store, chunk) => {
      const tests = [randomTest(rng, store, rng.pick(["f64", "u32", "i64"]))];
      const kernels = kernelsForTests(chunk, tests);
      if (kernels === null) return;
      maskChunk(kernels, chunk, tests);
      const chosen = expectedRows(chunk, tests);
      const selection = { rows: null, count: chosen.length, kernels };
      for (const name of NUMBERS.filter((name) => name !== "f32" && name !== "f64")) {
        const column = chunk.columns[fieldOf(store, name)] as FixedColumn;
        // Small columns lie outside the arena.
        if (kernelsFor(column, chunk.length) !== kernels) continue;
        const [low, high] = [new Float64Array(1), new Float64Array(1)];
        expect(sumIntegers(column, selection, chunk.length, low, high)).toBe(true);
        const exact = chosen.reduce((sum, row) => sum + BigInt(column.values[row] as number), 0n);
        expect(BigInt(low[0] as number) + (BigInt(high[0] as number) << 32n)).toBe(exact);
      }
      const doubles = chunk.columns[fieldOf(store, "f64")] as FixedColumn<Float64Array>;
      const numbers = chosen.map((row) => doubles.values[row] as number);
      const extremes = extremeDoubles(doubles, selection, chunk.length);
      expect(extremes).toEqual({
        least: numbers.reduce((a, b) => (b < a ? b : a), Number.POSITIVE_INFINITY) + 0,
        greatest: numbers.reduce((a, b) => (b > a ? b : a), Number.NEGATIVE_INFINITY) + 0,
        nans: numbers.filter(Number.isNaN).length,
      });
    });
  });

  test("sum doubles in one order, whether of all rows or of those of a mask", () => {
    eachChunk(10, (rng, store, chunk) => {
      const column = chunk.columns[fieldOf(store, "f64")] as FixedColumn<Float64Array>;
      const { values } = column;
      for (let row = 0; row < values.length; row++) values[row] = (rng.next() - 0.5) * 10 ** rng.int(-9, 9);
      const kernels = kernelsFor(column, chunk.length);
      if (kernels === null) return;
      const { scan, mask } = kernels;
      for (const rows of [1, 7, 64, 65, 127, 128, 129, 192, 193, rng.int(200, 16_000), chunk.length]) {
        const expected = sumInOrder(values, rows, () => true);
        expect(scan.sumAllF64(values.byteOffset, mask, rows)).toBe(expected);
        scan.maskRows(mask, rows);
        expect(scan.sumF64(values.byteOffset, mask, blocksOf(rows))).toBe(expected);
        const share = rng.pick([0.001, 0.02, 0.5]);
        const kept = Uint8Array.from({ length: rows }, () => (rng.chance(share) ? 1 : 0));
        for (let row = 0; row < rows; row++) if (kept[row] === 0) kernels.bytes[mask + (row >>> 3)] &= ~(1 << (row & 7));
        expect(scan.sumF64(values.byteOffset, mask, blocksOf(rows))).toBe(sumInOrder(values, rows, (row) => kept[row] === 1));
      }
    });
  });

  test("sum doubles as exact sums where every order gives the same", () => {
    eachChunk(25, (rng, store, chunk) => {
      const doubles = chunk.columns[fieldOf(store, "f64")] as FixedColumn<Float64Array>;
      // Quarters below 2^20 add up without rounding.
      for (let row = 0; row < chunk.length; row++) doubles.values[row] = rng.int(-4_000, 4_000) / 4;
      const tests = [randomTest(rng, store, rng.pick(["f64", "u32", "i64"]))];
      const kernels = kernelsForTests(chunk, tests);
      if (kernels === null) return;
      maskChunk(kernels, chunk, tests);
      const chosen = expectedRows(chunk, tests);
      const sums = new Float64Array(1);
      expect(sumDoubles(doubles, { rows: null, count: chosen.length, kernels }, chunk.length, null, 1, sums)).toBe(true);
      expect(sums[0]).toBe(chosen.reduce((sum, row) => sum + (doubles.values[row] as number), 0));
      for (const name of ["code", "many"] as const) {
        const groups = valuesOf(store, chunk, name) as Uint8Array;
        const size = name === "code" ? 5 : 700;
        const all = { rows: null, count: chunk.length };
        const byCode = new Float64Array(size);
        const counts = new Float64Array(size);
        const inPlace = groups.subarray(0, chunk.length);
        const done = sumDoubles(doubles, all, chunk.length, inPlace, size, byCode);
        expect(countCodes(all, inPlace, size, counts)).toBe(done);
        if (!done) continue;
        const expected = new Float64Array(size);
        const expectedCounts = new Float64Array(size);
        for (let row = 0; row < chunk.length; row++) {
          expected[groups[row] as number] = (expected[groups[row] as number] as number) + (doubles.values[row] as number);
          expectedCounts[groups[row] as number]++;
        }
        expect(byCode).toEqual(expected);
        expect(counts).toEqual(expectedCounts);
      }
    });
  });
});
