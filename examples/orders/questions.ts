import { avg, count, type Store, sum } from "faun";
import type { Order } from "./order.ts";

/** What the shop wants to know. Each is a typed query: data, run over the columns when it is asked. */

export const deliveredRevenue = (orders: Store<Order>) => orders.where((o) => o.status.eq("Delivered")).sum("totalAmount") ?? 0;

export const highValueOrders = (orders: Store<Order>) => orders.where((o) => o.totalAmount.gt(200)).count();

export const revenueByPayment = (orders: Store<Order>) =>
  orders
    .where((o) => o.status.eq("Delivered"))
    .groupBy("paymentMethod")
    .aggregate({ revenue: sum("totalAmount"), orders: count() })
    .orderBy("revenue", "desc")
    .toArray();

export const topCustomers = (orders: Store<Order>) =>
  orders
    .groupBy("customerId")
    .aggregate({ revenue: sum("totalAmount"), orders: count() })
    .orderBy("revenue", "desc")
    .limit(5)
    .toArray();

export const monthlyTrend = (orders: Store<Order>) =>
  orders
    .groupBy((o) => ({ month: o.orderTimestamp.dateTrunc("month") }))
    .aggregate({ orders: count(), revenue: sum("totalAmount"), average: avg("totalAmount") })
    .orderBy("month")
    .toArray();
