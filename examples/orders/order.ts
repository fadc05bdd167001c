import { Entity, enumOf, f64, timestamp, u32, u64 } from "faun";

const DAY_MS = 86_400_000;

/** An order of a shop. One declaration: the type, the validation, the columns and the Arrow schema. */
export class Order extends Entity(
  "orders",
  {
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
  },
  { shards: 16 },
) {
  // Behaviour lives here. It works the same on an order that stands alone and on one that lies in a store.

  get isHighValue(): boolean {
    return this.totalAmount > 200;
  }

  get isDelivered(): boolean {
    return this.status === "Delivered";
  }

  /** Still to be packed. */
  get isOpen(): boolean {
    return this.status === "Pending" || this.status === "Processing";
  }

  /** What was taken off the list price. */
  get discount(): number {
    return Math.round((this.quantity * this.unitPrice - this.totalAmount) * 100) / 100;
  }

  ageInDays(now: Date): number {
    return (now.getTime() - this.orderTimestamp.getTime()) / DAY_MS;
  }

  ship(): this {
    if (!this.isOpen) throw new Error(`order ${this.orderId} is ${this.status} already`);
    this.status = "Shipped";
    return this;
  }

  deliver(): this {
    if (this.status !== "Shipped") throw new Error(`order ${this.orderId} is ${this.status}: only what was shipped can arrive`);
    this.status = "Delivered";
    return this;
  }
}
