/** Rows of every type go into DuckDB and come back as they were, and a plain connection sees the types that are promised. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import {
  Entity,
  type EntityClass,
  type EntityRow,
  SoA,
  Store,
  TypeConversionError,
  timestamp,
  u32,
  utf8,
  ValidationError,
} from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { afterAll, expect, test } from "vitest";
import { Nullable, Plain, rowsOf } from "./every-type.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-duckdb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = (rows: Iterable<{ toJSON(): unknown }>) => [...rows].map((row) => row.toJSON());

test.each([
  ["plain", Plain, false],
  ["nullable", Nullable, true],
] as unknown as [string, EntityClass<EntityRow>, boolean][])(
  "%s fields of every type come back, saved, appended and updated, from both allocators",
  async (_, entity, orNull) => {
    const persistence = new DuckDBPersistence(entity);
    await fc.assert(
      fc.asyncProperty(rowsOf(orNull), rowsOf(orNull), fc.constantFrom("heap", "shared"), async (rows, more, allocator) => {
        const store = new Store(entity, { allocator });
        store.addBatch(rows.map((row, id) => ({ ...row, id })) as never);
        await persistence.save(store);
        expect(json((await persistence.load()).rows())).toEqual(json(store));
        // Keys that do not ascend, behind those that are there.
        const added = new Store(entity, { allocator });
        added.addBatch(more.map((row, i) => ({ ...row, id: 1000 - i })) as never);
        await persistence.append(added);
        expect(json((await persistence.load({ allocator })).rows())).toEqual([...json(store), ...json(added)]);
        expect(await persistence.count()).toBe(rows.length + more.length);
      }),
      { numRuns: 40 },
    );
    await persistence.close();
  },
);

test("a file is read again, and by DuckDB itself, which sees the types promised", async () => {
  const path = join(folder, "types.duckdb");
  const store = new Store(Nullable);
  const [rows] = fc.sample(rowsOf(true, 300, 200), { numRuns: 1, seed: 7 });
  store.addBatch((rows ?? []).map((row, id) => ({ ...row, id })) as never);
  const writing = new DuckDBPersistence(Nullable, { path });
  await writing.save(store);
  await writing.close();
  const reading = new DuckDBPersistence(Nullable, { path, readOnly: true });
  expect(json((await reading.load()).rows())).toEqual(json(store));
  await reading.close();

  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const described = await connection.runAndReadAll('SELECT column_name, column_type, "null" FROM (DESCRIBE nullable)');
  const types = Object.fromEntries(described.getRows().map(([name, type]) => [name, type]));
  expect(described.getRows()[0]).toEqual(["id", "UINTEGER", "NO"]);
  expect(types).toMatchObject({
    bool: "BOOLEAN",
    u8: "UTINYINT",
    u16: "USMALLINT",
    u32: "UINTEGER",
    u64: "UBIGINT",
    i8: "TINYINT",
    i16: "SMALLINT",
    i32: "INTEGER",
    i64: "BIGINT",
    u64_number: "UBIGINT",
    f32: "FLOAT",
    f64: "DOUBLE",
    utf8: "VARCHAR",
    binary: "BLOB",
    category: "VARCHAR",
    small_enum: `ENUM('A', 'b', '', 'quote " and \\ and \u2028', 'Ü')`,
    date: "DATE",
    seconds: "TIMESTAMP_S",
    millis: "TIMESTAMP WITH TIME ZONE",
    micros: "TIMESTAMP",
    nanos: "TIMESTAMP_NS",
    millis_bigint: "TIMESTAMP_MS",
    decimal: "DECIMAL(20,6)",
    decimal_wide: "DECIMAL(38,38)",
    zoned_micros: "TIMESTAMP WITH TIME ZONE",
    zoned_nanos: "TIMESTAMP_NS",
  });
  // The engine's own text of values is ours.
  const seen = await connection.runAndReadAll(
    "SELECT id, u64, utf8, CAST(decimal AS VARCHAR), small_enum FROM nullable ORDER BY id",
  );
  expect(seen.getRows()).toEqual(
    [...store].map((row) => {
      const { id, u64, utf8: text, decimal, smallEnum } = row as unknown as Record<string, unknown>;
      return [id, u64, text, decimal, smallEnum];
    }),
  );
  connection.closeSync();
  instance.closeSync();
});

test("borders of vectors and chunks, long and short strings, all nulls", async () => {
  class Row extends Entity("rows", { id: u32().key(), text: utf8().nullable(), at: timestamp("ms") }) {}
  const persistence = new DuckDBPersistence(Row);
  for (const count of [1, 2047, 2048, 2049, 65_535, 65_536, 65_537, 140_000]) {
    const soa = new SoA(Row);
    const text = (i: number) => (count === 2048 || i % 5 === 0 ? null : "x".repeat(i % 40) + i);
    soa.addBatch(Array.from({ length: count }, (_, i) => ({ id: i, text: text(i), at: new Date(i * 1000) })));
    await persistence.save(soa);
    const loaded = await persistence.load();
    expect(loaded.size).toBe(count);
    let i = 0;
    for (const row of loaded.rows()) {
      if (row.id !== i || row.text !== text(i) || row.at.getTime() !== i * 1000) expect(row.toObject()).toEqual({ id: i });
      i++;
    }
  }
  await persistence.close();
});

test("what a type of DuckDB cannot hold is refused by name, and nothing stored", async () => {
  class Zoned extends Entity("zoned", { at: timestamp("s", { mode: "bigint", timezone: "UTC" }) }) {}
  const persistence = new DuckDBPersistence(Zoned);
  const soa = new SoA(Zoned);
  soa.add({ at: 1n });
  await persistence.save(soa);
  soa.add({ at: 2n ** 62n });
  await expect(persistence.save(soa)).rejects.toThrow(TypeConversionError);
  await expect(persistence.append(soa)).rejects.toThrow(/zoned: column "at" .* microseconds/);
  expect(await persistence.count()).toBe(1);
  await persistence.close();
});

test.each([
  { path: "" },
  { path: "a\0b" },
  { table: "" },
  { table: "_faun_commits" },
  { threads: 0 },
  { threads: 1.5 },
  { memoryLimit: 5 },
  { readOnly: true },
])("the options %j are refused", (options) => {
  expect(() => new DuckDBPersistence(Plain, options)).toThrow(ValidationError);
});
