import { type Persistence, PersistentStore } from "faun";
import type { Demo } from "../demo.ts";
import { bytes, fixed, integer } from "../terminal/numbers.ts";
import { fiveOrders } from "./five-orders.ts";
import type { Order } from "./order.ts";

/** (b) Five orders in one batch: all of them are stored, or none. */
export async function batch({ ui, check }: Demo, persistence: Persistence<Order>) {
  const orders = await PersistentStore.open(persistence);
  await orders.addBatch(fiveOrders);

  const stored = await orders.storageCount();
  const stats = await orders.memoryStats();
  const delivered = orders.where((o) => o.status.eq("Delivered"));
  const revenue = delivered.sum("totalAmount") ?? 0;

  ui.table({
    columns: [{ title: "order", align: "right" }, "status", "payment", { title: "amount", align: "right" }, ""],
    rows: [...orders].map((order) => [
      String(order.orderId),
      order.status,
      order.paymentMethod,
      fixed(order.totalAmount, 2),
      order.isHighValue ? "high value" : "",
    ]),
  });
  ui.facts([
    ["in memory, stored", `${orders.size}, ${stored}`],
    [
      "memory",
      `${bytes(stats.totalBytes)} in ${stats.numBatches} batch(es) of ${fixed(stats.averageBatchSize, 1)} rows on average`,
    ],
    ["delivered", `${delivered.count()} orders, revenue ${fixed(revenue, 2)}`],
  ]);
  check(`the storage counts as many orders as memory does: ${integer(stored)}`, stored === orders.size);
  check("orders 1 and 5 are the delivered ones", [...delivered].map((order) => order.orderId).join() === "1,5");

  // The application ends here.
  await orders.close();
  return { orders: fiveOrders.length, stored, memory: stats, delivered: delivered.count(), revenue };
}
