import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** Something that is needed is not to be had here. */
export class Skipped extends Error {}

/** What pip and Maven say where they do not reach what they fetch from. */
export const UNREACHABLE =
  /NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Max retries exceeded|Temporary failure in name resolution|Name or service not known|Network is unreachable|Connection (?:refused|reset|aborted)|timed out|Unknown host|Connect to|transfer failed|\(from versions: none\)/i;

/**
 * A Python environment with the packages of a requirements file: made where there is none, else used again.
 * @returns its interpreter, and variables for what it runs
 * @throws Skipped where Python, Java or the index of packages cannot be had; Error where packages cannot be installed
 */
export function pythonEnvironment(requirements, say) {
  const version = spawnSync("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8" });
  if (version.status !== 0) throw new Skipped("there is no python3 here");
  const [major, minor] = version.stdout.trim().split(".").map(Number);
  if (major !== 3 || minor < 11) throw new Skipped(`python3 is ${version.stdout.trim()} here, and 3.11 or newer is needed`);
  if (spawnSync("java", ["-version"]).status !== 0) throw new Skipped("there is no java here, which Spark needs (17 or newer)");
  const hash = createHash("sha256").update(`${version.stdout}${process.platform}-${process.arch}\n${readFileSync(requirements)}`);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const folder = process.env.FAUN_INTEROP_ENV ?? join(cache, "faun", `interop-${hash.digest("hex").slice(0, 16)}`);
  const python = process.platform === "win32" ? join(folder, "Scripts/python.exe") : join(folder, "bin/python");
  const complete = join(folder, "complete");
  if (!existsSync(complete)) {
    say(`Making a Python environment in ${folder}: about 1.2 GB, some minutes ...`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    const venv = spawnSync("python3", ["-m", "venv", folder], { encoding: "utf8" });
    if (venv.status !== 0) throw new Skipped(`python3 -m venv does not work here (${lastLine(venv.stdout + venv.stderr)})`);
    const pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", "-r", requirements];
    const installed = spawnSync(python, pip, { encoding: "utf8", maxBuffer: 64 << 20, timeout: 1_500_000 });
    if (installed.status !== 0) {
      const told = `${installed.stdout}${installed.stderr}`;
      rmSync(folder, { recursive: true, force: true });
      if (installed.error !== undefined || UNREACHABLE.test(told))
        throw new Skipped(`Python's packages cannot be had here (${lastLine(told)})`);
      throw new Error(`pip could not install ${requirements}\n${told}`);
    }
    writeFileSync(complete, "");
  }
  return { python, variables: { PYTHONUTF8: "1", PYTHONHASHSEED: "0", TZ: "UTC" } };
}

const lastLine = (text) => text.trim().split("\n").at(-1);
