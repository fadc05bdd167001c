import { describe, expect, test } from "vitest";
import { replaceFile } from "../../src/persistence/storage/atomic-replace.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { randomOf, SimulatedDisk } from "./simulated-disk.ts";

const storageOn = (disk: SimulatedDisk) => new FileStorage("/data", { fileSystem: disk, lock: disk.lock });

async function contentOf(disk: SimulatedDisk, name: string): Promise<string | null> {
  const file = await storageOn(disk).open(name);
  return file === null ? null : new TextDecoder().decode(await file.read(0, file.size));
}

const content = (i: number) => `${i}: ${String.fromCharCode(97 + i).repeat(700 * (i + 1))}`;

test("a replaced file is whole after every crash, and is the last that was told of or the one on its way", async () => {
  const disk = new SimulatedDisk();
  const storage = storageOn(disk);
  let told = -1;
  let underway = -1;
  const states: { after: SimulatedDisk; told: number; underway: number }[] = [];
  const random = randomOf(20_261_121);
  disk.onOperation = () => {
    for (let i = 0; i < 20; i++) states.push({ after: disk.crash(random), told, underway });
    return undefined;
  };
  await storage.createFolder("");
  for (let i = 0; i < 8; i++) {
    underway = i;
    await replaceFile(storage, "a", async (writer) => {
      const bytes = new TextEncoder().encode(content(i));
      await writer.write(bytes.subarray(0, 600));
      await writer.write(bytes.subarray(600));
    });
    told = i;
  }
  expect(states.length).toBeGreaterThan(1000);
  const seen = new Set<string>();
  for (const { after, told: certain, underway: possible } of states) {
    const found = await contentOf(after, "a");
    const allowed = [certain, possible].map((i) => (i < 0 ? null : content(i)));
    expect(allowed).toContain(found);
    seen.add(`${found === null ? "nothing" : found === content(possible) ? "new" : "old"}`);
  }
  expect([...seen].sort()).toEqual(["new", "nothing", "old"]);
});

describe("the simulated disk", () => {
  const write = async (disk: SimulatedDisk, name: string, text: string, sync: boolean) => {
    const handle = await disk.open(name, "wx");
    const bytes = new TextEncoder().encode(text);
    await handle.write(bytes, 0, bytes.length, 0);
    if (sync) await handle.sync();
    return handle;
  };
  const syncFolder = async (disk: SimulatedDisk) => (await disk.open("/", "r")).sync();
  const after = (disk: SimulatedDisk) => Array.from({ length: 300 }, (_, i) => disk.crash(randomOf(i)));
  const outcomes = (disk: SimulatedDisk, path: string) =>
    new Set(after(disk).map((state) => (state.files.includes(path) ? new TextDecoder().decode(state.content(path)) : null)));

  test("loses, keeps and tears what was not synced", async () => {
    const disk = new SimulatedDisk();
    const handle = await write(disk, "/a", "first", true);
    await syncFolder(disk);
    expect(outcomes(disk, "/a")).toEqual(new Set(["first"]));
    const more = new TextEncoder().encode("+more");
    await handle.write(more, 0, 5, 5);
    const found = outcomes(disk, "/a");
    expect(found).toContain("first");
    expect(found).toContain("first+more");
    expect(found).toContain("first\0\0\0\0\0");
    expect(found.size).toBeGreaterThan(6);
    expect([...found].every((text) => text!.startsWith("first"))).toBe(true);
    await handle.sync();
    expect(outcomes(disk, "/a")).toEqual(new Set(["first+more"]));
  });

  test("keeps a file's bytes and its name apart", async () => {
    const disk = new SimulatedDisk();
    await write(disk, "/a", "synced", true);
    expect(outcomes(disk, "/a")).toEqual(new Set([null, "synced"]));
    await write(disk, "/b", "not", false);
    await syncFolder(disk);
    expect(outcomes(disk, "/a")).toEqual(new Set(["synced"]));
    expect(outcomes(disk, "/b")).toContain("");
    expect(outcomes(disk, "/b")).not.toContain(null);
  });

  test("may undo a rename, and never leaves the name without a file", async () => {
    const disk = new SimulatedDisk();
    await write(disk, "/a", "old", true);
    await write(disk, "/b", "new", true);
    await syncFolder(disk);
    await disk.rename("/b", "/a");
    expect(outcomes(disk, "/a")).toEqual(new Set(["old", "new"]));
    expect(outcomes(disk, "/b")).toEqual(new Set([null, "new"]));
    await syncFolder(disk);
    expect(outcomes(disk, "/a")).toEqual(new Set(["new"]));
    expect(outcomes(disk, "/b")).toEqual(new Set([null]));
  });

  test("a failed sync can not be made up for", async () => {
    const disk = new SimulatedDisk();
    const handle = await write(disk, "/a", "text", false);
    await syncFolder(disk);
    disk.onOperation = ({ kind }) => (kind === "sync" ? { code: "EIO" } : undefined);
    await expect(handle.sync()).rejects.toMatchObject({ code: "EIO" });
    disk.onOperation = () => undefined;
    await handle.sync();
    expect(outcomes(disk, "/a")).toContain("");
    expect(outcomes(disk, "/a")).toContain("text");
  });

  test("a killed process leaves what it wrote, durable or not", async () => {
    const disk = new SimulatedDisk();
    await write(disk, "/a", "text", false);
    const found = disk.kill();
    expect(new TextDecoder().decode(found.content("/a"))).toBe("text");
    expect(outcomes(found, "/a")).toContain(null);
    expect(found.openFiles).toEqual([]);
  });
});
