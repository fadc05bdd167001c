/** More rows than an appender is given: DuckDB fetches them by statements. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { category, DuplicateKeyError, Entity, enumOf, f64, Store, TypeConversionError, timestamp, u32, utf8 } from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";

class Reading extends Entity("readings", {
  id: u32().key(),
  value: f64().nullable(),
  quality: enumOf("good", "poor"),
  place: category(),
  note: utf8().nullable(),
  seen: timestamp("s", { timezone: "UTC", mode: "bigint" }),
}) {}

const ROWS = 200_000;
const reading = (id: number) => ({
  id,
  value: id % 5 === 0 ? null : id / 4,
  quality: (["good", "poor"] as const)[id % 2]!,
  place: `the place by the number of ${id % 11}`,
  note: id % 3 === 0 ? null : id % 7 === 0 ? `a note that is longer than twelve bytes, of ${id}` : `n${id}`,
  seen: BigInt(id) - 500n,
});
const readings = (from: number, length: number) => {
  const store = new Store(Reading);
  store.addBatch(Array.from({ length }, (_, i) => reading(from + i)));
  return store;
};

let folder: string;
let persistence: DuckDBPersistence<Reading>;
const open = (options = {}) => new DuckDBPersistence(Reading, { path: join(folder, "readings.duckdb"), ...options });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "faun-large-"));
  persistence = open();
});
afterEach(async () => {
  await persistence.close();
  await rm(folder, { recursive: true });
});

const misplaced = async (table = "readings") => {
  const [row] = await persistence
    .querySql<{ wrong: number }>(
      `SELECT count(*)::INT AS wrong FROM (SELECT id, row_number() OVER () - 1 AS nr FROM ${table}) WHERE id <> nr`,
    )
    .rows();
  return row?.wrong;
};

const shape = async () =>
  persistence.sql`SELECT count(*)::INT AS n, sum(id)::DOUBLE AS ids, count(value)::INT AS filled, count(DISTINCT place)::INT AS places,
    max(note) AS note FROM readings`;

test("many rows come back as they were, in their order, also after reopening", async () => {
  const stored = readings(0, ROWS);
  stored.delete(3);
  stored.delete(150_000);
  await persistence.save(stored);
  await persistence.append(readings(ROWS, 90_000));
  await persistence.close();
  persistence = open();
  const loaded = await persistence.load();
  const expected = [...Array(ROWS + 90_000).keys()].filter((id) => id !== 3 && id !== 150_000);
  expect(loaded.size).toBe(expected.length);
  let at = 0;
  for (const row of loaded.rows()) {
    const wanted = reading(expected[at++]!);
    if (!isDeepStrictEqual(row.toObject(), wanted)) expect(row.toObject()).toEqual(wanted);
  }
});

test("small batches and large ones in one commit keep their order", async () => {
  const parts = [0, 10, 40_000, 66_000, 66_001, 140_000, 150_000];
  const batches = parts.slice(1).flatMap((to, i) => readings(parts[i]!, to - parts[i]!).toArrow().batches);
  await persistence.saveBatches(batches);
  expect([await persistence.count(), await misplaced()]).toEqual([150_000, 0]);
});

test("a value that is refused far behind leaves everything as it was", async () => {
  await persistence.save(readings(0, 1000));
  const before = await shape();
  const wrong = readings(1000, 140_000);
  // More microseconds than DuckDB counts.
  wrong.update(140_000, { seen: 2n ** 62n });
  await expect(persistence.append(wrong)).rejects.toThrow(TypeConversionError);
  expect(await shape()).toEqual(before);
  await persistence.append(readings(1000, 70_000));
  expect(await persistence.count()).toBe(71_000);
});

test.each([false, true])("a key that is there already is found among many (primary key: %s)", async (primaryKey) => {
  await persistence.close();
  persistence = open({ table: "keyed", primaryKey });
  await persistence.save(readings(100_000, 1000));
  const error: unknown = await persistence.append(readings(0, 100_001)).catch((cause) => cause);
  expect(error).toBeInstanceOf(DuplicateKeyError);
  expect((error as Error).message).toContain("100000");
  expect(await persistence.count()).toBe(1000);
});

test("an abort ends it, and nothing was written", async () => {
  const many = readings(0, ROWS);
  const reason = new Error("enough");
  for (const after of [0, 5, 20, 60]) {
    const aborting = new AbortController();
    const saving = persistence.save(many, { signal: aborting.signal }).then(
      () => "saved",
      (error) => error,
    );
    setTimeout(() => aborting.abort(reason), after);
    const outcome = await saving;
    if (outcome !== "saved") {
      expect(outcome).toBe(reason);
      expect(await persistence.count()).toBe(0);
    } else await persistence.clear();
  }
  await persistence.save(many);
  expect(await persistence.count()).toBe(ROWS);
});

test("a source of batches that fails in the middle fails the commit", async () => {
  async function* failing() {
    yield* readings(0, 150_000).toArrow().batches;
    throw new Error("no more");
  }
  await expect(persistence.saveBatches(failing())).rejects.toThrow("no more");
  expect(await persistence.count()).toBe(0);
});

test("two tables of one file, written at the same time, each get their own", async () => {
  const other = open({ table: "others" });
  await Promise.all([persistence.save(readings(0, 120_000)), other.save(readings(500_000, 130_000))]);
  const [row] =
    await persistence.sql`SELECT (SELECT sum(id)::DOUBLE FROM readings) AS a, (SELECT sum(id)::DOUBLE FROM others) AS b`;
  expect(row).toEqual({ a: (119_999 * 120_000) / 2, b: 500_000 * 130_000 + (129_999 * 130_000) / 2 });
  await other.close();
});

test("what serves the writes answers nobody else", async () => {
  await persistence.save(readings(0, 150_000));
  const [{ name } = { name: "" }] = await persistence.sql<{ name: string }>`SELECT function_name AS name FROM duckdb_functions()
    WHERE function_name LIKE '\\_faun\\_rows%' ESCAPE '\\'`;
  expect(name).toMatch(/^_faun_rows_\d+_\d+$/);
  for (const given of ["1, 0", "-1, 0", "4294967297, 0", "9007199254740993, range"])
    await expect(persistence.querySql(`SELECT ${name}(${given}) FROM range(3000)`).rows()).rejects.toThrow(
      /serves the writes of Faun only/,
    );
});

test("an engine that is told to keep no order keeps that of the rows that are saved, and so does one of one thread", async () => {
  await persistence.querySql("SET GLOBAL preserve_insertion_order = false").rows();
  await persistence.save(readings(0, 300_000));
  expect(await misplaced()).toBe(0);
  await persistence.close();
  persistence = open({ threads: 1, table: "alone" });
  await persistence.save(readings(0, 300_000));
  expect(await misplaced("alone")).toBe(0);
});
