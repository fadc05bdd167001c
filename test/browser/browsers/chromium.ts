import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium as playwright } from "playwright-core";
import { findProgram } from "./processes.ts";
import type { BrowserKind, StartOptions, TestBrowser } from "./test-browser.ts";

// Root, as in containers, gets no sandbox; and /dev/shm is small there.
const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];

export const chromium: BrowserKind = {
  name: "Chromium",
  how: "install Chromium (Debian: apt-get install chromium) or name one in FAUN_CHROMIUM",
  sharedMemory: true,
  storage: true,
  sharedWorkersWrite: false,

  find() {
    const named = process.env.FAUN_CHROMIUM;
    return named ? named : findProgram(["chromium", "chromium-browser", "google-chrome"]);
  },

  async start(program: string, { server, profile, quota }: StartOptions): Promise<TestBrowser> {
    const folder = profile ?? mkdtempSync(join(tmpdir(), "faun-chromium-"));
    const context = await playwright.launchPersistentContext(folder, { executablePath: program, args });
    const closed = new Promise((resolve) => context.on("close", resolve));
    const remove = () => {
      if (profile === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    if (quota !== undefined) {
      // Holds for as long as the session does.
      const session = await context.newCDPSession(await context.newPage());
      const { origin } = new URL(server.url("plain"));
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: quota });
    }
    return {
      version: context.browser()!.version(),
      async open(url) {
        await (await context.newPage()).goto(url);
      },
      async closePage({ url }) {
        await context
          .pages()
          .find((page) => page.url() === url)!
          .close();
      },
      async crashPages() {
        for (const page of context.pages().filter((page) => page.url().startsWith("http"))) {
          const crashed = new Promise((resolve) => page.on("crash", resolve));
          const session = await context.newCDPSession(page);
          void session.send("Page.crash").catch(() => {});
          await crashed;
        }
      },
      async kill() {
        const session = await context.browser()!.newBrowserCDPSession();
        const { processInfo } = await session.send("SystemInfo.getProcessInfo");
        process.kill(processInfo.find(({ type }) => type === "browser")!.id, "SIGKILL");
        await closed;
        remove();
      },
      async close() {
        await context.close();
        remove();
      },
    };
  },
};
