import { PersistentStore } from "faun";
import { ParquetPersistence, type ParquetPersistenceOptions } from "faun/parquet";
import { describe, expect, test } from "vitest";
import { segmentsIn } from "../../src/persistence/log/read-log.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { MemoryStorage } from "../../src/persistence/storage/memory-storage.ts";
import { Order, type OrderInit, order, orders, soaOf } from "../conformance/entities.ts";
import { SimulatedDisk } from "../storage/simulated-disk.ts";

const MiB = 1024 * 1024;

/** Orders of ten kilobytes each. */
const large = (from: number, count: number): OrderInit[] =>
  orders(from, count).map((row, i) => ({ ...row, customer: `${from + i} `.repeat(10_000).slice(0, 10_000) }));

const openOn = (storage: MemoryStorage, options: ParquetPersistenceOptions = {}) =>
  new ParquetPersistence(Order, storage, { compression: "uncompressed", ...options });

const logBytes = async (storage: MemoryStorage) => (await segmentsIn(storage, "log")).reduce((sum, { size }) => sum + size, 0);

/** Rows of the file alone, without the log; whatever fold is under way is waited for. */
async function folded(storage: MemoryStorage, persistence: ParquetPersistence<Order>): Promise<number> {
  await persistence.backend.maintain("vacuum");
  const file = openOn(storage, { readOnly: true });
  const rows = await file.count();
  await file.close();
  return rows;
}

/** The files as a process leaves them that is killed. */
async function copyOf(storage: MemoryStorage): Promise<MemoryStorage> {
  const copy = new MemoryStorage();
  for (const folder of ["", "log/"]) {
    for (const { name } of await storage.list(folder.slice(0, -1))) {
      const file = await storage.open(folder + name);
      if (file === null) continue;
      await copy.putIfAbsent(folder + name, await file.read(0, file.size));
      await file.close();
    }
  }
  return copy;
}

describe("the log is folded into the file", () => {
  test("when its rows are more than 65,536, where they are small", async () => {
    const storage = new MemoryStorage();
    const persistence = openOn(storage);
    for (let at = 0; at < 64_000; at += 8000) await persistence.append(soaOf(orders(at, 8000)));
    expect(await folded(storage, persistence)).toBe(0);
    expect(await logBytes(storage)).toBeLessThan(64 * MiB);
    await persistence.append(soaOf(orders(64_000, 8000)));
    expect(await folded(storage, persistence)).toBe(72_000);
    expect(await logBytes(storage)).toBe(0);
    await persistence.close();
  });

  test("when it is larger than 64 MiB, where rows are large", async () => {
    const storage = new MemoryStorage();
    const persistence = openOn(storage);
    for (let at = 0; at < 6000; at += 1000) await persistence.append(soaOf(large(at, 1000)));
    expect(await folded(storage, persistence)).toBe(0);
    await persistence.append(soaOf(large(6000, 1000)));
    expect(await folded(storage, persistence)).toBe(7000);
    expect(await logBytes(storage)).toBe(0);
    await persistence.close();
  });

  test("by bytes also what an earlier process left, and only where it is a tenth of the file", async () => {
    const storage = new MemoryStorage();
    const first = openOn(storage, { foldBytes: MiB });
    await first.append(soaOf(large(0, 90)));
    const left = await copyOf(storage);
    const second = openOn(left, { foldBytes: MiB });
    await second.append(soaOf(large(90, 10)));
    expect(await folded(left, second)).toBe(0);
    await second.append(soaOf(large(100, 10)));
    expect(await folded(left, second)).toBe(110);
    await second.append(soaOf(large(110, 1900)));
    expect(await folded(left, second)).toBe(2010);
    // The file has 20 MB.
    await second.append(soaOf(large(2010, 150)));
    expect(await folded(left, second)).toBe(2010);
    await second.append(soaOf(large(2160, 100)));
    expect(await folded(left, second)).toBe(2260);
    await second.close();
  });

  test("also where rows come and are cleared again and again", async () => {
    const storage = new MemoryStorage();
    const persistence = openOn(storage, { foldRows: 100 });
    const store = await PersistentStore.open(persistence);
    for (let round = 0; round < 10; round++) {
      await store.addBatch(orders(0, 40));
      await store.clearAll();
      await persistence.backend.maintain("vacuum");
      const commits = (await segmentsIn(storage, "log")).length;
      expect(commits).toBeLessThanOrEqual(2);
    }
    expect(await logBytes(storage)).toBeLessThan(30_000);
    await store.close();
  });

  test("once more where that failed, when it is twice as large", async () => {
    const storage = new MemoryStorage();
    const persistence = openOn(storage, { foldRows: 10 });
    const create = storage.create.bind(storage);
    let failing = true;
    let tried = 0;
    storage.create = (name) => {
      if (!name.endsWith(".tmp")) return create(name);
      tried++;
      return failing ? Promise.reject(new Error("no room")) : create(name);
    };
    await persistence.append(soaOf(orders(0, 8)));
    await persistence.append(soaOf(orders(8, 4)));
    expect(await folded(storage, persistence)).toBe(0);
    expect(tried).toBe(1);
    await persistence.append(soaOf(orders(12, 10)));
    expect(await folded(storage, persistence)).toBe(0);
    expect(tried).toBe(1);
    failing = false;
    await persistence.append(soaOf(orders(22, 4)));
    expect(await folded(storage, persistence)).toBeGreaterThanOrEqual(12);
    expect(await persistence.count()).toBe(26);
    await persistence.close();
    expect(await openOn(storage).count()).toBe(26);
  });
});

describe("a fold that a commit made due", () => {
  test("does not keep a save waiting that was asked for at the same time", async () => {
    const persistence = openOn(new MemoryStorage(), { foldRows: 10 });
    await persistence.append(soaOf(orders(0, 6)));
    const [, saved] = await Promise.all([persistence.append(soaOf(orders(6, 6))), persistence.save(soaOf(orders(0, 3)))]);
    expect(saved.rows).toBe(3n);
    await Promise.all([persistence.append(soaOf(orders(10, 6))), persistence.append(soaOf(orders(20, 20)))]);
    expect(await persistence.count()).toBe(29);
    await persistence.close();
  });

  test("is waited for by a commit that finds no room beside it", async () => {
    const disk = new SimulatedDisk();
    const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    const persistence = new ParquetPersistence(Order, storage, { compression: "uncompressed", foldRows: 10 });
    await persistence.append(soaOf(orders(0, 300)));
    const rename = storage.rename.bind(storage);
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const written = new Promise<void>((resolve) => {
      storage.rename = async (from, to) => {
        resolve();
        await gate;
        await rename(from, to);
      };
    });
    for (const from of [300, 320]) await persistence.append(soaOf(orders(from, 20)));
    await written;
    // What is there now, with the file that the fold has written, is all there is room for.
    disk.capacity = disk.files.reduce((sum, path) => sum + disk.content(path).length, 0);
    let full = 0;
    disk.onOperation = ({ kind, path }) => {
      if (kind === "write" && path.includes(".log")) full++;
      return undefined;
    };
    const appended = persistence.append(soaOf(orders(340, 5)));
    while (full === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    go();
    await appended;
    expect(await persistence.count()).toBe(345);
    await persistence.close();
    expect(await new ParquetPersistence(Order, storage).count()).toBe(345);
  });

  test("is over when the storage is closed, which waits for the commit", async () => {
    const storage = new MemoryStorage();
    const persistence = openOn(storage, { foldRows: 10 });
    await persistence.append(soaOf(orders(0, 6)));
    const appended = persistence.append(soaOf([order(6), ...orders(7, 5)]));
    await persistence.close();
    await appended;
    storage.create = (name) => Promise.reject(new Error(`${name} is written after the lock was given back`));
    const renamed: string[] = [];
    storage.rename = async (from) => void renamed.push(from);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(renamed).toEqual([]);
    const reader = openOn(storage, { readOnly: true });
    expect(await reader.count()).toBe(12);
  });
});
