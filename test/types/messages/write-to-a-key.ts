import { Entity, enumOf, f64, Store, u32, u64 } from "faun";

class Order extends Entity("orders", {
  orderId: u64().key(),
  quantity: u32(),
  unitPrice: f64(),
  status: enumOf("Pending", "Processing", "Shipped"),
}) {}

const orders = new Store(Order);
for (const order of orders) order.orderId = 2n;
