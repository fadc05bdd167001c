import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds `dist/` before the tests: child processes and workers of tests run it. Quick where nothing changed. */
export default function buildDist(): void {
  const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fromRoot("node_modules/typescript/bin/tsc"), "--build", fromRoot("tsconfig.build.json"), fromRoot("tsconfig.cli.json")],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`dist/ could not be built:\n${stdout}${stderr}`);
}
