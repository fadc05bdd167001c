import { describe, expect, test } from "vitest";
import { Store } from "../../src/store/store.ts";
import { collect, Order, orderColumns } from "./order.ts";

// Enough that columns lie in arenas of the shared allocator.
const ROWS = 17_000;
const columns = orderColumns(ROWS);

describe.each(["shared", "heap"] as const)("with the %s allocator", (allocator) => {
  test("stores filled, read, cleared and dropped leave memory flat: rounds 100 to 200 within 5 %", async () => {
    const round = (i: number) => {
      const store = new Store(Order, { allocator });
      store.addColumns(columns);
      if (i % 2 === 0) {
        const snapshot = store.snapshot();
        const table = store.toArrow();
        const [quantities] = store.kernel.chunks("quantity");
        store.at(5)!.quantity = 7;
        expect([quantities![5], snapshot.at(5)!.quantity, table.get(5)!.quantity]).toEqual([3, 3, 3]);
      }
      store.clear();
    };
    const used: { rss: number; ours: number }[] = [];
    for (let i = 0; i <= 200; i++) {
      round(i);
      globalThis.gc!();
      if (i < 100 || i % 10 > 0) continue;
      await collect();
      const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
      used.push({ rss, ours: heapUsed + arrayBuffers });
    }
    for (const now of used) {
      expect(now.rss / used[0]!.rss).toBeLessThan(1.05);
      expect(now.ours / used[0]!.ours).toBeLessThan(1.05);
    }
  });

  test("one store filled and cleared again and again takes no more than the first time", () => {
    const store = new Store(Order, { allocator });
    const stats = [];
    for (let i = 0; i < 20; i++) {
      store.addColumns(columns);
      const { totalBytes, deadBytes, pinnedBytes } = store.memoryStats();
      stats.push({ totalBytes, deadBytes, pinnedBytes });
      store.clear();
      expect(store.memoryStats()).toMatchObject({ totalRows: 0, numBatches: 0, columnBytes: 0 });
    }
    expect(new Set(stats.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(stats[0]!.pinnedBytes).toBe(0);
  });

  test("one store whose rows come and go takes room for those that are there", () => {
    const store = new Store(Order, { allocator });
    let next = 0n;
    let most = 0;
    for (let i = 0; i < 40; i++) {
      const orderId = BigUint64Array.from({ length: ROWS }, () => next++);
      store.addColumns({ ...columns, orderId });
      for (const { orderId: id } of store) if (id < next - 1000n) store.delete(id);
      store.compact();
      expect(store.size).toBe(1000);
      const { totalBytes, deadBytes, pinnedBytes } = store.memoryStats();
      expect(pinnedBytes).toBe(0);
      if (i === 5) most = totalBytes + deadBytes;
      if (i > 5) expect(totalBytes + deadBytes).toBeLessThanOrEqual(most);
    }
  });
});
