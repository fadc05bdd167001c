import { FaunError } from "../../errors.ts";
import { LOG_FOLDER } from "../../persistence/log/names.ts";
import { type LoggedCommit, readLog, segmentOf, segmentsIn } from "../../persistence/log/read-log.ts";
import type { Storage } from "../../persistence/storage/storage.ts";
import { problemOf } from "./problem.ts";
import type { LogReport, Problem, SegmentReport, WriterReport } from "./report.ts";

export interface LogFindings {
  readonly report: LogReport;
  /** Of the commits that the checkpoint does not have. */
  readonly writers: readonly WriterReport[];
  readonly entity: string | null;
  readonly problems: readonly Problem[];
}

/**
 * The log behind a checkpoint, judged as the library judges it when it opens the folder. Null where there is none. O(bytes).
 * @param after the last commit that the checkpoint has; null where it cannot be read
 * @throws IoError
 */
export async function logReport(storage: Storage, after: bigint | null, entity: string | null): Promise<LogFindings | null> {
  const files = await segmentsIn(storage, LOG_FOLDER);
  if (files.length === 0) return null;
  const problems: Problem[] = [];
  const segments: SegmentReport[] = [];
  for (const file of files) {
    try {
      segments.push(await segmentReport(storage, file));
    } catch (error) {
      if (!(error instanceof FaunError)) throw error;
      problems.push(problemOf(error));
    }
  }
  const ofEntity = entity ?? segments.find((segment) => segment.entity !== null)?.entity ?? null;
  const writers = new Map<string, WriterReport>();
  const ends: { first?: LoggedCommit; last?: LoggedCommit } = {};
  let commits = 0;
  let rows = 0;
  try {
    const from = after ?? files[0].firstSeq - 1n;
    await readLog(storage, LOG_FOLDER, { after: from, entity: ofEntity ?? "" }, (commit) => {
      ends.first ??= commit;
      ends.last = commit;
      commits++;
      rows += commit.record.changes.reduce((sum, change) => sum + change.rows, 0);
      const { txn, at } = commit.record;
      if (txn === null) return;
      const report = { writer: txn.writer, seq: String(txn.seq), commit: String(commit.seq), at: timeOf(at) };
      writers.delete(txn.writer);
      writers.set(txn.writer, report);
    });
  } catch (error) {
    if (!(error instanceof FaunError)) throw error;
    // What a segment alone shows was told above.
    if (problems.length === 0) problems.push(problemOf(error));
  }
  const { first, last } = ends;
  const tornBytes = segments.at(-1)?.tornBytes ?? 0;
  const worst = problems.find(({ kind }) => kind === "damage") ?? problems[0];
  const report: LogReport = {
    state: worst === undefined ? (tornBytes > 0 ? "torn" : "sound") : worst.kind === "damage" ? "damaged" : "unjudged",
    commits,
    rows,
    firstSeq: first === undefined ? null : String(first.seq),
    lastCommit:
      last === undefined ? null : { seq: String(last.seq), rows: Number(last.record.total), at: timeOf(last.record.at) },
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    tornBytes,
    segments,
  };
  return { report, writers: [...writers.values()], entity: ofEntity, problems };
}

async function segmentReport(
  storage: Storage,
  { name, firstSeq, size }: { name: string; firstSeq: bigint; size: number },
): Promise<SegmentReport> {
  const file = await storage.open(name);
  const empty = { file: name, bytes: size, entity: null, firstSeq: String(firstSeq), commits: 0, tornBytes: 0 };
  // A writer may have folded it away meanwhile.
  if (file === null) return empty;
  try {
    const { head, commits, end, written } = await segmentOf(file);
    return {
      ...empty,
      bytes: file.size,
      entity: head?.entity ?? null,
      commits,
      tornBytes: written - end,
    };
  } finally {
    await file.close();
  }
}

const timeOf = (milliseconds: number) => new Date(milliseconds).toISOString();
