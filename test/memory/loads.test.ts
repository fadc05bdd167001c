import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ParquetPersistence } from "../../src/persistence/parquet/index.ts";
import { Store } from "../../src/store/store.ts";
import { Order, orderColumns } from "./order.ts";

const ROWS = 600_000;

test("what was loaded and dropped is collected unasked, though the collector does not see shared memory", async () => {
  const folder = mkdtempSync(join(tmpdir(), "faun-loads-"));
  const persistence = new ParquetPersistence(Order, folder);
  try {
    const store = new Store(Order);
    // Keys in no order, each once.
    const orderId = BigUint64Array.from({ length: ROWS }, (_, i) => (BigInt(i) * 7_919n) % BigInt(ROWS));
    store.addColumns({ ...orderColumns(ROWS), orderId });
    await persistence.save(store);
    const load = async () => {
      const rows = await persistence.load();
      const [ids] = rows.chunks("orderId");
      expect(ids!.buffer).toBeInstanceOf(SharedArrayBuffer);
      return ids!;
    };
    // As docs/parquet.md says of what a platform may refuse.
    const ids = await load();
    expect(() => new Response(ids as BodyInit)).toThrow(TypeError);
    expect((await new Response(ids.slice() as BodyInit).arrayBuffer()).byteLength).toBe(ids.byteLength);
    const first = process.memoryUsage.rss();
    let most = 0;
    for (let i = 0; i < 30; i++) {
      await load();
      most = Math.max(most, process.memoryUsage.rss());
    }
    // Of 30 loads of 50 MB each: what two threads have not noted yet, and one load more than is used.
    expect((most - first) / 1e6).toBeLessThan(256);
  } finally {
    await persistence.close();
    rmSync(folder, { recursive: true });
  }
});
