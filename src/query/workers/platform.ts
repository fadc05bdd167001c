/** What a thread of Node offers, as far as it is used here. */
export interface Thread {
  postMessage(message: unknown): void;
  on(event: "error" | "exit", listener: () => void): void;
  terminate(): unknown;
  unref(): void;
}

interface ThreadOptions {
  readonly eval: true;
  readonly workerData: unknown;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly name: string;
}

interface NodeModules {
  readonly worker_threads: { readonly Worker: new (script: string, options: ThreadOptions) => Thread };
  readonly os: { availableParallelism(): number };
}

interface NodeProcess {
  readonly getBuiltinModule?: <Name extends keyof NodeModules>(name: Name) => NodeModules[Name] | undefined;
}

/** A module of Node; undefined on other platforms. Named without its prefix: bundles for pages are searched for that. */
function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.(name);
}

/** Whether there are threads to be had that share memory and can be waited for. */
export function hasThreads(): boolean {
  found ??= typeof SharedArrayBuffer !== "undefined" && nodeModule("worker_threads") !== undefined && mayWait();
  return found;
}

let found: boolean | undefined;

/** Some threads, a page's main thread among them, must not block. */
function mayWait(): boolean {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0) === "not-equal";
  } catch {
    return false;
  }
}

/** Processors, as far as this process may use them. */
export const processors = (): number => nodeModule("os")?.availableParallelism() ?? 1;

/** Starts a thread that keeps no process alive. @throws where the platform refuses */
export function startThread(script: string, workerData: unknown): Thread {
  const threads = nodeModule("worker_threads");
  if (threads === undefined) throw new Error("no threads on this platform");
  const { Worker } = threads;
  // Without the options and the environment of the process: loaders and hooks named there have no business here.
  const thread = new Worker(script, { eval: true, workerData, execArgv: [], env: {}, name: "faun scan" });
  thread.unref();
  return thread;
}
