/** A worker thread, of Node or of a page, as far as it is used here. */
export interface WorkerThread {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  /** Whether the process stays alive for it. Pages have no such thing. */
  hold(alive: boolean): void;
  terminate(): void;
}

export interface WorkerListener {
  message(message: unknown): void;
  /** It runs no more. Called once, also after `terminate`. */
  ended(cause: unknown): void;
}

/** What a worker has to talk to the thread that started it. */
export interface ParentPort {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
}

interface NodeWorker {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  on(event: "message" | "messageerror" | "error" | "exit", listener: (value: unknown) => void): void;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

interface NodeModules {
  readonly worker_threads: {
    readonly Worker: new (script: URL, options: object) => NodeWorker;
    readonly parentPort: ParentPort | null;
  };
  readonly os: { availableParallelism(): number };
}

interface Platform {
  readonly process?: { getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined };
  readonly Worker?: typeof Worker;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly crossOriginIsolated?: boolean;
}

const platform = globalThis as unknown as Platform;

const nodeModule = <Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined =>
  platform.process?.getBuiltinModule?.(name);

/** Processors, as far as this process may use them. */
export const processors = (): number => nodeModule("os")?.availableParallelism() ?? platform.navigator?.hardwareConcurrency ?? 1;

/** Whether memory can be shared with workers: a page may have such memory and not be allowed to hand it over. */
export const sharesMemory = (): boolean => nodeModule("worker_threads") !== undefined || platform.crossOriginIsolated === true;

/** Whether there are workers to be had. */
export const hasWorkers = (): boolean => nodeModule("worker_threads") !== undefined || platform.Worker !== undefined;

/**
 * Starts `worker.js`. What it fails of is told to the listener.
 * @param script in its place, for Node
 * @throws where the platform has no workers, or refuses
 */
export function startWorker(listener: WorkerListener, script?: URL): WorkerThread {
  const threads = nodeModule("worker_threads");
  if (threads !== undefined) return startNodeWorker(threads.Worker, script ?? nodeScript(import.meta.url), listener);
  if (platform.Worker === undefined) throw new Error("no workers on this platform");
  // Bundlers find the worker by exactly this expression.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "faun parquet" });
  let over = false;
  const end = (cause: unknown) => {
    if (over) return;
    over = true;
    worker.terminate();
    listener.ended(cause);
  };
  worker.onmessage = ({ data }) => listener.message(data);
  worker.onmessageerror = () => end(new Error("a message of the worker could not be read"));
  worker.onerror = (event) => {
    event.preventDefault();
    end(new Error(event.message));
  };
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    hold: () => {},
    terminate: () => end(undefined),
  };
}

function startNodeWorker(Thread: NodeModules["worker_threads"]["Worker"], script: URL, listener: WorkerListener): WorkerThread {
  // Without the options and the environment of the process: loaders and hooks named there have no business here.
  const worker = new Thread(script, { execArgv: [], env: {}, name: "faun parquet" });
  let cause: unknown;
  worker.on("message", (message) => listener.message(message));
  worker.on("error", (error) => {
    cause = error;
  });
  // What it was about will never be told.
  worker.on("messageerror", (error) => {
    cause = error;
    void worker.terminate().catch(() => {});
  });
  worker.on("exit", (code) => listener.ended(cause ?? new Error(`it ended with exit code ${code}`)));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate().catch(() => {}),
  };
}

/** The worker's script. Where the sources themselves are run, as in the tests of this project, it is the built one. */
function nodeScript(here: string): URL {
  const built = here.endsWith(".ts") ? here.replace(/\/src\/(?=persistence\/parquet\/engine\/[^/]+$)/, "/dist/") : here;
  return new URL("./worker.js", built);
}

/** In a worker: the thread that started it. */
export const parentPort = (): ParentPort => nodeModule("worker_threads")?.parentPort ?? (globalThis as unknown as ParentPort);

/** Calls `run` after some time, if the process still lives then. */
export function later(milliseconds: number, run: () => void): () => void {
  const timer: unknown = setTimeout(run, milliseconds);
  (timer as { unref?(): void }).unref?.();
  return () => clearTimeout(timer as number);
}
