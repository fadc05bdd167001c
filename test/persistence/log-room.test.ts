import { CorruptDataError, StorageFullError } from "faun";
import { expect, test } from "vitest";
import { schemaOf } from "../../src/entity/entity.ts";
import type { EntityClass, EntityRow } from "../../src/entity/types.ts";
import { ChangeReader, gatherChanges } from "../../src/persistence/change-steps.ts";
import { readLog, segmentOf, segmentsIn } from "../../src/persistence/log/read-log.ts";
import { RedoLog } from "../../src/persistence/log/redo-log.ts";
import { encodeHead } from "../../src/persistence/log/segment.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import type { Storage, StoredFile } from "../../src/persistence/storage/storage.ts";
import { Order, order, orders, rowsChange } from "../conformance/entities.ts";
import { randomOf, SimulatedDisk } from "../storage/simulated-disk.ts";

const entity = Order as unknown as EntityClass<EntityRow>;
const schema = schemaOf(Order);

const storageOn = (disk: SimulatedDisk) => new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
const logOn = (disk: SimulatedDisk, durability: "sync" | "os" = "sync") =>
  new RedoLog(storageOn(disk), "log", "orders", 0n, { durability, interval: 1000 });

async function commit(log: RedoLog, seq: number, rows = [order(seq)]): Promise<void> {
  const reader = new ChangeReader(entity, schema);
  const steps = (await gatherChanges(schema, [rowsChange("append", rows)], {})).map((change) => reader.read(change));
  await log.append(BigInt(seq), new Date(0), BigInt(seq), null, steps);
}

async function commitsIn(storage: Storage): Promise<bigint[]> {
  const found: bigint[] = [];
  await readLog(storage, "log", { after: 0n, entity: "orders" }, ({ seq }) => found.push(seq));
  return found;
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => BigInt(i + 1));

async function segment(storage: Storage) {
  const [{ name, size }] = await segmentsIn(storage, "log");
  const file = (await storage.open(name)) as StoredFile;
  const { written } = await segmentOf(file);
  await file.close();
  return { name, size, written };
}

test("small commits are written over room that was made, and the file seldom grows", async () => {
  const disk = new SimulatedDisk();
  const log = logOn(disk);
  const sizes = new Set<number>();
  for (let seq = 1; seq <= 200; seq++) {
    await commit(log, seq);
    sizes.add((await segment(storageOn(disk))).size);
  }
  const { size, written } = await segment(storageOn(disk));
  expect(size).toBeGreaterThan(written);
  expect(size).toBeLessThan(written * 2 + 4096);
  expect(sizes.size).toBeLessThan(8);
  expect(await commitsIn(storageOn(disk))).toEqual(upTo(200));
  // What is synced is there after a crash, room or not.
  for (let seed = 0; seed < 20; seed++) expect(await commitsIn(storageOn(disk.crash(randomOf(seed))))).toEqual(upTo(200));
  await log.close();
});

test("no room is made for large commits, nor where nobody waits for a sync", async () => {
  for (const [durability, rows] of [
    ["sync", 2000],
    ["os", 1],
  ] as const) {
    const disk = new SimulatedDisk();
    const log = logOn(disk, durability);
    await commit(log, 1, orders(0, rows));
    const { size, written } = await segment(storageOn(disk));
    expect(size - written).toBeLessThan(8);
    await log.close();
  }
});

test("a commit that fits is made where there is no room for those to come", async () => {
  const disk = new SimulatedDisk();
  const log = logOn(disk);
  await commit(log, 1);
  let used = disk.files.reduce((sum, path) => sum + disk.content(path).length, 0);
  for (let seq = 2; seq <= 60; seq++) {
    disk.capacity = used + 700;
    await commit(log, seq);
    used = disk.files.reduce((sum, path) => sum + disk.content(path).length, 0);
  }
  expect(await commitsIn(storageOn(disk))).toEqual(upTo(60));
  disk.capacity = used;
  await expect(
    (async () => {
      for (let seq = 61; ; seq++) await commit(log, seq);
    })(),
  ).rejects.toThrow(StorageFullError);
  await log.close();
});

test("where a disk tells only when it syncs that it is full, no room is made from then on", async () => {
  const disk = new SimulatedDisk();
  const log = logOn(disk);
  await commit(log, 1);
  let full = true;
  disk.onOperation = ({ kind }) => {
    if (kind !== "sync" || !full) return undefined;
    full = false;
    return { code: "ENOSPC" };
  };
  await expect(commit(log, 2)).rejects.toThrow(StorageFullError);
  await commit(log, 2);
  await commit(log, 3);
  expect(await commitsIn(storageOn(disk))).toEqual(upTo(3));
  const last = (await segmentsIn(storageOn(disk), "log")).at(-1) as { name: string; size: number };
  const file = (await storageOn(disk).open(last.name)) as StoredFile;
  expect(file.size - (await segmentOf(file)).written).toBeLessThan(8);
  // A checkpoint makes room, and there it is again.
  await log.roll();
  await log.dropThrough(3n);
  await commit(log, 4);
  const { size, written } = await segment(storageOn(disk));
  expect(size).toBeGreaterThan(written);
  await log.close();
});

/** Commits of one segment, and where in its bytes each begins. */
async function tenCommits() {
  const disk = new SimulatedDisk();
  const log = logOn(disk);
  const starts: number[] = [];
  for (let seq = 1; seq <= 10; seq++) {
    await commit(log, seq);
    starts.push((await segment(storageOn(disk))).written);
  }
  await log.close();
  return { disk, starts };
}

test("a frame that was on its way while a reader passed its place is read once more", async () => {
  const { disk, starts } = await tenCommits();
  const storage = storageOn(disk);
  const { open } = storage;
  let reads = 0;
  // The first reading finds the room of commits 4, 7 and 8 empty, but the others after them there.
  storage.open = async (name) => {
    const file = (await open.call(storage, name)) as StoredFile;
    const { read } = file;
    let first = true;
    file.read = async (offset, length) => {
      reads++;
      const bytes = await read.call(file, offset, length);
      if (first) for (const missing of [4, 7, 8]) bytes.fill(0, starts[missing - 2], starts[missing - 1]);
      first = false;
      return bytes;
    };
    return file;
  };
  expect(await commitsIn(storage)).toEqual(upTo(10));
  expect(reads).toBe(3);
});

test("a segment without a whole head has no commits if nothing is behind it, and is damaged if something is", async () => {
  const { disk } = await tenCommits();
  const { name } = await segment(storageOn(disk));
  const { length } = encodeHead("orders", 1n);
  const begun = disk.kill();
  const handle = await begun.open(`/data/${name}`, "a+");
  await handle.truncate(length - 9);
  await handle.close();
  expect(await commitsIn(storageOn(begun))).toEqual([]);
  // Nothing is left that could be read: neither the head nor a frame that says what was durable.
  const lost = disk.kill();
  lost.damage(
    `/data/${name}`,
    0,
    lost.content(`/data/${name}`).map((byte) => byte ^ 0x55),
  );
  await expect(commitsIn(storageOn(lost))).rejects.toThrow(/its head is damaged/);
});

test("zeros in place of a commit are damage where a later one says that it was durable, else an end", async () => {
  const { disk, starts } = await tenCommits();
  const { name } = await segment(storageOn(disk));
  const zeros = (from: number, to: number) => {
    const damaged = disk.kill();
    damaged.damage(`/data/${name}`, from, new Uint8Array(to - from));
    return storageOn(damaged);
  };
  await expect(commitsIn(zeros(starts[3], starts[4]))).rejects.toThrow(CorruptDataError);
  await expect(commitsIn(zeros(starts[3], starts[4]))).rejects.toThrow(/sound up to commit 4/);
  // Nothing tells of the last one that it was durable: it may have been on its way.
  expect(await commitsIn(zeros(starts[8], starts[9]))).toEqual(upTo(9));
});
