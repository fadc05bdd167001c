import { arch, availableParallelism, platform } from "node:os";
import { parseArgs } from "node:util";
import { CheckFailed, createDemo } from "./demo.ts";
import { flightsDemo } from "./flights/index.ts";
import { ordersDemo } from "./orders/index.ts";
import { summarise } from "./summary.ts";
import { createUi } from "./terminal/ui.ts";

const USAGE = `npm start -- [--rows=1000000] [--json]

  --rows=N  orders of the big run, 1,000 to 10,000,000
  --json    nothing but one JSON document on stdout`;

process.exitCode = await main();

/** @returns the exit code: 0, 1 where a check failed, 2 where it was called in another way than it knows */
async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const { json, rows, help } = options;
  if (help) {
    console.log(USAGE);
    return 0;
  }

  const ui = createUi({ json, stdout: process.stdout, stderr: process.stderr, env: process.env });
  const demo = createDemo(ui, rows);
  const machine = { node: process.version, system: `${platform()} ${arch()}`, processors: availableParallelism() };
  const start = performance.now();
  ui.text("", `Faun on Node ${machine.node}, ${machine.system}, ${machine.processors} processors`);
  try {
    const orders = await ordersDemo(demo);
    const flights = await flightsDemo(demo);
    const results = { orders, flights, checks: demo.claims, milliseconds: performance.now() - start };
    summarise(ui, results);
    ui.finish({ ok: true, machine, ...results });
    return 0;
  } catch (error) {
    const failure =
      error instanceof CheckFailed ? `this does not hold: ${error.message}` : String((error as Error)?.stack ?? error);
    process.stderr.write(`\n✗ ${failure}\n`);
    ui.finish({ ok: false, machine, failure, checks: demo.claims });
    return 1;
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: "boolean", default: false },
        rows: { type: "string", default: "1000000" },
        help: { type: "boolean", default: false },
      },
    });
    const rows = Number(values.rows);
    if (!Number.isInteger(rows) || rows < 1000 || rows > 10_000_000)
      throw new Error(`--rows=${values.rows}: a number from 1000 to 10000000`);
    return { ...values, rows };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return undefined;
  }
}
