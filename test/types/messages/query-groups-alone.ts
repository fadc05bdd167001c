import { Entity, enumOf, f64, query, u32, u64, utf8 } from "faun";

class Order extends Entity("orders", {
  orderId: u64().key(),
  quantity: u32(),
  unitPrice: f64(),
  status: enumOf("Pending", "Processing", "Shipped"),
  note: utf8().nullable(),
}) {}

query(Order).groupBy("status").orderBy("status");
