import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { PersistentStore } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { afterAll, describe, expect, test } from "vitest";
import { readSegment } from "../../src/persistence/log/segment.ts";
import { Order, order, orders, Reading } from "../conformance/entities.ts";
import { type Row, readFolder } from "./format-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-format-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(folder, String(folders++));

const open = (path: string) => PersistentStore.open(new ParquetPersistence(Order, path, { rowGroupSize: 50 }));

/** Rows as the reader has them. */
const asRead = (rows: Iterable<Order>): Row[] =>
  Array.from(rows, ({ orderId, customer, note, total, region, status, placedAt }) => {
    return { order_id: orderId, customer, note, total, region, status, placed_at: placedAt.getTime() };
  });

const byKey = (rows: readonly Row[]) => new Map(rows.map((row) => [row.order_id, row]));

type Step = {
  kind: "add" | "update" | "delete" | "upsert" | "batch" | "save" | "reopen" | "clear";
  id: number;
  note: string | null;
};
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    ...(["add", "add", "update", "update", "delete", "upsert", "batch", "batch", "save", "reopen", "clear"] as const),
  ),
  id: fc.nat(60),
  note: fc.option(fc.string({ unit: "grapheme" }), { nil: null }),
});

/** Makes the changes; gives the store, which is still open. */
async function make(path: string, steps: readonly Step[]): Promise<PersistentStore<Order>> {
  let store = await open(path);
  for (const { kind, id, note } of steps) {
    const key = BigInt(id);
    if (kind === "add" && !store.has(key)) await store.add(order(id, { note }));
    if (kind === "upsert") await store.upsert(order(id, { note, region: `region of ${id}` }));
    if (kind === "update" && store.has(key)) await store.update(key, { note, status: "Delivered", region: "another" });
    if (kind === "delete" && store.has(key)) await store.delete(key);
    if (kind === "batch") await store.addBatch(orders(id * 100 + 1000, 30).filter(({ orderId }) => !store.has(orderId)));
    if (kind === "save") await store.saveToStorage();
    if (kind === "clear" && id % 4 === 0) await store.clearAll();
    if (kind !== "reopen") continue;
    await store.close();
    store = await open(path);
  }
  return store;
}

describe("a reader of 100 lines that knows docs/format.md alone", () => {
  test("has at most 100 lines and imports nothing of Faun's", () => {
    const text = readFileSync(new URL("format-reader.ts", import.meta.url), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(100);
    const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, name]) => name);
    expect(imports.length).toBeGreaterThan(3);
    expect(imports.filter((name) => name!.startsWith(".") || name!.startsWith("faun"))).toEqual([]);
  });

  test("gets the rows of the library after random changes, while the store is open and after it was closed", async () => {
    let logged = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const path = newFolder();
        const store = await make(path, steps);
        expect(byKey(await readFolder(path))).toEqual(byKey(asRead(store)));
        logged += commitsLogged(path);
        await store.close();
        const reopened = await open(path);
        expect(await readFolder(path)).toEqual(asRead(reopened));
        await reopened.close();
      }),
      { numRuns: 25 },
    );
    expect(logged).toBeGreaterThan(20);
  });

  test("reads rows without a key", async () => {
    const path = newFolder();
    const store = await PersistentStore.open(new ParquetPersistence(Reading, path));
    await store.add({ sensor: "a", value: 1, note: null });
    await store.saveToStorage();
    await store.add({ sensor: "b", value: Number.NaN, note: "ü" });
    expect(await readFolder(path)).toEqual([
      { sensor: "a", value: 1, note: null },
      { sensor: "b", value: Number.NaN, note: "ü" },
    ]);
    await store.close();
  });

  test("takes what the library takes of a log that was cut or damaged, and refuses what it refuses", async () => {
    const path = newFolder();
    const store = await make(path, []);
    await store.addBatch(orders(0, 40));
    await store.saveToStorage();
    for (let i = 100; i < 110; i++) await store.add(order(i));
    await store.update(3n, { total: -1 });
    await store.delete(4n);
    const [name] = readdirSync(join(path, "log"));
    const bytes = readFileSync(join(path, "log", name!));
    const { written } = readSegment(Uint8Array.from(bytes));
    expect(written).toBeLessThan(bytes.length);
    let refused = 0;
    for (let i = 0; i < 40; i++) {
      const copy = newFolder();
      cpSync(path, copy, { recursive: true });
      const at = Math.floor((written * i) / 40);
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 16;
      if (i % 2 === 0) truncateSync(join(copy, "log", name!), at);
      else writeFileSync(join(copy, "log", name!), flipped);
      const opened = await open(copy).catch(() => null);
      if (opened === null) {
        refused++;
        await expect(readFolder(copy)).rejects.toThrow();
      } else {
        expect(await readFolder(copy)).toEqual(asRead(opened));
        await opened.close();
      }
    }
    expect(refused).toBeGreaterThan(10);
    await store.close();
  });
});

/** Commits that are in the log. */
function commitsLogged(path: string): number {
  const folder = join(path, "log");
  return (existsSync(folder) ? readdirSync(folder) : []).reduce((sum, name) => {
    return sum + readSegment(Uint8Array.from(readFileSync(join(folder, name)))).commits;
  }, 0);
}
