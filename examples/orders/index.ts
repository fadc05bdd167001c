import { ArrowPersistence } from "faun";
import type { Demo } from "../demo.ts";
import { integer } from "../terminal/numbers.ts";
import { append } from "./append.ts";
import { ask } from "./ask.ts";
import { batch } from "./batch.ts";
import { compareCodecs } from "./codecs.ts";
import { durable } from "./durable.ts";
import { inSql } from "./in-sql.ts";
import { million } from "./million.ts";
import { onDisk } from "./on-disk.ts";
import { Order } from "./order.ts";
import { restart } from "./restart.ts";
import { sideBySide } from "./side-by-side.ts";

export type OrdersResults = Awaited<ReturnType<typeof ordersDemo>>;

export async function ordersDemo(demo: Demo) {
  const { ui } = demo;
  ui.heading("Orders (a): domain code, in memory and durable");
  const besides = await sideBySide(demo);

  // What the next three parts share: the storage, which outlives each of their stores.
  const persistence = new ArrowPersistence(Order);
  ui.heading("Orders (b): five in one batch");
  const five = await batch(demo, persistence);
  ui.heading("Orders (c): the application restarts");
  const again = await restart(demo, persistence);
  ui.heading("Orders (d): one order more");
  const more = await append(demo, persistence);
  await persistence.close();

  ui.heading(`Orders (e): the same with ${integer(demo.rows)}`);
  const { results, array, orders } = await million(demo);

  ui.heading("Orders (f): questions");
  const questions = await ask(demo, array, orders);

  ui.heading("Orders (g): on disk, as Parquet");
  const disk = await onDisk(demo);
  ui.heading("Orders (h): every codec");
  const codecs = await compareCodecs(demo, orders);
  ui.heading("Orders (i): in SQL, of a database file and of the live store");
  const sql = await inSql(demo, orders);
  ui.heading("Orders (j): durable, one by one, and a kill in the middle");
  const lasting = await durable(demo);
  return {
    sideBySide: besides,
    batch: five,
    restart: again,
    append: more,
    million: results,
    questions,
    disk,
    codecs,
    sql,
    durable: lasting,
  };
}
