import { Store, sum } from "faun";
import type { Demo } from "../demo.ts";
import { timedFiveTimes } from "../measure.ts";
import { bar } from "../terminal/bar.ts";
import { duration, fixed, integer, times } from "../terminal/numbers.ts";
import { alike } from "./alike.ts";
import type { NewOrder } from "./generate.ts";
import { Order } from "./order.ts";
import * as queries from "./questions.ts";
import * as byHand from "./questions-by-hand.ts";

/** (f) Questions as typed queries, over both kinds of memory, each held against a loop over objects. */
export async function ask({ ui, check }: Demo, array: readonly NewOrder[], orders: Store<Order>) {
  // The same rows once more where WebAssembly can read them.
  const shared = new Store(Order, { allocator: "shared" });
  shared.addBatch(array);

  const askAll = async <R>(
    question: string,
    [inLoop, asQuery]: [(orders: readonly NewOrder[]) => R, (orders: Store<Order>) => R],
  ) => {
    const [loop, heap, wasm] = [
      await timedFiveTimes(() => inLoop(array)),
      await timedFiveTimes(() => asQuery(orders)),
      await timedFiveTimes(() => asQuery(shared)),
    ];
    check(`${question}: query and loop agree`, alike(heap.value, loop.value) && alike(wasm.value, loop.value));
    return {
      value: heap.value,
      timing: { question, arrayOfObjects: loop.milliseconds, store: heap.milliseconds, sharedStore: wasm.milliseconds },
    };
  };

  const revenue = await askAll("delivered revenue", [byHand.deliveredRevenue, queries.deliveredRevenue]);
  const high = await askAll("high-value orders", [byHand.highValueOrders, queries.highValueOrders]);
  const payments = await askAll("revenue by payment method", [byHand.revenueByPayment, queries.revenueByPayment]);
  const customers = await askAll("top customers", [byHand.topCustomers, queries.topCustomers]);
  const months = await askAll("monthly trend", [byHand.monthlyTrend, queries.monthlyTrend]);

  ui.text("");
  ui.facts([
    ["delivered revenue", fixed(revenue.value, 2)],
    ["orders above 200", integer(high.value)],
  ]);
  const money = { align: "right" } as const;
  ui.table({
    columns: ["delivered, by payment", { title: "orders", ...money }, { title: "revenue", ...money }, ""],
    rows: payments.value.map(({ paymentMethod, orders, revenue }) => [
      paymentMethod,
      integer(orders),
      fixed(revenue, 2),
      ui.colours.green(bar(revenue, largest(payments.value))),
    ]),
  });
  ui.table({
    columns: ["top customers", { title: "orders", ...money }, { title: "revenue", ...money }, ""],
    rows: customers.value.map(({ customerId, orders, revenue }) => [
      String(customerId),
      integer(orders),
      fixed(revenue, 2),
      ui.colours.green(bar(revenue, largest(customers.value))),
    ]),
  });
  ui.table({
    columns: ["month", { title: "orders", ...money }, { title: "revenue", ...money }, { title: "average", ...money }, ""],
    rows: months.value.map(({ month, orders, revenue, average }) => [
      month.toISOString().slice(0, 7),
      integer(orders),
      fixed(revenue, 2),
      fixed(average ?? 0, 2),
      ui.colours.green(bar(revenue, largest(months.value))),
    ]),
  });

  const timings = [revenue, high, payments, customers, months].map(({ timing }) => timing);
  ui.table({
    columns: [
      "asked of",
      { title: "array of objects", ...money },
      { title: "Store", ...money },
      { title: "Store, shared memory", ...money },
      { title: "against the array", ...money },
    ],
    rows: timings.map(({ question, arrayOfObjects, store, sharedStore }) => [
      question,
      duration(arrayOfObjects),
      duration(store),
      duration(sharedStore),
      `${times(arrayOfObjects / Math.min(store, sharedStore))} as fast`,
    ]),
  });
  const plan = shared
    .where((o) => o.orderId.between(1000n, 1999n).and(o.status.eq("Delivered")))
    .groupBy("paymentMethod")
    .aggregate({ revenue: sum("totalAmount") });
  ui.text("", "What a query is going to do, it says beforehand:");
  ui.text(
    ...plan
      .explain()
      .split("\n")
      .map((line) => ui.colours.dim(line)),
  );

  return {
    deliveredRevenue: revenue.value,
    highValueOrders: high.value,
    revenueByPayment: payments.value,
    topCustomers: customers.value,
    monthlyTrend: months.value,
    timings,
  };
}

const largest = (rows: readonly { revenue: number }[]) => Math.max(...rows.map(({ revenue }) => revenue));
