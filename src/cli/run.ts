import { parseArgs } from "node:util";
import { FaunError } from "../errors.ts";
import { VERSION } from "../persistence/parquet/format/version.ts";
import { inspect } from "./inspect/inspect.ts";
import { render } from "./inspect/render.ts";
import type { InspectReport } from "./inspect/report.ts";
import { printable } from "./terminal/printable.ts";
import { type Screen, startProgress } from "./terminal/progress.ts";
import { UsageError } from "./usage-error.ts";

const HELP = `Usage: faun inspect <path> [--json] [--no-verify]

Shows what is stored in a folder of ParquetPersistence, or in a Parquet file that anybody wrote: entity, rows, row groups,
each column's type, encodings, size, nulls, minimum and maximum, the checkpoint's last commit, the log, and who writes.
Verifies all checksums. Only reads, takes no lock, and may run beside a writer.

  --json        the report as JSON on standard output, counts of rows and bytes as numbers, all else as text
  --no-verify   do not read the column data: footer and log only
  --help        this text
  --version     the version of Faun

Exit code: 0 sound, 1 damage was found, 2 wrong usage, or something that cannot be judged.
`;

/** Where the tool writes. */
export interface Screens {
  readonly stdout: Screen;
  readonly stderr: Screen;
}

/** Runs the command line; gives the exit code. Writes nowhere but to the two screens, and ends nothing. */
export async function run(args: readonly string[], { stdout, stderr }: Screens): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.help === true || values.version === true) {
      stdout.write(values.help === true ? HELP : `${VERSION}\n`);
      return 0;
    }
    const [command, path, ...more] = positionals;
    if (command === undefined) throw new UsageError("a command is missing");
    if (command !== "inspect") throw new UsageError(`there is no command ${JSON.stringify(command)}`);
    if (path === undefined || more.length > 0) throw new UsageError("inspect takes one path");
    const verify = values["no-verify"] !== true;
    const progress = startProgress(stderr, "verifying");
    const report = await inspect(path, { verify, onProgress: progress.update }).finally(progress.finish);
    stdout.write(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : render(report));
    return exitCodeOf(report);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof FaunError)) throw error;
    stderr.write(`faun: ${printable(error.message)}\n`);
    if (error instanceof UsageError && error.help) stderr.write("See faun --help.\n");
    return 2;
  }
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: flag, "no-verify": flag, help: { ...flag, short: "h" }, version: flag },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function exitCodeOf({ problems }: InspectReport): number {
  if (problems.some(({ kind }) => kind === "damage")) return 1;
  return problems.length > 0 ? 2 : 0;
}
