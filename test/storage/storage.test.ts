import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IoError, StorageFullError, ValidationError } from "faun";
import { afterAll, describe, expect, test } from "vitest";
import { isTemporary, replaceFile, temporaryName } from "../../src/persistence/storage/atomic-replace.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { MemoryStorage } from "../../src/persistence/storage/memory-storage.ts";
import type { Storage } from "../../src/persistence/storage/storage.ts";
import { failure } from "../../src/persistence/storage/system-call.ts";
import { bytes, describeStorage, get, put } from "./describe-storage.ts";
import { randomOf, SimulatedDisk } from "./simulated-disk.ts";

const folders: string[] = [];
const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "faun-storage-"));
  folders.push(folder);
  return folder;
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

describeStorage("files", async () => new FileStorage(join(await newFolder(), "deep", "data")));
describeStorage("memory", async () => new MemoryStorage());
describeStorage("a simulated disk", async () => {
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
});

test("a folder must have a name", () => {
  for (const root of ["", "a\0b", 5]) expect(() => new FileStorage(root as string)).toThrow(ValidationError);
  expect(new FileStorage("data/").location).toBe("data");
  expect(new FileStorage("/").location).toBe("/");
});

test.each(["file:///data", "file:data", "s3://bucket/data", new URL("file:///data")])(
  "%s is no path, though one could be made of it",
  (root) => {
    expect(() => new FileStorage(root as string)).toThrow(
      /^FileStorage\.root: expected the path of a folder, not a URL \(fileURLToPath/,
    );
  },
);

test("a folder stays where it was when it was named, wherever the process works later", async () => {
  const here = process.cwd();
  const [folder, elsewhere] = [await newFolder(), await newFolder()];
  try {
    process.chdir(folder);
    const storage = new FileStorage("data");
    await storage.createFolder("log");
    process.chdir(elsewhere);
    await put(storage, "log/a", "content");
    await storage.createFolder("more");
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await readdir(join(folder, "data"))).sort()).toEqual(["log", "more"]);
  } finally {
    process.chdir(here);
  }
});

test("a folder in which none can be made, though it is there, is told of", async () => {
  const disk = new SimulatedDisk();
  disk.onOperation = ({ kind, path }) => (kind === "mkdir" && path === "/odd/data" ? { code: "ENOENT" } : undefined);
  const storage = new FileStorage("/odd/data", { fileSystem: disk, lock: disk.lock });
  await expect(storage.createFolder("log")).rejects.toThrow(/^cannot create \/odd\/data\/log: ENOENT/);
});

test("errors name the operation and the place", async () => {
  const folder = await newFolder();
  const storage = new FileStorage(join(folder, "data"));
  await expect(storage.create("a")).rejects.toThrow(`cannot create ${join(folder, "data")}/a: ENOENT`);
  await put(new FileStorage(folder), "data", "a file where the folder should be");
  await expect(storage.createFolder("")).rejects.toThrow(/cannot create .*EEXIST/);
  await expect(storage.open("a")).rejects.toThrow(/cannot open .*ENOTDIR/);
});

describe("a folder is durable when it was asked for without an error", () => {
  const filled = async (disk: SimulatedDisk, storage: FileStorage) => {
    await put(storage, "log/a", "content");
    await storage.syncFolder("log");
    for (let seed = 0; seed < 100; seed++) expect(disk.crash(randomOf(seed)).files).toEqual(["/far/data/log/a"]);
  };
  const storageOn = (disk: SimulatedDisk) => new FileStorage("/far/data", { fileSystem: disk, lock: disk.lock });

  test("though it could not be made so before", async () => {
    for (let failing = 0; failing < 9; failing++) {
      const disk = new SimulatedDisk();
      const storage = storageOn(disk);
      let syncs = 0;
      disk.onOperation = ({ kind }) => (kind === "sync" && syncs++ === failing ? { code: "EIO" } : undefined);
      for (let tries = 0; tries < 2; tries++) await storage.createFolder("log").catch(() => {});
      await storage.createFolder("log");
      disk.onOperation = () => undefined;
      await filled(disk, storage);
    }
  });

  test("though it was made when that was told to have failed", async () => {
    const disk = new SimulatedDisk();
    const storage = storageOn(disk);
    await storage.createFolder("");
    disk.onOperation = ({ kind }) =>
      kind === "mkdir" ? { code: "EIO", done: true } : kind === "sync" ? { code: "ENOSPC" } : undefined;
    await expect(storage.createFolder("log")).rejects.toThrow(IoError);
    disk.onOperation = () => undefined;
    await storage.createFolder("log");
    await filled(disk, storage);
  });

  test("though the process that made it ended before", async () => {
    const before = new SimulatedDisk();
    await storageOn(before).createFolder("");
    let killed: SimulatedDisk | null = null;
    before.onOperation = ({ kind }) => {
      if (kind === "sync") killed ??= before.kill();
      return undefined;
    };
    await storageOn(before).createFolder("log");
    const disk = killed as SimulatedDisk | null;
    if (disk === null) throw new Error("nothing was synced");
    const storage = storageOn(disk);
    await storage.createFolder("log");
    await filled(disk, storage);
  });
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
    const writer = await storage.create(temporaryName("b"));
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

test.each([
  ["no space on the device", Object.assign(new Error("no space left on device"), { code: "ENOSPC" })],
  ["a quota that is used up", Object.assign(new Error("quota exceeded"), { code: "EDQUOT" })],
  ["a browser's quota", new DOMException("The quota has been exceeded.", "QuotaExceededError")],
])("%s is a StorageFullError", (_, cause) => {
  const error = failure("write", "orders/log/1.log", cause);
  expect(error).toBeInstanceOf(StorageFullError);
  expect(error).toMatchObject({ code: "IO", name: "StorageFullError", outcome: "failed", cause });
  expect(error.message).toContain("cannot write orders/log/1.log: there is no room left; make some, and try again");
  expect(failure("write", "x", Object.assign(new Error("no"), { code: "EIO" }))).not.toBeInstanceOf(StorageFullError);
});
