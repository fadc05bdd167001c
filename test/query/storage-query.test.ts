import { describe, expect, test } from "vitest";
import {
  ArrowPersistence,
  type Backend,
  BackendPersistence,
  type BackendSnapshot,
  PersistentStore,
  Store,
} from "../../src/index.ts";
import { count, sum } from "../../src/query/aggregate-functions.ts";
import { query } from "../../src/query/query.ts";
import { Mixed, Order } from "./entities.ts";

const order = (i: number) => ({
  orderId: BigInt(i),
  customerId: i % 3,
  quantity: i,
  unitPrice: 2,
  totalAmount: i * 2,
  status: i % 2 === 0 ? ("Pending" as const) : ("Delivered" as const),
  paymentMethod: "PayPal" as const,
  note: null,
  placed: new Date(0),
});
const stored = () => {
  const store = new Store(Order);
  store.addBatch(Array.from({ length: 10 }, (_, i) => order(i)));
  return store;
};

/** As a backend whose rows are elsewhere: only its batches can be had. */
function streaming({ backend }: ArrowPersistence<Order>): BackendPersistence<Order> {
  const snapshot = async (...args: Parameters<Backend["snapshot"]>): Promise<BackendSnapshot> => {
    const inner = await backend.snapshot(...args);
    return new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = name === "rows" ? undefined : Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  };
  const handler: ProxyHandler<Backend> = {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      return name === "snapshot" ? snapshot : typeof member === "function" ? member.bind(target) : member;
    },
  };
  return new BackendPersistence(Order, new Proxy(backend, handler));
}

const delivered = query(Order).where((o) => o.status.eq("Delivered"));
const byCustomer = delivered
  .groupBy("customerId")
  .aggregate({ revenue: sum("totalAmount"), orders: count() })
  .orderBy("customerId");

describe.each([
  ["rows in memory", (arrow: ArrowPersistence<Order>) => arrow],
  ["batches", streaming],
] as const)("a persistence with its %s", (_, wrap) => {
  const open = async () => {
    const arrow = new ArrowPersistence(Order);
    await arrow.save(stored());
    return wrap(arrow);
  };

  test("answers plans", async () => {
    const persistence = await open();
    const result = await persistence.query(byCustomer);
    expect(result.toArray()).toEqual([
      { customerId: 0, revenue: 24, orders: 2 },
      { customerId: 1, revenue: 16, orders: 2 },
      { customerId: 2, revenue: 10, orders: 1 },
    ]);
    expect(result.toColumns().revenue).toEqual([24, 16, 10]);
    expect(result.toArrow().numRows).toBe(3);
    expect(result.length).toBe(3);
    const fromJson = await persistence.query(JSON.parse(JSON.stringify(byCustomer.plan)));
    expect([...fromJson]).toEqual([...result]);
  });

  test("gives whole rows as read-only views of its entity", async () => {
    const persistence = await open();
    const [row, ...rest] = (await persistence.query(delivered.orderBy("orderId", "desc").limit(2))).toArray();
    expect(row).toBeInstanceOf(Order);
    expect(row!.toObject()).toEqual(order(9));
    expect(rest).toHaveLength(1);
    expect(() => row!.ship()).toThrow();
  });

  test("of one moment, whatever is stored later", async () => {
    const persistence = await open();
    const result = await persistence.query(delivered);
    await persistence.clear();
    expect(result.toArray().map((o) => o.orderId)).toEqual([1n, 3n, 5n, 7n, 9n]);
    expect(result.toColumns().orderId).toEqual([1n, 3n, 5n, 7n, 9n]);
    expect(Store.fromArrow(Order, result.toArrow()).size).toBe(5);
    expect((await persistence.query(delivered)).length).toBe(0);
  });

  test("refuses what is no question to it", async () => {
    const persistence = await open();
    await expect(persistence.query(query(Mixed) as never)).rejects.toThrow(/asks the entity "mixed"/);
    await expect(persistence.query({ faun: 1 } as never)).rejects.toThrow(/steps: expected an array/);
  });
});

test("a PersistentStore answers from memory and from its storage", async () => {
  const persistence = new ArrowPersistence(Order);
  await persistence.save(stored());
  const store = await PersistentStore.open(persistence);
  expect(store.where((o) => o.status.eq("Delivered")).sum("totalAmount")).toBe(50);
  expect(store.query(byCustomer).toArray()).toEqual((await store.queryStorage(byCustomer)).toArray());

  await store.update(1n, { totalAmount: 100 });
  expect(store.max("totalAmount")).toBe(100);
  expect((await store.queryStorage(query(Order).where((o) => o.totalAmount.eq(100)))).length).toBe(1);

  const open = store.where((o) => o.status.eq("Pending"));
  expect(open.count()).toBe(5);
  expect(() => (open as unknown as { delete(): number }).delete()).toThrow(/read-only/);
  await store.clearAll();
  expect(open.count()).toBe(0);
  await persistence.save(stored());
  await store.loadFromStorage();
  expect(open.toArray().map((o) => o.orderId)).toEqual([0n, 2n, 4n, 6n, 8n]);
  await store.close();
  await expect(store.queryStorage(byCustomer)).rejects.toThrow(/closed/);
});
