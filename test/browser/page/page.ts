// What pages of the tests run: it waits to be told by the tests, through the global `faunTests`. A page's worker runs it as
// well, and is told by its page.
import { FILES, STORAGE_FILES } from "./files.ts";
import { answersByLoops, askStores, tableOverStore } from "./kernels.ts";
import { compressions, saveAndLoad } from "./parquet.ts";
import { add, addForever, find, leaveOpen, timeOfAdd } from "./sessions.ts";
import { type FileReport, runFile } from "./vitest.ts";

/**
 * Whoever asks does so by the protocol of the browser's tools, under which the page's policy does not hold until the first
 * turn of the event loop.
 */
const turn = () => new Promise((resolve) => setTimeout(resolve));

const tests = {
  /** Those that are for pages like this one. */
  files: (): string[] => Object.keys(FILES).filter((file) => crossOriginIsolated || !FILES[file]!.shared),
  async run(file: string): Promise<FileReport> {
    await turn();
    return runFile(file, { ...FILES, ...STORAGE_FILES }[file]!.load);
  },
  isolated: () => crossOriginIsolated,
  async makesCode() {
    await turn();
    try {
      return Function("return true")() as boolean;
    } catch {
      return false;
    }
  },
  async askStores() {
    await turn();
    return askStores();
  },
  answersByLoops,
  tableOverStore,
  compressions,
  saveAndLoad,
  leaveOpen,
  add,
  addForever,
  find,
  timeOfAdd,
};
type Own = typeof tests;
/** Those, and each of them in a worker. */
export type PageTests = Own & Record<"inWorker" | "inSharedWorker", (name: keyof Own, ...args: unknown[]) => Promise<unknown>>;

interface Call {
  readonly name: string;
  readonly args: unknown[];
}

let worker: Worker | null = null;
let sharedWorker: SharedWorker | null = null;

const inWorker = (name: string, ...args: unknown[]): Promise<unknown> => {
  worker ??= new Worker("page.js", { type: "module" });
  return through(worker, worker, { name, args });
};

const inSharedWorker = (name: string, ...args: unknown[]): Promise<unknown> => {
  sharedWorker ??= new SharedWorker("page.js", { type: "module" });
  return through(sharedWorker, sharedWorker.port, { name, args });
};

function through(thread: Worker | SharedWorker, port: Worker | MessagePort, call: Call): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => ("error" in data ? reject(new Error(data.error)) : resolve(data.result));
    thread.onerror = (event) => reject(new Error((event as ErrorEvent).message));
    port.postMessage(call, [port2]);
  });
}

async function answer({ data, ports }: MessageEvent<Call>): Promise<void> {
  const run = tests as unknown as Record<string, (...args: unknown[]) => unknown>;
  try {
    ports[0]!.postMessage({ result: await run[data.name]!(...data.args) });
  } catch (error) {
    ports[0]!.postMessage({ error: (error as Error).stack ?? String(error) });
  }
}

if (typeof document === "undefined") {
  addEventListener("message", answer);
  addEventListener("connect", (event) => {
    (event as MessageEvent).ports[0]!.onmessage = answer;
  });
}

Object.assign(globalThis, { faunTests: { ...tests, inWorker, inSharedWorker } });
