import { ArrowPersistence, PersistentStore, Store } from "faun";
import type { Demo } from "../demo.ts";
import { fiveOrders } from "./five-orders.ts";
import { Order } from "./order.ts";

/** (a) The same domain code twice: in memory only, and durable. */
export async function sideBySide({ ui, check }: Demo) {
  const [first, ...others] = fiveOrders.map((init) => new Order(init)) as [Order, ...Order[]];

  // In memory. What comes out is a view: an Order that reads and writes the columns.
  const orders = new Store(Order);
  orders.add(first);
  orders.addBatch(others);
  orders.get(2n)?.ship();
  const shipped = orders.filter((order) => order.status === "Shipped");

  // Durable. The same names; whoever changes something waits until it is stored.
  const durable = await PersistentStore.open(new ArrowPersistence(Order));
  await durable.add(first);
  await durable.addBatch(others);
  await durable.update(2n, (order) => order.ship());
  const durablyShipped = durable.filter((order) => order.status === "Shipped");

  ui.table({
    columns: ["", "Store", "PersistentStore"],
    rows: [
      ["one", "orders.add(order)", "await orders.add(order)"],
      ["many", "orders.addBatch(orders)", "await orders.addBatch(orders)"],
      ["change", "orders.get(2n)?.ship()", "await orders.update(2n, (o) => o.ship())"],
      ["ask", "orders.filter((o) => o.isHighValue)", "orders.filter((o) => o.isHighValue)"],
      "rule",
      ["orders", String(orders.size), `${durable.size}, of them stored ${await durable.storageCount()}`],
      ["shipped", idsOf(shipped), idsOf(durablyShipped)],
      ["high value", idsOf(orders.filter((o) => o.isHighValue)), idsOf(durable.filter((o) => o.isHighValue))],
    ],
  });

  const view = orders.get(2n);
  check("what a store gives back is an Order, and order 2 is shipped", view instanceof Order && view.status === "Shipped");
  check("the order it was made from is untouched", others[0]?.status === "Pending");
  check("both stores hold the same orders", sameOrders(orders, durable));
  const results = { orders: orders.size, stored: await durable.storageCount(), shipped: shipped.map((order) => order.orderId) };
  await durable.close();
  return results;
}

const idsOf = (orders: readonly Order[]) => orders.map((order) => order.orderId).join(", ");

/** Views are compared by what they show. */
function sameOrders(left: Iterable<Order>, right: Iterable<Order>): boolean {
  return JSON.stringify([...left]) === JSON.stringify([...right]);
}
