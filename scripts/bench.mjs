// Installs what the benchmarks need on first use (or when their lock file has changed), builds the package, and runs them:
// npm run bench [-- suite ... --json --markdown --scale=0.1 --check]
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { compilers, fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const lock = createHash("sha256")
  .update(readFileSync(fromRoot("bench/package-lock.json")))
  .digest("hex");
const stamp = fromRoot("bench/node_modules/.installed-from");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  process.stderr.write("Installing what the benchmarks compare with ...\n");
  const options = { cwd: fromRoot("bench"), stdio: ["ignore", 2, 2], shell: process.platform === "win32" };
  if ((await runHere("npm", ["ci", "--no-audit", "--no-fund"], options)) !== 0) process.exit(1);
  writeFileSync(stamp, lock);
}

process.stderr.write("Building faun ...\n");
const built = await runHere(process.execPath, [compilers[0].tsc, "--build", "tsconfig.build.json"], { stdio: ["ignore", 2, 2] });
process.exitCode = built !== 0 ? built : await runHere(process.execPath, [fromRoot("bench/run.mjs"), ...process.argv.slice(2)]);
