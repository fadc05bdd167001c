import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PersistentStore, StorageFullError } from "faun";
import { FileStorage } from "faun/parquet";
import { describe, expect, test } from "vitest";
import type { Storage } from "../../src/persistence/storage/storage.ts";
import { SimulatedDisk } from "../storage/simulated-disk.ts";
import { type Item, persistenceIn, stateOf } from "./workload.ts";

/** A disk with little room, half of which something else takes at first. */
interface SmallDisk {
  readonly storage: Storage;
  makeRoom(): void;
  release(): void;
}

const ROOM = 512 * 1024;

/** A file system in memory of so many bytes, mounted: where this process may do that. */
function mounted(): SmallDisk | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), "faun-small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${ROOM}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  const ballast = join(folder, "ballast");
  writeFileSync(ballast, new Uint8Array(ROOM / 2));
  return {
    storage: new FileStorage(join(folder, "items")),
    makeRoom: () => rmSync(ballast),
    release() {
      execFileSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A simulated disk with a quota. */
function simulated(): SmallDisk {
  const disk = new SimulatedDisk();
  disk.capacity = ROOM / 2;
  return {
    storage: new FileStorage("/data", { fileSystem: disk, lock: disk.lock }),
    makeRoom: () => {
      disk.capacity += ROOM / 2;
    },
    release: () => {},
  };
}

const probe = mounted();
probe?.release();

const DISKS: readonly (readonly [string, () => SmallDisk])[] = [
  ["a simulated disk with a quota", simulated],
  ...(probe === null ? [] : ([["a file system that is full", () => mounted() as SmallDisk]] as const)),
];

const item = (id: number) => ({ id: BigInt(id), count: id % 1000, note: `note ${id} ${"x".repeat(100)}` });
const items = (first: number, rows: number) => Array.from({ length: rows }, (_, i) => item(first + i));

/** What another process finds. */
async function found(storage: Storage): Promise<string> {
  const reader = await PersistentStore.open(persistenceIn(storage, { readOnly: true, includeLog: true }));
  const state = stateOf(reader);
  await reader.close();
  return state;
}

/** Adds until there is no room. */
async function fill(store: PersistentStore<Item>, from: number): Promise<{ next: number; error: unknown }> {
  for (let next = from; ; next += 7) {
    try {
      await store.addBatch(items(next, 7));
    } catch (error) {
      return { next, error };
    }
  }
}

describe.each(DISKS)("%s", (_, make) => {
  test("refuses what has no room with an error that says so, keeps what there is, and goes on once there is room", async () => {
    const disk = make();
    try {
      const { storage } = disk;
      const store = await PersistentStore.open(persistenceIn(storage));
      const { next, error } = await fill(store, 1);
      expect(next).toBeGreaterThan(100);
      expect(error).toBeInstanceOf(StorageFullError);
      expect(error).toMatchObject({ code: "IO", outcome: "failed", message: expect.stringContaining("there is no room left") });
      expect((error as Error).message).toMatch(/ENOSPC/);

      // Memory has what was acknowledged, and so has the storage; it goes on being asked.
      const state = stateOf(items(1, next - 1));
      expect(stateOf(store)).toBe(state);
      expect(await found(storage)).toBe(state);
      for (const call of [
        () => store.addBatch(items(next, 50)),
        () => store.saveToStorage(),
        () => store.persistence.backend.maintain("checkpoint"),
        () => Promise.all([store.addBatch(items(next, 30)), store.addBatch(items(next + 30, 30))]),
      ]) {
        await expect(call()).rejects.toThrow(StorageFullError);
        expect(stateOf(store)).toBe(state);
        expect(await found(storage)).toBe(state);
      }

      disk.makeRoom();
      await store.addBatch(items(next, 20));
      await store.update(1n, { count: 5 });
      await store.delete(2n);
      await store.saveToStorage();
      await store.add(item(next + 20));
      const after = stateOf(store);
      expect(store.size).toBe(next + 19);
      await store.close();
      const again = await PersistentStore.open(persistenceIn(storage));
      expect(stateOf(again)).toBe(after);
      await again.close();
    } finally {
      disk.release();
    }
  });

  test("a store that cannot be folded for lack of room closes with an error, and loses nothing", async () => {
    const disk = make();
    try {
      const { storage } = disk;
      const store = await PersistentStore.open(persistenceIn(storage));
      const { next } = await fill(store, 1);
      const state = stateOf(items(1, next - 1));
      await expect(store.close()).rejects.toThrow(StorageFullError);
      // The lock is free, and what is there is there.
      const again = await PersistentStore.open(persistenceIn(storage));
      expect(stateOf(again)).toBe(state);
      disk.makeRoom();
      await again.addBatch(items(next, 10));
      await again.close();
      expect(await found(storage)).toBe(stateOf(items(1, next + 9)));
    } finally {
      disk.release();
    }
  });
});
