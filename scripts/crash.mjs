// The crash test of the log and its checkpoints for as many states as wanted: npm run crash [-- 1000000]
import { fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const states = Number(process.argv[2] ?? 1_000_000);
if (!(states > 0)) {
  console.error(`how many crash states? a number above 0, not ${process.argv[2]}`);
  process.exit(2);
}
const vitest = [fromRoot("node_modules/vitest/vitest.mjs"), "run", "--project", "node", "test/crash"];
process.exitCode = await runHere(process.execPath, vitest, { env: { ...process.env, FAUN_CRASH_STATES: String(states) } });
