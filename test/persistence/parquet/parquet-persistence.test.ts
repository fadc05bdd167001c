import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ColumnNotFoundError,
  CorruptDataError,
  Entity,
  f64,
  IoError,
  SchemaMismatchError,
  SoA,
  UnsupportedError,
  u64,
  utf8,
  ValidationError,
} from "faun";
import { FileStorage, MemoryStorage, ParquetPersistence, type Storage } from "faun/parquet";
import { describe, expect, test } from "vitest";
import { sum } from "../../../src/query/aggregate-functions.ts";
import { query } from "../../../src/query/query.ts";
import { deleteChange, Order, order, orders, Reading, soaOf, updateChange } from "../../conformance/entities.ts";
import { randomOf, SimulatedDisk } from "../../storage/simulated-disk.ts";
import { footerOf } from "./read-file.ts";

const bytesOf = async (storage: Storage, name = "data.parquet") => {
  const file = (await storage.open(name))!;
  const bytes = await file.read(0, file.size);
  await file.close();
  return bytes;
};

/** The bytes of each row group. */
const groupsOf = (bytes: Uint8Array) =>
  footerOf(bytes).metadata.rowGroups.map(({ columns, numRows }) => {
    const starts = columns.map(({ metaData }) => metaData!.dictionaryPageOffset ?? metaData!.dataPageOffset);
    const end = Math.max(...columns.map(({ metaData }, i) => starts[i]! + metaData!.totalCompressedSize));
    return { numRows, bytes: Buffer.from(bytes.subarray(Math.min(...starts), end)).toString("base64") };
  });

const stored = async (persistence: ParquetPersistence<Order>) =>
  [...(await persistence.load()).rows()].map((row) => row.toObject());

const folded = async (storage: Storage, change: (persistence: ParquetPersistence<Order>) => Promise<unknown>) => {
  const persistence = new ParquetPersistence(Order, storage, { rowGroupSize: 100 });
  await change(persistence);
  await persistence.close();
  return groupsOf(await bytesOf(storage));
};

test("the system copies the row groups at the beginning; where it cannot, they are read and written", async () => {
  const contents: string[] = [];
  for (const fault of ["none", "EIO", "part", "late", "absent"] as const) {
    const disk = new SimulatedDisk();
    if (fault === "absent") Object.assign(disk, { copyFile: undefined });
    const copies: string[] = [];
    disk.onOperation = ({ kind, path }) => {
      if (kind !== "copy") return undefined;
      copies.push(path);
      if (fault === "EIO") return { code: "EIO" };
      if (fault === "part") return { code: "ENOSPC", wrote: 5000 };
      return fault === "late" ? { code: "EIO", done: true } : undefined;
    };
    const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    const settings = { rowGroupSize: 100, compression: "uncompressed" } as const;
    const persistence = new ParquetPersistence(Order, storage, settings);
    await persistence.save(soaOf(orders(0, 950)));
    await persistence.append(soaOf(orders(950, 120)));
    await persistence.backend.maintain("checkpoint");
    expect(copies).toHaveLength(fault === "absent" ? 0 : 1);
    expect(disk.files.filter((path) => path.endsWith(".tmp"))).toEqual([]);
    const groups = groupsOf(disk.content("/data/data.parquet"));
    expect(groups.map(({ numRows }) => numRows)).toEqual([...Array(10).fill(100), 70]);
    contents.push(JSON.stringify(groups));
    const again = new ParquetPersistence(Order, storage, { readOnly: true });
    expect([...(await again.load()).rows()].map((row) => row.toJSON())).toEqual(
      [...soaOf(orders(0, 1070)).rows()].map((row) => row.toJSON()),
    );
    await again.close();
    // A change at the beginning leaves nothing there to copy.
    await persistence.backend.commit([deleteChange(5)]);
    await persistence.backend.maintain("checkpoint");
    expect(copies).toHaveLength(fault === "absent" ? 0 : 1);
    expect((await persistence.load()).size).toBe(1069);
    await persistence.close();
  }
  expect(new Set(contents).size).toBe(1);
});

test.each(["the copy", "the whole"])(
  "where %s cannot be synced the old file stays, and the next fold makes another",
  async (what) => {
    const disk = new SimulatedDisk();
    const copies: string[] = [];
    const syncs: string[] = [];
    disk.onOperation = ({ kind, path }) => {
      if (kind === "copy") copies.push(path);
      if (kind !== "sync" || !copies.includes(path)) return undefined;
      return syncs.push(path) === (what === "the copy" ? 1 : 2) ? { code: "EIO" } : undefined;
    };
    const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    const persistence = new ParquetPersistence(Order, storage, { rowGroupSize: 100, compression: "uncompressed" });
    await persistence.save(soaOf(orders(0, 950)));
    const before = disk.content("/data/data.parquet");
    await persistence.append(soaOf(orders(950, 120)));
    await expect(persistence.backend.maintain("checkpoint")).rejects.toMatchObject({ code: "IO", outcome: "failed" });
    expect(disk.content("/data/data.parquet")).toEqual(before);
    // A sync that failed is not tried again.
    expect(syncs).toHaveLength(what === "the copy" ? 1 : 2);
    expect(disk.files.filter((path) => path.endsWith(".tmp"))).toEqual([]);
    await persistence.backend.maintain("checkpoint");
    expect(new Set(syncs)).toEqual(new Set(copies));
    expect(copies).toHaveLength(2);
    expect((await persistence.load()).size).toBe(1070);
    await persistence.close();
  },
);

describe("row groups that a change leaves alone", () => {
  test("are kept byte for byte; an append goes on with the last one if it is not full", async () => {
    const storage = new MemoryStorage();
    const before = await folded(storage, (p) => p.save(soaOf(orders(0, 250))));
    expect(before.map(({ numRows }) => numRows)).toEqual([100, 100, 50]);
    const appended = await folded(storage, (p) => p.append(soaOf(orders(250, 120))));
    expect(appended.map(({ numRows }) => numRows)).toEqual([100, 100, 100, 70]);
    expect(appended.slice(0, 2)).toEqual(before.slice(0, 2));
    const changed = await folded(storage, async (p) => {
      await p.open();
      await p.backend.commit([updateChange(["total"], [order(150, { total: -1 })]), deleteChange(151)]);
    });
    expect(changed.map(({ numRows }) => numRows)).toEqual([100, 99, 100, 70]);
    expect([changed[0], changed[2], changed[3]]).toEqual([appended[0], appended[2], appended[3]]);
    const persistence = new ParquetPersistence(Order, storage);
    const expected = orders(0, 370).filter(({ orderId }) => orderId !== 151n);
    expected[150] = order(150, { total: -1 });
    expect(await stored(persistence)).toEqual(expected);
    await persistence.close();
  });

  test("keep their checksums: damage stays found after a fold", async () => {
    const disk = new SimulatedDisk();
    const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    await folded(storage, (p) => p.save(soaOf(orders(0, 250))));
    disk.damage("/data/data.parquet", 50, Uint8Array.of(0xaa, 0x55, 0xaa));
    await folded(storage, (p) => p.append(soaOf(orders(250, 10))));
    const persistence = new ParquetPersistence(Order, storage);
    const error: unknown = await persistence.load().catch((cause) => cause);
    expect(error).toBeInstanceOf(CorruptDataError);
    expect((error as Error).message).toMatch(/^\/data\/data\.parquet: row group 0, column "customer": /);
    expect(await persistence.count()).toBe(260);
    await persistence.close();
  });
});

test("only the wanted columns of row groups that may match are read", async () => {
  const inner = new MemoryStorage();
  let read = 0;
  const counting: Storage = Object.assign(Object.create(inner) as Storage, {
    location: inner.location,
    durability: inner.durability,
    ...Object.fromEntries(
      ["create", "rename", "putIfAbsent", "list", "remove", "createFolder", "syncFolder", "lock"].map((name) => [
        name,
        (...args: unknown[]) => (inner as never as Record<string, (...args: unknown[]) => unknown>)[name]!(...args),
      ]),
    ),
    open: async (name: string) => {
      const file = await inner.open(name);
      return file === null
        ? null
        : {
            size: file.size,
            close: () => file.close(),
            read: (offset: number, length: number) => {
              read += length;
              return file.read(offset, length);
            },
          };
    },
  });
  const persistence = new ParquetPersistence(Order, counting, { rowGroupSize: 20_000, compression: "uncompressed" });
  await persistence.save(soaOf(orders(0, 200_000)));
  const { totalBytes, numBatches, columns } = await persistence.memoryStats();
  expect(numBatches).toBe(10);
  expect(columns.map(({ field }) => field)).toEqual(Object.keys(order(0)));
  expect(columns.reduce((bytes, { compressedBytes }) => bytes + compressedBytes, 0)).toBeLessThan(totalBytes);
  const few = query(Order)
    .where((o) => o.orderId.between(30_000n, 30_009n))
    .aggregate({ total: sum("total") });
  read = 0;
  expect((await persistence.query(few)).toArray()).toEqual([{ total: orders(30_000, 10).reduce((s, o) => s + o.total, 0) }]);
  expect(read).toBeLessThan(totalBytes / 9);
  read = 0;
  const explained = await persistence.explain(few);
  expect(explained).toContain("statistics rule out 9 of 10 row groups");
  expect(explained).toContain("columns read: orderId, total");
  expect(await persistence.count()).toBe(200_000);
  expect(read).toBeLessThan(70_000);
  await persistence.close();
});

test("what is committed since the last fold changes what is counted and read, and explain tells it", async () => {
  const persistence = new ParquetPersistence(Order, new MemoryStorage(), { rowGroupSize: 100 });
  await persistence.save(soaOf(orders(0, 1000)));
  const plan = query(Order).where((order) => order.total.lt(0));
  const folded = await persistence.memoryStats();
  expect(folded.columns).toHaveLength(7);
  expect(await persistence.explain(plan)).toContain("statistics rule out 10 of 10 row groups");

  await persistence.append(soaOf([order(5000)]));
  const logged = await persistence.memoryStats();
  expect(logged).toMatchObject({ totalRows: 1001, numBatches: 11, columns: folded.columns });
  expect(logged.totalBytes).toBeGreaterThan(folded.totalBytes);
  expect(await persistence.explain(plan)).toContain("statistics rule out 10 of 10 row groups");

  await persistence.backend.commit([updateChange(["total"], [order(5, { total: -1 })])]);
  expect((await persistence.query(plan)).toArray().map(({ orderId }) => orderId)).toEqual([5n]);
  const explained = await persistence.explain(plan);
  expect(explained).not.toContain("rule out");
  expect(explained).toContain("read 10 row groups, 1,000 rows");
  expect(explained).toContain("row groups cannot be ruled out: rows have changed since");
  const few = await persistence.explain(plan.select("total"));
  expect(few).toContain("columns read: orderId, total");

  await persistence.clear();
  expect(await persistence.memoryStats()).toMatchObject({ totalRows: 0, totalBytes: 0, columns: folded.columns });
  expect(await persistence.explain(plan)).toContain("nothing of the checkpoint is read");
  await persistence.close();
});

test("row groups that are read into shared memory, again and again, come back as they were", async () => {
  class Point extends Entity("points", { id: u64().key(), x: f64(), y: f64(), note: utf8() }) {}
  const folder = mkdtempSync(join(tmpdir(), "faun-shared-"));
  const persistence = new ParquetPersistence(Point, folder, { rowGroupSize: 100_000 });
  const soa = new SoA(Point);
  const rows = 730_000;
  const x = Float64Array.from({ length: rows }, (_, i) => Math.imul(i, 0x9e3779b1) / 7);
  soa.addColumns({
    id: BigUint64Array.from({ length: rows }, (_, i) => BigInt(i) * 3n),
    x,
    y: x.map((value, i) => value + (i % 1000)),
    note: Array.from({ length: rows }, (_, i) => `note ${i % 5000}`),
  });
  await persistence.save(soa);
  const sums = (of: SoA<Point>) =>
    (["id", "x", "y"] as const).map((name) => {
      const hash = createHash("sha1");
      for (const chunk of of.chunks(name)) hash.update(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      return hash.digest("hex");
    });
  for (let i = 0; i < 2; i++) {
    const loaded = await persistence.load();
    expect(sums(loaded)).toEqual(sums(soa));
    expect([...loaded.rows()].every(({ note }, row) => note === `note ${row % 5000}`)).toBe(true);
  }
  await persistence.close();
  rmSync(folder, { recursive: true });
});

test("a reader that looks again reads the footer's bytes, and all of it only where another file is there", async () => {
  const opened: number[] = [];
  class Counting extends MemoryStorage {
    override async open(name: string) {
      const file = await super.open(name);
      if (name !== "data.parquet" || file === null) return file;
      let bytes = 0;
      return {
        size: file.size,
        read(offset: number, length: number) {
          bytes += length;
          return file.read(offset, length);
        },
        close() {
          opened.push(bytes);
          return file.close();
        },
      };
    }
  }
  const storage = new Counting();
  const writer = new ParquetPersistence(Order, storage);
  await writer.save(soaOf(orders(0, 250)));
  for (const includeLog of [false, true]) {
    const reader = new ParquetPersistence(Order, storage, { readOnly: true, includeLog });
    expect(await reader.count()).toBe(250);
    opened.length = 0;
    expect(await reader.count()).toBe(250);
    const looked = opened.slice();
    expect(looked).toEqual([footerOf(await bytesOf(storage)).byteLength + 8]);
    await writer.save(soaOf(orders(250, 250)));
    expect([...(await reader.load()).rows()].map(({ orderId }) => orderId)).toEqual(
      orders(250, 250).map(({ orderId }) => orderId),
    );
    await writer.append(soaOf(orders(500, 10)));
    expect(await reader.count()).toBe(includeLog ? 260 : 250);
    await writer.clear();
    await writer.save(soaOf(orders(0, 250)));
    expect(await reader.count()).toBe(250);
    await reader.close();
  }
  await writer.close();
  const empty = new ParquetPersistence(Order, new MemoryStorage(), { readOnly: true });
  expect([await empty.count(), await empty.count()]).toEqual([0, 0]);
});

describe("files that are not what they should be", () => {
  const saved = async () => {
    const disk = new SimulatedDisk();
    const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    const persistence = new ParquetPersistence(Order, storage);
    await persistence.save(soaOf(orders(0, 100)));
    await persistence.close();
    return { disk, storage, bytes: await bytesOf(storage) };
  };

  test("a footer of another writer, or a damaged one, is refused", async () => {
    const { disk, storage, bytes } = await saved();
    const at = Buffer.from(bytes).indexOf("faun version");
    disk.damage("/data/data.parquet", at, new TextEncoder().encode("else version"));
    await expect(new ParquetPersistence(Order, storage).count()).rejects.toThrow(/Faun did not write it/);
    disk.damage("/data/data.parquet", at, bytes.subarray(at, at + 12));
    disk.damage("/data/data.parquet", bytes.length - 20, Uint8Array.of(bytes[bytes.length - 20]! ^ 1));
    await expect(new ParquetPersistence(Order, storage).count()).rejects.toThrow(CorruptDataError);
  });

  test("rows of another schema are a mismatch that says where", async () => {
    const { storage } = await saved();
    class Wider extends Entity("orders", { orderId: u64().key(), customer: utf8().nullable() }) {}
    await expect(new ParquetPersistence(Wider, storage).count()).rejects.toThrow(SchemaMismatchError);
    await expect(new ParquetPersistence(Wider, storage).count()).rejects.toThrow(/customer utf8\.nullable\(\) as column 2/);
    await expect(new ParquetPersistence(Reading, storage).load()).rejects.toThrow(SchemaMismatchError);
  });

  test("an attached file gives the columns that the entity names, and takes no changes", async () => {
    const { storage } = await saved();
    class Some extends Entity("some", { total: f64(), orderId: u64({ mode: "number" }) }) {}
    const attached = ParquetPersistence.attach(Some, { storage, name: "data.parquet" });
    expect(await attached.count()).toBe(100);
    expect((await attached.load()).at(7)!.toObject()).toEqual({ total: 7 / 4, orderId: 7 });
    expect((await attached.query(query(Some).where((o) => o.orderId.lt(3)).select("total"))).toArray()).toEqual([{ total: 0 }, { total: 0.25 }, { total: 0.5 }]); // biome-ignore format: one line
    expect((await attached.memoryStats()).columns.map(({ column }) => column).sort()).toEqual(["order_id", "total"]);
    await expect(attached.clear()).rejects.toThrow(UnsupportedError);
    class Other extends Entity("other", { absent: f64() }) {}
    await expect(ParquetPersistence.attach(Other, { storage, name: "data.parquet" }).count()).rejects.toThrow(
      SchemaMismatchError,
    );
    await expect(ParquetPersistence.attach(Some, { storage, name: "none.parquet" }).count()).rejects.toThrow(IoError);
  });
});

test.each([
  [{ compression: "zip" }, ValidationError],
  [{ rowGroupSize: 0 }, ValidationError],
  [{ durability: "never" }, ValidationError],
  [{ interval: 0.5 }, ValidationError],
  [{ foldRows: -1 }, ValidationError],
  [{ foldBytes: 0 }, ValidationError],
  [{ log: "yes" }, ValidationError],
  [{ onDamage: "ignore" }, ValidationError],
  [{ metadata: { "faun.seq": "1" } }, ValidationError],
  [{ encodings: { totall: "PLAIN" } }, ColumnNotFoundError],
])("options %j are refused", (options, kind) => {
  expect(() => new ParquetPersistence(Order, "unused", options as never)).toThrow(kind);
});

test("saves survive every crash whole, as they were told of or as they were on their way", { timeout: 300_000 }, async () => {
  const disk = new SimulatedDisk();
  const storageOn = (on: SimulatedDisk) => new FileStorage("/data", { fileSystem: on, lock: on.lock });
  const random = randomOf(42);
  let told = 0;
  let underway = 0;
  const states: { after: SimulatedDisk; told: number; underway: number }[] = [];
  disk.onOperation = ({ kind }) => {
    if (kind !== "read") for (let i = 0; i < 3; i++) states.push({ after: disk.crash(random), told, underway });
    return undefined;
  };
  const persistence = new ParquetPersistence(Order, storageOn(disk), { rowGroupSize: 20, log: false });
  for (let n = 1; n <= 5; n++) {
    underway = n;
    if (n % 2 === 1) await persistence.save(soaOf(orders(0, 20 * n)));
    else await persistence.append(soaOf(orders(20 * (n - 1), 20)));
    told = n;
  }
  await persistence.close();
  expect(states.length).toBeGreaterThan(150);
  for (const { after, told: certain, underway: possible } of states) {
    const found = new ParquetPersistence(Order, storageOn(after));
    const rows = await stored(found);
    expect([20 * certain, 20 * possible]).toContain(rows.length);
    expect(rows).toEqual(orders(0, rows.length));
    await found.close();
  }
});
