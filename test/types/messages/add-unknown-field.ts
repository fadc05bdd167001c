import { Entity, enumOf, f64, Store, u32, u64 } from "faun";

class Order extends Entity("orders", {
  orderId: u64().key(),
  quantity: u32(),
  unitPrice: f64(),
  status: enumOf("Pending", "Processing", "Shipped"),
}) {}

const orders = new Store(Order);
orders.add({ orderId: 1n, quantity: 2, unitPrice: 3, status: "Pending", colour: "red" });
