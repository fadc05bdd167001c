import type { TestBrowser } from "./browsers/test-browser.ts";
import type { PageTests } from "./page/page.ts";
import type { FileReport } from "./page/vitest.ts";
import type { PageChannel } from "./page-channel.ts";
import type { PageServer, Rules } from "./server.ts";

/** What starting a browser, or a file of tests in a page, may take on a machine that is busy. */
export const LIMIT_MS = 300_000;

/** A page that runs `page/page.ts`, and what was thrown in it beside. */
export class TestPage {
  readonly channel: PageChannel;

  private constructor(channel: PageChannel) {
    this.channel = channel;
  }

  static async open(browser: TestBrowser, server: PageServer, rules: Rules): Promise<TestPage> {
    const channel = server.channel(rules);
    await browser.open(channel.url);
    await channel.ready();
    return new TestPage(channel);
  }

  /** Calls one of its functions. */
  ask<Name extends keyof PageTests>(
    name: Name,
    ...args: Parameters<PageTests[Name]>
  ): Promise<Awaited<ReturnType<PageTests[Name]>>> {
    return this.channel.ask(name, args) as Promise<Awaited<ReturnType<PageTests[Name]>>>;
  }
}

/** A line for the log. */
export const describeRun = ({ file, passed, skipped, failed, milliseconds }: FileReport): string =>
  `${file}: ${passed} passed, ${skipped} skipped, ${failed.length} failed, ${Math.round(milliseconds)} ms`;
