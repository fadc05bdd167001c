// Installs what the benchmarks need on first use (or when a lock file has changed), builds the package, and runs them:
// npm run bench [-- suite ... --json --markdown --scale=0.1 --check]
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { compilers, fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const suites = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
if (!(await installed("bench"))) process.exit(1);
// The suite leaves out what is not there.
if (suites.length === 0 || suites.includes("durable")) await installed("bench/durable");

process.stderr.write("Building faun ...\n");
const built = await runHere(process.execPath, [compilers[0].tsc, "--build", "tsconfig.build.json"], { stdio: ["ignore", 2, 2] });
process.exitCode = built !== 0 ? built : await runHere(process.execPath, [fromRoot("bench/run.mjs"), ...process.argv.slice(2)]);

async function installed(folder) {
  const lock = createHash("sha256")
    .update(readFileSync(fromRoot(`${folder}/package-lock.json`)))
    .digest("hex");
  const stamp = fromRoot(`${folder}/node_modules/.installed-from`);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return true;
  process.stderr.write(`Installing what the benchmarks compare with (${folder}) ...\n`);
  const options = { cwd: fromRoot(folder), stdio: ["ignore", 2, 2], shell: process.platform === "win32" };
  if ((await runHere("npm", ["ci", "--no-audit", "--no-fund"], options)) !== 0) return false;
  writeFileSync(stamp, lock);
  return true;
}
