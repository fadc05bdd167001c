import { expect, test } from "vitest";
import { generateOrders } from "../../examples/orders/generate.ts";

const orders = [...generateOrders(5000)];

test("the same seed gives the same orders, another gives others", () => {
  expect([...generateOrders(5000)]).toEqual(orders);
  expect([...generateOrders(5000, 7)]).not.toEqual(orders);
});

test("ids count from 1, timestamps run through the year", () => {
  expect(orders.map((order) => order.orderId)).toEqual(orders.map((_, i) => BigInt(i + 1)));
  const times = orders.map((order) => order.orderTimestamp.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(new Date(times[0]!).toISOString()).toMatch(/^2025-01-01T/);
  expect(new Date(times.at(-1)!).toISOString()).toMatch(/^2025-12-31T/);
});

test("amounts are whole cents of a price above 0, at most the list price", () => {
  for (const { quantity, unitPrice, totalAmount } of orders) {
    expect(unitPrice).toBeGreaterThan(0);
    expect(Math.round(totalAmount * 100) / 100).toBe(totalAmount);
    expect(totalAmount).toBeLessThanOrEqual(Math.round(quantity * unitPrice * 100) / 100);
    expect(totalAmount).toBeGreaterThanOrEqual(Math.round(quantity * unitPrice * 90) / 100);
  }
});

test("every status and payment occurs, most orders are delivered, some are of high value", () => {
  const shareOf = (holds: (order: (typeof orders)[number]) => boolean) => orders.filter(holds).length / orders.length;
  expect(new Set(orders.map((order) => order.status)).size).toBe(4);
  expect(new Set(orders.map((order) => order.paymentMethod)).size).toBe(3);
  expect(shareOf((order) => order.status === "Delivered")).toBeGreaterThan(0.8);
  expect(shareOf((order) => order.totalAmount > 200)).toBeGreaterThan(0.02);
  expect(shareOf((order) => order.totalAmount > 200)).toBeLessThan(0.4);
});

test("a customer has one address hash, or two; no two customers share one", () => {
  const customersAt = new Map<bigint, Set<bigint>>();
  const hashesOf = new Map<bigint, Set<bigint>>();
  for (const { customerId, shippingAddressHash } of orders) {
    customersAt.set(shippingAddressHash, (customersAt.get(shippingAddressHash) ?? new Set()).add(customerId));
    hashesOf.set(customerId, (hashesOf.get(customerId) ?? new Set()).add(shippingAddressHash));
  }
  expect([...customersAt.values()].every((customers) => customers.size === 1)).toBe(true);
  expect([...hashesOf.values()].every((hashes) => hashes.size <= 2)).toBe(true);
  expect([...hashesOf.values()].some((hashes) => hashes.size === 2)).toBe(true);
});
