import { describe, expect, test } from "vitest";
import { bool, category, Entity, f64, Store, u32, u64, utf8, ValidationError } from "../../src/index.ts";

class Order extends Entity("orders", {
  id: u32().key(),
  customerId: u64().index(),
  amount: f64().index(),
  email: utf8().nullable().index(),
  city: category().index(),
  note: u32(),
}) {}

const CUSTOMERS = 5000;
const customerOf = (id: number) => (Math.imul(id, 2_654_435_761) >>> 0) % CUSTOMERS;
const order = (id: number) => ({
  id,
  customerId: BigInt(customerOf(id)),
  amount: customerOf(id) / 4,
  email: id % 3 === 0 ? null : `c${customerOf(id)}@example.com`,
  city: `city ${customerOf(id) % 500}`,
  note: id,
});
const plain = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => order(from + i));
const filled = (rows: number) => {
  const store = new Store(Order);
  store.addBatch(plain(0, rows));
  return store;
};

/** The query class is not public: this names its type. */
const whole = () => filled(0).where((o) => o.id.eq(0));
type Asked = Pick<ReturnType<typeof whole>, "select" | "count" | "explain">;

const idsOf = (query: Asked) => Array.from(query.select("id").toColumns().id);
const linesOf = (query: { explain(): string }) => query.explain().split("\n");

describe("rows are found without a scan", () => {
  const rows = 140_000;
  const orders = filled(rows);
  const all = plain(0, rows);
  const questions = {
    "eq, wide": [orders.where((o) => o.customerId.eq(77n)), (o: (typeof all)[0]) => o.customerId === 77n],
    "in, wide": [orders.where((o) => o.customerId.in([77n, 78n, 4000n])), (o) => [77n, 78n, 4000n].includes(o.customerId)],
    "range, double": [orders.where((o) => o.amount.ge(100).and(o.amount.lt(105))), (o) => o.amount >= 100 && o.amount < 105],
    "between, double": [orders.where((o) => o.amount.between(100, 105)), (o) => o.amount >= 100 && o.amount <= 105],
    "eq, text": [orders.where((o) => o.email.eq("c77@example.com")), (o) => o.email === "c77@example.com"],
    "eq, category": [orders.where((o) => o.city.eq("city 77")), (o) => o.city === "city 77"],
  } satisfies Record<string, [query: Asked, holds: (o: (typeof all)[0]) => boolean]>;

  test.each(Object.entries(questions))("%s, over chunk borders", (_, [query, holds]) => {
    const expected = all.filter(holds).map(({ id }) => id);
    expect(expected.length).toBeGreaterThan(10);
    expect(idsOf(query)).toEqual(expected);
    expect(query.count()).toBe(expected.length);
    expect(linesOf(query).join("\n")).toContain(
      `: ${expected.length} rows\nscan 3 chunks, ${expected.length} rows; 0 of 3 chunks skipped`,
    );
  });
});

describe("explain", () => {
  test("says which index finds how many rows", () => {
    expect(linesOf(filled(10_000).where((o) => o.customerId.eq(7n).and(o.note.gt(5))))).toEqual([
      "orders: 10,000 rows in 1 chunk",
      "where customerId = 7n: index on customerId, else wide range",
      "where note > 5: narrow range",
      "index on customerId used in 1 chunk: 2 rows",
      "scan 1 chunk, 2 rows; 0 of 1 chunk skipped",
      "columns read: id, customerId, amount, email, city, note",
    ]);
  });

  test("chooses the index that finds the fewest", () => {
    const both = filled(10_000).where((o) => o.amount.lt(10).and(o.customerId.eq(7n)));
    expect(linesOf(both)).toContain("index on customerId used in 1 chunk: 2 rows");
  });

  test("a value that no row has is looked up and not scanned for", () => {
    // Between the least and the greatest: zone maps cannot tell.
    const none = filled(10_000).where((o) => o.amount.eq(77.1));
    expect(linesOf(none)).toContain("index on amount used in 1 chunk: 0 rows");
    expect(linesOf(none)).toContain("scan 0 chunks, 0 rows; 1 of 1 chunk skipped");
  });

  test("where a scan is better it is a scan: many rows, few rows in all, a column that was handed out", () => {
    const scanned = (query: { explain(): string }) => expect(query.explain()).not.toContain("used in");
    scanned(filled(10_000).where((o) => o.amount.gt(300)));
    scanned(filled(900).where((o) => o.customerId.eq(7n)));
    const orders = filled(10_000);
    const amounts = orders.kernel.rawArray("amount") as Float64Array;
    const query = orders.where((o) => o.amount.eq(1e6));
    scanned(query);
    amounts[5] = 1e6;
    expect(idsOf(query)).toEqual([5]);
  });
});

describe("an index", () => {
  test("takes in rows added since by scanning them, and writes by sorting anew some queries later", () => {
    const orders = filled(10_000);
    const query = orders.where((o) => o.customerId.eq(7n));
    const expected = plain(0, 10_500).flatMap(({ id, customerId }) => (customerId === 7n ? [id] : []));
    expect(idsOf(query)).toEqual(expected.filter((id) => id < 10_000));
    orders.addBatch(plain(10_000, 10_500));
    expect(idsOf(query)).toEqual(expected);
    expect(linesOf(query)).toContain("scan 1 chunk, 502 rows; 0 of 1 chunk skipped");
    orders.update(0, { customerId: 7n });
    for (let i = 0; i < 40; i++) expect(idsOf(query)).toEqual([0, ...expected]);
    expect(linesOf(query)).toContain(`scan 1 chunk, ${expected.length + 1} rows; 0 of 1 chunk skipped`);
  });

  test("serves a snapshot as it was, and the store as it is", () => {
    const orders = filled(10_000);
    const expected = idsOf(orders.where((o) => o.customerId.eq(7n)));
    const before = orders.snapshot();
    const [first] = expected as [number];
    orders.update(first, { customerId: 4n });
    orders.add({ ...order(20_000), customerId: 7n });
    expect(idsOf(before.where((o) => o.customerId.eq(7n)))).toEqual(expected);
    expect(before.where((o) => o.customerId.eq(7n)).explain()).toContain("index on customerId used in 1 chunk: 2 rows");
    expect(idsOf(orders.where((o) => o.customerId.eq(7n)))).toEqual([...expected.slice(1), 20_000]);
  });

  test("counts in memoryStats once it was used: 2 bytes a row, 6 by hash", () => {
    const orders = filled(10_000);
    const before = orders.memoryStats();
    orders.where((o) => o.customerId.eq(7n)).count();
    expect(orders.memoryStats().indexBytes - before.indexBytes).toBe(20_000);
    orders.where((o) => o.email.eq("nobody")).count();
    const emails = plain(0, 10_000).filter(({ email }) => email !== null).length;
    expect(orders.memoryStats().indexBytes - before.indexBytes).toBe(20_000 + 6 * emails);
    orders.update(0, { customerId: 5n });
    expect(orders.memoryStats().indexBytes - before.indexBytes).toBe(6 * emails);
    const { totalBytes, columnBytes, indexBytes } = orders.memoryStats();
    expect(totalBytes).toBe(columnBytes + indexBytes);
  });

  test("is not for bool", () => {
    expect(() => bool().index()).toThrow(ValidationError);
    expect(() => bool().index()).toThrow("an index of a type with more than two values (not bool)");
  });
});

test("two bounds on a column are one range", () => {
  const orders = filled(10_000);
  const one = orders.where((o) => o.note.gt(100).and(o.note.le(110), o.note.ge(105)));
  expect(idsOf(one)).toEqual([105, 106, 107, 108, 109, 110]);
  expect(idsOf(orders.where((o) => o.note.gt(100).and(o.note.lt(50))))).toEqual([]);
  expect(orders.where((o) => o.note.gt(100).and(o.note.lt(50))).explain()).toContain("scan 0 chunks, 0 rows");
  expect(orders.where((o) => o.amount.between(Number.NaN, Number.POSITIVE_INFINITY)).count()).toBe(0);
});
