// What pages of the tests run: it waits to be told by browser.test.ts, through the global `faunTests`.
import { FILES } from "./files.ts";
import { answersByLoops, askStores, tableOverStore } from "./kernels.ts";
import { type FileReport, runFile } from "./vitest.ts";

/**
 * Whoever asks does so by the protocol of the browser's tools, under which the page's policy does not hold until the first
 * turn of the event loop.
 */
const turn = () => new Promise((resolve) => setTimeout(resolve));

const tests = {
  files: (): string[] => Object.keys(FILES).filter((file) => crossOriginIsolated || !FILES[file]!.shared),
  async run(file: string): Promise<FileReport> {
    await turn();
    return runFile(file, FILES[file]!.load);
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
};
export type PageTests = typeof tests;

Object.assign(globalThis, { faunTests: tests });
