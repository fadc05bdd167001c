// Type-checks the library, the tests and the examples on every compiler that is promised.
import { compilers } from "./paths.mjs";
import { runHere } from "./run.mjs";

const names = { ".": "src", "tsconfig.cli.json": "src/cli" };
let failed = 0;
const check = async (name, ...args) => {
  process.stdout.write(`typecheck: ${name}\n`);
  if ((await runHere(process.execPath, args)) !== 0) failed++;
};

// The examples see the library as users do, through its built declarations.
await check("build", compilers[0].tsc, "--build", "tsconfig.build.json", "tsconfig.cli.json");
for (const { name, tsc } of compilers) {
  for (const project of [".", "tsconfig.cli.json", "test", "examples"]) {
    await check(`${names[project] ?? project} on ${name}`, tsc, "--project", project, "--noEmit");
  }
}
process.exitCode = failed === 0 ? 0 : 1;
