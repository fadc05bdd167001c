/** Statements over rows of this process that are under way: DuckDB's threads may be waiting for this one. */
const underWay = new Set<unknown>();

/** Milliseconds that an exiting process is given to end by itself. */
const PATIENCE = 1000;

interface Spawned {
  unref(): void;
}

interface NodeProcess {
  readonly pid: number;
  readonly execPath: string;
  on(event: "exit", listener: () => void): void;
  getBuiltinModule?(name: "node:child_process"): {
    spawn(command: string, args: readonly string[], options: object): Spawned;
  };
}

let listening = false;

/**
 * Notes that a statement is under way. Returns what is to be called when it is over.
 *
 * process.exit() and uncaught errors end the event loop at once, and Node then waits for the threads of its pool. One that
 * waits for a callback of a table function waits for that loop: neither would ever end, and the binding has no way to give
 * the callback up. So whoever exits in the middle of a statement is ended from outside, by a process of its own, unless it
 * gets by before.
 */
export function guardExit(statement: object): () => void {
  const { process } = globalThis as { process?: NodeProcess };
  if (!listening && process !== undefined) {
    listening = true;
    process.on("exit", () => {
      if (underWay.size > 0) endFromOutside(process);
    });
  }
  underWay.add(statement);
  return () => underWay.delete(statement);
}

/** Its end of a pipe to this process tells when that has ended: the number may be another process's then. */
function endFromOutside({ pid, execPath, getBuiltinModule }: NodeProcess): void {
  const script = `process.stdin.on("error", () => process.exit()).on("end", () => process.exit()).resume();
    setTimeout(() => { try { process.kill(${pid}, "SIGKILL"); } catch {} process.exit(); }, ${PATIENCE});`;
  const options = { detached: true, stdio: ["pipe", "ignore", "ignore"], env: {}, windowsHide: true };
  try {
    getBuiltinModule?.("node:child_process").spawn(execPath, ["-e", script], options).unref();
  } catch {
    // Whoever exits is not to be told of another error.
  }
}
