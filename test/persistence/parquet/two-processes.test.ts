import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Entity, LockedError, PersistentStore, SoA, u32, u64 } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { afterEach, beforeEach, expect, test } from "vitest";

class Mark extends Entity("marks", { id: u64({ mode: "number" }).key(), save: u32() }) {}

const SCRIPT = fileURLToPath(new URL("children/save-again.mjs", import.meta.url));
let folder: string;
let child: ChildProcess | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "faun-two-"));
});
afterEach(async () => {
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
  child = null;
  rmSync(folder, { recursive: true, force: true });
});

/** A process that saves again and again; resolves when it has saved once. */
async function saver(): Promise<{ process: ChildProcess; saved: () => string }> {
  child = spawn(process.execPath, [SCRIPT, folder], { stdio: ["pipe", "pipe", "inherit"] });
  let last = "";
  const lines = createInterface({ input: child.stdout! });
  lines.on("line", (line) => {
    last = line;
  });
  await once(lines, "line");
  return { process: child, saved: () => last };
}

/** Rows of one save, all of them, or an error. */
async function look(marks: ParquetPersistence<Mark>): Promise<{ save: number; count: number }> {
  const rows = await marks.load();
  const save = rows.at(0)!.save;
  let i = 0;
  for (const row of rows.rows()) {
    expect(row.save).toBe(save);
    expect(row.id).toBe(i++);
  }
  expect(i).toBe(1000 + (save % 7) * 300);
  return { save, count: i };
}

const oneMore = () => {
  const rows = new SoA(Mark);
  rows.add({ id: 1_000_000, save: 0 });
  return rows;
};

test("a second writer is refused, by name; readers see whole saves, each later than the one before", async () => {
  const { process: writer } = await saver();
  const second = new ParquetPersistence(Mark, folder);
  const error: unknown = await second.append(oneMore()).catch((cause) => cause);
  expect(error).toBeInstanceOf(LockedError);
  expect((error as LockedError).holder.pid).toBe(writer.pid);
  await expect(second.save(oneMore())).rejects.toThrow(`process ${writer.pid}`);
  await second.close();

  const seen = new Set<number>();
  const read = async (readOnly: boolean) => {
    const marks = new ParquetPersistence(Mark, folder, { readOnly });
    let last = -1;
    for (let round = 0; round < 12; round++) {
      const { save } = await look(marks);
      expect(save).toBeGreaterThanOrEqual(last);
      expect(await marks.count()).toBeGreaterThan(0);
      last = save;
      seen.add(save);
    }
    await marks.close();
  };
  await Promise.all(Array.from({ length: 10 }, (_, i) => read(i % 2 === 0)));
  expect(seen.size).toBeGreaterThan(3);

  const end = once(writer, "exit");
  writer.stdin!.end();
  await end;
  expect(writer.exitCode).toBe(0);
  const store = await PersistentStore.open(new ParquetPersistence(Mark, folder));
  await store.add({ id: 1_000_000, save: 1 });
  await store.close();
});

test("killed in the middle of saves, a writer leaves the last save or the one before, and no lock", async () => {
  let least = -1;
  for (let round = 0; round < 8; round++) {
    const { process: writer, saved } = await saver();
    await new Promise((resolve) => setTimeout(resolve, 7 * round));
    const gone = once(writer, "exit");
    writer.kill("SIGKILL");
    await gone;
    const [told] = saved().split(" ").map(Number);
    const marks = new ParquetPersistence(Mark, folder);
    const { save } = await look(marks);
    expect(save).toBeGreaterThanOrEqual(told!);
    least = Math.max(least, save);
    await marks.append(oneMore());
    expect(await marks.count()).toBe(1000 + (save % 7) * 300 + 1);
    await marks.close();
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }
  expect(least).toBeGreaterThanOrEqual(0);
});
