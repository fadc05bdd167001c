import { Entity, enumOf, f64, timestamp, u32, u64, utf8 } from "faun";

export class Order extends Entity("orders", {
  orderId: u64().key(),
  customerId: u64(),
  quantity: u32(),
  unitPrice: f64(),
  status: enumOf("Pending", "Processing", "Shipped", "Delivered"),
  orderTimestamp: timestamp("ms"),
  note: utf8().nullable(),
}) {}

const STATUSES = ["Pending", "Processing", "Shipped", "Delivered"] as const;

export const order = (i: number) => ({
  orderId: BigInt(i),
  customerId: BigInt(i % 1000),
  quantity: i % 7,
  unitPrice: i / 8,
  status: STATUSES[i % 4]!,
  orderTimestamp: new Date(1_700_000_000_000 + i),
  note: i % 3 === 0 ? null : `note ${i % 11}`,
});

export function* orders(from: number, to: number) {
  for (let i = from; i < to; i++) yield order(i);
}
