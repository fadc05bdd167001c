import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConflictError } from "faun";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { LockedError } from "../../src/persistence/storage/locked-error.ts";

let folder: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "faun-lock-"));
});
afterEach(async () => {
  child?.kill("SIGKILL");
  child = null;
  await rm(folder, { recursive: true });
});

async function holder(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("children/hold-lock.mjs", import.meta.url));
  child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout!, "data");
  expect(String(line)).toBe("locked\n");
  return child;
}

test("another process has the lock, and is named", async () => {
  const { pid } = await holder();
  const error: unknown = await new FileStorage(folder).lock("lock").catch((cause) => cause);
  expect(error).toBeInstanceOf(LockedError);
  expect(error).toBeInstanceOf(ConflictError);
  const { holder: found, message } = error as LockedError;
  expect(found).toMatchObject({ pid, host: hostname() });
  expect(Date.now() - found.since!.getTime()).toBeLessThan(60_000);
  expect(message).toContain(
    `${folder} is being written to by process ${pid} on ${hostname()} since ${found.since!.toISOString()}`,
  );
});

test("a lock does not outlive a killed process", async () => {
  const process = await holder();
  process.kill("SIGKILL");
  await once(process, "exit");
  const lock = await new FileStorage(folder).lock("lock");
  const { pid } = JSON.parse(await readFile(join(folder, "lock"), "utf8"));
  expect(pid).toBe(globalThis.process.pid);
  await lock.release();
});

test("a lock goes with a process that ends without releasing it", async () => {
  const process = await holder();
  process.stdin!.end();
  await once(process, "exit");
  expect(process.exitCode).toBe(0);
  await (await new FileStorage(folder).lock("lock")).release();
});

test("what stands in the lock file does not matter to who gets it", async () => {
  const storage = new FileStorage(folder);
  const writer = await storage.create("lock");
  await writer.write(new TextEncoder().encode("no JSON".repeat(1000)));
  await writer.close();
  const lock = await storage.lock("lock");
  expect(JSON.parse(await readFile(join(folder, "lock"), "utf8")).pid).toBe(process.pid);
  await lock.release();
});
