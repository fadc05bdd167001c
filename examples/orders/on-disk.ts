import { rm } from "node:fs/promises";
import { count, PersistentStore, query, sum } from "faun";
import { ParquetPersistence } from "faun/parquet";
import type { Demo } from "../demo.ts";
import { bytes, fixed, integer } from "../terminal/numbers.ts";
import { generateOrders } from "./generate.ts";
import { Order } from "./order.ts";

export const FOLDER = "./parquet_demo_data";

const open = () => PersistentStore.open(new ParquetPersistence(Order, FOLDER, { compression: "zstd" }));

/** (g) Orders in a Parquet file: written, found again by another store, added to. */
export async function onDisk({ ui, check }: Demo) {
  await rm(FOLDER, { recursive: true, force: true });
  // The last of a year: some are still on their way.
  const newest = [...generateOrders(400)].slice(-10);
  const [eight, two] = [newest.slice(0, 8), newest.slice(8)];

  const first = await open();
  await first.addBatch(eight);
  const revenue = first.sum("totalAmount");
  await first.saveToStorage();
  const { totalBytes, totalRows } = await first.memoryStats();
  await first.close();

  // The application starts again.
  const second = await open();
  check("eight orders are back from the file, with the same revenue", second.size === 8 && second.sum("totalAmount") === revenue);
  await second.addBatch(two);
  await second.close();

  const orders = await open();
  const counted = await orders.storageCount();
  check("ten are in the file, by its footer and by reading it", counted === 10 && (await orders.persistence.load()).size === 10);
  const delivered = query(Order).where((o) => o.status.eq("Delivered"));
  const answer = (await orders.queryStorage(delivered.aggregate({ orders: count(), revenue: sum("totalAmount") }))).toArray()[0];
  const payments = query(Order)
    .groupBy("paymentMethod")
    .aggregate({ orders: count(), revenue: sum("totalAmount") })
    .orderBy("revenue", "desc");
  const stored = (await orders.queryStorage(payments)).toArray();
  check("the file answers as memory does", JSON.stringify(stored) === JSON.stringify(orders.query(payments).toArray()));
  const highValue = orders.where((o) => o.totalAmount.gt(200)).count();
  await orders.close();

  ui.facts([
    [FOLDER, `${integer(totalRows)} orders in ${bytes(totalBytes)}, then ${counted}`],
    ["delivered", `${answer?.orders} orders, revenue ${fixed(answer?.revenue ?? 0, 2)}`],
    ["above 200", String(highValue)],
    ...stored.map(({ paymentMethod, orders, revenue }) => [paymentMethod, `${orders} orders, ${fixed(revenue, 2)}`] as const),
  ]);
  return { saved: totalRows, bytes: totalBytes, stored: counted, delivered: answer, highValue, byPayment: stored };
}
