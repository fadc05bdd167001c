/**
 * Faun in a real browser: the built package, bundled. Pages run test files of Node's and a few questions of their own; what
 * they used and how long it took is printed. Skipped, and said so, where there is no such browser.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeRun, LIMIT_MS, TestPage } from "./browser-pages.ts";
import type { BrowserKind, TestBrowser } from "./browsers/test-browser.ts";
import { buildPages } from "./build-pages.ts";
import type { KernelReport } from "./page/kernels.ts";
import { PageServer, type Rules } from "./server.ts";

/** @param without files that pages do not run, for the time they take */
export function describePages(kind: BrowserKind, without: readonly string[] = []): void {
  const program = kind.find();
  if (program === null) console.log(`SKIPPED: nothing ran in ${kind.name}, for there is none; ${kind.how}`);
  describe.skipIf(program === null)(`in ${kind.name}`, () => pages(kind, program!, without));
}

function pages(kind: BrowserKind, program: string, without: readonly string[]): void {
  const log: string[] = [];
  let server: PageServer;
  let browser: TestBrowser;

  beforeAll(async () => {
    server = await PageServer.start(await buildPages());
  }, LIMIT_MS);

  afterAll(async () => {
    await server?.close();
    console.log(log.join("\n"));
  }, LIMIT_MS);

  describe.each<{ rules: Rules; isolated: boolean; makesCode: boolean }>([
    { rules: "isolated", isolated: true, makesCode: true },
    { rules: "plain", isolated: false, makesCode: true },
    { rules: "strict", isolated: false, makesCode: false },
  ])("a page, $rules", ({ rules, isolated, makesCode }) => {
    let page: TestPage;

    beforeAll(async () => {
      browser = await kind.start(program, { server, isolated });
      log.push(`${kind.name} ${browser.version}, ${rules}`);
      page = await TestPage.open(browser, server, rules);
    }, LIMIT_MS);

    afterAll(() => browser?.close(), LIMIT_MS);

    test("is what it is meant to be", async () => {
      expect(await page.ask("isolated")).toBe(isolated);
      expect(await page.ask("makesCode")).toBe(makesCode);
    });

    test("questions are answered right, by the kernels that are to be had", async () => {
      const reports = await page.ask("askStores");
      const expected = await page.ask("answersByLoops");
      for (const report of reports) log.push(`  ${describeReport(report)}`);
      const seen = reports.map((report) => {
        if ("refused" in report) return [report.allocator, "refused"];
        expect(report.answers).toEqual(expected);
        return [report.allocator, report.memory, report.kernels];
      });
      const heap = ["heap", "ArrayBuffer", "JavaScript"];
      expect(seen).toEqual(
        isolated
          ? [heap, ["shared", "SharedArrayBuffer", "WebAssembly"], ["shared", "SharedArrayBuffer", "JavaScript"]]
          : [heap, ["shared", "refused"], ["shared", "refused"]],
      );
    });

    test("an Arrow table lies over the store's bytes, and its text can be read", async () => {
      const text = "note 19999 äöü 🦌, longer than what a loop decodes";
      for (const allocator of isolated ? (["heap", "shared"] as const) : (["heap"] as const))
        expect(await page.ask("tableOverStore", allocator)).toEqual({ text, sameBuffer: true });
    });

    test("Parquet is written and read in every compression, by worker threads", async () => {
      const runs = [];
      for (const compression of await page.ask("compressions")) runs.push(await page.ask("saveAndLoad", compression, 20_000));
      runs.push(await page.ask("saveAndLoad", "snappy", 200_000));
      for (const { compression, rows, bytes, saving, loading, workers } of runs)
        log.push(
          `  Parquet, ${compression}: ${rows} rows, ${bytes} bytes, saved in ${Math.round(saving)} ms, loaded in ${Math.round(loading)} ms, ${workers} worker threads`,
        );
      expect(new Set(runs.map(({ bytes }) => bytes)).size).toBe(runs.length);
      expect(runs.at(-1)?.workers).toBeGreaterThan(0);
    });

    // What is to be seen in a plain page is to be seen in a strict one.
    if (rules !== "plain") {
      test(
        "tests that Node runs pass",
        async () => {
          for (const file of await page.ask("files")) {
            if (without.includes(file)) continue;
            const report = await page.ask("run", file);
            log.push(`  ${describeRun(report)}`);
            expect(report.failed, report.failed.join("\n")).toEqual([]);
            expect(report.passed).toBeGreaterThan(0);
          }
        },
        LIMIT_MS,
      );
    }

    test("nothing was thrown beside", () => {
      expect(page.channel.errors).toEqual([]);
    });
  });

  test(
    "where a worker's script or a codec's WebAssembly is not served, the first is done without and the second refused",
    async () => {
      browser = await kind.start(program, { server });
      const page = await TestPage.open(browser, server, "bare");
      const { workers } = await page.ask("saveAndLoad", "snappy", 200_000);
      expect(workers).toBe(0);
      await expect(page.ask("saveAndLoad", "brotli", 10)).rejects.toThrow(/brotli_wasm_bg\.wasm must be served/);
      await browser.close();
    },
    LIMIT_MS,
  );
}

function describeReport(report: KernelReport | { readonly allocator: string; readonly refused: string }): string {
  if ("refused" in report) return `allocator "${report.allocator}" refused: ${report.refused}`;
  const { allocator, memory, kernels, milliseconds } = report;
  const times = Object.entries(milliseconds).map(([name, time]) => `${name} ${time.toFixed(1)} ms`);
  return `allocator "${allocator}", ${memory}, kernels in ${kernels}: ${times.join(", ")} over 500,000 rows`;
}
