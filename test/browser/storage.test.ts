/**
 * ParquetPersistence in a browser's own file system: everything storages and backends promise, in pages and in workers, and
 * that what was stored outlives reloads, crashes of the page and the end of the browser.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeRun, LIMIT_MS, TestPage } from "./browser-pages.ts";
import { buildPages } from "./build-pages.ts";
import { findChromium, HOW, launch, launchIn } from "./chromium.ts";
import type { FileReport } from "./page/vitest.ts";
import { PageServer } from "./server.ts";

const path = findChromium();
if (path === null) console.log(`SKIPPED: nothing was stored in a browser, for there is none; ${HOW}`);

describe.skipIf(path === null)("the origin private file system of Chromium", () => {
  const log: string[] = [];
  let server: PageServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await PageServer.start(await buildPages());
    browser = await launch(path!);
    log.push(`Chromium ${browser.version()}, origin private file system`);
  }, LIMIT_MS);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    console.log(log.join("\n"));
  }, LIMIT_MS);

  describe.each([
    { where: "a page with a strict policy", rules: "strict", worker: false },
    { where: "a worker of an isolated page", rules: "isolated", worker: true },
  ] as const)("in $where", ({ where, rules, worker }) => {
    test(
      "does what storages and backends promise",
      async () => {
        const page = await TestPage.open(browser, server, rules);
        const report = (worker ? await page.ask("inWorker", "run", "opfs") : await page.ask("run", "opfs")) as FileReport;
        const time = worker ? await page.ask("inWorker", "timeOfAdd", "timed", 50) : await page.ask("timeOfAdd", "timed", 50);
        log.push(`  ${where}: ${describeRun(report)}; a durable add takes ${(time as number).toFixed(1)} ms`);
        expect(report.failed, report.failed.join("\n")).toEqual([]);
        expect(report.passed).toBeGreaterThanOrEqual(49);
        expect(page.errors).toEqual([]);
        await page.page.close();
      },
      LIMIT_MS,
    );

    test(
      "a reload loses nothing that was stored, though nothing was closed",
      async () => {
        const page = await TestPage.open(browser, server, rules);
        const folder = `reload-${rules}`;
        await (worker ? page.ask("inWorker", "leaveOpen", folder, 20_000) : page.ask("leaveOpen", folder, 20_000));
        await page.reload();
        const found = worker ? await page.ask("inWorker", "find", folder) : await page.ask("find", folder);
        expect(found).toEqual({ rows: 20_004, unlike: [1], price: -1 });
        await page.page.close();
      },
      LIMIT_MS,
    );
  });

  test(
    "a second tab reads what the first one stores, and is refused to write; a shared worker only reads",
    async () => {
      const context = await browser.newContext();
      const first = await TestPage.open(context, server, "plain");
      expect(await first.ask("add", "tabs", 0, 1000)).toEqual({ refused: null, rows: 1000 });
      const second = await TestPage.open(context, server, "plain");
      expect(await second.ask("add", "tabs", 2000, 1)).toEqual({ refused: "CONFLICT", rows: 1000 });
      await first.page.close();
      expect(await second.ask("inSharedWorker", "add", "tabs", 2000, 1)).toEqual({ refused: "UNSUPPORTED", rows: 1000 });
      expect((await second.ask("find", "tabs")).rows).toBe(1000);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "where there is no room, what was stored stays, and there is room again later",
    async () => {
      const context = await browser.newContext();
      const page = await TestPage.open(context, server, "plain");
      await page.ask("leaveOpen", "full", 1000);
      await page.reload();
      const session = await context.newCDPSession(page.page);
      const { origin } = new URL(server.url("plain"));
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 500_000 });
      expect(await page.ask("add", "full", 10_000, 200_000)).toEqual({ refused: "IO", rows: 1004 });
      await page.reload();
      expect(await page.ask("find", "full")).toEqual({ rows: 1004, unlike: [1], price: -1 });
      await session.send("Storage.overrideQuotaForOrigin", { origin });
      expect(await page.ask("add", "full", 10_000, 200_000)).toEqual({ refused: null, rows: 200_000 });
      await context.close();
    },
    LIMIT_MS,
  );

  /** Has a page add rows one by one, ends it by force, and gives the number of rows it told of until then. */
  async function addUntil(page: TestPage, folder: string, rows: number, end: () => Promise<void>): Promise<number> {
    let stored = 0;
    const enough = new Promise<void>((resolve) => {
      page.page.on("console", (message) => {
        const [, id] = /^stored (\d+)$/.exec(message.text()) ?? [];
        if (id !== undefined) stored = Number(id) + 1;
        if (stored >= rows) resolve();
      });
    });
    void page.ask("addForever", folder).catch(() => {});
    await enough;
    await end();
    return stored;
  }

  test(
    "a page that crashes loses no row it was told is stored",
    async () => {
      const context = await browser.newContext();
      const page = await TestPage.open(context, server, "plain");
      const crashed = new Promise((resolve) => page.page.on("crash", resolve));
      const stored = await addUntil(page, "crash", 100, async () => {
        const session = await context.newCDPSession(page.page);
        void session.send("Page.crash").catch(() => {});
        await crashed;
      });
      // A page of the same context: another would have storage of its own.
      const next = await TestPage.open(context, server, "plain");
      const { rows, unlike } = await next.ask("find", "crash");
      log.push(`  a page crashed after it told of ${stored} rows: ${rows} are there`);
      expect(rows).toBeGreaterThanOrEqual(stored);
      expect(unlike).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "a browser that is killed loses no row that a page was told is stored",
    async () => {
      const profile = mkdtempSync(join(tmpdir(), "faun-browser-"));
      try {
        const first = await launchIn(profile, path!);
        const page = await TestPage.open(first, server, "plain");
        const closed = new Promise((resolve) => first.on("close", resolve));
        const stored = await addUntil(page, "killed", 50, async () => {
          const session = await first.browser()!.newBrowserCDPSession();
          const { processInfo } = await session.send("SystemInfo.getProcessInfo");
          process.kill(processInfo.find(({ type }) => type === "browser")!.id, "SIGKILL");
          await closed;
        });
        const second = await launchIn(profile, path!);
        const { rows, unlike } = await (await TestPage.open(second, server, "plain")).ask("find", "killed");
        await second.close();
        log.push(`  the browser was killed after a page told of ${stored} rows: ${rows} are there`);
        expect(rows).toBeGreaterThanOrEqual(stored);
        expect(unlike).toEqual([]);
      } finally {
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    LIMIT_MS,
  );
});
