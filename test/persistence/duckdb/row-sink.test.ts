/** How rows that DuckDB fetches are divided into statements, against what the table then holds, and in which row groups. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Entity, Store, u8, u32, utf8 } from "faun";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schemaOf } from "../../../src/entity/entity.ts";
import type { DuckConnection } from "../../../src/persistence/duckdb/connection.ts";
import { type DuckDatabase, openDatabase } from "../../../src/persistence/duckdb/database.ts";
import { IngestPlan } from "../../../src/persistence/duckdb/ingest.ts";
import { FetchedSink, prepareFetching } from "../../../src/persistence/duckdb/row-sink.ts";
import { createTableSql } from "../../../src/persistence/duckdb/table.ts";

class Row extends Entity("rows", { id: u32().key(), small: u8().nullable(), text: utf8().nullable() }) {}

const GROUP = 122_880;
const MOST = 2_200_000;
const small = (id: number) => (id % 3 === 0 ? null : id % 251);

let folder: string;
let database: DuckDatabase;
let connection: DuckConnection;
let ids: Uint32Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "faun-sink-"));
  database = await openDatabase(join(folder, "rows.duckdb"));
  connection = await database.connect();
  await connection.run(createTableSql(schemaOf(Row), "rows", false));
  await prepareFetching(connection, schemaOf(Row));
  ids = Uint32Array.from({ length: MOST }, (_, i) => i);
});
afterAll(async () => {
  await connection.close();
  await database.release();
  await rm(folder, { recursive: true });
});

/** Rows [from, from + length) as chunks of columns. */
function chunks(from: number, length: number) {
  const store = new Store(Row);
  const text = Array.from({ length }, (_, i) =>
    (from + i) % 5 === 0 ? null : (from + i) % 1000 === 1 ? `a long text, that of ${from + i}` : "x",
  );
  const values = Array.from({ length }, (_, i) => small(from + i));
  store.addColumns({ id: ids.subarray(from, from + length), small: values, text });
  return store.kernel.chunkList;
}

/** Rows of a batch, and bytes that it is said to have. */
const batches = fc.array(
  fc.record({
    length: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 3000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 200_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(2048, 65_536, GROUP, 2 * GROUP) },
    ),
    bytes: fc.constantFrom(1, 2 ** 20, 2 ** 26, 2 ** 27),
  }),
  { minLength: 1, maxLength: 7 },
);

async function append(given: readonly { length: number; bytes: number }[]): Promise<number> {
  const schema = schemaOf(Row);
  const sink = new FetchedSink(connection, schema, new IngestPlan(schema, schema.fields), { name: "rows", sql: "rows" });
  let total = 0;
  for (const { length, bytes } of given) {
    for (const chunk of chunks(total, length))
      await sink.append(chunk.columns, chunk.length, (bytes * chunk.length) / length, undefined);
    total += length;
  }
  await sink.close(undefined);
  return total;
}

async function assertStored(total: number): Promise<void> {
  const [found] = await connection.rows(`SELECT count(*)::INT, count(*) FILTER (id <> nr)::INT,
    count(*) FILTER (small IS DISTINCT FROM CASE WHEN nr % 3 = 0 THEN NULL ELSE nr % 251 END)::INT,
    count(*) FILTER (text IS DISTINCT FROM CASE WHEN nr % 5 = 0 THEN NULL WHEN nr % 1000 = 1 THEN 'a long text, that of ' || nr ELSE 'x' END)::INT
    FROM (SELECT *, row_number() OVER () - 1 AS nr FROM rows)`);
  expect(found).toEqual([total, 0, 0, 0]);
}

const rowGroups = async () =>
  (
    await connection.rows(`SELECT sum(count)::INT FROM pragma_storage_info('rows')
      WHERE column_name = 'id' AND segment_type <> 'VALIDITY' GROUP BY row_group_id ORDER BY row_group_id`)
  ).map(([rows]) => rows as number);

test("rows keep their order and fill row groups, however they come", async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (given) => {
      await connection.run("BEGIN");
      const total = await append(given);
      await assertStored(total);
      await connection.run("COMMIT");
      await assertStored(total);
      expect(await rowGroups()).toEqual(
        Array.from({ length: Math.ceil(total / GROUP) }, (_, i) => Math.min(GROUP, total - i * GROUP)),
      );
      await connection.run("DELETE FROM rows");
      await connection.run("CHECKPOINT");
    }),
    { numRuns: 8 },
  );
});

test("more rows than one statement takes, and none", async () => {
  await connection.run("BEGIN");
  expect(await append([])).toBe(0);
  await assertStored(0);
  await append([{ length: MOST, bytes: 1 }]);
  await assertStored(MOST);
  await connection.run("ROLLBACK");
  await assertStored(0);
});
