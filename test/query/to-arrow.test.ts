import { describe, expect, test } from "vitest";
import { ShardedStore, Store } from "../../src/index.ts";
import { avg, count, max, sum } from "../../src/query/aggregate-functions.ts";
import { Mixed } from "./entities.ts";

const row = (i: number) => ({
  id: BigInt(i),
  byte: i % 256,
  safe: i * 2 ** 33,
  big: -(2n ** 63n) + BigInt(i),
  single: i / 2,
  double: i % 10 === 0 ? Number.NaN : i / 3,
  text: `text ${i}`,
  label: `label ${i % 5}`,
  state: i % 2 === 0 ? ("on" as const) : ("off" as const),
  other: i % 3 === 0 ? ("on" as const) : ("broken" as const),
  flag: i % 3 === 0,
  price: `${i}.25`,
  cents: BigInt(i) * 10_000n + 1n,
  day: "2024-02-29",
  at: new Date(i * 1000),
  nanos: BigInt(i) * 1_000_000_007n,
  ticks: i * 1000,
  maybe: i % 4 === 0 ? null : i % 256,
});

const ROWS = 400;
const store = new Store(Mixed);
store.addBatch(Array.from({ length: ROWS }, (_, i) => row(i)));
store.delete(7n);
const sharded = new ShardedStore(Mixed, { shards: 3 });
sharded.addBatch(store);

describe("whole rows", () => {
  test("come back as the entity", () => {
    const found = store.where((m) => m.maybe.isNull().or(m.state.eq("off")));
    const back = Store.fromArrow(Mixed, found.toArrow());
    expect([...back].map((m) => m.toObject())).toEqual(found.toArray().map((m) => m.toObject()));
    expect(back.size).toBe(299);
  });
  test("in the order of the query", () => {
    const last = sharded.orderBy("id", "desc").limit(3);
    expect([...Store.fromArrow(Mixed, last.toArrow())].map((m) => m.id)).toEqual([399n, 398n, 397n]);
  });
  test("all of them are the store's own bytes", () => {
    const whole = new Store(Mixed);
    whole.addBatch(Array.from({ length: 10 }, (_, i) => row(i)));
    const table = whole.where((m) => m.byte.ge(0)).toArrow();
    expect(table.getChild("double")!.data[0]!.values.buffer).toBe(whole.kernel.rawArray("double").buffer);
    expect(table.numRows).toBe(10);
  });
  test("none is a table of none", () => {
    const none = store.where((m) => m.text.eq("nothing")).toArrow();
    expect([none.numRows, none.numCols]).toEqual([0, 18]);
  });
});

describe("results", () => {
  const table = store
    .groupBy("label", "state")
    .aggregate((m) => ({
      rows: count(),
      safeSum: sum("byte"),
      bigSum: sum("big"),
      priceSum: sum("price"),
      mean: avg("double"),
      latest: max("at"),
      lastNano: max("nanos"),
      mostMaybe: max(m.maybe),
      lastDay: max("day"),
      any: max("flag"),
    }))
    .orderBy("label")
    .thenBy("state");

  test("have a column of each type, named in snake_case", () => {
    const { schema } = table.toArrow();
    expect(schema.fields.map(({ name, type, nullable }) => `${name}: ${type}${nullable ? "?" : ""}`)).toEqual([
      "label: Dictionary<Uint32, Utf8>",
      "state: Dictionary<Uint8, Utf8>",
      "rows: Int64",
      "safe_sum: Int64",
      "big_sum: Decimal[38e0]",
      "price_sum: Decimal[38e+2]",
      "mean: Float64",
      "latest: Timestamp<SECOND>",
      "last_nano: Timestamp<NANOSECOND>",
      "most_maybe: Uint8?",
      "last_day: Date32<DAY>",
      "any: Bool",
    ]);
  });

  test("hold what toArray gives", () => {
    const rows = table.toArray();
    const arrow = table.toArrow();
    const column = (name: string) => [...arrow.getChild(name)!];
    expect(column("label")).toEqual(rows.map((r) => r.label));
    expect(column("state")).toEqual(rows.map((r) => r.state));
    expect(column("rows")).toEqual(rows.map((r) => BigInt(r.rows)));
    expect(column("mean")).toEqual(rows.map((r) => r.mean));
    expect(column("most_maybe")).toEqual(rows.map((r) => r.mostMaybe));
    expect(column("any")).toEqual(rows.map((r) => r.any));
    expect(column("latest").map((ms) => Number(ms))).toEqual(rows.map((r) => r.latest.getTime()));
    const int128 = (words: Uint32Array) =>
      BigInt.asIntN(
        128,
        words.reduceRight((high, word) => (high << 32n) | BigInt(word), 0n),
      );
    expect(column("big_sum").map(int128)).toEqual(rows.map((r) => r.bigSum));
    expect(column("price_sum").map(int128)).toEqual(rows.map((r) => BigInt(r.priceSum.replace(".", ""))));
  });

  test("hold every type as whole rows do", () => {
    const chosen = store.where((m) => m.byte.le(20));
    const whole = chosen.toArrow();
    const apart = chosen
      .select("id", "byte", "safe", "big", "single", "double", "price", "cents", "day", "at", "nanos", "ticks", "maybe")
      .toArrow();
    for (const { name } of apart.schema.fields) expect([...apart.getChild(name)!], name).toEqual([...whole.getChild(name)!]);
  });

  test("keep their names where snake_case would make two the same", () => {
    const both = store
      .select((m) => ({ aB: m.byte, a_b: m.safe, c: m.text }))
      .limit(1)
      .toArrow();
    expect(both.schema.fields.map(({ name }) => name)).toEqual(["aB", "a_b", "c"]);
    const methods = store.select((m) => ({ with: m.byte, toJSON: m.text, constructor: m.flag })).limit(1);
    expect(methods.toArrow().schema.fields.map(({ name }) => name)).toEqual(["with", "to_json", "constructor"]);
    expect(Object.entries(methods.toArray()[0]!)).toEqual([
      ["with", 0],
      ["toJSON", "text 0"],
      ["constructor", true],
    ]);
  });

  test("of nothing have their columns", () => {
    const none = store
      .where((m) => m.text.eq("nothing"))
      .select("price", "maybe")
      .toArrow();
    expect([none.numRows, none.numCols]).toEqual([0, 2]);
    const one = store
      .where((m) => m.text.eq("nothing"))
      .aggregate({ n: count(), most: max("state") })
      .toArrow();
    expect(one.toArray().map((r) => r?.toJSON())).toEqual([{ n: 0n, most: null }]);
  });
});
