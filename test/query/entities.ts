import { bool, category, date, decimal, Entity, enumOf, f32, f64, i64, timestamp, u8, u32, u64, utf8 } from "../../src/index.ts";

export class Order extends Entity("orders", {
  orderId: u64().key(),
  customerId: u64({ mode: "number" }),
  quantity: u32(),
  unitPrice: f64(),
  totalAmount: f64(),
  status: enumOf("Pending", "Shipped", "Delivered"),
  paymentMethod: enumOf("CreditCard", "PayPal"),
  note: utf8().nullable(),
  placed: timestamp("ms"),
}) {
  get isHighValue() {
    return this.totalAmount > 200;
  }
  ship() {
    this.status = "Shipped";
    return this;
  }
}

/** One field of each family, for what binding does with it. */
export class Mixed extends Entity("mixed", {
  id: u64().key(),
  byte: u8(),
  safe: i64({ mode: "number" }),
  big: i64(),
  single: f32(),
  double: f64(),
  text: utf8(),
  label: category(),
  state: enumOf("on", "off"),
  other: enumOf("on", "broken"),
  flag: bool(),
  price: decimal(10, 2),
  cents: decimal(10, 4, { mode: "bigint" }),
  day: date(),
  at: timestamp("s"),
  nanos: timestamp("ns"),
  ticks: timestamp("ms", { mode: "number", timezone: "Europe/Berlin" }),
  maybe: u8().nullable(),
}) {}
