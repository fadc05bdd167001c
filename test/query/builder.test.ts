import { describe, expect, test } from "vitest";
import { ColumnNotFoundError, QueryError } from "../../src/errors.ts";
import { count, countDistinct, first, sum } from "../../src/query/aggregate-functions.ts";
import type { Step } from "../../src/query/plan.ts";
import { query } from "../../src/query/query.ts";
import { Mixed, Order } from "./entities.ts";

const orders = query(Order);
const mixed = query(Mixed);
const steps = (built: { readonly plan: { readonly steps: readonly Step[] } }) => built.plan.steps;
const predicate = (built: { readonly plan: { readonly steps: readonly Step[] } }) => {
  const step = steps(built).at(-1);
  if (step?.step !== "where") throw new Error("no where");
  return step.predicate;
};

describe("steps", () => {
  test("are added to a new query, the old one stays", () => {
    const delivered = orders.where((o) => o.status.eq("Delivered"));
    const page = delivered.orderBy("placed").limit(10);
    expect(steps(orders)).toEqual([]);
    expect(steps(delivered).map(({ step }) => step)).toEqual(["where"]);
    expect(steps(page).map(({ step }) => step)).toEqual(["where", "orderBy", "limit"]);
    expect(() => (delivered.plan.steps as Step[]).pop()).toThrow(TypeError);
  });

  test("are plain data", () => {
    const built = orders
      .where((o) => o.status.eq("Delivered").and(o.totalAmount.gt(200)))
      .groupBy("paymentMethod")
      .aggregate({ revenue: sum("totalAmount"), orders: count() })
      .having((r) => r.orders.gt(3))
      .orderBy("revenue", "desc");
    expect(JSON.parse(JSON.stringify(built))).toEqual({
      faun: 1,
      entity: "orders",
      steps: [
        {
          step: "where",
          predicate: {
            op: "and",
            args: [
              {
                op: "eq",
                args: [
                  { op: "column", name: "status" },
                  { op: "literal", type: "string", value: "Delivered" },
                ],
              },
              {
                op: "gt",
                args: [
                  { op: "column", name: "totalAmount" },
                  { op: "literal", type: "number", value: 200 },
                ],
              },
            ],
          },
        },
        {
          step: "aggregate",
          by: [{ as: "paymentMethod", expr: { op: "column", name: "paymentMethod" } }],
          measures: [
            { as: "revenue", fn: "sum", arg: { op: "column", name: "totalAmount" } },
            { as: "orders", fn: "count" },
          ],
        },
        {
          step: "where",
          predicate: {
            op: "gt",
            args: [
              { op: "column", name: "orders" },
              { op: "literal", type: "number", value: 3 },
            ],
          },
        },
        { step: "orderBy", keys: [{ expr: { op: "column", name: "revenue" }, direction: "desc", nulls: "last" }] },
      ],
    });
  });

  test("limit and offset side by side are one step, whichever comes first", () => {
    const one = [{ step: "limit", count: 10, offset: 5 }];
    expect(steps(orders.limit(10).offset(5))).toEqual(one);
    expect(steps(orders.offset(5).limit(10))).toEqual(one);
    expect(steps(orders.limit(10).limit(5))).toHaveLength(2);
    expect(steps(orders.limit(10).orderBy("placed").offset(5))).toHaveLength(3);
  });

  test("thenBy adds a key to the order before it", () => {
    expect(steps(orders.orderBy("status").thenBy((o) => o.unitPrice.neg(), "desc", { nulls: "first" }))).toEqual([
      {
        step: "orderBy",
        keys: [
          { expr: { op: "column", name: "status" }, direction: "asc", nulls: "last" },
          { expr: { op: "neg", args: [{ op: "column", name: "unitPrice" }] }, direction: "desc", nulls: "first" },
        ],
      },
    ]);
    expect(() => orders.thenBy("status")).toThrow(/right behind orderBy/);
  });

  test("conditions joined one by one stay one level deep", () => {
    const many = orders.where((o) => {
      let all = o.quantity.gt(0);
      for (let i = 1; i < 2000; i++) all = all.and(o.quantity.ne(i));
      return all;
    });
    expect(predicate(many)).toMatchObject({ op: "and" });
    expect((predicate(many) as unknown as { args: unknown[] }).args).toHaveLength(2000);
  });

  test("a callback may be written apart", () => {
    type Columns = Parameters<Parameters<typeof orders.where>[0]>[0];
    const isLarge = (o: Columns) => o.totalAmount.gt(200);
    expect(orders.where(isLarge).equals(orders.where((o) => o.totalAmount.gt(200)))).toBe(true);
    expect(orders.where((o) => isLarge(o).not()).equals(orders.where(isLarge))).toBe(false);
  });

  test("aggregates carry filters and orders", () => {
    const built = orders.aggregate((o) => ({
      large: count().where(o.totalAmount.gt(200)),
      latest: first("status").orderBy(o.placed, "desc").orderBy("orderId"),
      buyers: countDistinct(o.customerId),
    }));
    expect(steps(built)[0]).toMatchObject({
      measures: [
        { as: "large", fn: "count", filter: { op: "gt" } },
        { as: "latest", fn: "first", orderBy: [{ direction: "desc" }, { expr: { name: "orderId" }, direction: "asc" }] },
        { as: "buyers", fn: "countDistinct", arg: { op: "column", name: "customerId" } },
      ],
    });
  });
});

describe("constants", () => {
  const constant = (build: Parameters<typeof mixed.where>[0]) =>
    (predicate(mixed.where(build)) as unknown as { args: unknown[] }).args[1];
  const literal = (type: string, value: unknown) => ({ op: "literal", type, value });
  test("are written so that JSON keeps them whole", () => {
    expect(constant((m) => m.double.eq(Number.NaN))).toEqual(literal("number", "NaN"));
    expect(constant((m) => m.double.eq(-0))).toEqual(literal("number", "-0"));
    expect(constant((m) => m.double.lt(Number.POSITIVE_INFINITY))).toEqual(literal("number", "Infinity"));
    expect(constant((m) => m.big.eq(2n ** 62n + 1n))).toEqual(literal("bigint", "4611686018427387905"));
    expect(constant((m) => m.price.eq("12.50"))).toEqual(literal("string", "12.50"));
    expect(constant((m) => m.day.eq("2024-02-29"))).toEqual(literal("string", "2024-02-29"));
    expect(constant((m) => m.at.eq(new Date("2024-02-29T12:00:00Z")))).toEqual(literal("instant", "2024-02-29T12:00:00.000Z"));
  });
  test("are read in the mode of their field", () => {
    expect(constant((m) => m.nanos.eq(1n))).toEqual(literal("instant", "1970-01-01T00:00:00.000000001Z"));
    expect(constant((m) => m.nanos.eq(new Date(1)))).toEqual(literal("instant", "1970-01-01T00:00:00.001Z"));
    expect(constant((m) => m.ticks.eq(1500))).toEqual(literal("instant", "1970-01-01T00:00:01.500Z"));
    expect(constant((m) => m.cents.eq(12_500n))).toEqual(literal("string", "1.2500"));
  });
  test("of other kinds are refused", () => {
    // biome-ignore lint/suspicious/noExplicitAny: what JavaScript may pass
    const any = (m: unknown) => m as any;
    expect(() => mixed.where((m) => any(m).maybe.eq(null))).toThrow(/maybe\.eq of null.*isNull\(\)/);
    expect(() => mixed.where((m) => any(m).maybe.eq(undefined))).toThrow(QueryError);
    expect(() => mixed.where((m) => any(m).at.eq(new Date(Number.NaN)))).toThrow(/got Invalid Date/);
    expect(() => mixed.where((m) => any(m).byte.eq({}))).toThrow(/takes a constant or an expression, got an object/);
    expect(() => mixed.where((m) => any(m).byte.in("123"))).toThrow(/byte\.in takes an array/);
    expect(() => mixed.where((m) => any(m).at.dateTrunc("fortnight").isNull())).toThrow(/dateTrunc takes one of "year"/);
    expect(() => mixed.where((m) => any(m).cents.mul(2n).isNull())).toThrow(/such as "2"/);
    expect(() => mixed.where((m) => any(m).byte.startsWith("1"))).toThrow(/startsWith takes text, got byte \(u8\)/);
  });
});

describe("a predicate that got lost", () => {
  test("by && is told", () => {
    const lost = () => orders.where((o) => o.status.eq("Delivered") && o.totalAmount.gt(200));
    expect(lost).toThrow(QueryError);
    expect(lost).toThrow('orders: where built the predicate status.eq("Delivered") and did not use it');
  });
  test("within another, or as a column of bools, too", () => {
    expect(() => mixed.where((m) => m.byte.gt(1).and(m.byte.lt(9) && m.big.gt(1n)))).toThrow(/byte\.lt\(9\)/);
    expect(() => mixed.where((m) => m.flag && m.byte.gt(1))).toThrow(/the predicate flag /);
    expect(() => mixed.aggregate((m) => ({ n: count().where(m.flag && m.byte.gt(1)) }))).toThrow(/the predicate flag /);
    expect(() => mixed.select((m) => ({ x: m.byte.gt(1) && m.flag }))).toThrow(/byte\.gt\(1\)/);
    expect(() =>
      mixed
        .groupBy("state")
        .aggregate({ n: count() })
        .having((r) => r.n.gt(1) && r.n.lt(5)),
    ).toThrow(/having built/);
  });
  test("is none where all are used", () => {
    expect(predicate(mixed.where((m) => m.flag.and(m.byte.gt(1), m.byte.lt(9)).or(m.flag.not())))).toMatchObject({ op: "or" });
    expect(steps(mixed.select(({ flag, byte }) => ({ flag, large: byte.gt(100) })))).toHaveLength(1);
    expect(steps(mixed.select(({ flag, ...rest }) => rest))).toHaveLength(1);
  });
  test("from another query or step is refused", () => {
    let kept: unknown;
    mixed.where((m) => {
      kept = m.byte.gt(1);
      return kept as typeof m.flag;
    });
    expect(() => query(Mixed).where(() => kept as never)).toThrow(/built for another query or step/);
    expect(() => orders.where((o) => o.quantity.gt(1).and(kept as never))).toThrow(/built for another query or step/);
  });
});

describe("refuses", () => {
  test("unknown columns, naming the nearest", () => {
    for (const wrong of [
      () => orders.select("totalAmont" as "totalAmount"),
      () => orders.orderBy("totalAmont" as "totalAmount"),
      () => orders.groupBy("totalAmont" as "totalAmount"),
      () => orders.aggregate({ x: sum("totalAmont") as never }),
      () => orders.where((o) => (o as unknown as { totalAmont: typeof o.totalAmount }).totalAmont.gt(1)),
    ]) {
      expect(wrong).toThrow(ColumnNotFoundError);
      expect(wrong).toThrow(/did you mean "totalAmount"\?/);
    }
  });
  test.each<[string, () => unknown, RegExp]>([
    ["limit -1", () => orders.limit(-1), /limit takes a number of rows, an integer from 0, got -1/],
    ["limit 1.5", () => orders.limit(1.5), /got 1.5/],
    ["offset of text", () => orders.offset("1" as never), /offset takes a number of rows/],
    ["having without groups", () => orders.having((o) => o.quantity.gt(1)), /having stands behind aggregate/],
    ["groupBy of nothing", () => orders.groupBy(() => ({})), /at least one key/],
    [
      "select of a predicate",
      () => orders.select(((o: { quantity: unknown }) => o.quantity) as never),
      /takes an object that names each column.*got quantity/,
    ],
    ["select of a value", () => orders.select(() => ({ x: 1 }) as never), /x takes an expression over the row's columns, got 1/],
    [
      "a name beside a callback",
      () => orders.select(((o: { quantity: unknown }) => ({ q: o.quantity })) as never, "status"),
      /not both/,
    ],
    ["where without callback", () => orders.where("status" as never), /takes a callback over the columns, got "status"/],
    ["where of a value", () => orders.where(() => true as never), /gives a predicate.*got true/],
    ["aggregate of columns", () => orders.aggregate(((o: { quantity: unknown }) => ({ q: o.quantity })) as never), /q takes sum/],
    ["another direction", () => orders.orderBy("status", "down" as never), /"asc" or "desc", got "down"/],
    ["nulls elsewhere", () => orders.orderBy("status", "asc", { nulls: "middle" as never }), /"first" or "last"/],
    [
      "a filter twice",
      () => orders.aggregate((o) => ({ n: count().where(o.quantity.gt(1)).where(o.quantity.lt(9)) })),
      /called before/,
    ],
    ["a filter that is none", () => count().where(true as never), /takes a predicate/],
  ])("%s", (_, wrong, message) => {
    expect(wrong).toThrow(QueryError);
    expect(wrong).toThrow(message);
  });
});
