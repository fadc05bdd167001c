import type { RecordBatch } from "apache-arrow";
import { type Change, category, Entity, enumOf, f64, type InitOf, SoA, timestamp, toRecordBatches, u64, utf8 } from "faun";

/** What the suites store: a key, a nullable field, and the types whose batches carry more than plain numbers. */
export class Order extends Entity("orders", {
  orderId: u64().key(),
  customer: utf8(),
  note: utf8().nullable(),
  total: f64(),
  region: category(),
  status: enumOf("Pending", "Shipped", "Delivered"),
  placedAt: timestamp("ms"),
}) {
  ship() {
    this.status = "Shipped";
    return this;
  }
}

export type OrderInit = InitOf<Order>;

export class Reading extends Entity("readings", { sensor: category(), value: f64(), note: utf8().nullable() }) {}

/** An order of number `i`; what `change` says is otherwise. */
export function order(i: number, change: Partial<OrderInit> = {}): OrderInit {
  return {
    orderId: BigInt(i),
    customer: `customer ${i % 7}`,
    note: i % 3 === 0 ? null : `note ${i} äöü`,
    total: i / 4,
    region: `region ${i % 5}`,
    status: (["Pending", "Shipped", "Delivered"] as const)[i % 3],
    placedAt: new Date(1_700_000_000_000 + i),
    ...change,
  };
}

export const orders = (from: number, count: number): OrderInit[] => Array.from({ length: count }, (_, i) => order(from + i));

export function soaOf(rows: Iterable<OrderInit>): SoA<Order> {
  const soa = new SoA(Order);
  soa.addBatch(rows);
  return soa;
}

/** A change that carries whole orders. */
export function rowsChange(kind: "append" | "upsert" | "replace", rows: Iterable<OrderInit>): Change {
  const batches = toRecordBatches(soaOf(rows));
  return { kind, rows: () => batches };
}

function columnsOf(rows: Iterable<OrderInit>, fields: string[]): RecordBatch[] {
  const indices = fields.map((field) => Object.keys(order(0)).indexOf(field));
  // Not select(): it leaves the children where they were.
  return toRecordBatches(soaOf(rows)).map((batch) => batch.selectAt(indices) as RecordBatch);
}

/** A change of some fields of the orders given. */
export function updateChange(fields: (keyof OrderInit & string)[], rows: Iterable<OrderInit>): Change {
  const batches = columnsOf(rows, ["orderId", ...fields]);
  return { kind: "update", fields, rows: () => batches };
}

export function deleteChange(...ids: number[]): Change {
  const batches = columnsOf(
    ids.map((id) => order(id)),
    ["orderId"],
  );
  return { kind: "delete", keys: () => batches };
}
