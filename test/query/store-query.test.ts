import { describe, expect, test } from "vitest";
import { Entity, enumOf, ShardedStore, Store, u32 } from "../../src/index.ts";
import { avg, count, first, max, sum } from "../../src/query/aggregate-functions.ts";
import { query, queryFromJson } from "../../src/query/query.ts";
import { Mixed, Order } from "./entities.ts";

const statuses = ["Pending", "Shipped", "Delivered"] as const;
const order = (i: number) => ({
  orderId: BigInt(i),
  customerId: i % 7,
  quantity: (i % 5) + 1,
  unitPrice: i / 4,
  totalAmount: (i / 4) * ((i % 5) + 1),
  status: statuses[i % 3]!,
  paymentMethod: i % 2 === 0 ? ("CreditCard" as const) : ("PayPal" as const),
  note: i % 4 === 0 ? null : `note ${i % 10}`,
  placed: new Date(Date.UTC(2024, i % 12, 1 + (i % 28), 12)),
});

const ROWS = 3000;
const plain = Array.from({ length: ROWS }, (_, i) => order(i));
const filled = () => {
  const store = new Store(Order);
  store.addBatch(plain);
  return store;
};
const sharded = () => {
  const store = new ShardedStore(Order, { shards: 4 });
  store.addBatch(plain);
  return store;
};

/** Everything that can be asked, by name. */
const places = {
  Store: filled,
  ShardedStore: sharded,
  Snapshot: () => filled().snapshot(),
  ShardedSnapshot: () => sharded().snapshot(),
};

const byId = (a: { orderId: bigint }, b: { orderId: bigint }) => Number(a.orderId - b.orderId);

describe.each(Object.entries(places))("%s", (_, make) => {
  const orders = make();

  test("whole rows are views of the entity's class", () => {
    const large = orders.where((o) => o.status.eq("Delivered").and(o.totalAmount.gt(200))).toArray();
    expect(large.every((o) => o instanceof Order && o.isHighValue)).toBe(true);
    expect(large.map((o) => o.toObject()).sort(byId)).toEqual(
      plain.filter((o) => o.status === "Delivered" && o.totalAmount > 200),
    );
  });

  test("selected rows are plain objects, in the order asked for", () => {
    const page = orders
      .where((o) => o.status.eq("Delivered"))
      .select("orderId", "totalAmount")
      .orderBy("totalAmount", "desc")
      .thenBy("orderId")
      .limit(10)
      .offset(3)
      .toArray();
    const expected = plain
      .filter((o) => o.status === "Delivered")
      .map(({ orderId, totalAmount }) => ({ orderId, totalAmount }))
      .sort((a, b) => b.totalAmount - a.totalAmount || byId(a, b))
      .slice(3, 13);
    expect(page).toEqual(expected);
    expect(Object.getPrototypeOf(page[0])).toBe(Object.prototype);
  });

  test("ordered whole rows are views in that order", () => {
    const ids = orders
      .orderBy("unitPrice", "desc")
      .limit(5)
      .toArray()
      .map((o) => o.orderId);
    expect(ids).toEqual([2999n, 2998n, 2997n, 2996n, 2995n]);
  });

  test("computed columns keep their types", () => {
    const [row] = orders
      .where((o) => o.orderId.eq(10n))
      .select((o) => ({
        id: o.orderId,
        gross: o.unitPrice.mul(o.quantity),
        next: o.orderId.add(1n),
        month: o.placed.dateTrunc("month"),
        year: o.placed.extract("year"),
        noted: o.note.startsWith("note"),
      }))
      .toArray();
    expect(row).toEqual({ id: 10n, gross: 2.5, next: 11n, month: new Date(Date.UTC(2024, 10, 1)), year: 2024, noted: true });
  });

  test("groups, conditions on them and their order", () => {
    const groups = orders
      .where((o) => o.totalAmount.gt(100))
      .groupBy("paymentMethod")
      .aggregate({ revenue: sum("totalAmount"), orders: count(), best: max("totalAmount"), mean: avg("quantity") })
      .having((r) => r.orders.gt(3))
      .orderBy("revenue", "desc")
      .toArray();
    const expected = (["CreditCard", "PayPal"] as const).map((paymentMethod) => {
      const rows = plain.filter((o) => o.totalAmount > 100 && o.paymentMethod === paymentMethod);
      const amounts = rows.map((o) => o.totalAmount);
      const revenue = amounts.reduce((a, b) => a + b, 0);
      const mean = rows.reduce((a, o) => a + o.quantity, 0) / rows.length;
      return { paymentMethod, revenue, orders: rows.length, best: Math.max(...amounts), mean };
    });
    // Quarters: the sums are exact in any order.
    expect(groups).toEqual(expected.sort((a, b) => b.revenue - a.revenue));
  });

  test("aggregates with a filter and an order", () => {
    const [row] = orders
      .aggregate((o) => ({
        shipped: count().where(o.status.eq("Shipped")),
        dearest: first("orderId").orderBy(o.unitPrice, "desc"),
        notes: count("note"),
      }))
      .toArray();
    expect(row).toEqual({ shipped: 1000, dearest: 2999n, notes: 2250 });
  });

  test("single values", () => {
    const delivered = orders.where((o) => o.status.eq("Delivered"));
    expect(delivered.count()).toBe(1000);
    expect(delivered.exists()).toBe(true);
    expect(delivered.sum("quantity")).toBe(3000);
    expect(delivered.sum((o) => o.quantity.mul(2))).toBe(6000);
    expect(delivered.min("orderId")).toBe(2n);
    expect(delivered.max("placed")).toBeInstanceOf(Date);
    expect(delivered.avg("quantity")).toBe(3);
    expect(orders.max("unitPrice")).toBe(749.75);
    expect(orders.sum("customerId")).toBe(plain.reduce((a, o) => a + o.customerId, 0));
    const none = orders.where((o) => o.quantity.gt(100));
    expect([none.count(), none.exists(), none.sum("quantity"), none.max("orderId"), none.avg("quantity"), none.first()]).toEqual([
      0,
      false,
      null,
      null,
      null,
      undefined,
    ]);
  });

  // A page that is not isolated has no shared memory.
  const allocators = typeof SharedArrayBuffer === "undefined" ? (["heap"] as const) : (["heap", "shared"] as const);
  test.each(allocators)("groups are those of the rows that are asked, on %s", (allocator) => {
    class Thing extends Entity("things", { kind: enumOf("a", "b", "c"), n: u32() }) {}
    const things = new Store(Thing, { allocator });
    const add = (kind: "a" | "b" | "c", rows: number) => things.addBatch(Array.from({ length: rows }, () => ({ kind, n: 1 })));
    const sums = (of: Pick<Store<Thing>, "groupBy">) =>
      of
        .groupBy("kind")
        .aggregate({ n: sum("n") })
        .toArray()
        .map(({ kind, n }) => `${kind} ${n}`);
    add("b", 40_000);
    const before = things.snapshot();
    add("a", 10);
    // Whoever looks first notes which values occur: a snapshot of fewer rows shares the column.
    expect(sums(things)).toEqual(["a 10", "b 40000"]);
    expect(sums(before)).toEqual(["b 40000"]);
    add("c", 1);
    expect(sums(things)).toEqual(["a 10", "b 40000", "c 1"]);
    things.where((o) => o.kind.eq("a")).update({ kind: "c" });
    expect(sums(things)).toEqual(["b 40000", "c 11"]);
    things.where((o) => o.kind.eq("c")).delete();
    expect(sums(things)).toEqual(["b 40000"]);
    things.compact();
    expect(sums(things)).toEqual(["b 40000"]);
    expect(sums(before)).toEqual(["b 40000"]);
  });

  test("distinct and columns", () => {
    const distinct = orders.select("status", "paymentMethod").distinct().orderBy("status").thenBy("paymentMethod");
    expect(distinct.toColumns()).toEqual({
      status: ["Pending", "Pending", "Shipped", "Shipped", "Delivered", "Delivered"],
      paymentMethod: ["CreditCard", "PayPal", "CreditCard", "PayPal", "CreditCard", "PayPal"],
    });
    expect([...distinct]).toHaveLength(6);
    expect(orders.distinct().count()).toBe(ROWS);
  });

  test("a query built apart, or read from JSON", () => {
    const late = query(Order)
      .where((o) => o.status.eq("Pending"))
      .orderBy("orderId")
      .limit(2);
    expect(
      orders
        .query(late)
        .toArray()
        .map((o) => o.orderId),
    ).toEqual([0n, 3n]);
    expect(orders.query(late).first()).toBeInstanceOf(Order);
    const back = queryFromJson(Order, JSON.stringify(late.select("orderId")));
    expect(orders.query(back).toArray()).toEqual([{ orderId: 0n }, { orderId: 3n }]);
    expect(orders.query(JSON.parse(JSON.stringify(late.plan))).count()).toBe(2);
    expect(() => orders.query(query(Mixed) as never)).toThrow(/asks the entity "mixed", and this is "orders"/);
    expect(() => orders.query({ steps: [] } as never)).toThrow(/faun/);
  });

  test("limit and offset of all rows", () => {
    expect(orders.limit(0).toArray()).toEqual([]);
    expect(orders.offset(ROWS - 1).count()).toBe(1);
    expect(orders.offset(ROWS + 1).first()).toBeUndefined();
  });
});

describe.each([
  ["Store", filled],
  ["ShardedStore", sharded],
] as const)("changes of a %s", (_, make) => {
  test("update every row found", () => {
    const orders = make();
    expect(orders.where((o) => o.status.eq("Pending").and(o.quantity.gt(3))).update({ status: "Shipped", note: "sent" })).toBe(
      400,
    );
    expect(orders.where((o) => o.note.eq("sent")).count()).toBe(400);
    expect(orders.where((o) => o.status.eq("Pending").and(o.quantity.gt(3))).count()).toBe(0);
    expect(orders.size).toBe(ROWS);
  });

  test("nothing where a value is wrong", () => {
    const orders = make();
    const pending = orders.where((o) => o.status.eq("Pending"));
    expect(() => pending.update({ quantity: 1, status: "Lost" as "Shipped" })).toThrow(/orders\.status: expected one of/);
    expect(() => pending.update({ orderId: 1n } as never)).toThrow(/no change of the key/);
    expect(() => orders.where((o) => o.quantity.gt(100)).update({ quantity: -1 })).toThrow(/quantity/);
    expect(orders.sum("quantity")).toBe(9000);
    expect(pending.count()).toBe(1000);
  });

  test("delete every row found", () => {
    const orders = make();
    const kept = orders.snapshot();
    expect(orders.where((o) => o.status.ne("Delivered")).delete()).toBe(2000);
    expect(orders.size).toBe(1000);
    expect([...orders].every((o) => o.status === "Delivered")).toBe(true);
    expect(orders.has(1n)).toBe(false);
    expect(orders.where((o) => o.status.ne("Delivered")).count()).toBe(0);
    expect(orders.where((o) => o.orderId.eq(1n)).exists()).toBe(false);
    expect(kept.where((o) => o.status.ne("Delivered")).count()).toBe(2000);
    expect(orders.where((o) => o.status.ne("Delivered")).delete()).toBe(0);
  });

  test("only rows as a where found them", () => {
    const orders = make();
    const cut = orders.where((o) => o.status.eq("Pending")).limit(1) as unknown as { delete(): number };
    expect(() => cut.delete()).toThrow(/delete takes the rows of a where/);
    const kept = orders.snapshot().where((o) => o.status.eq("Pending")) as unknown as { delete(): number };
    expect(() => kept.delete()).toThrow(/read-only/);
    expect(orders.size).toBe(ROWS);
  });
});

test("views of a store's rows write to it, views of a snapshot's do not", () => {
  const orders = filled();
  const kept = orders.snapshot();
  for (const o of orders.where((o) => o.status.eq("Pending"))) o.ship();
  expect(orders.where((o) => o.status.eq("Pending")).count()).toBe(0);
  const [before] = kept.where((o) => o.status.eq("Pending")).toArray();
  expect(() => before!.ship()).toThrow();
});

test("row indices", () => {
  const orders = filled();
  orders.deleteAt(4);
  const rows = orders.where((o) => o.quantity.eq(5)).rowIndices();
  expect(rows).toBeInstanceOf(Uint32Array);
  expect([...rows.subarray(0, 3)]).toEqual([9, 14, 19]);
  expect([...rows].every((row) => orders.at(row)?.quantity === 5)).toBe(true);
  expect(() =>
    sharded()
      .where((o) => o.quantity.eq(5))
      .rowIndices(),
  ).toThrow(/shard\(i\)/);
  expect(
    sharded()
      .shard(1)
      .where((o) => o.quantity.eq(5))
      .rowIndices().length,
  ).toBeGreaterThan(0);
});

test("a query is run anew by each call", () => {
  const orders = filled();
  const pending = orders.where((o) => o.status.eq("Pending"));
  expect(pending.count()).toBe(1000);
  orders.update(0n, { status: "Shipped" });
  orders.add(order(ROWS));
  orders.add(order(ROWS + 3));
  expect(pending.count()).toBe(1001);
});
