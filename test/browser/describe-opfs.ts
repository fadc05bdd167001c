/**
 * ParquetPersistence in a browser's own file system: everything storages and backends promise, in pages and in workers, and
 * that what was stored outlives reloads, crashes of the page and the end of the browser.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeRun, LIMIT_MS, TestPage } from "./browser-pages.ts";
import type { BrowserKind, TestBrowser } from "./browsers/test-browser.ts";
import { buildPages } from "./build-pages.ts";
import type { FileReport } from "./page/vitest.ts";
import { PageServer } from "./server.ts";

/** Bytes that a browser can be held to without that it gives up what is there, and that the rows of a test do not find room in. */
const QUOTA = 3_000_000;

export function describeOpfs(kind: BrowserKind): void {
  const program = kind.find();
  if (program === null) console.log(`SKIPPED: nothing was stored in ${kind.name}, for there is none; ${kind.how}`);
  describe.skipIf(program === null)(`the origin private file system of ${kind.name}`, () =>
    kind.storage ? opfs(kind, program!) : without(kind, program!),
  );
}

/** Where there is the file system, but nothing that writes to it. */
function without(kind: BrowserKind, program: string): void {
  test(
    "changes are refused, in a page and in a worker, and reading finds nothing",
    async () => {
      const server = await PageServer.start(await buildPages());
      const browser = await kind.start(program, { server });
      try {
        const page = await TestPage.open(browser, server, "strict");
        expect(await page.ask("add", "refused", 0, 10)).toEqual({ refused: "UNSUPPORTED", rows: 0 });
        expect(await page.ask("inWorker", "add", "refused-in-worker", 0, 10)).toEqual({ refused: "UNSUPPORTED", rows: 0 });
        expect(page.channel.errors).toEqual([]);
      } finally {
        await browser.close();
        await server.close();
      }
    },
    LIMIT_MS,
  );
}

function opfs(kind: BrowserKind, program: string): void {
  const log: string[] = [];
  let server: PageServer;
  let browser: TestBrowser;

  beforeAll(async () => {
    server = await PageServer.start(await buildPages());
    browser = await kind.start(program, { server });
    log.push(`${kind.name} ${browser.version}, origin private file system`);
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
        const folder = `timed-${rules}`;
        const report = (worker ? await page.ask("inWorker", "run", "opfs") : await page.ask("run", "opfs")) as FileReport;
        const time = worker ? await page.ask("inWorker", "timeOfAdd", folder, 50) : await page.ask("timeOfAdd", folder, 50);
        log.push(`  ${where}: ${describeRun(report)}; a durable add takes ${(time as number).toFixed(1)} ms`);
        expect(report.failed, report.failed.join("\n")).toEqual([]);
        expect(report.passed).toBeGreaterThanOrEqual(49);
        expect(page.channel.errors).toEqual([]);
        await browser.closePage(page.channel);
      },
      LIMIT_MS,
    );

    test(
      "a reload loses nothing that was stored, though nothing was closed",
      async () => {
        const page = await TestPage.open(browser, server, rules);
        const folder = `reload-${rules}`;
        await (worker ? page.ask("inWorker", "leaveOpen", folder, 20_000) : page.ask("leaveOpen", folder, 20_000));
        await page.channel.reload();
        const found = worker ? await page.ask("inWorker", "find", folder) : await page.ask("find", folder);
        expect(found).toEqual({ rows: 20_004, unlike: [1], price: -1 });
        await browser.closePage(page.channel);
      },
      LIMIT_MS,
    );
  });

  test(
    "a second tab reads what the first one stores, and is refused to write; a shared worker reads, and writes where it can",
    async () => {
      const first = await TestPage.open(browser, server, "plain");
      expect(await first.ask("add", "tabs", 0, 1000)).toEqual({ refused: null, rows: 1000 });
      const second = await TestPage.open(browser, server, "plain");
      expect(await second.ask("add", "tabs", 2000, 1)).toEqual({ refused: "CONFLICT", rows: 1000 });
      await browser.closePage(first.channel);
      expect((await second.ask("find", "tabs")).rows).toBe(1000);
      expect(await second.ask("inSharedWorker", "add", "tabs", 2000, 1)).toEqual(
        kind.sharedWorkersWrite ? { refused: null, rows: 1 } : { refused: "UNSUPPORTED", rows: 1000 },
      );
      await browser.closePage(second.channel);
    },
    LIMIT_MS,
  );

  /** Runs with a folder that browsers keep in what pages store. */
  async function withProfile(run: (profile: string) => Promise<void>): Promise<void> {
    const profile = mkdtempSync(join(tmpdir(), "faun-browser-"));
    try {
      await run(profile);
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  test(
    "where there is no room, what was stored stays, and there is room again later",
    () =>
      withProfile(async (profile) => {
        /** Does something in a page of a browser that is started for it. */
        const visit = async (quota: number | undefined, what: (page: TestPage) => Promise<void>) => {
          const started = await kind.start(program, { server, profile, ...(quota === undefined ? {} : { quota }) });
          await what(await TestPage.open(started, server, "plain"));
          await started.close();
        };
        await visit(undefined, (page) => page.ask("leaveOpen", "full", 1000));
        await visit(QUOTA, async (page) => {
          expect(await page.ask("add", "full", 10_000, 400_000)).toEqual({ refused: "IO", rows: 1004 });
          await page.channel.reload();
          expect(await page.ask("find", "full")).toEqual({ rows: 1004, unlike: [1], price: -1 });
        });
        await visit(undefined, async (page) => {
          expect(await page.ask("add", "full", 10_000, 400_000)).toEqual({ refused: null, rows: 400_000 });
        });
      }),
    LIMIT_MS,
  );

  /** Has a page add rows one by one, ends it by force, and gives the number of rows it told of until then. */
  async function addUntil({ channel }: TestPage, folder: string, rows: number, end: () => Promise<void>): Promise<number> {
    let stored = 0;
    const enough = new Promise<void>((resolve) => {
      channel.onWord = (word) => {
        const [, id] = /^stored (\d+)$/.exec(word) ?? [];
        stored = Math.max(stored, Number(id) + 1);
        if (stored >= rows) resolve();
      };
    });
    void channel.ask("addForever", [folder]).catch(() => {});
    await enough;
    await end();
    return stored;
  }

  test(
    "a page that crashes loses no row it was told is stored",
    async () => {
      const page = await TestPage.open(browser, server, "plain");
      const stored = await addUntil(page, "crash", 100, () => browser.crashPages());
      const next = await TestPage.open(browser, server, "plain");
      const { rows, unlike } = await next.ask("find", "crash");
      log.push(`  a page crashed after it told of ${stored} rows: ${rows} are there`);
      expect(rows).toBeGreaterThanOrEqual(stored);
      expect(unlike).toEqual([]);
      await browser.closePage(next.channel);
    },
    LIMIT_MS,
  );

  test(
    "a browser that is killed loses no row that a page was told is stored",
    () =>
      withProfile(async (profile) => {
        const first = await kind.start(program, { server, profile });
        const page = await TestPage.open(first, server, "plain");
        const stored = await addUntil(page, "killed", 50, () => first.kill());
        const second = await kind.start(program, { server, profile });
        const { rows, unlike } = await (await TestPage.open(second, server, "plain")).ask("find", "killed");
        await second.close();
        log.push(`  the browser was killed after a page told of ${stored} rows: ${rows} are there`);
        expect(rows).toBeGreaterThanOrEqual(stored);
        expect(unlike).toEqual([]);
      }),
    LIMIT_MS,
  );
}
