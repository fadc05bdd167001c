import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setArenaKernels } from "../../../src/query/wasm/arena-kernels.ts";
import { setSharing, startWorkers, workerPool } from "../../../src/query/workers/scan-share.ts";
import { answer } from "./answer.ts";
import { nearestDouble } from "./compare.ts";
import type { Place } from "./dataset.ts";
import { Duck } from "./duck.ts";
import { PLANS_PER_DATASET, runSeed, type Tally } from "./run.ts";

/**
 * Random plans over random data, answered by Faun and by DuckDB. FAUN_ORACLE_SEED repeats one seed; FAUN_ORACLE_MINUTES
 * (`npm run fuzz:query`) goes on from a seed of the clock for that long.
 */
const only = process.env.FAUN_ORACLE_SEED;
const minutes = Number(process.env.FAUN_ORACLE_MINUTES ?? 0);

const VARIANTS: readonly { name: string; place: Place; arenaKernels: boolean; seeds: number; workers?: number }[] = [
  { name: "a store on the heap", place: "heap", arenaKernels: false, seeds: 55 },
  { name: "a store on the arena, kernels in WebAssembly", place: "shared", arenaKernels: true, seeds: 55 },
  { name: "a store on the arena, kernels in JavaScript", place: "shared", arenaKernels: false, seeds: 45 },
  { name: "a sharded store", place: "sharded", arenaKernels: true, seeds: 55 },
  { name: "a sharded store with worker threads", place: "sharded", arenaKernels: true, seeds: 55, workers: 2 },
];

/** Under this share of plans may one side have refused alone; else too little is compared. */
const UNDECIDED = 0.02;

describe("queries answer as DuckDB does", () => {
  let duck: Duck;
  const total: Tally = { plans: 0, rows: 0, refused: 0, undecided: 0 };

  beforeAll(async () => {
    duck = await Duck.open();
  });

  afterAll(() => {
    duck.close();
    setArenaKernels(true);
    setSharing({});
  });

  for (const { name, place, arenaKernels, seeds, workers = 0 } of VARIANTS) {
    test(name, { timeout: 300_000 + minutes * 120_000 }, async () => {
      setArenaKernels(arenaKernels);
      if (workers > 0) {
        setSharing({ worthMs: 0, patienceMs: 2_000, backOffMs: 0, idleMs: 60_000 });
        expect(startWorkers(workers, 10_000)).toBe(true);
      }
      const tally: Tally = { plans: 0, rows: 0, refused: 0, undecided: 0 };
      const first = only !== undefined ? Number(only) : minutes > 0 ? Date.now() % 1_000_000_000 : 1;
      const until = Date.now() + (minutes * 60_000) / VARIANTS.length;
      for (let seed = first; minutes > 0 ? Date.now() < until : seed < first + (only === undefined ? seeds : 1); seed++) {
        const mismatch = await runSeed(seed, place, duck, (dataset, plan) => answer(dataset, plan, workers), tally);
        if (mismatch !== undefined)
          expect.fail(`seed ${mismatch.seed} (FAUN_ORACLE_SEED=${mismatch.seed}), ${place}: ${mismatch.message}`);
      }
      for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
      if (minutes > 0) console.log(`${name}: ${JSON.stringify(tally)}, mismatches 0`);
      // Of plans over several shards, those that threads can help with at all.
      if (workers > 0 && only === undefined) expect(workerPool()?.tasksDone).toBeGreaterThan(tally.plans / 20);
      expect(tally.undecided).toBeLessThanOrEqual(Math.max(2, UNDECIDED * tally.plans));
    });
  }

  test.skipIf(only !== undefined)("by at least 5,000 plans, whose answers have rows", () => {
    expect(total.plans).toBeGreaterThanOrEqual(5_000);
    expect(total.plans).toBeLessThanOrEqual(minutes > 0 ? Number.POSITIVE_INFINITY : 265 * PLANS_PER_DATASET);
    expect(total.rows).toBeGreaterThan(20 * total.plans);
  });
});

describe("the oracle's own arithmetic", () => {
  test("divides to the nearest double", () => {
    expect(nearestDouble(1n, 3n)).toBe(1 / 3);
    expect(nearestDouble(-10n, 4n)).toBe(-2.5);
    expect(nearestDouble(2n ** 60n + 1n, 2n ** 7n)).toBe(2 ** 53);
    expect(nearestDouble(3n * (2n ** 53n + 1n) + 1n, 3n)).toBe(2 ** 53 + 2);
    expect(nearestDouble(0n, 7n)).toBe(0);
  });
});
