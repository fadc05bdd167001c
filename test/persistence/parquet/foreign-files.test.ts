import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import {
  binary,
  bool,
  category,
  count,
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
  query,
  SchemaMismatchError,
  TypeConversionError,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "faun";
import { ParquetPersistence } from "faun/parquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFile } from "./read-file.ts";

let duck: DuckDBConnection;
const folder = mkdtempSync(join(tmpdir(), "faun-parquet-"));

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await duck.run("SET TimeZone = 'UTC'");
});
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

let files = 0;

/** A file that DuckDB writes. */
async function written(select: string, options = ""): Promise<{ path: string; bytes: Uint8Array }> {
  const path = join(folder, `${files++}.parquet`);
  await duck.run(`COPY (${select}) TO '${path}' (FORMAT parquet ${options})`);
  return { path, bytes: new Uint8Array(readFileSync(path)) };
}

const rowsOf = async (sql: string) => (await duck.runAndReadAll(sql)).getRows();

/** Every type, with a null in every seventh row but for the first column. */
const ROWS = 20_000;
const orNull = (sql: string, i: number) => `CASE WHEN (i + ${i}) % 7 = 0 THEN NULL ELSE ${sql} END`;
const COLUMNS: Record<string, string> = {
  a_bool: "(i % 3 = 0)",
  a_u8: "(i % 256)::UTINYINT",
  a_i8: "(i % 256 - 128)::TINYINT",
  a_u16: "(i * 7 % 65536)::USMALLINT",
  a_i16: "(i * 7 % 65536 - 32768)::SMALLINT",
  a_u32: "(i::BIGINT * 214748 % 4294967296)::UINTEGER",
  a_i32: "(i * 104729 % 1000003 - 500000)::INTEGER",
  a_u64: "(18446744073709551615 - i::HUGEINT * i)::UBIGINT",
  a_i64: "(i::BIGINT * 9007199254 - 4611686018427387904)",
  a_f32: "(i / 3.0)::FLOAT",
  a_f64: "(i / 7.0)::DOUBLE",
  a_text: "('text ' || (i % 5000) || repeat('ä€𐍈', i % 4))",
  a_many: "md5(i::VARCHAR)",
  a_category: "['red', 'green', 'blue', ''][1 + i % 4]",
  an_enum: "['Delivered', 'Pending', 'Shipped'][1 + i % 3]",
  a_binary: "encode(repeat(chr((97 + i % 26)::INTEGER), i % 9))",
  a_date: "(DATE '1900-01-01' + i::INTEGER)",
  a_ms: "epoch_ms(1700000000000 + i * 86400001)",
  a_us: "make_timestamp(1700000000000000 + i * 1000001)",
  a_ns: "make_timestamp_ns(1700000000000000000 + i * 1000000001)",
  a_tz: "make_timestamptz(1700000000000000 + i * 1000001)",
  a_small: "(i / 100.0)::DECIMAL(7, 2)",
  a_medium: "(i * 1000003 / 1000.0 - 5000)::DECIMAL(17, 3)",
  a_large: "(i::HUGEINT * 1000000000000000000000003 - 77)::DECIMAL(36, 0)",
};
const SELECT = `SELECT i AS a_key, ${Object.entries(COLUMNS)
  .map(([name, sql], n) => `${orNull(sql, n)} AS ${name}`)
  .join(", ")} FROM range(${ROWS}) t(i)`;

class Everything extends Entity("everything", {
  aKey: i64({ mode: "number" }).key(),
  aBool: bool().nullable(),
  aU8: u8().column("a_u8").nullable(),
  aI8: i8().column("a_i8").nullable(),
  aU16: u16().column("a_u16").nullable(),
  aI16: i16().column("a_i16").nullable(),
  aU32: u32().column("a_u32").nullable(),
  aI32: i32().column("a_i32").nullable(),
  aU64: u64().column("a_u64").nullable(),
  aI64: i64().column("a_i64").nullable(),
  aF32: f32().column("a_f32").nullable(),
  aF64: f64().column("a_f64").nullable(),
  aText: utf8().nullable(),
  aMany: utf8().nullable(),
  aCategory: category().nullable(),
  anEnum: enumOf("Pending", "Shipped", "Delivered").nullable(),
  aBinary: binary().nullable(),
  aDate: date().nullable(),
  aMs: timestamp("ms", { mode: "number" }).nullable(),
  aUs: timestamp("us").nullable(),
  aNs: timestamp("ns").nullable(),
  aTz: timestamp("us", { timezone: "UTC" }).nullable(),
  aSmall: decimal(7, 2).nullable(),
  aMedium: decimal(17, 3).nullable(),
  aLarge: decimal(38, 0).nullable(),
}) {}

/** The values of a file as DuckDB reads them, in the forms that Faun hands out. */
const readByDuck = (path: string) =>
  rowsOf(`SELECT a_key, a_bool, a_u8, a_i8, a_u16, a_i16, a_u32, a_i32, a_u64, a_i64, a_f32, a_f64, a_text, a_many, a_category,
    an_enum, hex(a_binary), a_date::VARCHAR, epoch_ms(a_ms), epoch_us(a_us), epoch_ns(a_ns), epoch_us(a_tz), a_small::VARCHAR,
    a_medium::VARCHAR, a_large::VARCHAR FROM read_parquet('${path}')`);

function plain(row: Everything): unknown[] {
  return Object.values(row.toObject()).map((value, i) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("hex").toUpperCase();
    return i === 0 || i === 18 ? (value === null ? null : BigInt(value as number)) : value;
  });
}

describe("files of DuckDB read as DuckDB reads them", () => {
  const layouts = [
    "",
    ", ROW_GROUP_SIZE 2048",
    ", COMPRESSION uncompressed, ROW_GROUP_SIZE 10000",
    ", COMPRESSION zstd",
    ", COMPRESSION gzip, PARQUET_VERSION v2",
    ", COMPRESSION lz4_raw, PARQUET_VERSION v2, ROW_GROUP_SIZE 4096",
    ", COMPRESSION brotli",
    ", DICTIONARY_SIZE_LIMIT 0",
    ", DICTIONARY_SIZE_LIMIT 0, PARQUET_VERSION v2",
    ", STRING_DICTIONARY_PAGE_SIZE_LIMIT 100, PARQUET_VERSION v2",
  ];

  test.each(layouts)("with every type and nulls%s", async (options) => {
    // DuckDB takes minutes to compress a million values with brotli.
    const rows = options.includes("brotli") ? 3000 : ROWS;
    const { path, bytes } = await written(`${SELECT} LIMIT ${rows}`, options);
    const store = await readFile(Everything, bytes);
    const expected = await readByDuck(path);
    expect(store.size).toBe(rows);
    let i = 0;
    for (const row of store) {
      const found = plain(row);
      const wanted = expected[i++]!;
      for (let c = 0; c < wanted.length; c++) {
        const same = Object.is(found[c], wanted[c]);
        if (!same) expect({ row: i, column: c, value: found[c] }).toEqual({ row: i, column: c, value: wanted[c] });
      }
    }
  });

  test("with no rows, with one, and with none but nulls", async () => {
    for (const where of ["i < 0", "i = 1"]) {
      const { path, bytes } = await written(`SELECT * FROM (${SELECT}) t WHERE a_key ${where.slice(2)}`);
      expect([...(await readFile(Everything, bytes))].map(plain)).toEqual(await readByDuck(path));
    }
    class Nulls extends Entity("nulls", {
      a: utf8().nullable(),
      b: category().nullable(),
      c: f64().nullable(),
      d: bool().nullable(),
    }) {}
    const { bytes } = await written(
      "SELECT NULL::VARCHAR AS a, NULL::VARCHAR AS b, NULL::DOUBLE AS c, NULL::BOOLEAN AS d FROM range(10000)",
    );
    const store = await readFile(Nulls, bytes);
    expect(store.size).toBe(10_000);
    for (const row of store) expect(Object.values(row.toObject())).toEqual([null, null, null, null]);
  });
});

test("a file of PyArrow without rows is read, whose column of flags has no page", async () => {
  class Flagged extends Entity("flagged", { id: i32(), flag: bool().nullable() }) {}
  const file = fileURLToPath(new URL("../../interop/fixtures/pyarrow-no-rows.parquet", import.meta.url));
  const flagged = ParquetPersistence.attach(Flagged, file);
  expect((await flagged.load()).size).toBe(0);
  expect(await flagged.memoryStats()).toMatchObject({ totalRows: 0, numBatches: 1 });
  expect(
    (
      await flagged.query(
        query(Flagged)
          .where((row) => row.flag.eq(true))
          .aggregate({ n: count() }),
      )
    ).toArray(),
  ).toEqual([{ n: 0 }]);
  await flagged.close();
});

describe("columns become what fields hold", () => {
  test("narrower integers are widened, others fit where every value does", async () => {
    const { bytes } = await written(
      "SELECT (i % 100)::UTINYINT AS a, i::BIGINT AS b, (i / 4.0)::FLOAT AS c FROM range(1000) t(i)",
    );
    class Wide extends Entity("wide", { a: i32(), b: u16(), c: f64() }) {}
    const store = await readFile(Wide, bytes);
    expect(store.at(999)!.toObject()).toEqual({ a: 99, b: 999, c: 249.75 });
    class Narrow extends Entity("narrow", { b: u8() }) {}
    await expect(readFile(Narrow, bytes)).rejects.toThrow(/column "b" of type Int64 cannot become u8: row 256 holds 256/);
  });

  test("timestamps of other units where they are whole, decimals of other scales", async () => {
    const { bytes } = await written(
      "SELECT make_timestamp(i * 1000000) AS t, (i / 10.0)::DECIMAL(9, 1) AS d FROM range(1000) t(i)",
    );
    class Units extends Entity("units", { t: timestamp("s", { mode: "number" }), d: decimal(12, 3) }) {}
    expect((await readFile(Units, bytes)).at(7)!.toObject()).toEqual({ t: 7, d: "0.700" });
    const fine = await written("SELECT make_timestamp(1500000) AS t, 0.25::DECIMAL(9, 2) AS d");
    class Coarse extends Entity("coarse", { t: timestamp("s") }) {}
    await expect(readFile(Coarse, fine.bytes)).rejects.toThrow(TypeConversionError);
    class Tenths extends Entity("tenths", { d: decimal(9, 1) }) {}
    await expect(readFile(Tenths, fine.bytes)).rejects.toThrow(TypeConversionError);
  });

  test("a null in a field that takes none is named", async () => {
    for (const field of [utf8(), category(), enumOf("x")]) {
      const { bytes } = await written(
        "SELECT CASE WHEN i = 5000 THEN NULL ELSE 'x' END AS v FROM range(9000) t(i)",
        ", ROW_GROUP_SIZE 2048",
      );
      class Strict extends Entity("strict", { v: field as ReturnType<typeof utf8> }) {}
      await expect(readFile(Strict, bytes)).rejects.toThrow(/column "v" .*row 5000 is null/);
    }
  });

  test("a value that an enum does not know is named; one that no row has is none", async () => {
    class Light extends Entity("lights", { v: enumOf("red", "green") }) {}
    const { bytes } = await written("SELECT CASE WHEN i = 70 THEN 'gren' ELSE 'red' END AS v FROM range(100) t(i)");
    await expect(readFile(Light, bytes)).rejects.toThrow(
      /row 70 holds "gren", which is none of its values \(did you mean "green"\?\)/,
    );
    const fine = await written("SELECT ['green', 'red'][1 + i % 2] AS v FROM range(100) t(i)");
    expect((await readFile(Light, fine.bytes)).at(0)!.v).toBe("green");
  });

  test("nested columns are passed over, and refused where a field asks for one", async () => {
    const { bytes } = await written(
      "SELECT [i, i] AS l, {'x': i, 'y': 'z'} AS s, i AS n, MAP {'k': i} AS m FROM range(100) t(i)",
    );
    class Flat extends Entity("flat", { n: i64() }) {}
    expect((await readFile(Flat, bytes)).at(99)!.n).toBe(99n);
    class List extends Entity("list", { l: i64() }) {}
    class Struct extends Entity("struct", { s: i64() }) {}
    for (const entity of [List, Struct])
      await expect(readFile(entity as typeof List, bytes)).rejects.toThrow(SchemaMismatchError);
  });

  test("an absent column is a default or null, else an error that tells what there is", async () => {
    const { bytes } = await written("SELECT i AS n FROM range(10) t(i)");
    class Optional extends Entity("optional", {
      n: i64(),
      more: utf8().nullable(),
      status: enumOf("new", "old").default("old"),
    }) {}
    expect((await readFile(Optional, bytes)).at(3)!.toObject()).toEqual({ n: 3n, more: null, status: "old" });
    class Missing extends Entity("missing", { n: i64(), other: utf8() }) {}
    await expect(readFile(Missing, bytes)).rejects.toThrow(/a column "other" for the field other, found the columns n/);
  });
});

test("flights-3m.parquet, of Polars, is what DuckDB reads", async () => {
  const path = "node_modules/vega-datasets/data/flights-3m.parquet";
  class Flight extends Entity("flights", {
    date: timestamp("ms", { mode: "number" }),
    delay: i16(),
    distance: u16(),
    origin: category(),
    destination: utf8(),
  }) {}
  const store = await readFile(Flight, new Uint8Array(readFileSync(path)));
  expect(store.size).toBe(3_000_000);
  // Sums in which every row has another weight than its neighbours.
  const code = (text: string) => text.charCodeAt(0) * 65_536 + text.charCodeAt(1) * 256 + text.charCodeAt(2);
  const sums = [0, 0, 0, 0, 0];
  let i = 0;
  for (const { date, delay, distance, origin, destination } of store) {
    const weight = (i++ % 1021) + 1;
    sums[0]! += ((date - 978_307_200_000) / 1000) * weight;
    sums[1]! += delay * weight;
    sums[2]! += distance * weight;
    sums[3]! += code(origin) * weight;
    sums[4]! += code(destination) * weight;
  }
  const codeSql = (c: string) => `(ascii(${c}[1])::BIGINT * 65536 + ascii(${c}[2]) * 256 + ascii(${c}[3]))`;
  const w = "(file_row_number % 1021 + 1)";
  const [row] = await rowsOf(`SELECT sum((epoch_ms(date) - 978307200000) // 1000 * ${w})::BIGINT, sum(delay * ${w})::BIGINT,
    sum(distance * ${w})::BIGINT, sum(${codeSql("origin")} * ${w})::BIGINT, sum(${codeSql("destination")} * ${w})::BIGINT
    FROM read_parquet('${path}', file_row_number = true)`);
  expect(sums.map(BigInt)).toEqual(row);
});
