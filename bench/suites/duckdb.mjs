import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import { Store } from "faun";
import { DuckDBPersistence, sqlOver } from "faun/duckdb";
import { longestStall } from "../event-loop.mjs";
import { Order } from "../orders.mjs";
import { columnsOf, duckTable } from "../scan/orders.mjs";

/** Rows into and out of DuckDB files, and SQL over live rows, against what DuckDB does with rows that it has already. */
export default {
  name: "duckdb",
  title: "Orders and DuckDB",
  async run(h) {
    for (const nominal of [1_000_000, 5_000_000]) {
      const rows = h.size(nominal);
      const folder = mkdtempSync(join(tmpdir(), "faun-bench-"));
      const instance = await DuckDBInstance.create(join(folder, "engine.duckdb"));
      const engine = await instance.connect();
      try {
        const orders = new Store(Order);
        orders.addColumns(columnsOf(rows));
        await live(h, orders);
        for (const sql of duckTable(rows)) await engine.run(sql);
        await inAndOut(h, { folder, orders, engine, valueByValue: nominal === 1_000_000 });
        if (nominal === 5_000_000) await stalls(h, { folder, orders });
      } finally {
        engine.closeSync();
        instance.closeSync();
        rmSync(folder, { recursive: true });
      }
    }
  },
};

const QUESTION = "SELECT sum(total_amount) AS revenue FROM orders WHERE status = 'Delivered' AND total_amount > 500";

/** One question, of a table that DuckDB holds in memory, and of a store. */
async function live(h, orders) {
  const rows = orders.size;
  const instance = await DuckDBInstance.create(":memory:");
  const resident = await instance.connect();
  for (const sql of duckTable(rows)) await resident.run(sql);
  const ask = async () => (await resident.runAndReadAll(QUESTION)).getRowObjects();
  const db = await sqlOver({ orders });
  const delivered = orders.where((o) => o.status.eq("Delivered").and(o.totalAmount.gt(500)));
  const alternatives = {
    "resident table": ask,
    "live store": () => db.querySql(QUESTION).rows(),
    "live store, its filter a typed query": () => db.sql`SELECT sum(total_amount) AS revenue FROM ${delivered}`.rows(),
    "typed query alone": () => [{ revenue: delivered.sum("totalAmount") }],
  };
  const [{ revenue }] = await ask();
  for (const [name, answer] of Object.entries(alternatives)) {
    const [found] = await answer();
    if (!(Math.abs(found.revenue - revenue) <= 1e-9 * revenue)) throw new Error(`${name}: ${found.revenue}, not ${revenue}`);
  }
  await h.time({
    title: `Filtered sum of ${label(rows)}`,
    unit: "ms",
    rows,
    baseline: "resident table",
    targets: { "live store": { ratio: 2.5 } },
    rounds: 15,
    warmup: 4,
    alternatives,
  });
  await db.close();
  resident.closeSync();
  instance.closeSync();
}

/** Replacing what a file holds by all rows, and reading all of it, against the engine's fastest ways and its handiest. */
async function inAndOut(h, { folder, orders, engine, valueByValue }) {
  const rows = orders.size;
  const parquet = join(folder, "orders.parquet");
  await engine.run(`COPY orders TO '${parquet}'`);
  await engine.run("CREATE TABLE target AS SELECT * FROM orders LIMIT 0");
  const persistence = new DuckDBPersistence(Order, { path: join(folder, "faun.duckdb") });
  const replaceBy = async (fill) => {
    await engine.run("BEGIN");
    await engine.run("DELETE FROM target");
    await fill();
    await engine.run("COMMIT");
  };
  const rounds = valueByValue ? 7 : 5;
  await h.time({
    title: `Save ${label(rows)} to a file`,
    unit: "ms",
    rows,
    rounds,
    baseline: "INSERT from Parquet",
    targets: { "DuckDBPersistence.save": { ratio: 1.3 } },
    alternatives: {
      "INSERT from Parquet": () => replaceBy(() => engine.run(`INSERT INTO target SELECT * FROM '${parquet}'`)),
      "DuckDBPersistence.save": () => persistence.save(orders.kernel),
      ...(valueByValue && { "appender, value by value": () => replaceBy(() => append(engine, orders)) }),
    },
  });
  if ((await persistence.count()) !== rows) throw new Error(`${await persistence.count()} rows were saved`);
  await h.time({
    title: `Load ${label(rows)} from a file`,
    unit: "ms",
    rows,
    rounds,
    baseline: "vectors, copied",
    targets: { "DuckDBPersistence.load": { ratio: 1.3 } },
    alternatives: {
      "vectors, copied": () => copyVectors(engine, rows),
      "DuckDBPersistence.load": () => persistence.load(),
      ...(valueByValue && {
        getRowObjects: async () => (await engine.runAndReadAll("SELECT * FROM orders")).getRowObjects().length,
      }),
    },
  });
  await persistence.close();
}

async function append(engine, orders) {
  const appender = await engine.createAppender("target");
  for (const order of orders) {
    appender.appendUBigInt(order.orderId);
    appender.appendUBigInt(order.customerId);
    appender.appendUBigInt(order.productId);
    appender.appendUInteger(order.quantity);
    appender.appendDouble(order.unitPrice);
    appender.appendDouble(order.totalAmount);
    appender.appendVarchar(order.status);
    appender.appendVarchar(order.paymentMethod);
    appender.appendVarchar(order.orderTimestamp.toISOString().slice(0, -1));
    appender.appendUBigInt(order.shippingAddressHash);
    appender.endRow();
  }
  appender.closeSync();
}

/** Bytes of a value of each column. */
const WIDTHS = [8, 8, 8, 4, 8, 8, 1, 1, 8, 8];

/** The fastest there is: the bytes of each vector into one array a column, unchecked. */
async function copyVectors(engine, rows) {
  const result = await engine.stream("SELECT * FROM orders");
  const columns = WIDTHS.map((width) => new Uint8Array(width * rows));
  let at = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (let i = 0; i < WIDTHS.length; i++) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, i);
      columns[i].set(duckdb.vector_get_data(vector, WIDTHS[i] * chunk.rowCount), WIDTHS[i] * at);
    }
    at += chunk.rowCount;
  }
  if (at !== rows) throw new Error(`${at} of ${rows} rows were read`);
  return columns;
}

const STALL_RUNS = 5;

/** How long saving and loading hold up the event loop, beside the same time with nothing to do. */
async function stalls(h, { folder, orders }) {
  const persistence = new DuckDBPersistence(Order, { path: join(folder, "stalls.duckdb") });
  const longest = { save: [], load: [], idle: [] };
  for (let run = 0; run < STALL_RUNS; run++) {
    const began = performance.now();
    longest.save.push(await longestStall(() => persistence.save(orders.kernel)));
    longest.load.push(await longestStall(() => persistence.load()));
    const spent = performance.now() - began;
    longest.idle.push(await longestStall(() => new Promise((resolve) => setTimeout(resolve, spent / 2))));
  }
  await persistence.close();
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  h.values({
    title: `Longest stall of the event loop, ${label(orders.size)}, median of ${STALL_RUNS} runs' longest`,
    unit: "ms",
    baseline: "idle",
    values: Object.fromEntries(Object.entries(longest).map(([name, values]) => [name, median(values)])),
    targets: { save: { value: 100 }, load: { value: 100 } },
  });
}

const label = (rows) => `${rows.toLocaleString("en")} orders`;
