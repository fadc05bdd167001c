import { Entity } from "../../src/entity/entity.ts";
import { enumOf, f64, timestamp, u32, u64, utf8 } from "../../src/entity/fields.ts";

export class Order extends Entity("orders", {
  orderId: u64().key(),
  customerId: u64(),
  productId: u64(),
  quantity: u32(),
  unitPrice: f64(),
  totalAmount: f64(),
  status: enumOf("Pending", "Processing", "Shipped", "Delivered"),
  paymentMethod: enumOf("CreditCard", "PayPal", "BankTransfer"),
  orderTimestamp: timestamp("ms"),
  shippingAddressHash: u64(),
  note: utf8().nullable(),
}) {}

/** Columns of `rows` orders, made once and shared by whoever fills a store. */
export function orderColumns(rows: number) {
  const scattered = BigUint64Array.from({ length: rows }, (_, i) => BigInt(Math.imul(i, 0x9e3779b1) >>> 0));
  return {
    orderId: scattered,
    customerId: scattered,
    productId: scattered,
    quantity: new Uint32Array(rows).fill(3),
    unitPrice: new Float64Array(rows).fill(9.5),
    totalAmount: new Float64Array(rows).fill(28.5),
    status: new Uint8Array(rows).fill(1),
    paymentMethod: new Uint8Array(rows).fill(2),
    orderTimestamp: new BigInt64Array(rows).fill(1_700_000_000_000n),
    shippingAddressHash: scattered,
  };
}

/** Collects garbage until nothing more is found: what hangs on weak references takes several rounds. */
export async function collect(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
