/** Orders, and questions that other engines answer in SQL from Faun's file, and Faun from it and from memory. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  avg,
  count,
  countDistinct,
  date,
  decimal,
  Entity,
  enumOf,
  f64,
  max,
  min,
  type Plan,
  query,
  Store,
  sum,
  timestamp,
  toArrowIPC,
  u32,
  u64,
  utf8,
} from "faun";
import { ParquetPersistence } from "faun/parquet";
import { seeded } from "./random.ts";

export class Order extends Entity("orders", {
  orderId: u64().key(),
  customerId: u64(),
  quantity: u32(),
  unitPrice: decimal(9, 2),
  totalAmount: decimal(18, 2),
  weight: f64().nullable(),
  status: enumOf("Pending", "Processing", "Shipped", "Delivered"),
  paymentMethod: enumOf("CreditCard", "PayPal", "BankTransfer"),
  placedAt: timestamp("us", { timezone: "UTC" }),
  shippedOn: date().nullable(),
  note: utf8().nullable(),
}) {}

/** Beyond 2^53: an engine that takes it through a double finds another order, or none. */
const FIRST_ID = 2n ** 60n;
const STATUS = ["Pending", "Processing", "Shipped", "Delivered"] as const;
const METHODS = ["CreditCard", "PayPal", "BankTransfer"] as const;

function* generate(rows: number): Generator<ConstructorParameters<typeof Order>[0]> {
  const random = seeded(7);
  const upTo = (n: number) => Math.floor(random() * n);
  for (let i = 0; i < rows; i++) {
    const quantity = 1 + upTo(9);
    const cents = 100 + upTo(50_000);
    yield {
      orderId: FIRST_ID + BigInt(i),
      customerId: BigInt(upTo(900)),
      quantity,
      unitPrice: (cents / 100).toFixed(2),
      totalAmount: ((cents * quantity) / 100).toFixed(2),
      weight: upTo(10) === 0 ? null : random() * 100,
      status: STATUS[upTo(4)]!,
      paymentMethod: METHODS[upTo(3)]!,
      placedAt: 1_735_689_600_000_000n + BigInt(i) * 600_000_001n,
      shippedOn: upTo(3) === 0 ? null : new Date(1_735_689_600_000 + i * 600_000).toISOString().slice(0, 10),
      note: upTo(4) === 0 ? ["gift", "gift, 50% off", "zerbrechlich – Größe M", ""][upTo(4)]! : null,
    };
  }
}

interface Question {
  readonly name: string;
  /** In words that Spark, DataFusion and DuckDB share. */
  readonly sql: string;
  readonly plan: { readonly plan: Plan };
}

const orders = query(Order);
export const QUESTIONS: readonly Question[] = [
  {
    name: "filter and count",
    sql: "SELECT count(*) AS n FROM orders WHERE status = 'Delivered' AND total_amount > 200",
    plan: orders.where((o) => o.status.eq("Delivered").and(o.totalAmount.gt("200"))).aggregate({ n: count() }),
  },
  {
    name: "group by an enum",
    sql: "SELECT payment_method, count(*) AS n, sum(total_amount) AS revenue, min(unit_price) AS least, max(unit_price) AS most FROM orders WHERE quantity >= 3 GROUP BY payment_method",
    plan: orders
      .where((o) => o.quantity.ge(3))
      .groupBy("paymentMethod")
      .aggregate({ n: count(), revenue: sum("totalAmount"), least: min("unitPrice"), most: max("unitPrice") }),
  },
  {
    name: "nulls, distinct and means",
    sql: "SELECT status, count(note) AS notes, count(DISTINCT customer_id) AS customers, avg(weight) AS mean, min(weight) AS lightest FROM orders GROUP BY status",
    plan: orders
      .groupBy("status")
      .aggregate({ notes: count("note"), customers: countDistinct("customerId"), mean: avg("weight"), lightest: min("weight") }),
  },
  {
    name: "a range of time, the largest ten",
    sql: "SELECT order_id, total_amount FROM orders WHERE placed_at >= TIMESTAMP '2025-03-01 00:00:00' AND placed_at < TIMESTAMP '2025-03-15 00:00:00' ORDER BY total_amount DESC, order_id LIMIT 10",
    plan: orders
      .where((o) => o.placedAt.ge(micros("2025-03-01")).and(o.placedAt.lt(micros("2025-03-15"))))
      .orderBy("totalAmount", "desc")
      .thenBy("orderId")
      .limit(10)
      .select("orderId", "totalAmount"),
  },
  {
    name: "one key beyond 2^53",
    sql: `SELECT order_id, customer_id, note, shipped_on FROM orders WHERE order_id = ${FIRST_ID + 12_345n}`,
    plan: orders.where((o) => o.orderId.eq(FIRST_ID + 12_345n)).select("orderId", "customerId", "note", "shippedOn"),
  },
  {
    name: "having",
    sql: "SELECT customer_id, count(*) AS n, sum(quantity) AS pieces FROM orders GROUP BY customer_id HAVING count(*) > 35 ORDER BY customer_id",
    plan: orders
      .groupBy("customerId")
      .aggregate({ n: count(), pieces: sum("quantity") })
      .having((r) => r.n.gt(35))
      .orderBy("customerId"),
  },
  {
    name: "by month",
    sql: "SELECT date_trunc('month', placed_at) AS month_start, count(*) AS n, sum(total_amount) AS revenue FROM orders GROUP BY date_trunc('month', placed_at)",
    plan: orders
      .groupBy((o) => ({ month: o.placedAt.dateTrunc("month") }))
      .aggregate({ n: count(), revenue: sum("totalAmount") }),
  },
  {
    name: "text and dates",
    sql: "SELECT note, count(*) AS n, max(shipped_on) AS latest FROM orders WHERE note LIKE 'gift%' OR note LIKE '%Größe%' OR shipped_on IS NULL AND note IS NOT NULL GROUP BY note",
    plan: orders
      .where((o) => o.note.like("gift%").or(o.note.like("%Größe%"), o.shippedOn.isNull().and(o.note.isNotNull())))
      .groupBy("note")
      .aggregate({ n: count(), latest: max("shippedOn") }),
  },
];

function micros(day: string): bigint {
  return BigInt(Date.parse(`${day}T00:00:00Z`)) * 1000n;
}

type Cell = string | number | null;

/** A bigint in decimal digits; a decimal without zeros at its end. */
function cell(value: unknown): Cell {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string" && /^-?\d+\.\d+$/.test(value)) return value.replace(/\.?0+$/, "");
  return value as Cell;
}

/**
 * Writes the orders as `data/orders` and `orders.arrow`, and each question with Faun's answer.
 * @throws Error where Faun's file and memory answer differently
 */
export async function writeOrders(folder: string, rows = 30_000): Promise<void> {
  const store = new Store(Order);
  store.addBatch(generate(rows));
  const persistence = new ParquetPersistence(Order, join(folder, "data/orders"), { rowGroupSize: 4096, compression: "zstd" });
  await persistence.save(store);
  const answers = [];
  for (const { name, sql, plan } of QUESTIONS) {
    const answer = (result: { toArray(): unknown[] }): Cell[][] =>
      result.toArray().map((row) => Object.values((row as { toObject?(): object }).toObject?.() ?? (row as object)).map(cell));
    const inMemory = answer(store.query(plan as never) as never);
    const stored = answer((await persistence.query(plan as never)) as never);
    const sorted = (found: Cell[][]) => JSON.stringify(found.map((row) => JSON.stringify(row)).sort());
    if (sorted(inMemory) !== sorted(stored))
      throw new Error(`${name}: the file answers ${sorted(stored)}, memory ${sorted(inMemory)}`);
    answers.push({ name, sql, rows: inMemory });
  }
  await persistence.close();
  writeFileSync(join(folder, "orders.arrow"), toArrowIPC(store, { format: "file" }));
  writeFileSync(join(folder, "data/orders/questions.json"), JSON.stringify(answers));
}
