import { ArrowPersistence, PersistentStore, Store } from "faun";
import type { Demo } from "../demo.ts";
import { held, timed, timedFiveTimes } from "../measure.ts";
import { bytes, duration, fixed, integer, rate } from "../terminal/numbers.ts";
import type { Ui } from "../terminal/ui.ts";
import { generateOrders, type NewOrder } from "./generate.ts";
import { Order } from "./order.ts";
import { deliveredRevenue } from "./questions.ts";
import * as byHand from "./questions-by-hand.ts";

const BATCH = 20_000;

/** (e) The same with a million orders, beside an array of objects that holds the same. */
export async function million({ ui, check, rows }: Demo) {
  const array = await held(() => collect(ui, "an array of objects              ", rows, (order) => order));
  // Who does without bigints and Dates spares some of it, and loses the low digits of a hash.
  const lean = (await held(() => collect(ui, "an array with plain numbers      ", rows, withPlainNumbers))).bytes;

  const store = await held(() => {
    const orders = new Store(Order);
    const progress = ui.progress("the same orders into a Store     ", rows, "orders");
    for (const lot of lotsOf(array.value)) {
      orders.addBatch(lot);
      progress.update(orders.size);
    }
    progress.finish();
    return orders;
  });
  const orders = store.value;

  const persisted = await timed(async () => {
    const persistence = new ArrowPersistence(Order);
    const durable = await PersistentStore.open(persistence);
    const progress = ui.progress("the same into a PersistentStore  ", rows, "orders");
    for (const lot of lotsOf(array.value)) {
      await durable.addBatch(lot);
      progress.update(durable.size);
    }
    progress.finish();
    return { persistence, durable };
  });
  const { persistence, durable } = persisted.value;
  const stored = await durable.storageCount();
  check(`the storage counts as many orders as memory does: ${integer(stored)}`, stored === rows && durable.size === rows);
  check("the Store holds as many", orders.size === rows);

  // The lot as an apache-arrow Table. Nothing is copied: its buffers are the store's own.
  const arrow = await timedFiveTimes(() => orders.toArrow());
  const amounts = arrow.value.getChild("total_amount")?.data ?? [];
  const chunks = orders.kernel.chunks("totalAmount");
  check(
    `Arrow sees ${integer(rows)} rows in ${chunks.length} record batches`,
    arrow.value.numRows === rows && amounts.length === chunks.length,
  );
  check(
    "over the very bytes of the store",
    chunks.every((chunk, i) => amounts[i]?.values.buffer === chunk.buffer && amounts[i]?.values.byteOffset === chunk.byteOffset),
  );

  // One question, asked in four ways.
  const byObjects = await timedFiveTimes(() => byHand.deliveredRevenue(array.value));
  const byViews = await timedFiveTimes(() => revenueOfViews(orders));
  const byColumns = await timedFiveTimes(() => revenueOfColumns(orders));
  const byQuery = await timedFiveTimes(() => deliveredRevenue(orders));
  check(
    `delivered revenue is ${fixed(byObjects.value, 2)} in objects, views, columns and by a query`,
    [byViews, byColumns, byQuery].every(({ value }) => Math.abs(value - byObjects.value) <= 1e-9 * byObjects.value),
  );

  // A key is found at once, and a snapshot stays as it was.
  const open = orders.where((o) => o.status.in(["Pending", "Processing"]).and(o.totalAmount.gt(200))).toArray();
  const before = orders.snapshot();
  const ship = await timed(() => open.map((order) => orders.get(order.orderId)?.ship()));
  check(
    `${integer(open.length)} open orders of high value shipped; a snapshot still has them open`,
    open.every((order) => order.status === "Shipped" && before.get(order.orderId)?.isOpen === true),
  );

  const statistics = await durable.memoryStats();
  await durable.close();
  const restart = await timed(() => PersistentStore.open(persistence));
  check(
    "after a restart they are all there",
    restart.value.size === rows && restart.value.get(BigInt(rows))?.orderId === BigInt(rows),
  );
  await restart.value.close();

  const results = {
    orders: rows,
    stored,
    generated: { milliseconds: array.milliseconds },
    store: { milliseconds: store.milliseconds, rowsPerSecond: perSecond(rows, store.milliseconds), memory: orders.memoryStats() },
    persistentStore: {
      milliseconds: persisted.milliseconds,
      rowsPerSecond: perSecond(rows, persisted.milliseconds),
      memory: statistics,
    },
    bytesPerOrder: { arrayOfObjects: array.bytes / rows, arrayOfLeanObjects: lean / rows, store: store.bytes / rows },
    toArrowMilliseconds: arrow.milliseconds,
    restartMilliseconds: restart.milliseconds,
    deliveredRevenue: byObjects.value,
    revenueMilliseconds: {
      arrayOfObjects: byObjects.milliseconds,
      views: byViews.milliseconds,
      columns: byColumns.milliseconds,
      query: byQuery.milliseconds,
    },
    shipped: open.length,
    shipMilliseconds: ship.milliseconds,
  };
  ui.facts([
    [
      "stored",
      `${bytes(statistics.totalBytes)} in ${integer(statistics.numBatches)} batches of ${integer(statistics.averageBatchSize)} rows on average`,
    ],
    ["added", rate(rows, store.milliseconds, "orders")],
    ["added, durable", rate(rows, persisted.milliseconds, "orders")],
    ["an order takes", `${fixed(store.bytes / rows, 1)} bytes; in an array of objects ${fixed(array.bytes / rows, 1)}`],
    ["to Arrow", duration(arrow.milliseconds)],
  ]);
  return { results, array: array.value, orders };
}

function collect<R>(ui: Ui, label: string, rows: number, shape: (order: NewOrder) => R): R[] {
  const progress = ui.progress(label, rows, "orders");
  const objects: R[] = [];
  for (const order of generateOrders(rows)) if (objects.push(shape(order)) % BATCH === 0) progress.update(objects.length);
  progress.finish();
  return objects;
}

function* lotsOf(orders: readonly NewOrder[]): Generator<NewOrder[]> {
  for (let from = 0; from < orders.length; from += BATCH) yield orders.slice(from, from + BATCH);
}

const withPlainNumbers = (order: NewOrder) => ({
  orderId: Number(order.orderId),
  customerId: Number(order.customerId),
  productId: Number(order.productId),
  quantity: order.quantity,
  unitPrice: order.unitPrice,
  totalAmount: order.totalAmount,
  status: order.status,
  paymentMethod: order.paymentMethod,
  orderTimestamp: order.orderTimestamp.getTime(),
  shippingAddressHash: Number(order.shippingAddressHash),
});

function revenueOfViews(orders: Store<Order>): number {
  let revenue = 0;
  for (const order of orders) if (order.isDelivered) revenue += order.totalAmount;
  return revenue;
}

/** The columns are plain typed arrays, one per chunk; an enum is its codes. */
function revenueOfColumns(orders: Store<Order>): number {
  const statuses = orders.kernel.chunks("status");
  const delivered = orders.kernel.dictionary("status").indexOf("Delivered");
  return orders.kernel
    .chunks("totalAmount")
    .reduce((sum, amounts, chunk) => addWhere(sum, amounts, statuses[chunk] ?? [], delivered), 0);
}

function addWhere(revenue: number, amounts: Float64Array, codes: ArrayLike<number>, code: number): number {
  for (let i = 0; i < amounts.length; i++) if (codes[i] === code) revenue += amounts[i] as number;
  return revenue;
}

const perSecond = (rows: number, milliseconds: number) => Math.round((rows / milliseconds) * 1000);
