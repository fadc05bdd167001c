/** The order entity of the examples, with and without its key, and plain literals of the same shape. */

import { Entity, enumOf, f64, timestamp, u32, u64 } from "faun";

export const STATUSES = ["Pending", "Processing", "Shipped", "Delivered"];
export const PAYMENTS = ["CreditCard", "PayPal", "BankTransfer"];

const rest = {
  customerId: u64(),
  productId: u64(),
  quantity: u32(),
  unitPrice: f64(),
  totalAmount: f64(),
  status: enumOf(...STATUSES),
  paymentMethod: enumOf(...PAYMENTS),
  orderTimestamp: timestamp("ms"),
  shippingAddressHash: u64(),
};

export class Order extends Entity("orders", { orderId: u64().key(), ...rest }) {}

export class KeylessOrder extends Entity("orders", { orderId: u64(), ...rest }) {}

/** A literal made where it is used: what an application would push to an array or add to a store. */
export function order(i) {
  const quantity = 1 + (i % 10);
  const unitPrice = 5 + ((i * 7919) % 10_000) / 100;
  return {
    orderId: BigInt(i),
    customerId: BigInt((i * 31) % 50_000),
    productId: BigInt((i * 17) % 2_000),
    quantity,
    unitPrice,
    totalAmount: unitPrice * quantity,
    status: STATUSES[(i * 2_654_435_761) >>> 30],
    paymentMethod: PAYMENTS[i % 3],
    orderTimestamp: new Date(1_700_000_000_000 + i * 1_000),
    shippingAddressHash: (BigInt(i) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn,
  };
}
