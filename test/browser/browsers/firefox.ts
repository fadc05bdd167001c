import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, Processes } from "./processes.ts";
import { ProgramBrowser } from "./program-browser.ts";
import type { BrowserKind, StartOptions, TestBrowser } from "./test-browser.ts";

const preferences = {
  // Pages open and close others.
  "dom.disable_open_during_load": false,
  "dom.allow_scripts_to_close_windows": true,
  // A page in the back is as quick as one in front.
  "dom.min_background_timeout_value": 4,
  "dom.timeout.enable_budget_timer_throttling": false,
  // A process that was started ahead for a page is not to be told from one that is none of the tests'.
  "dom.ipc.processPrelaunch.enabled": false,
  // After it was killed it is to start as ever.
  "browser.sessionstore.resume_from_crash": false,
  "toolkit.startup.max_resumed_crashes": -1,
  // It asks nobody for anything, neither who sits before it nor the network.
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
};

export const firefox: BrowserKind = {
  name: "Firefox",
  how: "install Firefox (Debian: apt-get install firefox-esr) or name one in FAUN_FIREFOX",
  sharedMemory: true,
  storage: true,
  sharedWorkersWrite: true,

  find() {
    const named = process.env.FAUN_FIREFOX;
    return named ? named : findProgram(["firefox-esr", "firefox"]);
  },

  async start(program: string, { server, profile, quota }: StartOptions): Promise<TestBrowser> {
    const folder = profile ?? mkdtempSync(join(tmpdir(), "faun-firefox-"));
    mkdirSync(folder, { recursive: true });
    // In kB. -1: as much as it would give.
    const limit = { "dom.quotaManager.temporaryStorage.fixedLimit": quota === undefined ? -1 : Math.floor(quota / 1024) };
    const lines = Object.entries({ ...preferences, ...limit }).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(folder, "user.js"), lines.join(""));
    const first = server.channel("plain", "127.0.0.1");
    const env = { ...process.env, MOZ_CRASHREPORTER_DISABLE: "1" };
    const processes = new Processes(program, ["--headless", "--no-remote", "--profile", folder, first.url], env);
    return ProgramBrowser.start({
      version: /[\d.]+\w*/.exec(execFileSync(program, ["--version"], { encoding: "utf8" }))?.[0] ?? "",
      processes,
      first,
      pageProcess: /-isForBrowser/,
      ended() {
        if (profile === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      },
    });
  },
};
