import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PersistentStore, StorageFullError } from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { afterAll, expect, test } from "vitest";
import { Order, orders } from "../../conformance/entities.ts";

const MiB = 1024 * 1024;

/** A file system in memory of 8 MiB, half of it taken: where this process may mount one. */
const folder = ((): string | null => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  const path = mkdtempSync(join(tmpdir(), "faun-small-database-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${8 * MiB}`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmSync(path, { recursive: true });
    return null;
  }
  writeFileSync(join(path, "ballast"), new Uint8Array(4 * MiB));
  return path;
})();

afterAll(() => {
  if (folder === null) return;
  execFileSync("umount", [folder]);
  rmSync(folder, { recursive: true });
});

if (folder !== null) {
  test("a database without room takes no change, says so, keeps what it had, and goes on once there is room", async () => {
    const path = join(folder, "orders.duckdb");
    const store = await PersistentStore.open(new DuckDBPersistence(Order, { path }));
    const batch = (from: number) => orders(from, 1000).map((row) => ({ ...row, customer: `${row.orderId} `.repeat(40) }));
    let added = 0;
    let error: unknown;
    for (; error === undefined && added < 100_000; ) {
      await store.addBatch(batch(added)).then(
        () => {
          added += 1000;
        },
        (cause: unknown) => {
          error = cause;
        },
      );
    }
    expect(error).toBeInstanceOf(StorageFullError);
    expect(error).toMatchObject({ code: "IO", outcome: "failed" });
    expect(store.size).toBe(added);
    expect(await store.storageCount()).toBe(added);
    rmSync(join(folder, "ballast"));
    await store.addBatch(batch(added));
    await store.close();
    const again = await PersistentStore.open(new DuckDBPersistence(Order, { path }));
    expect(again.size).toBe(added + 1000);
    expect(again.get(BigInt(added + 999))?.customer).toMatch(/^\d+ /);
    await again.close();
  });
} else {
  test.todo("a database without room: this process may not mount a small file system");
}
