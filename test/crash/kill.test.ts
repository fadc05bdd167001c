import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PersistentStore } from "faun";
import { FileStorage } from "faun/parquet";
import { expect, test } from "vitest";
import { randomOf } from "../storage/simulated-disk.ts";
import { persistenceIn } from "./workload.ts";

/** FAUN_KILLS=2000 for a long run. */
const KILLS = Number(process.env.FAUN_KILLS ?? 100);
const WRITER = fileURLToPath(new URL("./children/writer.mjs", import.meta.url));

test("a writer killed at any moment has stored what it acknowledged, once, and nothing in part", async () => {
  const folder = mkdtempSync(join(tmpdir(), "faun-kill-"));
  const random = randomOf(5);
  const present = new Set<bigint>();
  let acknowledged = 0;
  let folds = 0;
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const told = await lifeOf(folder, Math.floor(random() ** 2 * 300));
      const added = new Set<bigint>();
      let asked = 0n;
      const [maybeDeleted, deleted] = [new Set<bigint>(), new Set<bigint>()];
      for (const line of told) {
        const [what, first, count] = line.split(" ");
        const id = BigInt(first ?? 0);
        if (what === "asked") asked = id;
        if (what === "deleting") maybeDeleted.add(id);
        if (what === "deleted") deleted.add(id);
        if (what === "added") for (let i = 0n; i < BigInt(count ?? 0); i++) added.add(id + i);
      }
      acknowledged += added.size;

      const items = await PersistentStore.open(persistenceIn(new FileStorage(folder)));
      const found = new Set<bigint>();
      for (const { id, count, note } of items) {
        expect(found.has(id)).toBe(false);
        found.add(id);
        expect({ count, note }).toEqual({ count: Number((id * 7n) % 1000n), note: id % 3n === 0n ? null : `note ${id}` });
        expect(present.has(id) || id <= asked).toBe(true);
      }
      for (const id of [...present, ...added]) {
        if (deleted.has(id)) expect(found.has(id)).toBe(false);
        else if (!maybeDeleted.has(id)) expect(found.has(id)).toBe(true);
      }
      present.clear();
      for (const id of found) present.add(id);
      if ((await checkpointRows(folder)) > 0) folds++;
      await items.persistence.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(acknowledged).toBeGreaterThan(KILLS);
  expect(folds).toBeGreaterThan(0);
}, 3_600_000);

/** Runs a writer, kills it some milliseconds after it began to write, and gives what it said. */
function lifeOf(folder: string, milliseconds: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, folder], { stdio: ["ignore", "pipe", "pipe"] });
    let told = "";
    let errors = "";
    child.stdout.on("data", (text: Buffer) => {
      if (told === "") setTimeout(() => child.kill("SIGKILL"), milliseconds);
      told += text.toString();
    });
    child.stderr.on("data", (text: Buffer) => {
      errors += text.toString();
    });
    child.on("error", reject);
    child.on("close", (_, signal) => {
      if (signal === "SIGKILL")
        resolve(
          told
            .slice(0, told.lastIndexOf("\n") + 1)
            .split("\n")
            .filter(Boolean),
        );
      else reject(new Error(`the writer ended by itself: ${errors}`));
    });
  });
}

/** Rows of the last checkpoint. */
async function checkpointRows(folder: string): Promise<number> {
  const reader = persistenceIn(new FileStorage(folder), { readOnly: true });
  const rows = await reader.count();
  await reader.close();
  return rows;
}
