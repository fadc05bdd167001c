/** What every storage promises, as tests: `describeStorage("memory", async () => new MemoryStorage())`. */
import { IoError } from "faun";
import { beforeEach, describe, expect, test } from "vitest";
import { removeLeftovers, replaceFile, temporaryName } from "../../src/persistence/storage/atomic-replace.ts";
import { LockedError } from "../../src/persistence/storage/locked-error.ts";
import type { Storage } from "../../src/persistence/storage/storage.ts";

export const bytes = (text: string) => new TextEncoder().encode(text);

export async function put(storage: Storage, name: string, text: string): Promise<void> {
  const writer = await storage.create(name);
  await writer.write(bytes(text));
  await writer.close();
}

export async function get(storage: Storage, name: string): Promise<string | null> {
  const file = await storage.open(name);
  if (file === null) return null;
  const content = new TextDecoder().decode(await file.read(0, file.size));
  await file.close();
  return content;
}

/** @param make a storage over an empty place of its own */
export function describeStorage(kind: string, make: () => Promise<Storage>): void {
  describe(`storage in ${kind}`, () => {
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

    test("fills memory, shared memory too, where it can", async () => {
      await put(storage, "a", "0123456789");
      const file = (await storage.open("a"))!;
      const into = new Uint8Array(typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(6) : new SharedArrayBuffer(6));
      if (file.readInto !== undefined) {
        await file.readInto(3, into.subarray(1, 5));
        expect(new Uint8Array(into)).toEqual(Uint8Array.of(0, ...bytes("3456"), 0));
        await expect(file.readInto(8, into)).rejects.toThrow(IoError);
      }
      await file.close();
      await expect(file.readInto?.(0, into) ?? Promise.reject(new IoError("closed"))).rejects.toThrow(/closed/);
    });

    test("begins a file with the first bytes of another, where it can", async () => {
      await put(storage, "a", "0123456789");
      const from = (await storage.open("a"))!;
      for (const [name, length] of [
        ["b", 4],
        ["c", 10],
        ["d", 0],
      ] as const) {
        const writer = (await storage.createFrom?.(name, from, length)) ?? null;
        if (writer === null) return;
        expect(writer.position).toBe(length);
        await writer.write(bytes("-more"));
        await writer.sync();
        await writer.close();
        expect(await get(storage, name)).toBe(`${"0123456789".slice(0, length)}-more`);
      }
      expect(await get(storage, "a")).toBe("0123456789");
      // No bytes but those that were opened, whatever has the name by now; and no file that is there already.
      expect(await storage.createFrom?.("b", from, 4)).toBeNull();
      expect(await get(storage, "b")).toBe("0123-more");
      await replaceFile(storage, "a", (writer) => writer.write(bytes("another one")));
      expect(await storage.createFrom?.("e", from, 4)).toBeNull();
      expect(await get(storage, "e")).toBeNull();
      await storage.remove("a");
      expect(await storage.createFrom?.("e", from, 4)).toBeNull();
      await from.close();
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

    test("a file that is renamed while it is written goes on in the place of the one that had the name", async () => {
      await put(storage, "a", "old");
      const writer = await storage.create("b");
      await writer.write(bytes("new "));
      await storage.rename("b", "a");
      await writer.write(bytes("content"));
      await writer.sync();
      expect(await get(storage, "a")).toBe("new content");
      await writer.close();
      expect(await get(storage, "b")).toBeNull();
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
      await put(storage, temporaryName("a"), "");
      await put(storage, temporaryName("data.parquet"), "half");
      const others = ["a.tmp", "a.1234.tmp", "faun-1.tmp", "a.faun-1.tmp.txt"];
      for (const name of others) await put(storage, name, "somebody else's");
      await removeLeftovers(storage, "");
      expect((await storage.list("")).map(({ name }) => name).sort()).toEqual(["a", ...others].sort());
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
}
