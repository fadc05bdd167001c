/** However a process ends while SQL is asked over live rows: it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("children/leave.mjs", import.meta.url));

async function leave(way: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [script, way], {
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

test.each(["half a result", "nothing closed"])("%s keeps no process alive", async (way) => {
  expect(await leave(way)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("what is asked is answered before the process ends by itself", async () => {
  expect(await leave("a statement still to be answered")).toEqual({ code: 0, stdout: "answered\n", stderr: "" });
});
