/** Whatever would wait for the transaction that it is asked in says so. */
import { DatabaseError, PersistentStore } from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Order, orders, soaOf } from "../../conformance/entities.ts";

let db: DuckDBPersistence<Order>;
beforeEach(async () => {
  db = new DuckDBPersistence(Order);
  await db.save(soaOf(orders(0, 10)));
});
afterEach(() => db.close());

const within = (run: () => Promise<unknown>) => db.transaction(() => run());

test.each<[string, () => Promise<unknown>]>([
  ["save", () => db.save(soaOf(orders(0, 3)))],
  ["append", () => db.append(soaOf(orders(0, 3)))],
  ["clear", () => db.clear()],
  ["a statement of the persistence that writes", () => db.sql`DELETE FROM orders`.rows()],
  ["another transaction", () => db.transaction(async (tx) => tx.sql`DELETE FROM orders`.rows())],
  ["maintain", () => db.backend.maintain("checkpoint")],
  ["close", () => db.close()],
])("%s within a transaction is refused at once", async (_, run) => {
  await expect(within(run)).rejects.toThrow(DatabaseError);
  await expect(within(run)).rejects.toThrow(/within transaction\(\)/);
  // Also further down, and behind what was waited for.
  const deep = async () => {
    await db.count();
    await new Promise((resolve) => setTimeout(resolve, 1));
    return Promise.all([run()]);
  };
  await expect(within(deep)).rejects.toThrow(/within transaction\(\)/);
  expect(await db.count()).toBe(10);
});

test("changes of a PersistentStore within a transaction are refused at once, and the store goes on", async () => {
  const store = await PersistentStore.open(db);
  const [more] = orders(10, 1);
  for (const change of [
    () => store.add(more!),
    () => store.delete(1n),
    () => store.clearAll(),
    () => store.saveToStorage(),
    () => store.close(),
  ])
    await expect(within(change)).rejects.toThrow(/within transaction\(\)/);
  expect(store.size).toBe(10);
  await store.add(more!);
  expect(await store.storageCount()).toBe(11);
  // Also while one from outside waits for the transaction to end.
  const leave = () => new Promise((resolve) => setTimeout(resolve, 5));
  let refused: unknown;
  const transaction = db.transaction(async (tx) => {
    await tx.sql`SELECT 1`;
    await leave();
    refused = await store.delete(2n).catch((error: unknown) => error);
  });
  const outside = db.append(soaOf(orders(12, 1)));
  await transaction;
  await outside;
  expect(refused).toBeInstanceOf(DatabaseError);
  await store.close();
});

test("reading, other databases, and whatever comes after are as ever", async () => {
  const other = new DuckDBPersistence(Order);
  const after = await db.transaction(async (tx) => {
    await other.save(soaOf(orders(0, 4)));
    await other.transaction((inner) => inner.sql`DELETE FROM orders WHERE order_id = 1`.rows());
    await tx.sql`DELETE FROM orders WHERE order_id = 1`;
    expect([await db.count(), await other.count()]).toEqual([10, 3]);
    return () => db.append(soaOf(orders(11, 1)));
  });
  await after();
  expect(await db.count()).toBe(10);
  await other.close();
});

test("who does not wait for it may save meanwhile, and is served when it is over", async () => {
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let free = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  const transaction = db.transaction(async (tx) => {
    await tx.sql`DELETE FROM orders`;
    begun();
    await held;
  });
  await beginning;
  const saving = db.save(soaOf(orders(0, 5)));
  free();
  await Promise.all([transaction, saving]);
  expect(await db.count()).toBe(5);
});

test("whoever waits for a transaction to end can give up", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  let free = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const transaction = db.transaction(async () => {
    begun();
    await held;
  });
  await beginning;
  const waiting = [db.append(soaOf(orders(10, 1)), { signal }), db.querySql("DELETE FROM orders", [], { signal }).rows()].map(
    (call) => expect(call).rejects.toBe(reason),
  );
  setTimeout(() => controller.abort(reason), 10);
  await Promise.all(waiting);
  // Also before the wait begins.
  const sooner = new AbortController();
  const called = [
    db.append(soaOf(orders(10, 1)), { signal: sooner.signal }),
    db.querySql("DELETE FROM orders", [], { signal: sooner.signal }).rows(),
  ].map((call) => expect(call).rejects.toBe(reason));
  sooner.abort(reason);
  await Promise.all(called);
  free();
  await transaction;
  await db.append(soaOf(orders(11, 1)));
  expect(await db.count()).toBe(11);
});
