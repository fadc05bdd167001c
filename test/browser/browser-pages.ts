import type { Browser, BrowserContext, Page } from "playwright-core";
import type { PageTests } from "./page/page.ts";
import type { FileReport } from "./page/vitest.ts";
import type { PageServer, Rules } from "./server.ts";

/** What starting a browser, or a file of tests in a page, may take on a machine that is busy. */
export const LIMIT_MS = 300_000;

/** A page that runs `page/page.ts`, and what was thrown in it beside. */
export class TestPage {
  readonly page: Page;
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  static async open(browser: Browser | BrowserContext, server: PageServer, rules: Rules): Promise<TestPage> {
    const page = new TestPage(await browser.newPage());
    await page.page.goto(server.url(rules));
    await page.ready();
    return page;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Calls one of its functions. */
  ask<Name extends keyof PageTests>(
    name: Name,
    ...args: Parameters<PageTests[Name]>
  ): Promise<Awaited<ReturnType<PageTests[Name]>>> {
    return this.page.evaluate(
      ([name, args]) => {
        const { faunTests } = globalThis as unknown as { faunTests: Record<string, (...args: unknown[]) => never> };
        return faunTests[name]!(...args);
      },
      [name, args] as const,
    );
  }

  private async ready(): Promise<void> {
    await this.page.waitForFunction(() => "faunTests" in globalThis);
  }
}

/** A line for the log. */
export const describeRun = ({ file, passed, skipped, failed, milliseconds }: FileReport): string =>
  `${file}: ${passed} passed, ${skipped} skipped, ${failed.length} failed, ${Math.round(milliseconds)} ms`;
