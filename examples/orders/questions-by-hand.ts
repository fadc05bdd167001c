import type { NewOrder } from "./generate.ts";

/** The same questions, answered by loops over an array of objects: what the queries are held against. */

export function deliveredRevenue(orders: readonly NewOrder[]): number {
  let revenue = 0;
  for (const order of orders) if (order.status === "Delivered") revenue += order.totalAmount;
  return revenue;
}

export function highValueOrders(orders: readonly NewOrder[]): number {
  let high = 0;
  for (const order of orders) if (order.totalAmount > 200) high++;
  return high;
}

export function revenueByPayment(orders: readonly NewOrder[]) {
  const delivered = orders.filter((order) => order.status === "Delivered");
  return [...totals(delivered, (order) => order.paymentMethod)]
    .map(([paymentMethod, total]) => ({ paymentMethod, ...total }))
    .sort((a, b) => b.revenue - a.revenue);
}

export function topCustomers(orders: readonly NewOrder[]) {
  return [...totals(orders, (order) => order.customerId)]
    .map(([customerId, total]) => ({ customerId, ...total }))
    .sort((a, b) => b.revenue - a.revenue)
    .slice(0, 5);
}

export function monthlyTrend(orders: readonly NewOrder[]) {
  return [...totals(orders, ({ orderTimestamp: at }) => Date.UTC(at.getUTCFullYear(), at.getUTCMonth()))]
    .map(([month, { orders, revenue }]) => ({ month: new Date(month), orders, revenue, average: revenue / orders }))
    .sort((a, b) => a.month.getTime() - b.month.getTime());
}

function totals<K>(orders: readonly NewOrder[], keyOf: (order: NewOrder) => K) {
  const groups = new Map<K, { revenue: number; orders: number }>();
  for (const order of orders) {
    const key = keyOf(order);
    let group = groups.get(key);
    if (group === undefined) {
      group = { revenue: 0, orders: 0 };
      groups.set(key, group);
    }
    group.revenue += order.totalAmount;
    group.orders++;
  }
  return groups;
}
