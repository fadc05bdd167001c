import type { PageChannel } from "../page-channel.ts";
import type { Processes } from "./processes.ts";
import type { TestBrowser } from "./test-browser.ts";

export interface ProgramOptions {
  readonly version: string;
  /** The browser, started with the page of `first`. */
  readonly processes: Processes;
  readonly first: PageChannel;
  /** Is found in the command lines of processes that run pages. */
  readonly pageProcess: RegExp;
  /** Called once it is gone. */
  ended(): Promise<void> | void;
}

/**
 * A browser that nothing drives: it is started with a page of another site, which opens the pages of the tests by
 * `window.open`, and ended as a process.
 */
export class ProgramBrowser implements TestBrowser {
  readonly version: string;
  readonly #options: ProgramOptions;
  /** Processes there were before the first page of a test. */
  readonly #before: ReadonlySet<number>;

  private constructor(options: ProgramOptions) {
    this.version = options.version;
    this.#options = options;
    this.#before = new Set(options.processes.matching(options.pageProcess));
  }

  static async start(options: ProgramOptions): Promise<ProgramBrowser> {
    await options.first.ready();
    return new ProgramBrowser(options);
  }

  async open(url: string): Promise<void> {
    await this.#options.first.ask("openPage", [url]);
  }

  closePage(page: PageChannel): Promise<void> {
    return page.close();
  }

  async crashPages(): Promise<void> {
    const { processes, pageProcess } = this.#options;
    const pages = processes.matching(pageProcess).filter((pid) => !this.#before.has(pid));
    if (pages.length === 0) throw new Error("no process of a page was found");
    for (const pid of pages) process.kill(pid, "SIGKILL");
  }

  async kill(): Promise<void> {
    await this.#options.processes.kill();
    await this.#options.ended();
  }

  /** By force, too: it must stand that. */
  close(): Promise<void> {
    return this.kill();
  }
}
