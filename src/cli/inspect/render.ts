import { bytes, counted, integer, times } from "../terminal/numbers.ts";
import { printable } from "../terminal/printable.ts";
import { cut, renderFacts, renderTable } from "../terminal/table.ts";
import type { ColumnReport, DataReport, InspectReport, LockReport, LogReport, WriterReport } from "./report.ts";

type Facts = (readonly [string, string])[];

/** The report as a person reads it, each line ended. */
export function render(report: InspectReport): string {
  const { path, entity, rows, data, log, lock, otherFiles, problems } = report;
  const counts = rows === null ? "its rows cannot be counted" : counted(rows, "row");
  const head = `${printable(entity ?? "Parquet file")}  ${counts}  ${printable(path)}\n`;
  const parts = [head];
  if (data !== null) parts.push(section(report.kind === "folder" ? "Checkpoint" : "File", dataFacts(data)), columnTable(data));
  if (log !== null) parts.push(section("Log", logFacts(log, lock)));
  if (report.kind === "folder") parts.push(section("Writer", [["lock", lockText(lock)]]));
  if (otherFiles.length > 0)
    parts.push(
      section(
        "Other files",
        otherFiles.map(({ file, bytes: size, what }) => [printable(file), `${bytes(size)}, ${otherText(what, lock)}`]),
      ),
    );
  parts.push(verdict(report));
  for (const { kind, message } of problems) parts.push(`${kind === "damage" ? "DAMAGE" : "UNJUDGED"}  ${printable(message)}\n`);
  return parts.join("\n");
}

const section = (title: string, facts: Facts): string => `${title}\n${renderFacts(facts)}`;

function dataFacts(data: DataReport): Facts {
  const { rowGroups, lastCommit } = data;
  const sizes = rowGroups.map(({ rows }) => rows);
  const least = sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  const each = sizes.length === 0 ? "" : least === most ? ` of ${integer(least)}` : ` of ${integer(least)} to ${integer(most)}`;
  const facts: Facts = [
    ["file", `${printable(data.file)}, ${bytes(data.bytes)}, footer ${bytes(data.footerBytes)}`],
    ["written by", data.writer === null ? "it does not say" : printable(data.writer)],
    ["rows", `${integer(data.rows)} in ${counted(sizes.length, "row group")}${each}`],
  ];
  if (data.checked)
    facts.push([
      "last commit",
      lastCommit === null ? "none" : `${lastCommit.seq}${lastCommit.at === null ? "" : `, ${lastCommit.at}`}`,
    ]);
  if (data.writers.length > 0) facts.push(["writers", writersText(data.writers)]);
  return facts;
}

/** Those that wrote last. */
function writersText(writers: readonly WriterReport[]): string {
  const last = writers.slice(-3).reverse();
  const more = writers.length > last.length ? `, and ${integer(writers.length - last.length)} before` : "";
  return last.map(({ writer, seq, commit }) => `${printable(cut(writer, 36))} at ${seq} (commit ${commit})`).join(", ") + more;
}

function columnTable({ columns }: DataReport): string {
  const right = (title: string) => ({ title, align: "right" }) as const;
  const left = (title: string) => ({ title });
  const heads = [left("column"), left("type"), left("encodings"), left("codec"), right("stored"), right("raw"), right("ratio")];
  return renderTable([...heads, right("nulls"), left("min"), left("max")], columns.map(columnCells));
}

function columnCells(column: ColumnReport): string[] {
  const { key, nullable, type, storedBytes, rawBytes, nulls } = column;
  const marks = `${nullable ? ", nullable" : ""}${key ? ", key" : ""}`;
  return [
    printable(cut(column.column, 40)),
    printable(cut(type, 32)) + marks,
    column.encodings.join(", "),
    column.codecs.join(", "),
    bytes(storedBytes),
    bytes(rawBytes),
    storedBytes === 0 ? "-" : times(rawBytes / storedBytes),
    nulls === null ? "?" : integer(nulls),
    valueText(column.min, column.exact),
    valueText(column.max, column.exact),
  ];
}

const valueText = (value: string | null, exact: boolean): string =>
  value === null ? "-" : `${exact ? "" : "~"}${printable(cut(value, 28))}`;

function logFacts(log: LogReport, lock: LockReport | null): Facts {
  const { lastCommit, firstSeq, segments, tornBytes } = log;
  const commits =
    lastCommit === null
      ? "none that the checkpoint does not have"
      : `${integer(log.commits)} (${firstSeq} to ${lastCommit.seq}) of ${counted(log.rows, "row")}, the last ${lastCommit.at}`;
  const torn = `${bytes(tornBytes)} behind the last whole commit, ${lock?.held === false ? "left by a crash" : "left by a crash or being written"}`;
  return [
    ["state", log.state === "torn" ? `sound; ${torn}: nothing that was reported as done` : log.state],
    ["commits", commits],
    ["segments", `${counted(segments.length, "segment")}, ${bytes(log.bytes)}`],
  ];
}

function lockText(lock: LockReport | null): string {
  if (lock === null) return "none: nobody has written here yet";
  if (lock.held === false) return "free";
  if (lock.held === null) return "cannot be asked for here: npm install fs-native-extensions";
  const who =
    lock.pid === null ? "by another writer" : `by process ${lock.pid}${lock.host === null ? "" : ` on ${printable(lock.host)}`}`;
  return `held ${who}${lock.since === null ? "" : ` since ${printable(lock.since)}`}`;
}

function otherText(what: "temporary" | "set aside", lock: LockReport | null): string {
  if (what === "set aside") return "a damaged segment of the log, set aside when the folder was opened to keep what is sound";
  return lock?.held === true ? "being written" : "left by a crash; the next writer removes it";
}

function verdict({ sound, problems, verification, data }: InspectReport): string {
  const { columnChunks, bytes: read, withChecksum } = verification;
  const how =
    columnChunks === null
      ? data === null
        ? ""
        : "; column data was not read"
      : data?.checked === true
        ? `; the checksums of ${counted(columnChunks, "column chunk")} (${bytes(read)}) were compared`
        : `; the pages of ${counted(columnChunks, "column chunk")} (${bytes(read)}) were found, ${integer(withChecksum)} of them with checksums`;
  if (sound === true) return `Sound${how}.\n`;
  return `${counted(problems.length, "problem")}${how}.\n`;
}
