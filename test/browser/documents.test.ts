/** The code of docs/browser.md, built by Vite without settings, in a real browser. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LIMIT_MS } from "./browser-pages.ts";
import { findChromium, HOW, launch } from "./chromium.ts";
import { PageServer } from "./server.ts";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const path = findChromium();
if (path === null) console.log(`SKIPPED: the examples of docs/browser.md did not run; ${HOW}`);

test.skipIf(path === null)(
  "docs/browser.md runs as it stands, built by Vite, and finds after a reload what it stored",
  async () => {
    const fences = readFileSync(fromRoot("docs/browser.md"), "utf8").matchAll(/```ts\n(.*?)```/gs);
    const code = Array.from(fences, ([, fence]) => fence).join("");
    // Within the project, so that the packages that Faun needs are found.
    mkdirSync(fromRoot("build"), { recursive: true });
    const folder = mkdtempSync(fromRoot("build/vite-"));
    const browser = await launch(path!);
    let server: PageServer | null = null;
    try {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(fromRoot(""), join(folder, "node_modules/faun"), "junction");
      writeFileSync(join(folder, "page.js"), `${code}\nglobalThis.done = true;\n`);
      writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="./page.js"></script>');
      const { build } = await import("vite");
      await build({ root: folder, base: "./", logLevel: "silent", build: { target: "es2023", outDir: "out", assetsDir: "" } });
      const out = join(folder, "out");
      const names = readdirSync(out).filter((name) => name !== "index.html");
      const files = new Map<string, string | Uint8Array>(names.map((name) => [name, readFileSync(join(out, name))]));
      const [, script] = /src="\.\/([^"]+)"/.exec(readFileSync(join(out, "index.html"), "utf8")) ?? [];
      files.set("page.js", `import "./${script}";`);
      server = await PageServer.start(files);
      const page = await browser.newPage();
      const titles: string[] = [];
      for (let visit = 0; visit < 3; visit++) {
        await page.goto(server.url("strict"));
        await page.waitForFunction(() => "done" in globalThis);
        titles.push(await page.title());
      }
      expect(titles).toEqual(["1 items, 2.5", "2 items, 5", "3 items, 7.5"]);
      expect(names.some((name) => /^worker-.*\.js$/.test(name))).toBe(true);
    } finally {
      await browser.close();
      await server?.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  LIMIT_MS,
);
