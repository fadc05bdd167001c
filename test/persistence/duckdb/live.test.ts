/** SQL over stores as they are. */
import fc from "fast-check";
import {
  ArrowPersistence,
  category,
  count,
  DatabaseError,
  Entity,
  type EntityClass,
  type EntityRow,
  enumOf,
  f64,
  PersistentStore,
  ShardedStore,
  Store,
  sum,
  TypeConversionError,
  u32,
  u64,
  utf8,
  ValidationError,
} from "faun";
import { DuckDBPersistence, type LiveSql, type LiveTables, sqlOver } from "faun/duckdb";
import { afterEach, expect, test } from "vitest";
import { Nullable, Plain, rowsOf } from "./every-type.ts";

class Order extends Entity(
  "orders",
  {
    orderId: u64().key(),
    customer: u32(),
    total: f64(),
    status: enumOf("Pending", "Shipped", "Delivered"),
    city: category(),
    note: utf8().nullable(),
  },
  { shards: 3 },
) {}
class Customer extends Entity("customers", { id: u32().key(), name: utf8() }) {}

const STATUSES = ["Pending", "Shipped", "Delivered"] as const;
const order = (i: number) => ({
  orderId: BigInt(i),
  customer: i % 10,
  total: i % 100,
  status: STATUSES[i % 3]!,
  city: `the city by the number of ${i % 7}`,
  note: i % 4 === 0 ? null : `n${i}`,
});
const rows = (length: number) => Array.from({ length }, (_, i) => order(i));

function ordersOf(length: number, store = new Store(Order)): Store<Order> {
  store.addBatch(rows(length));
  return store;
}

let open: LiveSql[] = [];
async function over(tables: LiveTables): Promise<LiveSql> {
  const db = await sqlOver(tables);
  open.push(db);
  return db;
}
afterEach(async () => {
  await Promise.all(open.map((db) => db.close()));
  open = [];
});

test.each([
  ["plain", Plain, false],
  ["nullable", Nullable, true],
] as unknown as [string, EntityClass<EntityRow>, boolean][])(
  "%s fields of every type are what DuckDB would have stored, also where rows were deleted, from both allocators",
  async (_, entity, orNull) => {
    const persistence = new DuckDBPersistence(entity, { table: "stored" });
    await fc.assert(
      fc.asyncProperty(
        rowsOf(orNull),
        fc.constantFrom("heap" as const, "shared" as const),
        fc.array(fc.nat(39)),
        async (given, allocator, deleted) => {
          const store = new Store(entity, { allocator });
          store.addBatch(given.map((row, id) => ({ ...row, id })) as never);
          for (const row of deleted) store.deleteAt(row);
          await persistence.save(store);
          const db = await sqlOver({ live: store });
          expect(await db.sql`SELECT * FROM live`).toEqual(await persistence.sql`SELECT * FROM stored`);
          const types = 'SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "';
          expect(await db.querySql(`${types}live")`)).toEqual(await persistence.querySql(`${types}stored")`));
          await db.close();
        },
      ),
      { numRuns: 25 },
    );
    await persistence.close();
  },
);

test.each(["heap", "shared"] as const)(
  "rows come in the order of the store, over many chunks, with what was deleted and changed (%s)",
  async (allocator) => {
    const orders = ordersOf(150_000, new Store(Order, { allocator }));
    for (let i = 0n; i < 70_000n; i += 3n) orders.delete(i);
    orders.update(70_001n, { note: "changed", total: 1e6 });
    const backwards = orders.where((o) => o.total.gt(20)).orderBy("orderId", "desc");
    const db = await over({ orders, backwards });
    const found = await db.sql`SELECT order_id, status, city, note FROM orders`.columns();
    const list = [...orders].map(({ orderId, status, city, note }) => ({ orderId, status, city, note }));
    expect(found).toEqual({
      order_id: list.map(({ orderId }) => orderId),
      status: list.map(({ status }) => status),
      city: list.map(({ city }) => city),
      note: list.map(({ note }) => note),
    });
    expect(await db.sql`SELECT count(*) AS n, count(note) AS notes, max(total) AS most FROM orders`).toEqual([
      { n: BigInt(orders.size), notes: BigInt(list.filter(({ note }) => note !== null).length), most: 1e6 },
    ]);
    const expected = backwards.toArray();
    expect(await db.sql`SELECT order_id, total, note FROM backwards`.columns()).toEqual({
      order_id: expected.map(({ orderId }) => orderId),
      total: expected.map(({ total }) => total),
      note: expected.map(({ note }) => note),
    });
  },
);

test("every kind of rows can be asked: sharded, persistent, snapshots, queries; in joins, with others and themselves", async () => {
  const orders = ordersOf(5000);
  const sharded = new ShardedStore(Order);
  sharded.addBatch(rows(5000));
  const persistent = await PersistentStore.open(new ArrowPersistence(Order));
  await persistent.addBatch(rows(5000));
  const customers = new Store(Customer);
  customers.addBatch(Array.from({ length: 10 }, (_, id) => ({ id, name: `customer ${id}` })));
  const tables = {
    orders,
    sharded,
    persistent,
    snapshot: orders.snapshot(),
    shards: sharded.snapshot(),
    delivered: orders.where((o) => o.status.eq("Delivered")).orderBy("orderId", "desc"),
    by_city: orders.groupBy("city").aggregate({ total: sum("total"), orders: count() }),
    customers,
  };
  const db = await over(tables);
  const whole = await db.sql`SELECT * FROM orders ORDER BY order_id`;
  expect(whole).toHaveLength(5000);
  for (const name of ["sharded", "persistent", "snapshot", "shards"])
    expect(await db.querySql(`SELECT * FROM ${name} ORDER BY order_id`)).toEqual(whole);
  expect(await db.sql`SELECT order_id FROM delivered LIMIT 2`).toEqual([{ order_id: 4997n }, { order_id: 4994n }]);
  expect(await db.sql`SELECT city, total, orders FROM by_city ORDER BY city`).toEqual(
    await db.sql`SELECT city, sum(total) AS total, count(*) AS orders FROM orders GROUP BY city ORDER BY city`,
  );
  expect(
    await db.sql`SELECT name, sum(o.total) AS total FROM orders o JOIN customers c ON c.id = o.customer
      JOIN orders p USING (order_id) WHERE p.status = ${"Delivered"} GROUP BY name ORDER BY name LIMIT 1`,
  ).toEqual([
    {
      name: "customer 0",
      total: rows(5000).reduce((t, o) => t + (o.customer === 0 && o.status === "Delivered" ? o.total : 0), 0),
    },
  ]);
  await persistent.close();
});

test("a query in a template is answered by Faun, and read where a table stands", async () => {
  const orders = ordersOf(10_000);
  const db = await over({ orders });
  const delivered = orders.where((o) => o.status.eq("Delivered").and(o.total.ge(50)));
  const expected = delivered.toArray();
  expect(await db.sql`SELECT count(*) AS n, sum(d.total) AS total FROM ${delivered} AS d WHERE d.customer < ${5}`).toEqual([
    {
      n: BigInt(expected.filter(({ customer }) => customer < 5).length),
      total: expected.reduce((total, o) => total + (o.customer < 5 ? o.total : 0), 0),
    },
  ]);
  expect(await db.sql`SELECT * FROM ${delivered.limit(3)}`).toEqual(
    await db.sql`SELECT * FROM orders WHERE status = 'Delivered' AND total >= 50 LIMIT 3`,
  );
  // It is run over the rows of the same moment as the rest.
  expect(await db.sql`SELECT count(*) AS n FROM ${delivered} JOIN ${orders} AS o USING (order_id)`).toEqual([
    { n: BigInt(expected.length) },
  ]);
});

test("only what a statement names is read", async () => {
  const orders = ordersOf(1000);
  // A code that the enum does not have: whoever reads it is refused.
  (orders.kernel.chunks("status")[0] as Uint8Array)[500] = 9;
  const db = await over({ orders });
  expect(await db.sql`SELECT sum(total) AS total FROM orders`).toEqual([{ total: 49_500 }]);
  const error: unknown = await db.sql`SELECT count(status) FROM orders`.rows().catch((cause) => cause);
  expect(error).toBeInstanceOf(TypeConversionError);
  expect((error as Error).message).toContain("the code 9 of a row is none of the 3 values of status");
  // It is over with that statement alone.
  expect(await db.sql`SELECT count(note) AS n FROM orders`).toEqual([{ n: 750n }]);
});

test("an overflow in a query of a template is told as its own error", async () => {
  class Number64 extends Entity("numbers", { value: u64() }) {}
  const numbers = new Store(Number64);
  numbers.addBatch([{ value: 2n ** 64n - 1n }]);
  const db = await over({ numbers });
  const tooBig = numbers.select((n) => ({ twice: n.value.mul(2n ** 63n).mul(2n ** 63n) }));
  await expect(db.sql`SELECT * FROM ${tooBig}`.rows()).rejects.toThrow(expect.objectContaining({ code: "QUERY" }));
});

test("a statement sees the moment at which it was asked, and its result does not change under its reader", async () => {
  const orders = ordersOf(200_000);
  const db = await over({ orders });
  const total = (await db.sql<{ t: number }>`SELECT sum(total) AS t FROM orders`)[0]!.t;
  const asked = db.sql<{ t: number; n: bigint }>`SELECT sum(total) AS t, count(*) AS n FROM orders`.rows();
  orders.where((o) => o.total.gt(50)).update({ total: 0 });
  orders.delete(7n);
  orders.add({ ...order(0), orderId: 1_000_000n });
  expect(await asked).toEqual([{ t: total, n: 200_000n }]);

  const before = orders.toArrow({ copy: true }).getChild("total")!.toArray() as Float64Array;
  let at = 0;
  for await (const { total } of db.sql<{ total: number }>`SELECT total FROM orders`) {
    if (total !== before[at]) throw new Error(`row ${at} is ${total}, was ${before[at]}`);
    if (at++ % 40_000 === 0) orders.where((o) => o.orderId.gt(0n)).update({ total: -at });
  }
  expect(at).toBe(before.length);
});

test("money moved from account to account is never seen on its way", async () => {
  const orders = new Store(Order);
  const sharded = new ShardedStore(Order);
  orders.addBatch(rows(100_000).map((o) => ({ ...o, total: 100 })));
  sharded.addBatch(rows(1000).map((o) => ({ ...o, total: 100 })));
  const db = await over({ orders, sharded });
  let asking = true;
  let moves = 0;
  const writer = (async () => {
    while (asking) {
      for (let i = 0; i < 50; i++, moves++) {
        const [from, to] = [BigInt((moves * 7919) % 100_000), BigInt((moves * 104_729) % 1000)];
        orders.get(from)!.total -= 1;
        sharded.get(to)!.total += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const sums = await Promise.all(
    Array.from({ length: 60 }, async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
      const [row] = await db.sql<{ t: number }>`SELECT (SELECT sum(total) FROM orders) + (SELECT sum(total) FROM sharded) AS t`;
      return row!.t;
    }),
  );
  asking = false;
  await writer;
  expect(moves).toBeGreaterThan(0);
  expect(new Set(sums)).toEqual(new Set([10_100_000]));
});

test("statements that are left early, aborted or refused leave the next ones unharmed", async () => {
  const orders = ordersOf(100_000);
  const db = await over({ orders });
  for (let i = 0; i < 20; i++) {
    for await (const row of db.sql<{ order_id: bigint }>`SELECT * FROM orders`) {
      expect(row.order_id).toBe(0n);
      break;
    }
    expect(await db.sql`SELECT order_id FROM orders LIMIT 1`).toEqual([{ order_id: 0n }]);
  }
  const reason = new Error("enough");
  const long = db.sql`SELECT count(*) FROM orders a, orders b WHERE a.total + b.total > 1`;
  const aborting = new AbortController();
  const asked = [1, 2, 3].map(() => long.withSignal(aborting.signal).rows());
  setTimeout(() => aborting.abort(reason), 50);
  for (const each of await Promise.allSettled(asked)) expect(each).toEqual({ status: "rejected", reason });
  await expect(long.withSignal(AbortSignal.abort(reason)).rows()).rejects.toBe(reason);
  for (const wrong of [
    "SELECT nothing FROM orders",
    "SELECT 1; SELECT 2",
    "",
    "BEGIN",
    "SELECT * FROM soa('other')",
    "SELECT * FROM soa(NULL)",
  ])
    await expect(db.querySql(wrong).rows()).rejects.toThrow(DatabaseError);
  await expect(db.querySql("SELECT $1::INT", []).rows()).rejects.toThrow(/1 parameters, and 0 values/);
  expect(await db.sql`SELECT count(*) AS n FROM orders`).toEqual([{ n: 100_000n }]);
});

test("statements inside the loop over another one's rows get their turn", async () => {
  const orders = ordersOf(20_000);
  const db = await over({ orders });
  let depth = 0;
  const nest = async (level: number): Promise<void> => {
    for await (const _ of db.sql`SELECT * FROM orders`) {
      depth = Math.max(depth, level);
      if (level < 8) await nest(level + 1);
      break;
    }
  };
  await nest(1);
  expect(depth).toBe(8);
});

test("closing ends what runs, in words, and twice is fine", async () => {
  const orders = ordersOf(50_000);
  const db = await over({ orders });
  const iterating = db.sql`SELECT * FROM orders`[Symbol.asyncIterator]();
  await iterating.next();
  const running = db.sql`SELECT count(*) FROM orders a, orders b WHERE a.total + b.total > 1`.rows();
  const ended = expect(running).rejects.toThrow(/sqlOver\(\): closed/);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await Promise.all([db.close(), db.close()]);
  await ended;
  const rest = async () => {
    while ((await iterating.next()).done !== true);
  };
  await expect(rest()).rejects.toThrow(/sqlOver\(\): closed/);
  await expect(db.sql`SELECT 1`.rows()).rejects.toThrow(DatabaseError);
  expect(orders.size).toBe(50_000);
});

test("nulls are where they were, in chunks with some, none and nothing else", async () => {
  class Reading extends Entity("readings", { a: f64().nullable(), b: u32().nullable() }) {}
  const readings = new Store(Reading);
  const a = (i: number) => (i < 60_000 ? (i % 3 === 0 ? null : i) : i < 140_000 ? i : null);
  readings.addBatch(Array.from({ length: 200_000 }, (_, i) => ({ a: a(i), b: a(i + 50_000) })));
  const db = await over({ readings });
  expect(await db.sql`SELECT a, b FROM readings`.columns()).toEqual({
    a: Array.from({ length: 200_000 }, (_, i) => a(i)),
    b: Array.from({ length: 200_000 }, (_, i) => a(i + 50_000)),
  });
});

test("a column may be called as the lists' own is, and the function be asked without any", async () => {
  class Rows extends Entity("rows", { row: u32(), Row: u32().column("row'") }) {}
  const numbered = new Store(Rows);
  numbered.addBatch(Array.from({ length: 5000 }, (_, i) => ({ row: i, Row: -i >>> 0 })));
  const db = await over({ numbered });
  expect(await db.sql`SELECT sum(row) AS a, min("row'") AS b FROM numbered`).toEqual([{ a: 12_497_500n, b: 0 }]);
  expect(await db.sql`SELECT count(*) AS lists FROM soa('numbered')`).toEqual([{ lists: 3n }]);
  expect(await db.sql`SELECT count(*) AS n FROM numbered a JOIN numbered b USING (row)`).toEqual([{ n: 5000n }]);
});

test("names are what they are, whatever is in them", async () => {
  const names = ['two "quotes"', "it's", "a; DROP VIEW b; --", "select", "größe 🦌", "/* b */", "\n", "$1", "b"];
  const db = await over(Object.fromEntries(names.map((name, i) => [name, ordersOf(i)])));
  for (const [i, name] of names.entries())
    expect(await db.querySql(`SELECT count(*) AS n FROM "${name.replaceAll('"', '""')}"`)).toEqual([{ n: BigInt(i) }]);
  class Odd extends Entity("odd", { a: u32().column('x", 1 AS "y'), b: utf8().column("b; --") }) {}
  const odd = new Store(Odd);
  odd.addBatch([{ a: 1, b: "'; DROP VIEW odd; --\0" }]);
  expect(await (await over({ odd })).sql`SELECT * FROM odd`).toEqual([{ 'x", 1 AS "y': 1, "b; --": "'; DROP VIEW odd; --\0" }]);
});

test("what is none of it is refused before anything is opened", async () => {
  const orders = new Store(Order);
  class Twice extends Entity("twice", { a: u32().column("Same"), b: u32().column("same") }) {}
  for (const wrong of [
    null,
    { orders: [1, 2] },
    { orders: null },
    { "": orders },
    { "a\0b": orders },
    { a: orders, A: orders },
    { "\ud800": orders },
    { twice: new Store(Twice) },
    orders,
  ])
    await expect(sqlOver(wrong as never)).rejects.toThrow(ValidationError);
  for (const options of [{ threads: 0 }, { threads: 1.5 }, { memoryLimit: -1 }, { memoryLimit: "1GB" as never }])
    await expect(sqlOver({ orders }, options)).rejects.toThrow(ValidationError);
  const db = await over({ orders });
  // @ts-expect-error: a plain object is no parameter
  await expect(db.sql`SELECT ${{ a: 1 }}`.rows()).rejects.toThrow(ValidationError);
  // @ts-expect-error: not called as a function
  expect(() => db.sql("SELECT 1")).toThrow(DatabaseError);
});

test("results come as JSON, columns and Arrow; tables can stand beside", async () => {
  const db = await over({ orders: ordersOf(6) });
  expect(await db.analyticsQuery("SELECT order_id, status FROM orders WHERE order_id > $1", [3])).toEqual([
    { order_id: 4, status: "Shipped" },
    { order_id: 5, status: "Delivered" },
  ]);
  expect(await db.sql`SELECT order_id, note FROM orders LIMIT 2`.columns()).toEqual({ order_id: [0n, 1n], note: [null, "n1"] });
  const table = await db.sql`SELECT total, status FROM orders`.toArrow();
  expect(table.numRows).toBe(6);
  expect([...table.getChild("status")!]).toEqual(rows(6).map(({ status }) => status));
  await db.sql`CREATE TABLE kept AS SELECT * FROM orders WHERE total > ${2}`;
  expect(await db.sql`SELECT count(*) AS n FROM kept JOIN orders USING (order_id)`).toEqual([{ n: 3n }]);
});
