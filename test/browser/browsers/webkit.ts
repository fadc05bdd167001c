import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, Processes } from "./processes.ts";
import { ProgramBrowser } from "./program-browser.ts";
import type { BrowserKind, StartOptions, TestBrowser } from "./test-browser.ts";

// Safari has on by default what WebKitGTK has off.
const args = ["--javascript-can-open-windows-automatically=TRUE", "--features=+StorageAPI,+FileSystem,+AccessHandle"];

export const webkit: BrowserKind = {
  name: "WebKitGTK",
  how: "install it with a display (Debian: apt-get install libwebkit2gtk-4.1-0 xvfb) or name its MiniBrowser in FAUN_WEBKIT",
  sharedMemory: true,
  storage: false,
  sharedWorkersWrite: false,

  find() {
    if (findProgram(["Xvfb"]) === null) return null;
    const named = process.env.FAUN_WEBKIT;
    if (named) return named;
    try {
      // One folder an architecture.
      return findProgram(readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`));
    } catch {
      return null;
    }
  },

  async start(program: string, { server, profile, isolated }: StartOptions): Promise<TestBrowser> {
    const folder = profile ?? mkdtempSync(join(tmpdir(), "faun-webkit-"));
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: folder, LIBGL_ALWAYS_SOFTWARE: "1" };
    // All pages have shared memory with it, and none without.
    if (isolated) env.JSC_useSharedArrayBuffer = "1";
    for (const name of ["DATA_HOME", "CACHE_HOME", "CONFIG_HOME", "RUNTIME_DIR"]) {
      const path = join(folder, name.toLowerCase());
      mkdirSync(path, { recursive: true, mode: 0o700 });
      env[`XDG_${name}`] = path;
    }
    const { processes: screen, display } = await startScreen();
    env.DISPLAY = display;
    const version = execFileSync(program, ["--version"], { env, encoding: "utf8" });
    const first = server.channel("plain", "127.0.0.1");
    const processes = new Processes(program, [...args, first.url], env);
    return ProgramBrowser.start({
      version: /[\d.]+/.exec(version)?.[0] ?? "",
      processes,
      first,
      pageProcess: /WebKitWebProcess/,
      async ended() {
        await screen.kill();
        if (profile === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      },
    });
  },
};

/** A screen that nobody sees. */
function startScreen(): Promise<{ processes: Processes; display: string }> {
  return new Promise((resolve) => {
    // It tells the number that was free, and a line end, once it is there.
    let told = "";
    const processes = new Processes("Xvfb", ["-displayfd", "1", "-screen", "0", "1024x768x24"], process.env, (text) => {
      told += text;
      const [, number] = /^(\d+)\n/m.exec(told) ?? [];
      if (number !== undefined) resolve({ processes, display: `:${number}` });
    });
  });
}
