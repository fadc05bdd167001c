/** Ends in one of several ways while DuckDB reads rows of this process. */
import { Entity, f64, Store, u64 } from "faun";
import { DuckDBPersistence, sqlOver } from "faun/duckdb";

class Order extends Entity("orders", { orderId: u64().key(), total: f64() }) {}

const ROWS = 300_000;
const orders = new Store(Order);
orders.addColumns({ orderId: BigUint64Array.from({ length: ROWS }, (_, i) => BigInt(i)), total: new Float64Array(ROWS) });
const db = await sqlOver({ orders });
const scan = () => db.sql`SELECT sum(total) FROM orders`.rows();
const join = () => db.sql`SELECT count(*) FROM orders a, orders b WHERE a.total + b.total > 1`.rows();
const ignore = () => {};

/** In a file of its own; the process that started this one removes it. */
const saving = async () => {
  const persistence = new DuckDBPersistence(Order, { path: process.argv[3] });
  await persistence.count();
  persistence.save(orders).catch(ignore);
};

const ways = {
  "scans, then exit": () => {
    for (let i = 0; i < 20; i++) scan().catch(ignore);
    setTimeout(() => process.exit(3), 40);
  },
  "scans, exit at once": () => {
    for (let i = 0; i < 20; i++) scan().catch(ignore);
    process.exit(3);
  },
  "a long join, then exit": () => {
    for (let i = 0; i < 3; i++) join().catch(ignore);
    setTimeout(() => process.exit(3), 100);
  },
  "an uncaught error": () => {
    for (let i = 0; i < 20; i++) scan().catch(ignore);
    setTimeout(() => {
      throw new Error("nobody catches this");
    }, 40);
  },
  "an unhandled rejection": () => {
    join().catch(ignore);
    setTimeout(() => Promise.reject(new Error("nobody catches this")), 100);
  },
  "a save, then exit": async () => {
    await saving();
    setTimeout(() => process.exit(3), 60);
  },
  "a save and an uncaught error": async () => {
    await saving();
    setTimeout(() => {
      throw new Error("nobody catches this");
    }, 60);
  },
  "a save that nobody waits for": saving,
  "half a result": () => db.sql`SELECT * FROM orders`[Symbol.asyncIterator]().next(),
  "nothing closed": scan,
  "a statement still to be answered": () => void scan().then(() => console.log("answered")),
};
await ways[process.argv[2]]();
