/** A process that writes is killed in the middle, again and again: what it was told is stored is there, whole. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { DuckDBPersistence } from "faun/duckdb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromRoot } from "../../../scripts/paths.mjs";
import { Batch, check } from "./kill-entity.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-kill-"));
const script = join(fromRoot("node_modules/.cache"), `faun-kill-${process.pid}.mjs`);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(script, { force: true });
});

beforeAll(async () => {
  await build({
    entryPoints: [fromRoot("test/persistence/duckdb/kill-writer.ts")],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    alias: { faun: fromRoot("src/index.ts"), "faun/duckdb": fromRoot("src/persistence/duckdb/index.ts") },
  });
});

const KILLS = 50;

test(`${KILLS} kills in the middle of appends, saves and changes lose nothing that was acknowledged, and leave nothing half`, {
  timeout: 600_000,
}, async () => {
  let acknowledgedInAll = 0;
  const endings = new Set<string>();
  const files = 2;
  await Promise.all(
    Array.from({ length: files }, async (_, file) => {
      const path = join(folder, `kill-${file}.duckdb`);
      for (let round = 0; round < KILLS / files; round++) {
        // Kills come at any moment: of the start, of a small and of a large commit.
        const { acknowledged, begun } = await killedWriter(path, 1 + ((round * 7 + file) % 9), (round * 13) % 40);
        const persistence = new DuckDBPersistence(Batch, { path });
        const stored = [...(await persistence.load()).rows()].map((row) => row.toObject());
        await persistence.close();
        if (acknowledged === undefined) continue;
        endings.add(check(stored, acknowledged, begun));
        acknowledgedInAll += acknowledged;
      }
    }),
  );
  expect(acknowledgedInAll).toBeGreaterThan(KILLS);
  // Kills hit commits that were under way.
  expect(endings).toContain("lost what was not acknowledged");
});

/** Starts the writer, kills it after so many acknowledged commits and a while; gives the last it told of, and of beginning. */
async function killedWriter(path: string, commits: number, ms: number) {
  const writer = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(writer, "exit");
  let acknowledged: number | undefined;
  let begun: number | undefined;
  let first: number | undefined;
  for await (const line of createInterface({ input: writer.stdout })) {
    const [word, number] = line.split(" ");
    if (word === "begin") begun = Number(number);
    else acknowledged = Number(number);
    first ??= Number(number);
    if (acknowledged !== undefined && acknowledged - first >= commits) setTimeout(() => writer.kill("SIGKILL"), ms / 4);
  }
  const [code, signal] = await ended;
  expect([code, signal]).toEqual([null, "SIGKILL"]);
  return { acknowledged, begun };
}
