// Adds orders to the folder it is given until it is killed, and says on stdout which are stored: one id a line.
import { writeSync } from "node:fs";
import { PersistentStore } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { generateOrders } from "./generate.ts";
import { Order } from "./order.ts";

const [, , folder, rows] = process.argv;
const CALLERS = 20;

const store = await PersistentStore.open(new ParquetPersistence(Order, folder as string));
const orders = generateOrders(Number(rows));
const caller = async () => {
  for (let next = orders.next(); !next.done; next = orders.next()) {
    await store.add(next.value);
    // Written before anything else happens: what is read from it was acknowledged.
    writeSync(1, `${next.value.orderId}\n`);
  }
};
await Promise.all(Array.from({ length: CALLERS }, caller));
await store.close();
