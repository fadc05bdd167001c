// The crash tests of the log and its checkpoints, longer: npm run crash [-- 1000000 [2000]], states of a simulated disk and kills.
import { fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const [states, kills] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 2000)];
if (!(states > 0 && kills > 0)) {
  console.error(`how many crash states and kills? numbers above 0, not ${process.argv.slice(2).join(" ")}`);
  process.exit(2);
}
const vitest = [fromRoot("node_modules/vitest/vitest.mjs"), "run", "--project", "node", "test/crash"];
process.exitCode = await runHere(process.execPath, vitest, {
  env: { ...process.env, FAUN_CRASH_STATES: String(states), FAUN_KILLS: String(kills) },
});
