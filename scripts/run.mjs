import { spawn, spawnSync } from "node:child_process";
import { root } from "./paths.mjs";

/**
 * Runs a program to its end and gives what it wrote.
 * @throws Error with all its output when it exits other than 0
 */
export function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} exited with ${status}\n${stdout}${stderr}`);
  return { stdout, stderr };
}

/** Runs a program on this terminal; resolves with its exit code. */
export function runHere(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === null ? 0 : 1)));
  });
}
