// Builds what has changed, then runs the demo against the built package, as an installed one would run.
// stdout belongs to the demo: what the build says goes to stderr.
import { compilers, fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const args = process.argv.slice(2);
if (!args.includes("--json")) process.stderr.write("Building faun and its examples ...\n");
const built = await runHere(process.execPath, [compilers[0].tsc, "--build", "examples"], {
  stdio: ["ignore", 2, 2],
});
process.exitCode =
  built !== 0 ? built : await runHere(process.execPath, ["--expose-gc", fromRoot("build/examples/main.js"), ...args]);
