// Holds Faun against the tools of Python and the JVM, value by value, both ways: npm run test:interop [-- --write]
//
// Makes a Python environment of its own, with the versions of test/interop/requirements.txt, in the user's cache folder
// (FAUN_INTEROP_ENV names another), and uses it again as long as that file does not change. Ends with 0 where nothing differs,
// with 1 where something does, and with 77 where it, or a part of it, could not run here, which it says in one line.
//
// What was found is held against test/interop/results.json, from which docs/interop.md and docs/interop-files.md are made;
// --write writes them anew.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { pythonEnvironment, Skipped } from "./interop/environment.mjs";
import { goldenArchives } from "./interop/golden.mjs";
import { fromRoot } from "./paths.mjs";
import { run, runHere } from "./run.mjs";

const SKIPPED = 77;
const TOOLS = ["pyarrow", "pandas", "pandas_pyarrow", "polars", "duckdb", "datafusion", "spark"];
const here = fromRoot("test/interop/");
const committed = join(here, "results.json");
const write = process.argv.includes("--write");
const only = process.argv.slice(2).filter((name) => TOOLS.includes(name));

/** Bundles a script of test/interop against the built package. */
async function bundled(name) {
  const outfile = fromRoot(`build/interop/${name}.mjs`);
  const faun = {
    name: "faun",
    setup({ onResolve }) {
      const dist = { faun: "dist/index.js", "faun/parquet": "dist/persistence/parquet/index.js" };
      onResolve({ filter: /^faun(\/|$)/ }, ({ path }) => ({ path: pathToFileURL(fromRoot(dist[path])).href, external: true }));
    },
  };
  await build({
    entryPoints: [`${here}${name}.ts`],
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    plugins: [faun],
    outfile,
    logLevel: "error",
  });
  return outfile;
}

async function node(script, ...args) {
  const code = await runHere(process.execPath, [script, ...args]);
  if (code !== 0) throw new Error(`${script} exited with ${code}`);
}

/** Runs a Python program; what it writes is shown only where it fails. */
function python(environment, cwd, script, ...args) {
  const { status, stdout, stderr } = spawnSync(
    environment.python,
    ["-B", "-W", "ignore", join(here, "python", script), ...args],
    {
      cwd,
      encoding: "utf8",
      maxBuffer: 64 << 20,
      timeout: 600_000,
      env: { ...process.env, ...environment.variables },
    },
  );
  if (status !== 0) throw new Error(`${script} ${args[0]} exited with ${status}\n${stdout.slice(-4000)}${stderr.slice(-4000)}`);
}

async function main() {
  const environment = pythonEnvironment(`${here}requirements.txt`, (line) => console.log(line));
  run("npm", ["run", "--silent", "build"], { shell: process.platform === "win32" });
  const folder = mkdtempSync(join(tmpdir(), "faun-interop-"));
  try {
    const { summary, render } = await import(pathToFileURL(await bundled("render")).href);
    console.log("Writing with Faun ...");
    await node(await bundled("write-files"), folder);
    const reader = await bundled("read-files");
    const tools = {};
    for (const tool of only.length > 0 ? only : TOOLS) {
      console.log(`${tool} ...`);
      const began = performance.now();
      python(environment, folder, "read_files.py", tool, folder, join(folder, `${tool}.json`));
      python(environment, folder, "write_files.py", tool, folder);
      await node(reader, folder, tool, join(folder, `${tool}.read.json`));
      const { version, reads } = JSON.parse(readFileSync(join(folder, `${tool}.json`), "utf8"));
      const writes = JSON.parse(readFileSync(join(folder, `${tool}.read.json`), "utf8"));
      tools[tool] = { version, reads, writes };
      for (const note of [...Object.values(reads), ...writes].flatMap(({ notes }) => notes ?? [])) console.log(`  ${note}`);
      console.log(`  ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
    const golden = only.length === 0 ? await goldenFiles(environment, folder) : [];
    const results = { tools, golden };
    const stale = only.length === 0 && golden !== null && settle(results, render);
    const { lines, mismatches } = summary(results);
    console.log(`\n${lines.join("\n")}`);
    if (golden === null && mismatches === 0) return SKIPPED;
    return stale || mismatches > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What comes of the files that other projects keep for their tests; null, and said, where they cannot be had. */
async function goldenFiles(environment, folder) {
  try {
    const archives = goldenArchives((line) => console.log(line));
    console.log("Files of other projects ...");
    python(environment, folder, "golden.py", folder, ...archives);
    await node(await bundled("golden"), folder, join(folder, "golden.read.json"));
    const files = JSON.parse(readFileSync(join(folder, "golden.read.json"), "utf8"));
    for (const { name, mismatches } of files) for (const mismatch of mismatches) console.log(`  ${name}: ${mismatch}`);
    return files;
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    console.log(`interop SKIPPED for the files of other projects: ${error.message}`);
    return null;
  }
}

/** Of a run and no news: how many snippets there are, changes with the documentation. */
const PASSING = ["notes", "snippets"];

/** Writes what was found, or tells whether it is other than what the repository says. */
function settle(results, render) {
  const text = `${JSON.stringify(results, (key, value) => (PASSING.includes(key) ? undefined : value), 2)}\n`;
  if (write) {
    writeFileSync(committed, text);
    for (const [path, page] of Object.entries(render(JSON.parse(text)))) writeFileSync(fromRoot(path), page);
    return false;
  }
  const same = existsSync(committed) && readFileSync(committed, "utf8") === text;
  if (!same) {
    mkdirSync(fromRoot("build/interop"), { recursive: true });
    writeFileSync(fromRoot("build/interop/results.json"), text);
    console.log(
      "\ntest/interop/results.json says otherwise than this run (build/interop/results.json): npm run test:interop -- --write",
    );
  }
  return !same;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Skipped)) throw error;
  console.log(`interop SKIPPED: ${error.message}`);
  process.exitCode = SKIPPED;
}
