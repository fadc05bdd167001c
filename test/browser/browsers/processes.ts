import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of these programs that there is: paths, or names that PATH has; null where there is none. */
export function findProgram(names: readonly string[]): string | null {
  for (const name of names) {
    const places = name.includes("/") ? [name] : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
    for (const place of places) {
      try {
        accessSync(place, constants.X_OK);
        return place;
      } catch {}
    }
  }
  return null;
}

/** Starts a program beside itself, waits until its input ends, as it does when who started it ends in whatever way, and ends all. */
const GUARD = '"$@" & cat > /dev/null; kill -9 -$$';

/** A program with all the processes that it starts. They end with this process at the latest. Linux only. */
export class Processes {
  readonly #guard: ChildProcess;
  readonly #exit: Promise<unknown>;

  /** @param print gets what the program prints */
  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv, print: (text: string) => void = () => {}) {
    // Detached: a group of its own, so that all of it can be ended.
    this.#guard = spawn("sh", ["-c", GUARD, "sh", program, ...args], { env, detached: true, stdio: "pipe" });
    this.#exit = once(this.#guard, "exit");
    for (const stream of [this.#guard.stdout, this.#guard.stderr]) stream?.on("data", (data) => print(String(data)));
  }

  /** Those whose command line matches. */
  matching(commandLine: RegExp): number[] {
    const group = String(this.#guard.pid);
    return readdirSync("/proc")
      .filter((name) => {
        if (!/^\d+$/.test(name)) return false;
        try {
          // After the name, which is in parentheses: state, parent, group.
          const stat = readFileSync(`/proc/${name}/stat`, "latin1");
          if (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2] !== group) return false;
          return commandLine.test(readFileSync(`/proc/${name}/cmdline`, "latin1"));
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  /** Ends them all by force. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.#guard.pid!, "SIGKILL");
    } catch {}
    await this.#exit;
  }
}
