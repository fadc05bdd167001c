/** Forms that other tools write and Faun long could not read; the files are theirs, as `npm run test:interop` found them. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Decimal, makeData, makeVector, Table } from "apache-arrow";
import { ArrowError, date, Entity, i8, i64, query, Store, TypeConversionError, timestamp, u32, u64, utf8 } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { describe, expect, test } from "vitest";

const pathOf = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const rowsOf = async <T extends { toObject(): object }>(rows: Iterable<T>) => Array.from(rows, (row) => row.toObject());

describe("Parquet", () => {
  test("64-bit integers that only arrow-rs's schema calls timestamps or dates (DataFusion)", async () => {
    class Seen extends Entity("seen", {
      id: u32().key(),
      s: timestamp("s", { timezone: "UTC", mode: "number" }),
      d: date().nullable(),
      n: i64(),
    }) {}
    const file = ParquetPersistence.attach(Seen, pathOf("datafusion-seconds.parquet"));
    expect(await rowsOf((await file.load()).rows())).toEqual([
      { id: 1, s: 0, d: "1970-01-01", n: 1n },
      { id: 2, s: -1, d: "1970-01-02", n: 2n },
      { id: 3, s: 1_763_453_000, d: null, n: 3n },
    ]);
    // Statistics of integers say nothing of times: no row group is left out by them.
    expect(
      (
        await file.query(
          query(Seen)
            .where((o) => o.s.gt(0))
            .select("id").plan,
        )
      ).toArray(),
    ).toEqual([{ id: 3 }]);
  });

  test("an integer that no schema calls a time is none", async () => {
    class Seen extends Entity("seen", { id: u32().key(), n: timestamp("s") }) {}
    await expect(ParquetPersistence.attach(Seen, pathOf("datafusion-seconds.parquet")).load()).rejects.toThrow(
      /^seen: column "n" of type Int64 cannot become timestamp/,
    );
  });

  test("differences of more than 32 bits between 32-bit integers (DuckDB, version 2)", async () => {
    class Seen extends Entity("seen", { id: u64().key(), u: u32(), i: i64() }) {}
    const rows = (await ParquetPersistence.attach(Seen, pathOf("duckdb-wide-deltas.parquet")).load()).rows();
    expect(Array.from(rows, ({ id, u, i }) => [id, u, i])).toEqual([
      [1n, 0, 0n],
      [2n, 4_294_967_295, 2_147_483_647n],
      [3n, 0, -2_147_483_648n],
      [4n, 4_294_967_295, 2_147_483_647n],
      [5n, 7, -1n],
    ]);
  });
});

describe("Arrow IPC", () => {
  class Line extends Entity("lines", { id: u32().key(), text: utf8().nullable() }) {}
  const lines = Array.from({ length: 500 }, (_, i) => ({
    id: i,
    text: i % 7 === 3 ? null : "row ".repeat(i % 9) + String(i % 50),
  }));

  test("buffers compressed with LZ4, as PyArrow and pandas write Feather files", async () => {
    expect(await rowsOf(Store.fromArrow(Line, readFileSync(pathOf("pyarrow-lz4.arrow"))))).toEqual(lines);
  });

  test("buffers compressed with zstd are refused with what to do", () => {
    expect(() => Store.fromArrow(Line, readFileSync(pathOf("pyarrow-zstd.arrow")))).toThrow(
      new ArrowError(
        "lines: the data is compressed (ZSTD) and no codec for it is registered: set one with compressionRegistry of apache-arrow, or write it with lz4 or uncompressed",
      ),
    );
  });
});

describe("whole decimals, as Spark stores u64", () => {
  class Counted extends Entity("counted", { id: u64().key(), small: i8().nullable(), safe: u64({ mode: "number" }) }) {}

  /** A column of decimals; values are unscaled. */
  const decimals = (values: readonly (bigint | null)[], scale: number) => {
    const words = new Uint32Array(values.length * 4);
    const bits = new Uint8Array(Math.ceil(values.length / 8));
    values.forEach((value, i) => {
      if (value === null) return;
      bits[i >> 3]! |= 1 << (i & 7);
      for (let w = 0; w < 4; w++) words[4 * i + w] = Number(BigInt.asUintN(32, value >> BigInt(32 * w)));
    });
    const nullCount = values.filter((value) => value === null).length;
    return makeVector(
      makeData({ type: new Decimal(scale, 38, 128), length: values.length, nullCount, nullBitmap: bits, data: words }),
    );
  };
  const table = (id: bigint, small: bigint | null, safe: bigint, scale = 0) =>
    new Table({ id: decimals([id], 0), small: decimals([small], scale), safe: decimals([safe], 0) });

  test.each([
    [2n ** 64n - 1n, -128n, 2n ** 53n - 1n, 0, -128],
    [0n, -1200n, 0n, 2, -12],
    [1n, null, 1n, 0, null],
    [1n, 0n, 1n, 5, 0],
  ] as const)("%s %s %s", (id, small, safe, scale, value) => {
    const [row] = [...Store.fromArrow(Counted, table(id, small, safe, scale))];
    expect(row!.toObject()).toEqual({ id, small: value, safe: Number(safe) });
  });

  test.each([
    [2n ** 64n, 0n, 0n, 0, '"id" of type Decimal128<38, 0> cannot become u64: row 0 holds 18446744073709551616, expected'],
    [-1n, 0n, 0n, 0, "row 0 holds -1, expected"],
    [0n, 128n, 0n, 0, "row 0 holds 128, expected"],
    [0n, 1250n, 0n, 2, "row 0 holds 1250 x 10^-2, expected"],
    [0n, 0n, 2n ** 53n, 0, "row 0 holds 9007199254740992, expected"],
  ] as const)("refused: %s %s %s", (id, small, safe, scale, message) => {
    const read = () => Store.fromArrow(Counted, table(id, small, safe, scale));
    expect(read).toThrow(TypeConversionError);
    expect(read).toThrow(message);
  });
});
