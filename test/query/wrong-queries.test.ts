/**
 * Questions that make no sense, as JavaScript or JSON can put them to everything that answers: each is refused by a typed error
 * that says what would be right, before anything is read or changed. What TypeScript refuses is in test/types.
 */
import { describe, expect, test } from "vitest";
import { ArrowPersistence, ColumnNotFoundError, QueryError, ShardedStore, Store } from "../../src/index.ts";
import { count, first, sum } from "../../src/query/aggregate-functions.ts";
import type { Expression } from "../../src/query/expression.ts";
import type { Step } from "../../src/query/plan.ts";
import { query } from "../../src/query/query.ts";
import { Order } from "./entities.ts";

const order = (i: number) => ({
  orderId: BigInt(i),
  customerId: i,
  quantity: i,
  unitPrice: 1,
  totalAmount: i,
  status: "Pending" as const,
  paymentMethod: "PayPal" as const,
  note: null,
  placed: new Date(0),
});
const filled = <S extends { addBatch(rows: Iterable<ReturnType<typeof order>>): unknown }>(store: S): S => {
  store.addBatch([order(1), order(2), order(3)]);
  return store;
};

/** The builder without its types, as JavaScript has it. */
// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may pass
type Loose = any;

const places: Record<string, Loose> = {
  "an unbound query": query(Order),
  "a Store": filled(new Store(Order)),
  "a ShardedStore": filled(new ShardedStore(Order, { shards: 3 })),
  "a Snapshot": filled(new Store(Order)).snapshot(),
};

describe.each(Object.entries(places))("%s refuses", (_, orders) => {
  test.each<[string, (q: Loose) => unknown, RegExp]>([
    ["text beside a number", (q) => q.where((o: Loose) => o.quantity.gt("3")), /quantity.*a number or a bigint, got "3"/],
    ["a number beside text", (q) => q.where((o: Loose) => o.note.eq(3)), /note.*got 3/],
    ["null by eq", (q) => q.where((o: Loose) => o.note.eq(null)), /null: nothing is equal.*use isNull\(\)/],
    ["null by ne", (q) => q.where((o: Loose) => o.note.ne(null)), /isNotNull\(\)/],
    ["null in a set", (q) => q.where((o: Loose) => o.customerId.in([1, null])), /isNull\(\)/],
    ["a value no enum has", (q) => q.where((o: Loose) => o.status.eq("Shiped")), /did you mean "Shipped"\?/],
    ["columns of two kinds", (q) => q.where((o: Loose) => o.quantity.eq(o.note)), /cannot compare quantity \(u32\) with note/],
    ["limit -1", (q) => q.limit(-1), /limit takes a number of rows, an integer from 0, got -1/],
    ["offset NaN", (q) => q.offset(Number.NaN), /offset takes a number of rows, an integer from 0, got NaN/],
    ["limit 1n", (q) => q.limit(1n), /got 1n/],
    ["groups that are ordered first", (q) => q.groupBy("status").orderBy("status"), /aggregate stands behind groupBy/],
    [
      "an aggregate in select",
      (q) => q.select(() => ({ revenue: sum("totalAmount") })),
      /select: revenue takes an expression.*got sum\(…\), which is of many rows: give it to aggregate/,
    ],
    ["an aggregate as predicate", (q) => q.where(() => count()), /got count\(…\), which is of many rows/],
    ["an aggregate as order", (q) => q.orderBy(sum("totalAmount")), /got sum\(…\), which is of many rows/],
    ["aggregate of nothing", (q) => q.aggregate({}), /at least one measure/],
    ["sum of text", (q) => q.aggregate({ x: sum("note") }), /x: sum takes numbers, got note \(utf8\)/],
    ["first without an order", (q) => q.aggregate({ x: first("note") }), /needs an order/],
    ["having without groups", (q) => q.having((o: Loose) => o.quantity.gt(1)), /having stands behind aggregate/],
  ])("%s", (_name, ask, message) => {
    // What a store takes only behind a step is asked behind one.
    const begin = orders.where((o: Loose) => o.quantity.ge(0));
    expect(() => ask(begin)).toThrow(QueryError);
    expect(() => ask(begin)).toThrow(message);
  });

  test("groups where rows are asked for", () => {
    if (orders === places["an unbound query"]) return;
    const groups = orders.groupBy("status");
    for (const ask of [() => groups.toArray(), () => groups.count(), () => groups.explain(), () => [...groups]]) {
      expect(ask).toThrow(QueryError);
      expect(ask).toThrow(/aggregate stands behind groupBy, and says what of each group/);
    }
  });

  test("unknown columns, with the nearest name", () => {
    for (const ask of [
      () => orders.where((o: Loose) => o.totalAmont.gt(1)),
      () => orders.select("totalAmont"),
      () => orders.orderBy("totalAmont"),
      () => orders.groupBy("totalAmont"),
      () => orders.aggregate({ x: sum("totalAmont" as never) }),
      () => orders.select("status", "totalAmount").where((o: Loose) => o.totalAmont.gt(1)),
    ]) {
      expect(ask).toThrow(ColumnNotFoundError);
      expect(ask).toThrow(/orders: there is no column "totalAmont"; did you mean "totalAmount"\?/);
    }
    const grouped = orders.groupBy("status").aggregate({ revenue: sum("totalAmount") });
    expect(() => grouped.orderBy("revenu")).toThrow(/did you mean "revenue"\?/);
    expect(() => grouped.having((r: Loose) => r.totalAmount.gt(1))).toThrow(ColumnNotFoundError);
  });
});

describe("a plan from JSON is refused by a store and a storage alike", () => {
  const column = (name: string): Expression => ({ op: "column", name });
  const plan = (...steps: unknown[]) => ({ faun: 1, entity: "orders", steps: steps as Step[] }) as const;
  const where = (predicate: unknown) => plan({ step: "where", predicate });
  const eq = (name: string, literal: unknown) => where({ op: "eq", args: [column(name), literal] });
  const cases: [string, ReturnType<typeof plan>, typeof QueryError | typeof ColumnNotFoundError, RegExp][] = [
    [
      "unknown column",
      plan({ step: "select", columns: [{ as: "x", expr: column("quantitty") }] }),
      ColumnNotFoundError,
      /did you mean "quantity"\?/,
    ],
    [
      "column name of Arrow",
      eq("total_amount", { op: "literal", type: "number", value: 1 }),
      ColumnNotFoundError,
      /"totalAmount"/,
    ],
    ["type mismatch", eq("quantity", { op: "literal", type: "string", value: "3" }), QueryError, /a number or a bigint, got "3"/],
    ["null by eq", eq("note", { op: "literal", type: "null" }), QueryError, /note\.isNull\(\)/],
    [
      "aggregate without a group",
      where({ op: "sum", args: [column("quantity")] }),
      QueryError,
      /sum is of many rows.*aggregate step/,
    ],
    ["misspelt op", where({ op: "isnull", args: [] }), QueryError, /did you mean "isNull"\?/],
    ["misspelt step", plan({ step: "order_by", keys: [] }), QueryError, /did you mean "orderBy"\?/],
    ["limit -1", plan({ step: "limit", count: -1, offset: 0 }), QueryError, /an integer from 0, got -1/],
    ["no predicate", where(column("quantity")), QueryError, /where takes predicates.*got quantity \(u32\)/],
    [
      "having of what was not aggregated",
      plan(
        { step: "aggregate", by: [{ as: "status", expr: column("status") }], measures: [{ as: "n", fn: "count" }] },
        { step: "where", predicate: { op: "gt", args: [column("quantity"), { op: "literal", type: "number", value: 1 }] } },
      ),
      ColumnNotFoundError,
      /columns: status, n/,
    ],
  ];
  test.each(cases)("%s", async (_, wrong, type, message) => {
    const store = filled(new Store(Order));
    expect(() => store.query(wrong)).toThrow(type);
    expect(() => store.query(wrong)).toThrow(message);
    const persistence = new ArrowPersistence(Order);
    await persistence.save(store);
    const refusal = await persistence.query(wrong).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(type);
    expect(String(refusal)).toMatch(message);
    expect([store.size, await persistence.count()]).toEqual([3, 3]);
  });
});

test("groups are printed, awaited and compared without a complaint", async () => {
  const groups = query(Order).groupBy("status");
  expect(await (groups as unknown)).toBe(groups);
  expect(JSON.stringify(groups)).toBe("{}");
  expect(String(groups)).toBe("[object Object]");
});
