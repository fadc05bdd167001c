import { describe, expect, test } from "vitest";
import { Store } from "../../src/store/store.ts";
import { collect, Order, orderColumns } from "./order.ts";

const MB = 1_000_000;

/** Exactly 16 chunks, so that no room is to spare that the process has not yet touched. */
const ROWS = 16 * 65_536;

/** Runs it and gives by how many bytes the process grew meanwhile, garbage apart. `run` must return what is to stay. */
async function growth(run: () => unknown): Promise<{ rss: number; arrayBuffers: number }> {
  await collect();
  const before = process.memoryUsage();
  const kept = run();
  await collect();
  const after = process.memoryUsage();
  expect(kept).toBeDefined();
  return { rss: after.rss - before.rss, arrayBuffers: after.arrayBuffers - before.arrayBuffers };
}

describe("a million rows take what memoryStats() says", () => {
  const columns = orderColumns(ROWS);

  // First, so that the process has no freed memory to use again.
  test("shared: the process grows by it, within 15 %", async () => {
    let stated = 0;
    const { rss } = await growth(() => {
      const store = new Store(Order, { allocator: "shared" });
      store.addColumns(columns);
      stated = store.memoryStats().totalBytes;
      return store;
    });
    expect(Math.abs(rss - stated) / stated).toBeLessThan(0.15);
  });

  test("heap: array buffers grow by it, within 1 %", async () => {
    let stated = 0;
    const { arrayBuffers } = await growth(() => {
      const store = new Store(Order);
      store.addColumns(columns);
      stated = store.memoryStats().totalBytes;
      return store;
    });
    expect(stated / ROWS).toBeLessThan(82);
    expect(Math.abs(arrayBuffers - stated) / stated).toBeLessThan(0.01);
  });
});

test.each(["heap", "shared"] as const)("a thousand stores of ten rows take less than 100 MB: %s", async (allocator) => {
  const columns = orderColumns(10);
  const { rss } = await growth(() =>
    Array.from({ length: 1000 }, () => {
      const store = new Store(Order, { allocator });
      store.addColumns(columns);
      return store;
    }),
  );
  expect(rss).toBeLessThan(100 * MB);
});
