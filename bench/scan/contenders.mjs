// The same orders held by each contender, and the operations as each would write them. Every operation gives a number to check.
import { DuckDBInstance } from "@duckdb/node-api";
import { tableToIPC } from "apache-arrow";
import * as aq from "arquero";
import { count, ShardedStore, Store, sum } from "faun";
import polars from "nodejs-polars";
import { Order, PAYMENTS, STATUSES } from "../orders.mjs";
import { duckTable } from "./orders.mjs";

const { op } = aq;

/** Names of the operations, in the order of the tables. */
export const OPERATIONS = [
  "count where",
  "sum where",
  "filter to row ids",
  "sum by enum",
  "group by 10,000",
  "group by customer",
  "top 10 customers",
  "1 % key range",
  "sum",
];

/** On one thread, or with `workers` besides the one that asks. */
export function faun(columns, limits, allocator, workers = 0) {
  const orders = new Store(Order, { allocator, workers });
  orders.addColumns(columns);
  return operationsOf(orders, limits);
}

/** Four shards on the arena, scanned by `workers` threads besides the one that asks. */
export function sharded(columns, limits, workers) {
  const orders = new ShardedStore(Order, { allocator: "shared", shards: 4, workers });
  orders.addColumns(columns);
  return operationsOf(orders, limits);
}

function operationsOf(orders, { above, low, high }) {
  const delivered = orders.where((o) => o.status.eq("Delivered"));
  const dear = orders.where((o) => o.totalAmount.gt(above));
  const byPayment = orders.groupBy("paymentMethod").aggregate({ revenue: sum("totalAmount") });
  const byProduct = orders.groupBy("productId").aggregate({ revenue: sum("totalAmount") });
  const byCustomer = orders.groupBy("customerId").aggregate({ revenue: sum("totalAmount") });
  const top = byCustomer.orderBy("revenue", "desc").limit(10);
  const range = orders.where((o) => o.orderId.between(BigInt(low), BigInt(high)));
  // Their answers as columns: a row object each is nobody's aim with 500,000 groups.
  const groups = (query) => query.toArrow().numRows;
  return {
    orders,
    explain: {
      "count where": delivered.aggregate({ n: count() }).explain(),
      "1 % key range": range.aggregate({ s: sum("totalAmount") }).explain(),
    },
    "count where": () => delivered.count(),
    "sum where": () => delivered.sum("totalAmount"),
    "filter to row ids": () => dear.rowIndices().length,
    "sum by enum": () => byPayment.toArray().length,
    "group by 10,000": () => groups(byProduct),
    "group by customer": () => groups(byCustomer),
    "top 10 customers": () => top.toArray().length,
    "1 % key range": () => range.sum("totalAmount"),
    sum: () => orders.sum("totalAmount"),
  };
}

export function arrays(columns, { above, low, high }) {
  const rows = Array.from(columns.status, (status, i) => ({
    orderId: i,
    customerId: Number(columns.customerId[i]),
    productId: Number(columns.productId[i]),
    quantity: columns.quantity[i],
    unitPrice: columns.unitPrice[i],
    totalAmount: columns.totalAmount[i],
    status: STATUSES[status],
    paymentMethod: PAYMENTS[columns.paymentMethod[i]],
    orderTimestamp: Number(columns.orderTimestamp[i]),
    shippingAddressHash: columns.shippingAddressHash[i],
  }));
  const groupBy = (name) => {
    const sums = new Map();
    for (const row of rows) sums.set(row[name], (sums.get(row[name]) ?? 0) + row.totalAmount);
    return sums;
  };
  return {
    "count where": () => {
      let n = 0;
      for (const row of rows) if (row.status === "Delivered") n++;
      return n;
    },
    "sum where": () => {
      let total = 0;
      for (const row of rows) if (row.status === "Delivered") total += row.totalAmount;
      return total;
    },
    "filter to row ids": () => {
      const ids = [];
      for (let i = 0; i < rows.length; i++) if (rows[i].totalAmount > above) ids.push(i);
      return ids.length;
    },
    "sum by enum": () => groupBy("paymentMethod").size,
    "group by 10,000": () => groupBy("productId").size,
    "group by customer": () => groupBy("customerId").size,
    "top 10 customers": () => [...groupBy("customerId")].sort((a, b) => b[1] - a[1]).slice(0, 10).length,
    "1 % key range": () => {
      let total = 0;
      for (const row of rows) if (row.orderId >= low && row.orderId <= high) total += row.totalAmount;
      return total;
    },
    sum: () => {
      let total = 0;
      for (const row of rows) total += row.totalAmount;
      return total;
    },
  };
}

export function arquero(columns, { above, low, high }) {
  // Ids as doubles, names as strings: the forms it is fastest with.
  const table = aq
    .table({
      order_id: Float64Array.from(columns.orderId, Number),
      customer_id: Float64Array.from(columns.customerId, Number),
      product_id: Float64Array.from(columns.productId, Number),
      total_amount: columns.totalAmount,
      status: Array.from(columns.status, (code) => STATUSES[code]),
      payment_method: Array.from(columns.paymentMethod, (code) => PAYMENTS[code]),
    })
    .params({ above, low, high });
  const revenue = { revenue: (d) => op.sum(d.total_amount) };
  return {
    "count where": () => table.filter((d) => d.status === "Delivered").numRows(),
    "sum where": () =>
      table
        .filter((d) => d.status === "Delivered")
        .rollup(revenue)
        .get("revenue", 0),
    "filter to row ids": () => table.filter((d, $) => d.total_amount > $.above).indices().length,
    "sum by enum": () => table.groupby("payment_method").rollup(revenue).numRows(),
    "group by 10,000": () => table.groupby("product_id").rollup(revenue).numRows(),
    "group by customer": () => table.groupby("customer_id").rollup(revenue).numRows(),
    "top 10 customers": () => table.groupby("customer_id").rollup(revenue).orderby(aq.desc("revenue")).slice(0, 10).numRows(),
    "1 % key range": () =>
      table
        .filter((d, $) => d.order_id >= $.low && d.order_id <= $.high)
        .rollup(revenue)
        .get("revenue", 0),
    sum: () => table.rollup(revenue).get("revenue", 0),
  };
}

/** Over a table made from the same Arrow data; on as many threads as it likes. */
export function polarsOf(store, { above, low, high }) {
  const { col, lit } = polars;
  const frame = polars.readIPCStream(Buffer.from(tableToIPC(store.toArrow({ copy: true }), "stream"))).withRowCount("row");
  const lazy = () => frame.lazy();
  const total = col("total_amount").sum().alias("revenue");
  const delivered = () => lazy().filter(col("status").eq(lit("Delivered")));
  const value = (query, name) => query.collectSync().getColumn(name).get(0);
  return {
    "count where": () => value(delivered().select(col("total_amount").count().alias("n")), "n"),
    "sum where": () => value(delivered().select(total), "revenue"),
    "filter to row ids": () => lazy().filter(col("total_amount").gt(above)).select(col("row")).collectSync().height,
    "sum by enum": () => lazy().groupBy("payment_method").agg(total).collectSync().height,
    "group by 10,000": () => lazy().groupBy("product_id").agg(total).collectSync().height,
    "group by customer": () => lazy().groupBy("customer_id").agg(total).collectSync().height,
    "top 10 customers": () => lazy().groupBy("customer_id").agg(total).sort("revenue", true).limit(10).collectSync().height,
    "1 % key range": () =>
      value(
        lazy()
          .filter(col("order_id").gtEq(low).and(col("order_id").ltEq(high)))
          .select(total),
        "revenue",
      ),
    sum: () => value(lazy().select(total), "revenue"),
  };
}

/** A table in memory, one thread; answers are read as chunks of columns. */
export async function duckdb(rows, { above, low, high }) {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  for (const sql of duckTable(rows)) await connection.run(sql);
  const prepared = async (sql) => {
    const statement = await connection.prepare(sql);
    return async () => {
      const result = await statement.run();
      let n = 0;
      let first;
      for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        first ??= chunk.getColumnVector(0).getItem(0);
        n += chunk.rowCount;
      }
      return { n, first };
    };
  };
  const rowsOf = async (sql) => {
    const run = await prepared(sql);
    return async () => (await run()).n;
  };
  const numberOf = async (sql) => {
    const run = await prepared(sql);
    return async () => Number((await run()).first);
  };
  return {
    close: () => connection.closeSync(),
    "count where": await numberOf("SELECT count(*) FROM orders WHERE status = 'Delivered'"),
    "sum where": await numberOf("SELECT sum(total_amount) FROM orders WHERE status = 'Delivered'"),
    "filter to row ids": await rowsOf(`SELECT rowid FROM orders WHERE total_amount > ${above}`),
    "sum by enum": await rowsOf("SELECT payment_method, sum(total_amount) FROM orders GROUP BY ALL"),
    "group by 10,000": await rowsOf("SELECT product_id, sum(total_amount) FROM orders GROUP BY ALL"),
    "group by customer": await rowsOf("SELECT customer_id, sum(total_amount) FROM orders GROUP BY ALL"),
    "top 10 customers": await rowsOf(
      "SELECT customer_id, sum(total_amount) AS revenue FROM orders GROUP BY ALL ORDER BY revenue DESC LIMIT 10",
    ),
    "1 % key range": await numberOf(`SELECT sum(total_amount) FROM orders WHERE order_id BETWEEN ${low} AND ${high}`),
    sum: await numberOf("SELECT sum(total_amount) FROM orders"),
  };
}
