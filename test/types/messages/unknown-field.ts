import { Entity, enumOf, f64, u32, u64 } from "faun";

class Order extends Entity("orders", {
  orderId: u64().key(),
  quantity: u32(),
  unitPrice: f64(),
  status: enumOf("Pending", "Processing", "Shipped"),
}) {}

new Order({ orderId: 1n, quantity: 2, unitPrise: 3, unitPrice: 3, status: "Pending" });
