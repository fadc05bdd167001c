// node bench/run.mjs [suite ...] [--json | --markdown] [--scale=0.1] [--rounds=3] [--check] [--list]
import { fork } from "node:child_process";
import { readdirSync } from "node:fs";
import { totalmem } from "node:os";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { groupTable, machine, machineLine, tally } from "./report.mjs";

const { values: flags, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    scale: { type: "string", default: "1" },
    rounds: { type: "string" },
    check: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const scale = positive("scale", flags.scale);
const rounds = flags.rounds === undefined ? undefined : Math.ceil(positive("rounds", flags.rounds));

const folder = new URL("suites/", import.meta.url);
const available = readdirSync(folder)
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => basename(file, ".mjs"))
  .sort();
const unknown = wanted.filter((name) => !available.includes(name));
if (unknown.length > 0) fail(`no suite ${unknown.join(", ")}; there are: ${available.join(", ")}`);

if (flags.list) console.log(available.join("\n"));
else await runAll(wanted.length > 0 ? wanted : available);

async function runAll(names) {
  const here = machine();
  const live = !flags.json;
  if (live) console.log(`# Benchmarks\n\n${machineLine(here)}${scale === 1 ? "" : ` Sizes scaled by ${scale}.`}`);
  const suites = [];
  for (const name of names) {
    const path = fileURLToPath(new URL(`${name}.mjs`, folder));
    const { default: suite } = await import(path);
    if (live) console.log(`\n## ${suite.title}`);
    const groups = await runSuite(path, (group) => live && console.log(`\n${groupTable(group)}`));
    suites.push({ name, title: suite.title, groups });
  }
  const { targets, met } = tally(suites.flatMap(({ groups }) => groups));
  if (flags.json) console.log(JSON.stringify({ machine: here, scale, suites, targets, met }, null, 2));
  else console.log(`\n${met} of ${targets} targets met.`);
  if (flags.check && met < targets) process.exitCode = 1;
}

/** Runs a suite in its own process; resolves with its groups. */
function runSuite(path, onGroup) {
  return new Promise((resolve, reject) => {
    const groups = [];
    const heap = Math.floor((totalmem() / 2 ** 20) * 0.75);
    const child = fork(fileURLToPath(new URL("suite-process.mjs", import.meta.url)), [], {
      execArgv: ["--expose-gc", `--max-old-space-size=${heap}`],
      serialization: "advanced",
    });
    child.on("message", ({ group, progress }) => {
      showProgress(progress);
      if (group === undefined) return;
      groups.push(group);
      onGroup(group);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      showProgress();
      if (code === 0) resolve(groups);
      else reject(new Error(`${basename(path)} ended with ${signal ?? code}`));
    });
    child.send({ path, scale, rounds });
  });
}

function showProgress(text) {
  if (process.stderr.isTTY && !flags.markdown) process.stderr.write(`\r${text ?? ""}\u001b[K`);
}

function positive(name, text) {
  const value = Number(text);
  if (!(value > 0)) fail(`--${name} takes a number above 0, not ${text}`);
  return value;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
