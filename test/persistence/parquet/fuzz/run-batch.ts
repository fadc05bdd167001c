import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What came of reading a file. `alien` is the stack of an error that is none of Faun's. */
export type Outcome = { readonly seconds: number } & (
  | { readonly rows: number; readonly digest?: string; readonly answer?: string }
  | { readonly error: string; readonly message: string }
  | { readonly alien: string }
  | { readonly wrong: string }
);

export interface BatchResult {
  /** One a file that was read; fewer than there were files where the process ended, or hung, at the next. */
  readonly outcomes: readonly Outcome[];
  /** Bytes that the process had at most. */
  readonly peakMemory: number;
  /** How the process ended. */
  readonly exit: string;
}

/** A process that says nothing for so long, hangs. */
const SILENCE_MS = 60_000;

/**
 * As a `ParquetPersistence` in whose folder the file lies, or attached to it; "size" attaches too, and looks at no more
 * than how many rows there are.
 */
export type How = "own" | "attached" | "size";
const HOWS: readonly How[] = ["own", "attached", "size"];

/** Reads files one after the other in a process of their own, with a small heap. */
export async function readInChild(
  files: readonly { readonly bytes: Uint8Array; readonly how: How }[],
  entity: string,
): Promise<BatchResult> {
  const folder = mkdtempSync(join(tmpdir(), "faun-fuzz-"));
  try {
    const path = join(folder, "batch");
    const parts = files.flatMap(({ bytes, how }) => [
      new Uint8Array(Uint32Array.of(HOWS.indexOf(how), bytes.length).buffer),
      bytes,
    ]);
    writeFileSync(path, Buffer.concat(parts));
    const script = fileURLToPath(new URL("child.mjs", import.meta.url));
    const child = spawn(process.execPath, ["--max-old-space-size=256", script, path, entity], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (data) => (stderr += data));
    const outcomes: Outcome[] = [];
    let peakMemory = Number.NaN;
    let watch = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
    createInterface(child.stdout).on("line", (line) => {
      clearTimeout(watch);
      watch = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
      const told = JSON.parse(line) as Outcome & { peakMemory?: number };
      if (told.peakMemory === undefined) outcomes.push(told);
      else peakMemory = told.peakMemory;
    });
    const [code, signal] = await once(child, "close");
    clearTimeout(watch);
    return {
      outcomes,
      peakMemory,
      exit: `exit code ${code}, signal ${signal}${stderr === "" ? "" : `: ${stderr.slice(0, 2000)}`}`,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
