import type { PageChannel } from "../page-channel.ts";
import type { PageServer } from "../server.ts";

/** A browser that runs pages of the tests. */
export interface TestBrowser {
  readonly version: string;
  /** Opens a page. Resolves when the browser was told, not when the page is there. */
  open(url: string): Promise<void>;
  /** Closes a page, and waits until it is gone. */
  closePage(page: PageChannel): Promise<void>;
  /** Ends pages of `localhost` as a crash would; the browser stays. */
  crashPages(): Promise<void>;
  /** Ends it by force. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface StartOptions {
  readonly server: PageServer;
  /** A folder that it keeps in what pages store; without, one of its own that goes with it. */
  readonly profile?: string;
  /** Its pages will be cross-origin isolated. */
  readonly isolated?: boolean;
  /** Bytes that the pages of `localhost` may store. */
  readonly quota?: number;
}

/** A browser that tests know of. What is said of it here is what docs/browser.md says, and what the tests find. */
export interface BrowserKind {
  readonly name: string;
  /** How it is told or got, for messages. */
  readonly how: string;
  /** Whether pages that are cross-origin isolated have shared memory. */
  readonly sharedMemory: boolean;
  /** Whether files of the origin private file system can be written. */
  readonly storage: boolean;
  /** Whether shared workers can write them. */
  readonly sharedWorkersWrite: boolean;
  /** Path of the program that there is, null where there is none. */
  find(): string | null;
  start(program: string, options: StartOptions): Promise<TestBrowser>;
}
