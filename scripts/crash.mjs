// The crash tests of the log and its checkpoints, longer: npm run crash [-- 1000000 [2000 [1]]], states of a simulated disk,
// kills, and the seed of the first workload. Tells every minute how far it has come.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const [states, kills, from] = [1_000_000, 2000, 1].map((usual, i) => Number(process.argv[2 + i] ?? usual));
if (!(states > 0 && kills > 0 && Number.isInteger(from) && from > 0)) {
  console.error(`how many crash states and kills, from which seed? numbers above 0, not ${process.argv.slice(2).join(" ")}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "faun-crash-"));
const report = join(folder, "report");
const tell = () => {
  const seeds = existsSync(report) ? readFileSync(report, "utf8").trim().split("\n") : [];
  const sum = (column) => seeds.reduce((total, line) => total + Number(line.split(" ")[column]), 0).toLocaleString("en-US");
  const last = seeds.at(-1)?.split(" ")[0] ?? "none";
  console.log(`passed: ${sum(1)} crash states, ${sum(2)} of them distinct, of the seeds ${from} to ${last}`);
};
const timer = setInterval(tell, 60_000);
try {
  const vitest = [fromRoot("node_modules/vitest/vitest.mjs"), "run", "--project", "node", "test/crash"];
  const env = { FAUN_CRASH_STATES: states, FAUN_CRASH_FROM: from, FAUN_CRASH_REPORT: report, FAUN_KILLS: kills };
  const texts = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
  process.exitCode = await runHere(process.execPath, vitest, { env: { ...process.env, ...texts } });
  tell();
} finally {
  clearInterval(timer);
  rmSync(folder, { recursive: true });
}
