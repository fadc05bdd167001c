/**
 * Faun in a real browser: the built package, bundled, in headless Chromium. Pages run test files of Node's and a few
 * questions of their own; what they used and how long it took is printed. Skipped, and said so, where there is no Chromium.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPages } from "./build-pages.ts";
import { findChromium, HOW, launch } from "./chromium.ts";
import type { KernelReport } from "./page/kernels.ts";
import type { PageTests } from "./page/page.ts";
import { PageServer, type Rules } from "./server.ts";

/** A run of a file of tests in a page, on a machine that may be busy. */
const LIMIT_MS = 300_000;

const path = findChromium();
if (path === null) console.log(`SKIPPED: nothing ran in a browser, for there is none; ${HOW}`);

describe.skipIf(path === null)("in Chromium", () => {
  const log: string[] = [];
  let server: PageServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await PageServer.start(await buildPages());
    browser = await launch(path!);
    log.push(`Chromium ${browser.version()}`);
  }, LIMIT_MS);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    console.log(log.join("\n"));
  }, LIMIT_MS);

  describe.each<{ rules: Rules; isolated: boolean; makesCode: boolean }>([
    { rules: "isolated", isolated: true, makesCode: true },
    { rules: "plain", isolated: false, makesCode: true },
    { rules: "strict", isolated: false, makesCode: false },
  ])("a page, $rules", ({ rules, isolated, makesCode }) => {
    let page: Page;
    const errors: string[] = [];

    beforeAll(async () => {
      page = await browser.newPage();
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(server.url(rules));
      await page.waitForFunction(() => "faunTests" in globalThis);
    }, LIMIT_MS);

    /** Calls one of the page's functions. */
    function ask<Name extends keyof PageTests>(
      name: Name,
      ...args: Parameters<PageTests[Name]>
    ): Promise<Awaited<ReturnType<PageTests[Name]>>> {
      return page.evaluate(
        ([name, args]) =>
          (globalThis as unknown as { faunTests: Record<string, (...args: unknown[]) => never> }).faunTests[name]!(...args),
        [name, args] as const,
      );
    }

    test("is what it is meant to be", async () => {
      expect(await ask("isolated")).toBe(isolated);
      expect(await ask("makesCode")).toBe(makesCode);
    });

    test("questions are answered right, by the kernels that are to be had", async () => {
      const reports = await ask("askStores");
      const expected = await ask("answersByLoops");
      for (const report of reports) log.push(`  ${rules}: ${describeReport(report)}`);
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
        expect(await ask("tableOverStore", allocator)).toEqual({ text, sameBuffer: true });
    });

    test(
      "tests that Node runs pass",
      async () => {
        for (const file of await ask("files")) {
          const { passed, skipped, failed, milliseconds } = await ask("run", file);
          log.push(
            `  ${rules}: ${file}: ${passed} passed, ${skipped} skipped, ${failed.length} failed, ${Math.round(milliseconds)} ms`,
          );
          expect(failed, `${file}: ${failed.join("\n")}`).toEqual([]);
          expect(passed).toBeGreaterThan(0);
        }
      },
      LIMIT_MS,
    );

    test("nothing was thrown beside", () => {
      expect(errors).toEqual([]);
    });
  });
});

function describeReport(report: KernelReport | { readonly allocator: string; readonly refused: string }): string {
  if ("refused" in report) return `allocator "${report.allocator}" refused: ${report.refused}`;
  const { allocator, memory, kernels, milliseconds } = report;
  const times = Object.entries(milliseconds).map(([name, time]) => `${name} ${time.toFixed(1)} ms`);
  return `allocator "${allocator}", ${memory}, kernels in ${kernels}: ${times.join(", ")} over 500,000 rows`;
}
