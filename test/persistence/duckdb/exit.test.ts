/** However a process ends while DuckDB reads its rows: it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Entity, f64, u64 } from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { expect, test } from "vitest";

class Order extends Entity("orders", { orderId: u64().key(), total: f64() }) {}

const script = fileURLToPath(new URL("children/leave.mjs", import.meta.url));

async function leave(way: string, ...more: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [script, way, ...more], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 40_000,
    killSignal: "SIGQUIT",
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const [code, signal] = await once(child, "close");
  // SIGQUIT is ours: it hung.
  expect(signal).not.toBe("SIGQUIT");
  // SIGKILL is that of exit-guard.ts.
  return { code: signal === "SIGKILL" ? null : code, stdout, stderr };
}

test.each(["scans, then exit", "a long join, then exit"])("%s", async (way) => {
  const { code, stderr } = await leave(way);
  expect([3, null]).toContain(code);
  expect(stderr).toBe("");
});

test("scans, exit at once", async () => {
  expect(await leave("scans, exit at once")).toEqual({ code: 3, stdout: "", stderr: "" });
});

test.each(["an uncaught error", "an unhandled rejection"])("%s is reported", async (way) => {
  const { code, stderr } = await leave(way);
  expect([1, null]).toContain(code);
  expect(stderr).toContain("nobody catches this");
});

test("a save is whole or absent, however its process ends", async () => {
  const folder = await mkdtemp(join(tmpdir(), "faun-leave-"));
  const path = join(folder, "orders.duckdb");
  try {
    const counted = async () => {
      const persistence = new DuckDBPersistence(Order, { path });
      const rows = await persistence.count();
      await persistence.close();
      return rows;
    };
    const exit = await leave("a save, then exit", path);
    expect([3, null]).toContain(exit.code);
    expect([0, 300_000]).toContain(await counted());
    const uncaught = await leave("a save and an uncaught error", path);
    expect([1, null]).toContain(uncaught.code);
    expect(uncaught.stderr).toContain("nobody catches this");
    expect([0, 300_000]).toContain(await counted());
    expect(await leave("a save that nobody waits for", path)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await counted()).toBe(300_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each(["half a result", "nothing closed"])("%s keeps no process alive", async (way) => {
  expect(await leave(way)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("what is asked is answered before the process ends by itself", async () => {
  expect(await leave("a statement still to be answered")).toEqual({ code: 0, stdout: "answered\n", stderr: "" });
});
