import { Entity, enumOf, f64, timestamp, u32, u64 } from "faun";

class Order extends Entity("orders", {
  orderId: u64().key(),
  quantity: u32(),
  unitPrice: f64(),
  status: enumOf("Pending", "Processing", "Shipped", "Delivered"),
  placed: timestamp("ms"),
}) {}

class PlainOrder {
  constructor({ orderId, quantity, unitPrice, status, placed }) {
    this.orderId = orderId;
    this.quantity = quantity;
    this.unitPrice = unitPrice;
    this.status = status;
    this.placed = placed;
  }
}

const STATUSES = ["Pending", "Processing", "Shipped", "Delivered"];

export default {
  name: "construct",
  title: "Instances that stand alone",
  async run(h) {
    const rows = h.size(200_000);
    const placed = new Date(1_700_000_000_000);
    const init = (i) => ({ orderId: BigInt(i), quantity: i % 10, unitPrice: i / 7, status: STATUSES[i & 3], placed });
    const inits = Array.from({ length: rows }, (_, i) => init(i));
    await h.time({
      title: "Make an instance from a plain object",
      rows,
      baseline: "class that checks nothing",
      alternatives: {
        "class that checks nothing": () => inits.map((values) => new PlainOrder(values)),
        "Faun entity, validated": () => inits.map((values) => new Order(values)),
      },
    });
  },
};
