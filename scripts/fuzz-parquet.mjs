// Reads damaged Parquet files for as many minutes as wanted: npm run fuzz:parquet [-- 10]
import { fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const minutes = Number(process.argv[2] ?? 5);
if (!(minutes > 0)) {
  console.error(`how many minutes? a number above 0, not ${process.argv[2]}`);
  process.exit(2);
}
const vitest = [fromRoot("node_modules/vitest/vitest.mjs"), "run", "--project", "node", "test/persistence/parquet/fuzz"];
process.exitCode = await runHere(process.execPath, vitest, { env: { ...process.env, FAUN_FUZZ_MINUTES: String(minutes) } });
