import type { InitOf } from "faun";
import type { Order } from "./order.ts";

/** What an order is made from: a plain object. */
export type NewOrder = InitOf<Order>;

const YEAR_START = Date.UTC(2025, 0, 1);
const YEAR_MS = 365 * 86_400_000;
const PRODUCTS = 500;

/**
 * Orders of a shop's year, oldest first, ids from 1. The same seed gives the same orders.
 *
 * Some customers and products are far more popular than others, cheap things are bought by the handful, every tenth
 * order has a voucher, and only the newest orders are still on their way.
 */
export function* generateOrders(count: number, seed = 2025): Generator<NewOrder, void, undefined> {
  const random = randomFrom(seed);
  const prices = Array.from({ length: PRODUCTS }, () => Math.round(3 * 200 ** (random() ** 1.5)) - 0.01);
  const customers = Math.ceil(count / 8);
  const addressOf = addressHashes();

  for (let i = 0; i < count; i++) {
    const age = 1 - i / count;
    const customer = Math.floor(customers * random() ** 2);
    const product = Math.floor(PRODUCTS * random() ** 2);
    const unitPrice = prices[product] as number;
    const quantity = unitPrice < 25 ? 1 + Math.floor(6 * random() ** 2) : 1 + Math.floor(2.2 * random() ** 2);
    const discount = random() < 0.1 ? 0.9 : 1;
    yield {
      orderId: BigInt(i + 1),
      customerId: BigInt(10_000 + customer),
      productId: BigInt(1 + product),
      quantity,
      unitPrice,
      totalAmount: Math.round(quantity * unitPrice * discount * 100) / 100,
      status: statusAt(age, random()),
      paymentMethod: paymentFor(random()),
      orderTimestamp: new Date(YEAR_START + Math.floor(((i + random()) / count) * YEAR_MS)),
      // A few customers have a second address.
      shippingAddressHash: addressOf(customer, random() < 0.06 ? 1 : 0),
    };
  }
}

/** @param age 1 for the oldest order, 0 for the newest */
function statusAt(age: number, chance: number): NewOrder["status"] {
  if (age > 0.05) return chance < 0.985 ? "Delivered" : "Shipped";
  if (age > 0.02) return chance < 0.6 ? "Shipped" : chance < 0.9 ? "Delivered" : "Processing";
  return chance < 0.5 ? "Pending" : chance < 0.9 ? "Processing" : "Shipped";
}

function paymentFor(chance: number): NewOrder["paymentMethod"] {
  return chance < 0.58 ? "CreditCard" : chance < 0.88 ? "PayPal" : "BankTransfer";
}

/** 64 well-mixed bits for an address of a customer. */
function addressHashes(): (customer: number, address: number) => bigint {
  const words = new Uint32Array(2);
  const hash = new BigUint64Array(words.buffer);
  return (customer, address) => {
    words[0] = scramble(customer * 2 + address + 1);
    words[1] = scramble((words[0] as number) ^ 0x5bd1e995);
    return hash[0] as bigint;
  };
}

function scramble(value: number): number {
  let bits = Math.imul(value, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  return (bits ^ (bits >>> 13)) >>> 0;
}

/** Numbers from 0 to below 1: a linear congruential generator of 32 bits, of which the low ones are mixed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scramble(state) / 2 ** 32;
  };
}
