/** Statements of the user beside a store of the same database: it is told of those that change its table, and of no others. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConflictError, DatabaseError, PersistentStore } from "faun";
import { DuckDBPersistence, type Sql } from "faun/duckdb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mayChange } from "../../../src/persistence/duckdb/written-tables.ts";
import { Order, order, orders, soaOf } from "../../conformance/entities.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-foreign-"));
const path = join(folder, "orders.duckdb");
let db: DuckDBPersistence<Order>;
let store: PersistentStore<Order>;
beforeAll(async () => {
  db = new DuckDBPersistence(Order, { path });
  await db.save(soaOf(orders(0, 10)));
  await db.sql`CREATE TABLE notes (id UBIGINT, text VARCHAR)`;
  await db.querySql(`ATTACH '${join(folder, "copy.duckdb")}' AS elsewhere`);
  await db.sql`CREATE TABLE elsewhere.orders AS SELECT * FROM orders LIMIT 0`;
  store = await PersistentStore.open(db);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

test.each([
  `COPY orders TO '${join(folder, "orders.parquet")}'`,
  `COPY orders (order_id, total) TO '${join(folder, "two.parquet")}'`,
  `COPY (SELECT * FROM orders) TO '${join(folder, "more.parquet")}'`,
  "INSERT INTO notes SELECT order_id, customer FROM orders",
  "UPDATE notes SET text = 'x' WHERE id IN (SELECT order_id FROM orders)",
  `DELETE FROM "notes" WHERE id NOT IN (SELECT order_id FROM orders)`,
  "CREATE TABLE summary AS SELECT count(*) FROM orders",
  "CREATE OR REPLACE VIEW totals AS SELECT count(text) FROM notes",
  "INSERT INTO elsewhere.orders SELECT * FROM orders",
  "DELETE FROM elsewhere.main.orders",
  "EXPLAIN ANALYZE SELECT * FROM orders",
  "TRUNCATE notes",
])("%s leaves the store as it is", async (sql) => {
  await db.querySql(sql);
  await store.update(1n, { total: 1 });
});

test.each([
  "UPDATE orders SET total = 2 WHERE order_id = 1",
  `DELETE FROM main."orders" WHERE order_id = 9`,
  "/* a comment */ UPDATE ORDERS SET total = 3 WHERE order_id = 1",
  "WITH one AS (SELECT 1::UBIGINT AS id) UPDATE orders SET total = 4 WHERE order_id IN (SELECT id FROM one)",
  "MERGE INTO orders USING (SELECT 1::UBIGINT AS id) AS n ON order_id = n.id WHEN MATCHED THEN UPDATE SET total = 5",
  "EXPLAIN ANALYZE UPDATE orders SET total = 6 WHERE order_id = 1",
])("%s does not", async (sql) => {
  await db.querySql(sql);
  await expect(store.update(1n, { total: 1 })).rejects.toThrow(ConflictError);
  await store.loadFromStorage();
  await store.update(1n, { total: 1 });
});

test("as in transactions, by what they wrote", async () => {
  const run = (body: (tx: Sql) => Promise<unknown>) => db.transaction(body);
  await run((tx) => tx.sql`SELECT count(*) FROM orders`.rows());
  await run(async (tx) => {
    await tx.sql`CREATE TEMP TABLE passing AS SELECT * FROM orders`;
    await tx.sql`INSERT INTO notes SELECT order_id, 'y' FROM passing`;
  });
  await run((tx) => tx.sql`INSERT INTO elsewhere.orders SELECT * FROM orders`.rows());
  await store.update(1n, { total: 7 });
  await run(async (tx) => {
    await tx.sql`PREPARE one AS UPDATE orders SET total = 8 WHERE order_id = 1`;
    await tx.sql`EXECUTE one`;
  });
  await expect(store.update(1n, { total: 1 })).rejects.toThrow(ConflictError);
  await store.loadFromStorage();
  expect(store.get(1n)?.total).toBe(8);
});

test("a name is found however it is written, and in doubt it counts", () => {
  const elsewhere = (catalog: string) => catalog === "elsewhere";
  const changes = (sql: string, table: string) => mayChange(sql, table, elsewhere);
  expect(changes('INSERT INTO "a""b" VALUES (1)', 'a"b')).toBe(true);
  expect(changes('WITH x AS (SELECT 1) INSERT INTO "A""B" SELECT * FROM x', 'a"b')).toBe(true);
  expect(changes("INSERT OR REPLACE INTO größe VALUES (1)", "größe")).toBe(true);
  expect(changes("insert into orders😀 values (1)", "orders😀")).toBe(true);
  expect(changes("insert into orders\u00a0values (1)", "orders")).toBe(true);
  expect(changes("INSERT INTO orders2 VALUES (1)", "orders")).toBe(false);
  for (const only of [
    "UPDATE  ONLY orders SET a = 1",
    "DELETE FROM only orders",
    "TRUNCATE TABLE ONLY orders",
    "DROP TABLE x, orders",
  ])
    expect(changes(only, "orders")).toBe(true);
  for (const between of [
    "UPDATE main./**/orders SET a = 1",
    "UPDATE main -- x\n.orders SET a = 1",
    "UPDATE main . orders SET a = 1",
  ])
    expect(changes(between, "orders")).toBe(true);
  for (const apart of ["CREATE  OR REPLACE TABLE orders (a INT)", "CREATE /* */ OR REPLACE TABLE orders (a INT)"])
    expect(changes(apart, "orders")).toBe(true);
  expect(changes("COPY orders FROM 'a.parquet'", "orders")).toBe(true);
  expect(changes("COPY x (a, b) FROM 'orders.parquet'", "orders")).toBe(false);
  expect(changes("ALTER TABLE x RENAME TO orders", "orders")).toBe(true);
  expect(changes("CREATE OR REPLACE TABLE orders (a INT)", "orders")).toBe(true);
  expect(changes("DROP TABLE IF EXISTS elsewhere.orders", "orders")).toBe(false);
  expect(changes("DROP TABLE IF EXISTS orders", "orders")).toBe(true);
  expect(changes("/* */ EXECUTE q", "orders")).toBe(true);
});

test("statements that a transaction's function did not wait for are part of it", async () => {
  await db.sql`CREATE TABLE many (n INT)`;
  const left: Promise<unknown>[] = [];
  await db.transaction(async (tx) => {
    for (let i = 0; i < 20; i++) left.push(tx.sql`INSERT INTO many VALUES (${i})`.rows());
  });
  await Promise.all(left);
  expect(await db.sql`SELECT count(*)::INT AS n FROM many`).toEqual([{ n: 20 }]);
  const failing = db.transaction(async (tx) => {
    for (let i = 0; i < 20; i++)
      tx.sql`INSERT INTO many VALUES (CASE WHEN ${i} = 15 THEN error('not that') ELSE 0 END)`.rows().catch(() => undefined);
  });
  await expect(failing).rejects.toThrow(DatabaseError);
  await expect(failing).rejects.toThrow(/nothing was written.*not that/);
  expect(await db.sql`SELECT count(*)::INT AS n FROM many`).toEqual([{ n: 20 }]);
});

test("a file that is only read can be read in a transaction", async () => {
  const own = join(folder, "read.duckdb");
  const writing = new DuckDBPersistence(Order, { path: own });
  await writing.append(soaOf([order(1)]));
  await writing.close();
  const reading = new DuckDBPersistence(Order, { path: own, readOnly: true });
  const rows = await reading.transaction(async (tx) => {
    await tx.sql`CREATE TEMP TABLE passing AS SELECT * FROM orders`;
    return tx.sql`SELECT count(*)::INT AS n FROM passing`;
  });
  expect(rows).toEqual([{ n: 1 }]);
  await expect(reading.transaction((tx) => tx.sql`DELETE FROM orders`.rows())).rejects.toThrow(DatabaseError);
  await reading.close();
});
