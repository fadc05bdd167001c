import { type Persistence, PersistentStore, query, sum } from "faun";
import type { Demo } from "../demo.ts";
import { fixed } from "../terminal/numbers.ts";
import { fiveOrders } from "./five-orders.ts";
import { Order } from "./order.ts";

/** (c) The application starts again: another store loads what the first one left behind. */
export async function restart({ ui, check }: Demo, persistence: Persistence<Order>) {
  const orders = await PersistentStore.open(persistence);
  const delivered = query(Order).where((o) => o.status.eq("Delivered"));
  const revenue = orders.query(delivered).sum("totalAmount") ?? 0;
  const stored = await orders.queryStorage(delivered.aggregate({ revenue: sum("totalAmount") }));

  ui.facts([
    ["loaded", `${orders.size} orders`],
    ["delivered revenue", fixed(revenue, 2)],
    ["order 4", `${orders.get(4n)?.status}, ${orders.get(4n)?.orderTimestamp.toISOString()}`],
  ]);
  check(
    "every order is back, field for field",
    JSON.stringify([...orders]) === JSON.stringify(fiveOrders.map((init) => new Order(init))),
  );
  check(
    "each of them is found by its key",
    fiveOrders.every(({ orderId }) => orders.has(orderId)),
  );

  check("the storage answers the same question with the same revenue", stored.toArray()[0]?.revenue === revenue);

  await orders.close();
  return { orders: fiveOrders.length, revenue };
}
