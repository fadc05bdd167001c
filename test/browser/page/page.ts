// What pages of the tests run: it waits to be told by the tests, through its channel. A page's worker runs it as well, and is
// told by its page.
import { announceEnd, follow } from "./channel.ts";
import { FILES, STORAGE_FILES } from "./files.ts";
import { answersByLoops, askStores, tableOverStore } from "./kernels.ts";
import { compressions, saveAndLoad } from "./parquet.ts";
import { add, addForever, find, leaveOpen, timeOfAdd } from "./sessions.ts";
import { type FileReport, runFile } from "./vitest.ts";

const tests = {
  /** Those that are for pages like this one. */
  files: (): string[] => Object.keys(FILES).filter((file) => typeof SharedArrayBuffer !== "undefined" || !FILES[file]!.shared),
  run: (file: string): Promise<FileReport> => runFile(file, { ...FILES, ...STORAGE_FILES }[file]!.load),
  isolated: () => crossOriginIsolated,
  makesCode() {
    try {
      return Function("return true")() as boolean;
    } catch {
      return false;
    }
  },
  askStores,
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
export type PageTests = Own &
  typeof windows &
  Record<"inWorker" | "inSharedWorker", (name: keyof Own, ...args: unknown[]) => Promise<unknown>>;

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
    ports[0]!.postMessage({ error: `${error}\n${(error as Error).stack ?? ""}` });
  }
}

if (typeof document === "undefined") {
  addEventListener("message", answer);
  addEventListener("connect", (event) => {
    (event as MessageEvent).ports[0]!.onmessage = answer;
  });
}

/** How a page opens another, which is none of its own, or goes. */
const windows = {
  openPage(url: string): void {
    open(url, "_blank", "noopener");
  },
  reloadPage(): void {
    setTimeout(() => location.reload());
  },
  async closePage(): Promise<void> {
    await announceEnd();
    close();
  },
};

await follow({ ...tests, inWorker, inSharedWorker, ...windows } as Parameters<typeof follow>[0]);
