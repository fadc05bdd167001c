/** Statements over many live rows, whose text is made another one. */
import { Entity, enumOf, f64, Store, TypeConversionError, u64, utf8 } from "faun";
import { type LiveSql, sqlOver } from "faun/duckdb";
import { afterAll, beforeEach, describe, expect, test } from "vitest";

class Order extends Entity("orders", {
  orderId: u64().key(),
  total: f64(),
  status: enumOf("Pending", "Shipped", "Delivered"),
  note: utf8().nullable(),
}) {}
const STATUSES = ["Pending", "Shipped", "Delivered"] as const;
const ROWS = 70_000;
const orders = new Store(Order);
orders.addBatch(
  Array.from({ length: ROWS }, (_, i) => ({
    orderId: BigInt(i),
    total: i % 100,
    status: STATUSES[i % 3]!,
    note: i % 4 === 0 ? null : `n${i}`,
  })),
);

let db: LiveSql | undefined;
beforeEach(async () => {
  await db?.close();
  db = await sqlOver({ orders });
});
afterAll(() => db?.close());

const ask = (sql: string) => (db as LiveSql).querySql(sql).rows();
const plan = async (sql: string) => JSON.stringify(await ask(`EXPLAIN ${sql}`));

/** In a statement that begins with a parenthesis, the view of the store is read as it is. */
const asItIs = (sql: string) => ask(`(${sql})`);

const TOTALS = "SELECT sum(total) AS t FROM orders WHERE total > 1";

describe("what it gives is what its text says", () => {
  test.each([
    "SELECT sum(total) AS t, count(note) AS n FROM orders WHERE status = 'Delivered'",
    "select count(*) AS n from orders",
    "SELECT * FROM orders ORDER BY order_id LIMIT 3 OFFSET 65535",
    "SELECT orders FROM orders WHERE order_id = 66000",
    'SELECT "Total" AS t, o.* EXCLUDE (total) FROM "Orders" AS o WHERE order_id = 69999',
    "SELECT a.status, sum(b.total) AS t FROM orders a JOIN orders b USING (order_id) GROUP BY ALL ORDER BY ALL",
    "\n  WITH few AS (SELECT total FROM orders WHERE status = 'Shipped') SELECT sum(total) AS t FROM few",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i, total FROM n JOIN orders ON i = order_id",
    "WITH orders AS (SELECT total FROM orders WHERE total > 50) SELECT sum(total) AS t FROM orders",
    "SELECT (WITH orders AS (SELECT 5 AS total) SELECT sum(total) FROM orders) AS five, max(total) AS most FROM orders",
    "SELECT main.orders.total FROM orders WHERE order_id = 1",
    "SELECT 'total of orders' AS told, min(total) AS least FROM main.orders -- total",
    "FROM orders SELECT max(total) AS most",
  ])("%s", async (sql) => {
    expect(await ask(sql)).toEqual(await asItIs(sql.replace(/--.*/, "")));
  });
});

test("columns that are named are unnested, others not even read", async () => {
  expect(await plan(TOTALS)).not.toContain("extract");
  expect(await plan(`(${TOTALS})`)).toContain("extract");
  // A code that the enum does not have: whoever reads it is refused.
  const codes = orders.kernel.chunks("status")[0] as Uint8Array;
  codes[500] = 9;
  try {
    expect(await ask("SELECT max(total) AS most FROM orders")).toEqual([{ most: 99 }]);
    await expect(ask("SELECT max(status) FROM orders")).rejects.toThrow(TypeConversionError);
  } finally {
    codes[500] = 500 % 3;
  }
});

test("what is wrong is told of the text that was given", async () => {
  const told = await ask("SELECT total,\n  totally FROM orders").catch((error: Error) => error.message);
  expect(told).toContain("LINE 2:   totally FROM orders");
  expect(told).not.toContain("soa");
  expect(await ask("SELECT note::DATE FROM orders").catch((error: Error) => error.message)).not.toContain("soa");
});

test.each([
  "CREATE OR REPLACE VIEW orders AS SELECT 7.5::DOUBLE AS total",
  "CREATE TEMP TABLE orders AS SELECT 7.5::DOUBLE AS total",
  "CREATE TEMP VIEW Orders AS SELECT 7.5::DOUBLE AS total",
])("%s: a name may get another meaning", async (sql) => {
  await ask("CREATE TABLE kept AS SELECT * FROM orders");
  expect(await plan(TOTALS)).not.toContain("extract");
  await ask(sql);
  expect(await ask(TOTALS)).toEqual([{ t: 7.5 }]);
});

// Else an EXECUTE, which does not name it, could give a name another meaning.
test.each([
  "CREATE TEMP TABLE orders AS SELECT 7.5::DOUBLE AS total",
  "CREATE OR REPLACE VIEW orders AS SELECT 7.5::DOUBLE AS total",
  "DROP VIEW orders",
  "ALTER VIEW orders RENAME TO others",
  "USE temp",
  "SET schema = 'temp'",
])("%s: what changes names the engine does not prepare", async (sql) => {
  await expect(ask(`PREPARE made AS ${sql}`)).rejects.toThrow(/syntax error/);
});

test("a prepared question changes no name", async () => {
  await ask(`PREPARE question AS ${TOTALS}`);
  expect(await ask("EXECUTE question")).toEqual(await asItIs(TOTALS));
  expect(await plan(TOTALS)).not.toContain("extract");
});

test("names may be looked up elsewhere", async () => {
  await ask("CREATE SCHEMA other");
  await ask("CREATE TABLE other.orders AS SELECT 7.5::DOUBLE AS total");
  await ask("USE other");
  expect(await ask(TOTALS)).toEqual([{ t: 7.5 }]);
});
