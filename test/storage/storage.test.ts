import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IoError, ValidationError } from "faun";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { isTemporary, removeLeftovers, replaceFile } from "../../src/persistence/storage/atomic-replace.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { LockedError } from "../../src/persistence/storage/locked-error.ts";
import { MemoryStorage } from "../../src/persistence/storage/memory-storage.ts";
import type { Storage } from "../../src/persistence/storage/storage.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

const folders: string[] = [];
const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "faun-storage-"));
  folders.push(folder);
  return folder;
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const bytes = (text: string) => new TextEncoder().encode(text);

async function put(storage: Storage, name: string, text: string): Promise<void> {
  const writer = await storage.create(name);
  await writer.write(bytes(text));
  await writer.close();
}

async function get(storage: Storage, name: string): Promise<string | null> {
  const file = await storage.open(name);
  if (file === null) return null;
  const content = new TextDecoder().decode(await file.read(0, file.size));
  await file.close();
  return content;
}

describe.each<[string, () => Promise<Storage>]>([
  ["files", async () => new FileStorage(join(await newFolder(), "deep", "data"))],
  ["memory", async () => new MemoryStorage()],
  [
    "a simulated disk",
    async () => {
      const disk = new SimulatedDisk();
      // Reads and writes of a few bytes at a time, and interrupted now and then.
      disk.onOperation = ({ kind }, i) =>
        ["open", "create", "readdir", "stat"].includes(kind) && i % 3 === 0
          ? { code: "EINTR" }
          : kind === "read" || kind === "write"
            ? i % 4 === 0
              ? { code: "EINTR" }
              : { short: 1 + (i % 3) }
            : undefined;
      return new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    },
  ],
])("storage in %s", (kind, make) => {
  let storage: Storage;

  beforeEach(async () => {
    storage = await make();
    await storage.createFolder("");
  });

  test("keeps what is written, by name", async () => {
    await put(storage, "a", "alpha");
    await storage.createFolder("sub/sub");
    await storage.createFolder("sub/sub");
    await put(storage, "sub/sub/b", "beta");
    await put(storage, "empty", "");
    expect(await get(storage, "a")).toBe("alpha");
    expect(await get(storage, "sub/sub/b")).toBe("beta");
    expect(await get(storage, "empty")).toBe("");
    expect(await get(storage, "c")).toBeNull();
    expect((await storage.list("")).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: "a", size: 5 },
      { name: "empty", size: 0 },
    ]);
    expect(await storage.list("sub/sub")).toEqual([{ name: "b", size: 4 }]);
    expect(await storage.list("nowhere")).toEqual([]);
  });

  test("reads ranges, and none beyond the end", async () => {
    await put(storage, "a", "0123456789");
    const file = (await storage.open("a"))!;
    expect(file.size).toBe(10);
    expect(await file.read(3, 4)).toEqual(bytes("3456"));
    expect(await file.read(10, 0)).toEqual(new Uint8Array(0));
    for (const [offset, length] of [[8, 3], [11, 0], [-1, 2], [0, 11]]) // biome-ignore format: one line
      await expect(file.read(offset!, length!)).rejects.toThrow(IoError);
    await file.close();
    await file.close();
    await expect(file.read(0, 1)).rejects.toThrow(/closed/);
  });

  test("a writer counts its bytes, and is done when it is closed", async () => {
    const writer = await storage.create("a");
    await writer.write(bytes("one"));
    await writer.write(new Uint8Array(0));
    await writer.write(bytes("three"));
    expect(writer.position).toBe(8);
    await writer.sync();
    await writer.close();
    await writer.close();
    await expect(writer.write(bytes("more"))).rejects.toThrow(/closed/);
    expect(await get(storage, "a")).toBe("onethree");
    await expect(storage.create("a")).rejects.toThrow(IoError);
    expect(await get(storage, "a")).toBe("onethree");
  });

  test("who has a file open reads on when it is replaced or removed", async () => {
    await put(storage, "a", "old");
    const open = (await storage.open("a"))!;
    await put(storage, "b", "new!");
    await storage.rename("b", "a");
    expect(await get(storage, "a")).toBe("new!");
    expect(await get(storage, "b")).toBeNull();
    await storage.remove("a");
    await storage.remove("a");
    expect(await get(storage, "a")).toBeNull();
    expect(await open.read(0, open.size)).toEqual(bytes("old"));
    await open.close();
    await expect(storage.rename("nothing", "a")).rejects.toThrow(IoError);
  });

  test("of several that put under one name, one does, whole", async () => {
    const made = await Promise.all(["x", "y", "z"].map((text) => storage.putIfAbsent("a", bytes(text.repeat(100)))));
    expect(made.filter((done) => done)).toHaveLength(1);
    expect(await get(storage, "a")).toMatch(/^(x{100}|y{100}|z{100})$/);
    expect(await storage.list("")).toEqual([{ name: "a", size: 100 }]);
  });

  test("replaces a file whole", async () => {
    await replaceFile(storage, "a", (writer) => writer.write(bytes("one")));
    await replaceFile(storage, "a", (writer) => writer.write(bytes("two")));
    expect(await get(storage, "a")).toBe("two");
    const fail = async () => {
      throw new Error("no more");
    };
    await expect(replaceFile(storage, "a", fail)).rejects.toThrow("no more");
    const stop = { beforeRename: () => { throw new Error("stopped"); } }; // biome-ignore format: one line
    await expect(replaceFile(storage, "a", (writer) => writer.write(bytes("three")), stop)).rejects.toThrow("stopped");
    expect(await get(storage, "a")).toBe("two");
    expect(await storage.list("")).toHaveLength(1);
  });

  test("what ended replacements leave behind goes", async () => {
    await put(storage, "a", "kept");
    await put(storage, "a.1234.tmp", "");
    await put(storage, "data.tmp", "half");
    await removeLeftovers(storage, "");
    expect((await storage.list("")).map(({ name }) => name)).toEqual(["a"]);
  });

  test("a lock is had once, until it is released", async () => {
    const lock = await storage.lock("lock");
    await expect(storage.lock("lock")).rejects.toThrow(kind === "a simulated disk" ? /locked/ : LockedError);
    const other = await storage.lock("other");
    await lock.release();
    await lock.release();
    const again = await storage.lock("lock");
    await again.release();
    await other.release();
  });
});

test("a folder must have a name", () => {
  for (const root of ["", "a\0b", 5]) expect(() => new FileStorage(root as string)).toThrow(ValidationError);
  expect(new FileStorage("data/").location).toBe("data");
  expect(new FileStorage("/").location).toBe("/");
});

test("errors name the operation and the place", async () => {
  const folder = await newFolder();
  const storage = new FileStorage(join(folder, "data"));
  await expect(storage.create("a")).rejects.toThrow(`cannot create ${join(folder, "data")}/a: ENOENT`);
  await put(new FileStorage(folder), "data", "a file where the folder should be");
  await expect(storage.createFolder("")).rejects.toThrow(/cannot create .*EEXIST/);
  await expect(storage.open("a")).rejects.toThrow(/cannot open .*ENOTDIR/);
});

describe("replacing a file on a disk that fails", () => {
  const prepare = async () => {
    const disk = new SimulatedDisk();
    const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
    await storage.createFolder("");
    await replaceFile(storage, "a", (writer) => writer.write(bytes("old")));
    return { disk, storage };
  };
  const replace = (storage: Storage) =>
    replaceFile(storage, "a", async (writer) => {
      await writer.write(bytes("new "));
      await writer.write(bytes("content"));
    });

  const steps = [
    "create temporary",
    "write temporary",
    "write temporary",
    "sync temporary",
    "close temporary",
    "rename /data/a",
    "open /data",
    "sync /data",
    "close /data",
  ];

  test("takes the operations it should", async () => {
    const { disk, storage } = await prepare();
    const seen: string[] = [];
    disk.onOperation = ({ kind, path }) => void seen.push(`${kind} ${isTemporary(path) ? "temporary" : path}`);
    await replace(storage);
    expect(seen).toEqual(steps);
  });

  const faults = steps.flatMap((step, i) =>
    (["EIO", "ENOSPC", "EINTR"] as const).flatMap((code) => [false, true].map((done) => ({ step, i, code, done }))),
  );

  test.each(faults)("$step fails with $code (done: $done)", async ({ i, code, done }) => {
    const { disk, storage } = await prepare();
    const start = disk.operations;
    let failed: string | null = null;
    disk.onOperation = ({ kind }, at) => {
      if (at !== start + i) return undefined;
      failed = kind;
      return { code, done: done && kind === "rename", wrote: done ? 2 : 0 };
    };
    const error: unknown = await replace(storage).then(
      () => null,
      (cause) => cause,
    );
    const syncedFolder = i >= 8;
    const retried = code === "EINTR" && ["create", "write", "open"].includes(failed!);
    if (syncedFolder || retried) {
      expect(error).toBeNull();
      expect(await get(storage, "a")).toBe("new content");
    } else {
      const unknown = i > 5 || (i === 5 && done);
      expect(error).toBeInstanceOf(IoError);
      expect((error as IoError).outcome).toBe(unknown ? "unknown" : "failed");
      expect(await get(storage, "a")).toBe(unknown ? "new content" : "old");
    }
    expect(disk.openFiles).toEqual([]);
    // Nothing is left over but what a failing removal may leave, and the next one does its work.
    expect(disk.files).toHaveLength(1);
    await replace(storage);
    expect(await get(storage, "a")).toBe("new content");
  });

  test("a full disk says so, and serves again when there is room", async () => {
    const { disk, storage } = await prepare();
    disk.capacity = 8;
    const error = await replace(storage).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ outcome: "failed", message: expect.stringContaining("ENOSPC") });
    expect(await get(storage, "a")).toBe("old");
    disk.capacity = 1000;
    await replace(storage);
    expect(await get(storage, "a")).toBe("new content");
  });

  test("a sync that failed is not tried again", async () => {
    const { disk, storage } = await prepare();
    let syncs = 0;
    disk.onOperation = ({ kind, path }) => (kind === "sync" && isTemporary(path) && syncs++ === 0 ? { code: "EIO" } : undefined);
    const writer = await storage.create("b.tmp");
    await writer.write(bytes("b"));
    await expect(writer.sync()).rejects.toThrow(IoError);
    await expect(writer.sync()).rejects.toThrow(/earlier failure/);
    await expect(writer.write(bytes("c"))).rejects.toThrow(/earlier failure/);
    await writer.close();
    expect(syncs).toBe(1);
  });
});

test("files of a folder are those that Node sees", async () => {
  const folder = await newFolder();
  const storage = new FileStorage(folder);
  await replaceFile(storage, "data.parquet", (writer) => writer.write(bytes("x")));
  const lock = await storage.lock("lock");
  await lock.release();
  expect((await readdir(folder)).sort()).toEqual(["data.parquet", "lock"]);
});
