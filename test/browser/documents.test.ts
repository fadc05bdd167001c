/** The code of docs/browser.md, built by Vite without settings, in real browsers; and that it says of them what the tests know. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { LIMIT_MS } from "./browser-pages.ts";
import { chromium } from "./browsers/chromium.ts";
import { firefox } from "./browsers/firefox.ts";
import type { BrowserKind } from "./browsers/test-browser.ts";
import { webkit } from "./browsers/webkit.ts";
import { buildPages } from "./build-pages.ts";
import { PageServer } from "./server.ts";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const document = readFileSync(fromRoot("docs/browser.md"), "utf8");

test.each([chromium, firefox, webkit])("docs/browser.md says of $name what its tests find", (kind) => {
  const [, cells = ""] = new RegExp(`^\\| ${kind.name} [\\d.]+\\w* \\|(.*)\\|$`, "m").exec(document) ?? [];
  const [everywhere, shared, storage, sharedWorkers] = cells.split("|").map((cell) => /^(yes|no)\b/.exec(cell.trim())?.[1]);
  expect({ everywhere, shared, storage, sharedWorkers }).toEqual({
    everywhere: "yes",
    shared: kind.sharedMemory ? "yes" : "no",
    storage: kind.storage ? "yes" : "no",
    sharedWorkers: kind.sharedWorkersWrite ? "yes" : "no",
  });
});

/** The built page, and what it does in the end: it tells its title, and loads itself anew when it is told to. */
const after = (script: string) => `let word;
try {
  await import("./${script}");
  word = document.title;
} catch (error) {
  word = String(error);
}
const channel = \`channel/\${new URLSearchParams(location.search).get("page")}\`;
await fetch(channel, { method: "POST", body: JSON.stringify({ kind: "word", word }) });
await fetch(channel);
location.reload();
`;

describe.each([chromium, firefox])("in $name", (kind) => {
  const program = kind.find();
  if (program === null) console.log(`SKIPPED: the examples of docs/browser.md did not run in ${kind.name}; ${kind.how}`);
  test.skipIf(program === null)(
    "docs/browser.md runs as it stands, built by Vite, and finds after a reload what it stored",
    () => runDocument(kind, program!),
    LIMIT_MS,
  );
});

async function runDocument(kind: BrowserKind, program: string): Promise<void> {
  const code = Array.from(document.matchAll(/```ts\n(.*?)```/gs), ([, fence]) => fence).join("");
  // Within the project, so that the packages that Faun needs are found.
  mkdirSync(fromRoot("build"), { recursive: true });
  const folder = mkdtempSync(fromRoot("build/vite-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(fromRoot(""), join(folder, "node_modules/faun"), "junction");
    writeFileSync(join(folder, "page.js"), code);
    writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="./page.js"></script>');
    const { build } = await import("vite");
    await build({ root: folder, base: "./", logLevel: "silent", build: { target: "es2023", outDir: "out", assetsDir: "" } });
    const out = join(folder, "out");
    const names = readdirSync(out).filter((name) => name !== "index.html");
    expect(names.some((name) => /^worker-.*\.js$/.test(name))).toBe(true);
    const files = new Map<string, string | Uint8Array>(names.map((name) => [name, readFileSync(join(out, name))]));
    const [, script] = /src="\.\/([^"]+)"/.exec(readFileSync(join(out, "index.html"), "utf8")) ?? [];
    files.set("page.js", after(script!));
    expect(await titles(kind, program, files, 3)).toEqual(["1 items, 2.5", "2 items, 5", "3 items, 7.5"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a page tells when it is loaded, again and again. */
async function titles(
  kind: BrowserKind,
  program: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  visits: number,
): Promise<string[]> {
  const server = await PageServer.start(files);
  // What it is started with is a page of the tests.
  const own = await PageServer.start(await buildPages());
  const browser = await kind.start(program, { server: own });
  try {
    const channel = server.channel("strict");
    const told: string[] = [];
    const all = new Promise<void>((resolve) => {
      channel.onWord = (title) => {
        if (told.push(title) === visits) resolve();
        else void channel.ask("reloadPage", []);
      };
    });
    await browser.open(channel.url);
    await all;
    return told;
  } finally {
    await browser.close();
    await own.close();
    await server.close();
  }
}
