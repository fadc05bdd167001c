// Type-checks the library, the tests and the examples on every compiler that is promised.
import { compilers } from "./paths.mjs";
import { runHere } from "./run.mjs";

let failed = 0;
const check = async (name, ...args) => {
  process.stdout.write(`typecheck: ${name}\n`);
  if ((await runHere(process.execPath, args)) !== 0) failed++;
};

// The examples see the library as users do, through its built declarations.
await check("build", compilers[0].tsc, "--build", "tsconfig.build.json");
for (const { name, tsc } of compilers) {
  for (const project of [".", "test", "examples"]) {
    await check(`${project === "." ? "src" : project} on ${name}`, tsc, "--project", project, "--noEmit");
  }
}
process.exitCode = failed === 0 ? 0 : 1;
