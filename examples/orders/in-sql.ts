import { mkdir, rm } from "node:fs/promises";
import { count, type Store, sum } from "faun";
import { DuckDBPersistence, sqlOver } from "faun/duckdb";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { bar } from "../terminal/bar.ts";
import { duration, fixed, integer, rate } from "../terminal/numbers.ts";
import { alike } from "./alike.ts";
import { Order } from "./order.ts";
import { SQLOrderStore } from "./sql-order-store.ts";

const FOLDER = "./duckdb_demo_data";
const FILE = `${FOLDER}/orders.duckdb`;
const FEW = 1000;

/** (i) The shop's questions in SQL: of a database file, and of the orders in memory. */
export async function inSql({ ui, check }: Demo, orders: Store<Order>) {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER);
  const { reopened: stored, milliseconds: saveMilliseconds } = await saveAndReopen(orders, { ui, check });

  // No row is inserted anywhere: DuckDB reads the columns of the store.
  const live = await sqlOver({ orders });
  const ask = async (database: ConstructorParameters<typeof SQLOrderStore>[0]) => {
    const shop = new SQLOrderStore(database);
    return {
      statuses: await timed(() => shop.revenueByStatus().rows()),
      customers: await timed(() => shop.topCustomers(5).rows()),
      months: await timed(() => shop.monthlyTrends().rows()),
      payments: await timed(() => shop.deliveredByPayment().rows()),
    };
  };
  const [file, memory, typed] = [await ask(stored), await ask(live), await asQueries(orders)];
  for (const [name, what] of QUESTIONS) {
    check(
      `${what}: the file, the live store and the typed query agree`,
      alike(file[name].value, memory[name].value) && alike(memory[name].value, typed[name].value),
    );
  }
  await live.close();
  await stored.close();

  const money = { align: "right" } as const;
  const { statuses, customers, months, payments } = file;
  const chart = (value: number, of: readonly { revenue: number }[]) =>
    ui.colours.green(bar(value, Math.max(...of.map(({ revenue }) => revenue))));
  ui.table({
    columns: ["status", { title: "orders", ...money }, { title: "revenue", ...money }, ""],
    rows: statuses.value.map((row) => [
      row.status,
      integer(row.orders),
      fixed(row.revenue, 2),
      chart(row.revenue, statuses.value),
    ]),
  });
  ui.table({
    columns: ["top customers", { title: "orders", ...money }, { title: "revenue", ...money }, ""],
    rows: customers.value.map((row) => [
      String(row.customerId),
      integer(row.orders),
      fixed(row.revenue, 2),
      chart(row.revenue, customers.value),
    ]),
  });
  ui.table({
    columns: [
      "month",
      { title: "orders", ...money },
      { title: "revenue", ...money },
      { title: "so far", ...money },
      "revenue so far",
    ],
    rows: months.value.map((row) => [
      row.month.slice(0, 7),
      integer(row.orders),
      fixed(row.revenue, 2),
      fixed(row.runningTotal, 2),
      ui.colours.green(bar(row.runningTotal, months.value.at(-1)?.runningTotal ?? 0)),
    ]),
  });
  ui.text("", "SELECT payment_method, SUM(total_amount) FROM orders WHERE status = 'Delivered' GROUP BY payment_method");
  ui.table({
    columns: ["payment_method", { title: "revenue", ...money }, ""],
    rows: payments.value.map((row) => [row.payment_method, fixed(row.revenue, 2), chart(row.revenue, payments.value)]),
  });
  ui.table({
    columns: ["asked of", { title: FILE, ...money }, { title: "the live store", ...money }, { title: "a typed query", ...money }],
    rows: QUESTIONS.map(([name, what]) => [
      what,
      duration(file[name].milliseconds),
      duration(memory[name].milliseconds),
      duration(typed[name].milliseconds),
    ]),
  });

  const spent = (of: typeof file) => QUESTIONS.reduce((total, [name]) => total + of[name].milliseconds, 0);
  return {
    orders: orders.size,
    saveMilliseconds,
    revenueByStatus: statuses.value,
    topCustomers: customers.value,
    monthlyTrends: months.value,
    deliveredByPayment: payments.value,
    milliseconds: { file: spent(file), live: spent(memory) },
  };
}

const QUESTIONS = [
  ["statuses", "revenue by status"],
  ["customers", "top customers"],
  ["months", "monthly trends"],
  ["payments", "delivered, by payment"],
] as const;

/** A thousand orders, then all of them, in a database file; opened again, as the next process would. */
async function saveAndReopen(orders: Store<Order>, { ui, check }: Pick<Demo, "ui" | "check">) {
  const open = () => new DuckDBPersistence(Order, { path: FILE });
  const few = orders.where((o) => o.orderId.le(BigInt(FEW)));
  const first = open();
  await first.saveBatches(few.toArrow().batches);
  check(`${integer(FEW)} orders are in ${FILE}`, (await first.count()) === FEW);
  await first.close();

  const second = open();
  const all = await timed(() => second.save(orders.kernel));
  await second.close();
  ui.facts([
    ["saved", `${integer(orders.size)} orders in ${duration(all.milliseconds)}, ${rate(orders.size, all.milliseconds)}`],
  ]);

  const reopened = open();
  check("opened again, all of them are there", (await reopened.count()) === orders.size);
  return { reopened, milliseconds: all.milliseconds };
}

/** The same questions as typed queries. */
async function asQueries(orders: Store<Order>) {
  const measures = { orders: count(), revenue: sum("totalAmount") };
  return {
    statuses: await timed(() => orders.groupBy("status").aggregate(measures).orderBy("status").toArray()),
    customers: await timed(() =>
      orders.groupBy("customerId").aggregate(measures).orderBy("revenue", "desc").thenBy("customerId").limit(5).toArray(),
    ),
    months: await timed(() => {
      let runningTotal = 0;
      return orders
        .groupBy((o) => ({ month: o.orderTimestamp.dateTrunc("month") }))
        .aggregate(measures)
        .orderBy("month")
        .toArray()
        .map(({ month, orders, revenue }) => {
          runningTotal += revenue;
          return { month: month.toISOString().slice(0, 10), orders, revenue, runningTotal };
        });
    }),
    payments: await timed(() =>
      orders
        .where((o) => o.status.eq("Delivered"))
        .groupBy("paymentMethod")
        .aggregate({ revenue: sum("totalAmount") })
        .orderBy("paymentMethod")
        .toArray()
        .map(({ paymentMethod, revenue }) => ({ payment_method: paymentMethod, revenue })),
    ),
  };
}
