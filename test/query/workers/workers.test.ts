import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { Entity } from "../../../src/entity/entity.ts";
import { enumOf, f64, i64, u32 } from "../../../src/entity/fields.ts";
import { ValidationError } from "../../../src/errors.ts";
import { count, sum } from "../../../src/query/aggregate-functions.ts";
import { setSharing, startWorkers, workerPool } from "../../../src/query/workers/scan-share.ts";
import { WORKER_SCRIPT } from "../../../src/query/workers/worker-script.ts";
import type { Workers } from "../../../src/query/workers/workers.ts";
import { ShardedStore } from "../../../src/store/sharded-store.ts";
import { Store } from "../../../src/store/store.ts";

class Row extends Entity("rows", {
  id: u32().key(),
  amount: f64(),
  units: i64({ mode: "number" }),
  kind: enumOf("a", "b", "c"),
}) {}

const FORCED = { worthMs: 0, patienceMs: 5_000, backOffMs: 0, idleMs: 60_000 };

function fill(store: Store<Row> | ShardedStore<Row>, rows: number): void {
  store.addColumns({
    id: Uint32Array.from({ length: rows }, (_, i) => i),
    amount: Float64Array.from({ length: rows }, (_, i) => (i % 1000) / 8),
    units: BigInt64Array.from({ length: rows }, (_, i) => BigInt((i % 77) - 7)),
    kind: Uint8Array.from({ length: rows }, (_, i) => i % 3),
  });
}

function storeOf(rows: number, workers: Workers): Store<Row> {
  const store = new Store(Row, { allocator: "shared", workers });
  fill(store, rows);
  return store;
}

const answers = (store: Store<Row> | ShardedStore<Row>) => [
  store.where((r) => r.amount.gt(60)).count(),
  store.where((r) => r.amount.gt(60)).sum("amount"),
  store.where((r) => r.amount.gt(60).and(r.kind.ne("b"))).sum("units"),
  store.sum("amount"),
  store
    .groupBy("kind")
    .aggregate({ n: count(), total: sum("amount") })
    .toArray(),
  store
    .where((r) => r.units.lt(3))
    .groupBy("kind")
    .aggregate({ n: count(), total: sum("amount") })
    .toArray(),
  store
    .where((r) => r.amount.between(10, 10.25))
    .select("id")
    .toArray(),
];

const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(holds: () => boolean, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; !holds() && Date.now() < end; ) await tick(20);
  return holds();
}

afterEach(() => {
  setSharing({});
});

describe("scans with worker threads", () => {
  test("give the same answers, bit for bit, also after writes", () => {
    setSharing(FORCED);
    expect(startWorkers(2, 20_000)).toBe(true);
    const alone = storeOf(300_000, 0);
    const together = storeOf(300_000, 2);
    expect(answers(together)).toEqual(answers(alone));
    expect(workerPool()?.tasksDone).toBeGreaterThan(0);
    const snapshot = together.snapshot();
    const before = snapshot.sum("amount");
    for (const store of [alone, together]) {
      for (let id = 0; id < 300_000; id += 997) store.update(id, { amount: -id, kind: "c" });
      for (let id = 5; id < 200_000; id += 3) store.delete(id);
      fill(store, 0);
      store.add({ id: 300_000, amount: 1e9, units: 5, kind: "a" });
    }
    expect(answers(together)).toEqual(answers(alone));
    expect(snapshot.sum("amount")).toBe(before);
  });

  test("are told by explain, with the number asked for", () => {
    setSharing({ ...FORCED, worthMs: 0.001 });
    const store = storeOf(200_000, 2);
    expect(store.where((r) => r.amount.gt(60)).explain()).toContain("shared with up to 2 worker threads");
    expect(
      store
        .groupBy("kind")
        .aggregate({ total: sum("amount") })
        .explain(),
    ).toContain("shared with up to 2 worker threads");
    expect(
      store
        .where((r) => r.amount.gt(60))
        .limit(3)
        .explain(),
    ).not.toContain("worker");
    expect(
      storeOf(200_000, 0)
        .where((r) => r.amount.gt(60))
        .explain(),
    ).not.toContain("worker");
  });

  test("start none for small stores, stores on the heap, or where none are wanted", () => {
    setSharing({});
    answers(storeOf(100_000, 4));
    answers(storeOf(1_000_000, 0));
    const heap = new Store(Row, { workers: 4 });
    fill(heap, 1_000_000);
    answers(heap);
    expect(workerPool()).toBeNull();
  });

  test("share threads among many stores, and end when idle", async () => {
    setSharing({ ...FORCED, idleMs: 300 });
    for (let i = 0; i < 20; i++) {
      const store = new ShardedStore(Row, { allocator: "shared", shards: 3, workers: 2 });
      fill(store, 30_000);
      answers(store);
    }
    expect(workerPool()?.size).toBe(2);
    expect(await until(() => workerPool()?.size === 0, 20_000)).toBe(true);
    expect(answers(storeOf(200_000, 2))).toEqual(answers(storeOf(200_000, 0)));
  });

  test("answer where a worker breaks down or gets stuck in a task", async () => {
    const expected = answers(storeOf(300_000, 0));
    for (const fault of ["process.exit(1)", "for (;;);", "throw new Error()"]) {
      setSharing({ ...FORCED, patienceMs: 50, script: WORKER_SCRIPT.replace("run(task);", `${fault};`) });
      expect(startWorkers(1, 20_000)).toBe(true);
      const store = storeOf(300_000, 1);
      for (let i = 0; i < 3; i++) {
        expect(answers(store)).toEqual(expected);
        await tick(20);
      }
      expect(workerPool()?.tasksDone).toBe(0);
    }
  });

  test("answer where workers cannot start", () => {
    setSharing({ ...FORCED, script: "throw new Error('no')" });
    const expected = answers(storeOf(200_000, 0));
    expect(answers(storeOf(200_000, 2))).toEqual(expected);
  });

  test("keep no process alive", () => {
    const url = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
    const script = `
      const { Store, Entity, f64 } = await import(${url("../../../dist/index.js")});
      const { setSharing, startWorkers, workerPool } = await import(${url("../../../dist/query/workers/scan-share.js")});
      setSharing(${JSON.stringify({ ...FORCED, idleMs: 600_000 })});
      const store = new Store(class extends Entity("rows", { amount: f64() }) {}, { allocator: "shared", workers: 1 });
      store.addColumns({ amount: new Float64Array(200_000).fill(0.5) });
      if (!startWorkers(1, 20_000)) throw new Error("no worker");
      console.log(store.sum("amount"), workerPool().size);`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 120_000, encoding: "utf8" });
    expect(out.trim()).toBe("100000 1");
  });

  test("refuse a number of threads that is none", () => {
    for (const workers of [-1, 1.5, "many", null]) {
      expect(() => new Store(Row, { workers: workers as number })).toThrow(ValidationError);
      expect(() => new ShardedStore(Row, { workers: workers as number })).toThrow(/workers/);
    }
  });
});
