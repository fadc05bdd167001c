import {
  type Capabilities,
  ConflictError,
  CorruptDataError,
  Entity,
  f64,
  PersistentStore,
  sum,
  u32,
  utf8,
  ValidationError,
} from "faun";
import { OpfsStorage, ParquetPersistence } from "faun/parquet";
import { describe, expect, test } from "vitest";
import { describeBackend } from "../../conformance/backend.ts";
import { bytes, describeStorage, get, put } from "../../storage/describe-storage.ts";

let folders = 0;
/** Pages of one origin share what they store. */
const newFolder = () => `tests/${crypto.randomUUID()}/${folders++}`;

const native: Capabilities = {
  mutations: "native",
  atomicCommit: true,
  expectedVersion: true,
  timeTravel: false,
  evolve: false,
  appendCost: "constant",
};

class Item extends Entity("items", { id: u32().key(), price: f64(), note: utf8().nullable() }) {}
const item = (id: number) => ({ id, price: id / 4, note: id % 3 === 0 ? null : `note ${id} 🦌` });

/** Entries as the browser has them. */
async function entriesOf(folder: string): Promise<string[]> {
  let handle = await navigator.storage.getDirectory();
  for (const part of folder.split("/")) handle = await handle.getDirectoryHandle(part);
  const names: string[] = [];
  for await (const name of (handle as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
  return names;
}

describeStorage("the origin private file system", async () => new OpfsStorage(newFolder()));

describe("what storage leaves", () => {
  test("is two entries a file: what was replaced or removed goes when its last reader closes it", async () => {
    const folder = newFolder();
    const storage = new OpfsStorage(folder);
    await storage.createFolder("");
    for (const text of ["one", "two", "three"]) {
      await put(storage, "new", text);
      await storage.rename("new", "a");
    }
    expect(await entriesOf(folder)).toHaveLength(2);
    const open = (await storage.open("a"))!;
    await storage.remove("a");
    expect(await storage.list("")).toEqual([]);
    expect(await entriesOf(folder)).toHaveLength(1);
    expect(await open.read(0, 5)).toEqual(bytes("three"));
    await open.close();
    expect(await entriesOf(folder)).toEqual([]);
  });

  test("is left alone where it is none of it", async () => {
    const folder = newFolder();
    const storage = new OpfsStorage(folder);
    await storage.createFolder("sub");
    await put(storage, "a@1@b", "mine");
    expect(await storage.list("")).toEqual([{ name: "a@1@b", size: 4 }]);
    expect(await get(storage, "a@1@b")).toBe("mine");
    expect(await entriesOf(folder)).toContain("sub");
  });

  test("a file can be read while it is written, as far as it was when it was opened", async () => {
    const storage = new OpfsStorage(newFolder());
    await storage.createFolder("");
    const writer = await storage.create("log");
    await writer.write(bytes("one"));
    const open = (await storage.open("log"))!;
    await writer.write(bytes("two"));
    expect(await open.read(0, 3)).toEqual(bytes("one"));
    await writer.write(bytes("three"));
    expect(await open.read(1, 2)).toEqual(bytes("ne"));
    await writer.close();
    await open.close();
    expect(await get(storage, "log")).toBe("onetwothree");
  });
});

test("a folder must be named", () => {
  for (const root of ["", "/", "a//b", "a/../b", 5]) expect(() => new OpfsStorage(root as string)).toThrow(ValidationError);
  expect(new OpfsStorage("/shop/orders/").location).toBe("opfs:/shop/orders");
});

describeBackend(
  "Parquet in the origin private file system",
  (entity) => new ParquetPersistence(entity, new OpfsStorage(newFolder())),
  native,
);

describe("a PersistentStore over it", () => {
  test("keeps what was changed, for whoever opens it next; a second writer is refused meanwhile", async () => {
    const storage = new OpfsStorage(newFolder());
    const open = () => PersistentStore.open(new ParquetPersistence(Item, storage, { compression: "snappy" }));
    const items = await open();
    await items.addBatch(Array.from({ length: 100_000 }, (_, id) => item(id)));
    await items.update(7, { price: -1, note: "changed" });
    await items.delete(8);
    const other = await open();
    await expect(other.add(item(200_000))).rejects.toThrow(ConflictError);
    await other.close();
    await items.close();

    const again = await open();
    expect(again.size).toBe(99_999);
    expect(again.get(7)?.toObject()).toEqual({ id: 7, price: -1, note: "changed" });
    expect(again.get(99_998)?.toObject()).toEqual(item(99_998));
    expect(again.has(8)).toBe(false);
    const total = (99_999 * 100_000) / 8 - item(7).price - item(8).price - 1;
    expect(again.aggregate({ total: sum("price") }).toArray()).toEqual([{ total }]);
    await again.close();
  });

  test("a flipped bit is found", async () => {
    const folder = newFolder();
    const storage = new OpfsStorage(folder);
    const items = await PersistentStore.open(new ParquetPersistence(Item, storage, { compression: "uncompressed" }));
    await items.addBatch([item(1), item(2)]);
    await items.close();
    const file = (await storage.open("data.parquet"))!;
    const damaged = await file.read(0, file.size);
    await file.close();
    damaged[20] ^= 1;
    await storage.remove("data.parquet");
    const writer = await storage.create("data.parquet");
    await writer.write(damaged);
    await writer.close();
    await expect(PersistentStore.open(new ParquetPersistence(Item, storage))).rejects.toThrow(CorruptDataError);
  });
});
