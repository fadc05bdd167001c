/**
 * What `explain` promises, held against what is read: a scan that says it skips a chunk or a column must not touch it.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { count, Entity, enumOf, f64, ShardedStore, Store, sum, u32, u64, utf8 } from "../../../src/index.ts";
import { chunksRead, columnReads } from "./column-reads.ts";

class Event extends Entity("events", {
  id: u64().key(),
  sequence: u32(),
  state: enumOf("open", "closed", "lost"),
  mood: enumOf("good", "bad").nullable(),
  value: f64(),
  note: utf8(),
}) {}

/** Keys that do not count up by one, so that finding one goes by the table of the index. */
const keyOf = (i: number) => BigInt((i * 7919) % 1_000_003);

function events(rows: number): Store<Event> {
  const store = new Store(Event);
  store.addColumns({
    id: BigUint64Array.from({ length: rows }, (_, i) => keyOf(i)),
    sequence: Uint32Array.from({ length: rows }, (_, i) => i),
    state: Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? "open" : "closed")),
    mood: Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? null : "good")),
    value: Float64Array.from({ length: rows }, (_, i) => i / 2),
    note: Array.from({ length: rows }, (_, i) => `n${i % 10}`),
  } as never);
  return store;
}

const watch = <R>(store: Store<Event>, run: () => R) => columnReads(store.kernel.chunkList, store.kernel.schema.fields, run);

describe("equality with a key", () => {
  let store: Store<Event>;
  beforeAll(() => {
    store = events(3 * 65_536 + 5_000);
  });

  test.each([10, 70_000, 3 * 65_536 + 4_999])("reads one row of the columns that are asked for: row %s", (row) => {
    const found = store.where((e) => e.id.eq(keyOf(row))).select("sequence", "value");
    expect(found.explain().split("\n").slice(1)).toEqual([
      `key index, id = ${keyOf(row)}n: 1 row`,
      "scan 1 chunk, 1 row; 3 of 4 chunks skipped",
      "columns read: sequence, value",
    ]);
    const { result, reads } = watch(store, () => found.toArray());
    expect(result).toEqual([{ sequence: row, value: row / 2 }]);
    expect([...reads.keys()].sort()).toEqual(["id", "sequence", "value"]);
    const chunk = row >>> 16;
    const place = row & 0xffff;
    for (const name of ["sequence", "value"]) {
      const byChunk = reads.get(name)!;
      expect([...byChunk.keys()]).toEqual([chunk]);
      expect([...byChunk.get(chunk)!.elements]).toEqual([place]);
      expect(byChunk.get(chunk)!.whole).toBe(0);
    }
    // The index compares its few candidates, by their two words.
    const keys = [...reads.get("id")!.values()];
    expect(keys.reduce((all, { elements }) => all + elements.size, 0)).toBeLessThan(16);
    expect(keys.reduce((all, { whole }) => all + whole, 0)).toBe(0);
  });

  test("looks at further conditions in that row alone", () => {
    for (const [state, rows] of [
      ["open", 1],
      ["closed", 0],
    ] as const) {
      const found = store.where((e) => e.id.eq(keyOf(70_000)).and(e.state.eq(state), e.value.gt(1), e.note.startsWith("n")));
      const { result, reads } = watch(store, () => found.count());
      expect(result).toBe(rows);
      for (const name of reads.keys()) {
        expect(["id", "state", "value", "note"]).toContain(name);
        for (const { elements, whole } of reads.get(name)!.values()) {
          expect(elements.size).toBeLessThan(16);
          expect(whole).toBe(0);
        }
      }
    }
  });

  test("reads nothing but the index where there is no such key", () => {
    const none = store.where((e) => e.id.eq(2_000_000n));
    expect(none.explain()).toContain("no row has the key");
    expect(none.explain()).toContain("4 of 4 chunks skipped");
    const { result, reads } = watch(store, () => none.toArray());
    expect(result).toEqual([]);
    expect([...reads.keys()].filter((name) => name !== "id")).toEqual([]);
  });

  test("goes by the index of a snapshot, of one key in `in`, and of a shard", () => {
    const kept = store.snapshot().where((e) => e.id.in([keyOf(5)]));
    expect(kept.explain()).toContain("key index, id in");
    expect(kept.toArray().map((e) => e.sequence)).toEqual([5]);
    const sharded = new ShardedStore(Event, { shards: 4 });
    sharded.addBatch([...events(1_000)].map((e) => e.toObject()) as never);
    const one = sharded.where((e) => e.id.eq(keyOf(5)));
    expect(one.explain()).toContain("key index");
    expect(one.select("sequence").toArray()).toEqual([{ sequence: 5 }]);
  });

  test("is an ordinary condition behind a step that makes other rows, or under not", () => {
    expect(
      store
        .limit(10)
        .where((e) => e.id.eq(keyOf(5)))
        .explain(),
    ).not.toContain("key index");
    expect(store.where((e) => e.id.eq(keyOf(5)).not()).explain()).not.toContain("key index");
    expect(store.where((e) => e.id.eq(keyOf(5)).or(e.value.lt(1))).explain()).not.toContain("key index");
    expect(
      store
        .limit(10)
        .where((e) => e.id.eq(keyOf(5)))
        .count(),
    ).toBe(1);
    expect(
      store
        .limit(5)
        .where((e) => e.id.eq(keyOf(5)))
        .count(),
    ).toBe(0);
  });

  test("finds no row that was deleted, and the row that took its key", () => {
    const few = events(3_000);
    const at = () => few.where((e) => e.id.eq(keyOf(7))).select("sequence");
    few.delete(keyOf(7));
    expect(at().toArray()).toEqual([]);
    few.add({ id: keyOf(7), sequence: 9, state: "open", value: 0, note: "" });
    expect(at().toArray()).toEqual([{ sequence: 9 }]);
    // Two conditions on the key: the second still counts.
    expect(few.where((e) => e.id.eq(keyOf(7)).and(e.id.eq(keyOf(8)))).count()).toBe(0);
    expect(few.where((e) => e.id.eq(keyOf(7)).and(e.id.lt(keyOf(7)))).count()).toBe(0);
  });
});

class Sample extends Entity("samples", { time: u64(), reading: f64(), sensor: u32() }) {}

describe("a range over sequential data", () => {
  const CHUNKS = 41;
  const ROWS = CHUNKS * 65_536;
  let store: Store<Sample>;
  beforeAll(() => {
    store = new Store(Sample);
    store.addColumns({
      time: BigUint64Array.from({ length: ROWS }, (_, i) => BigInt(i) * 10n),
      reading: Float64Array.from({ length: ROWS }, (_, i) => i % 100),
      sensor: new Uint32Array(ROWS),
    });
  });

  test("of 1 % skips at least 95 % of the chunks", () => {
    const low = BigInt(Math.floor(ROWS * 0.4)) * 10n;
    const high = low + BigInt(Math.floor(ROWS * 0.01)) * 10n;
    const range = store.where((s) => s.time.ge(low).and(s.time.lt(high)));
    const skipped = Number(/; (\d+) of 41 chunks skipped/.exec(range.explain())![1]);
    expect(skipped / CHUNKS).toBeGreaterThanOrEqual(0.95);

    const expected = Math.floor(ROWS * 0.01);
    const { result, reads } = columnReads(store.kernel.chunkList, store.kernel.schema.fields, () => range.sum("reading"));
    let sumOfAll = 0;
    for (let i = Math.floor(ROWS * 0.4); i < Math.floor(ROWS * 0.4) + expected; i++) sumOfAll += i % 100;
    expect(result).toBe(sumOfAll);
    expect(chunksRead(reads)).toBe(CHUNKS - skipped);
    expect(reads.has("sensor")).toBe(false);
    expect(range.count()).toBe(expected);
  });

  test("between, too, and beyond every value all of them", () => {
    const chunk = store.where((s) => s.time.between(0n, 655_359n));
    expect(chunk.explain()).toContain("scan 1 chunk, 65,536 rows; 40 of 41 chunks skipped");
    expect(chunk.count()).toBe(65_536);
    const beyond = store.where((s) => s.time.gt(BigInt(ROWS) * 10n));
    expect(beyond.explain()).toContain("scan 0 chunks, 0 rows; 41 of 41 chunks skipped");
    expect(beyond.explain()).toContain("columns read: none");
    const { reads } = columnReads(store.kernel.chunkList, store.kernel.schema.fields, () => beyond.toArray());
    expect(chunksRead(reads)).toBe(0);
  });

  test("looks again where a value was changed", () => {
    const late = store.where((s) => s.time.gt(BigInt(ROWS) * 10n));
    expect(late.count()).toBe(0);
    const view = store.at(5 * 65_536 + 3)!;
    const before = view.time;
    view.time = BigInt(ROWS) * 20n;
    expect(late.explain()).toContain("40 of 41 chunks skipped");
    expect(late.rowIndices()).toEqual(Uint32Array.of(5 * 65_536 + 3));
    view.time = before;
    expect(late.count()).toBe(0);
  });
});

describe("a value of an enum that no row has", () => {
  test.each([5, 3_000, 65_536, 65_537, 2 * 65_536 + 100])("scans nothing: %s rows", (rows) => {
    const store = events(rows);
    for (const lost of [store.where((e) => e.state.eq("lost")), store.where((e) => e.mood.in(["bad"]))]) {
      expect(lost.explain()).toMatch(/scan 0 chunks, 0 rows; (\d+) of \1 chunks? skipped\ncolumns read: none$/);
      const { result, reads } = watch(store, () => lost.toArray());
      expect(result).toEqual([]);
      expect(chunksRead(reads)).toBe(0);
    }
  });

  test("until a row is added, changed or restored to have it", () => {
    const store = events(1_000);
    const lost = store.where((e) => e.state.eq("lost"));
    expect(lost.count()).toBe(0);
    store.add({ id: 5_000_000n, sequence: 0, state: "lost", value: 0, note: "" });
    expect(lost.count()).toBe(1);
    store.delete(5_000_000n);
    store.compact();
    expect(lost.count()).toBe(0);
    store.at(3)!.state = "lost";
    expect(lost.rowIndices()).toEqual(Uint32Array.of(3));
    store.where((e) => e.id.eq(keyOf(4))).update({ state: "lost" });
    expect(lost.count()).toBe(2);
    const kept = store.snapshot();
    lost.update({ state: "open" });
    expect([lost.count(), kept.where((e) => e.state.eq("lost")).count()]).toEqual([0, 2]);
    expect(() =>
      store.addBatch([
        { id: 6_000_000n, sequence: 0, state: "lost", value: 0, note: "" },
        { id: 6_000_000n, sequence: 0, state: "lost", value: 0, note: "" },
      ]),
    ).toThrow();
    expect(lost.count()).toBe(0);
    store.add({ id: 6_000_000n, sequence: 0, state: "open", value: 0, note: "" });
    expect(lost.count()).toBe(0);
    store.upsert({ id: 6_000_000n, sequence: 0, state: "lost", value: 0, note: "" });
    expect(lost.count()).toBe(1);
  });

  test("nor where every chunk is looked at through typed arrays that were handed out", () => {
    const store = events(1_000);
    const [states] = store.kernel.chunks("state");
    const lost = store.where((e) => e.state.eq("lost"));
    expect(lost.count()).toBe(0);
    (states as Uint8Array)[7] = 2;
    expect(lost.rowIndices()).toEqual(Uint32Array.of(7));
  });
});

describe("explain", () => {
  test("says each step as it would run", () => {
    const store = events(1_000);
    const words = store
      .where((e) => e.state.eq("open").and(e.sequence.between(10, 20), e.note.startsWith("n")))
      .groupBy("state")
      .aggregate((e) => ({ total: sum("value"), large: count().where(e.value.gt(7)) }))
      .having((r) => r.total.gt(1))
      .orderBy("total", "desc", { nulls: "first" })
      .limit(3)
      .explain();
    expect(words.split("\n")).toEqual([
      "events: 1,000 rows in 1 chunk",
      'where state = "open": code equality',
      "where sequence between 10 and 20: narrow range",
      'where startsWith(note, "n"): expression, column at a time',
      "scan 1 chunk, 1,000 rows; 0 of 1 chunk skipped",
      "columns read: sequence, state, value, note",
      "then group by state (addressed directly by code): total = sum(value), large = count() where value > 7",
      "then where total > 1",
      "then order by total desc nulls first",
      "then limit 3, offset 0",
    ]);
  });

  test("reads the columns that it names, and no other", () => {
    const store = events(70_000);
    const queries = [
      store.where((e) => e.state.eq("open")).select("value"),
      store.where((e) => e.value.mul(2).ge(e.sequence)).select((e) => ({ x: e.note })),
      store.groupBy("mood").aggregate({ n: count(), v: sum("value") }),
      store.orderBy("value", "desc").limit(3).select("sequence"),
      store.select("state", "mood").distinct(),
      store.where((e) => e.mood.isNull()).aggregate((e) => ({ n: count().where(e.sequence.gt(5)) })),
    ];
    for (const asked of queries) {
      const named = /columns read: (.*)/.exec(asked.explain())![1]!.split(", ");
      const { reads } = watch(store, () => asked.toArray());
      expect([...reads.keys()].sort()).toEqual(named.sort());
    }
  });

  test("changes nothing, and says the same of a shared arena", () => {
    const store = new Store(Event, { allocator: "shared" });
    store.addBatch([...events(2_000)].map((e) => e.toObject()) as never);
    const lost = store.where((e) => e.state.eq("lost"));
    expect(lost.explain()).toContain("scan 0 chunks, 0 rows; 1 of 1 chunk skipped");
    expect(lost.explain()).toBe(lost.explain());
    expect(lost.count()).toBe(0);
    expect(store.where((e) => e.id.eq(keyOf(4)).and(e.value.eq(2))).count()).toBe(1);
    expect(store.where((e) => e.id.eq(keyOf(4)).and(e.value.eq(3))).count()).toBe(0);
  });
});
