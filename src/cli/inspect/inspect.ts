import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FaunError } from "../../errors.ts";
import { LOG_FOLDER, WRITER_LOCK } from "../../persistence/log/names.ts";
import { segmentsIn } from "../../persistence/log/read-log.ts";
import { ParquetFile } from "../../persistence/parquet/parquet-file.ts";
import { DATA_FILE } from "../../persistence/parquet/parquet-format.ts";
import { isTemporary } from "../../persistence/storage/atomic-replace.ts";
import { FileStorage } from "../../persistence/storage/file-storage.ts";
import type { Storage } from "../../persistence/storage/storage.ts";
import { UsageError } from "../usage-error.ts";
import { dataReport, entityIn, type Noted, notedIn } from "./data-report.ts";
import { lockReport } from "./lock-report.ts";
import { type LogFindings, logReport } from "./log-report.ts";
import { problemOf } from "./problem.ts";
import type { DataReport, InspectReport, LockReport, OtherFile, Problem, VerificationReport } from "./report.ts";
import { verifyData } from "./verify.ts";

export interface InspectOptions {
  /** Whether to read the column data. */
  readonly verify: boolean;
  /** Bytes of column data that were read, and those there are. */
  onProgress?(done: number, total: number): void;
}

/** How often a folder is looked at again that a writer changed meanwhile. */
const ATTEMPTS = 5;
const NOT_VERIFIED: VerificationReport = { columnChunks: null, bytes: 0, withChecksum: 0 };

/**
 * What is stored in a folder of ParquetPersistence or a Parquet file. Only reads. O(bytes) with `verify`, else O(footer and log).
 * @throws UsageError where there is neither at the path, IoError
 */
export async function inspect(path: string, options: InspectOptions): Promise<InspectReport> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(cause.code === "ENOENT" ? `there is nothing at ${path}` : cause.message, false);
  });
  if (!found.isDirectory()) return inspectFile(path, options);
  const storage = new FileStorage(path);
  const [files, segments] = [await storage.list(""), await segmentsIn(storage, LOG_FOLDER)];
  if (segments.length === 0 && !files.some(({ name }) => name === DATA_FILE || name === WRITER_LOCK))
    throw new UsageError(`${path} is no folder of ParquetPersistence: it has neither ${DATA_FILE} nor a log`, false);
  return inspectFolder(path, storage, options);
}

async function inspectFile(path: string, options: InspectOptions): Promise<InspectReport> {
  const storage = new FileStorage(dirname(path));
  const name = basename(path);
  if (!path.endsWith(".parquet") && !(await beginsAsParquet(storage, name)))
    throw new UsageError(`${path} is no Parquet file, and no folder of ParquetPersistence`, false);
  return reportOf(path, "file", await openData(storage, name), null, null, [], options);
}

/** @param storage that of the folder at `path` */
export async function inspectFolder(path: string, storage: Storage, options: InspectOptions): Promise<InspectReport> {
  for (let attempt = 1; ; attempt++) {
    const before = await stateOf(storage);
    const data = await openCheckpoint(storage);
    const after = seqOf(data);
    const log = await logReport(storage, after, data.noted?.schema.entity ?? null);
    // A writer may have folded the log into another checkpoint between the two, or changed files while they were read.
    const moved =
      (await presentSeq(storage)) !== after || ((log?.problems.length ?? 0) > 0 && (await stateOf(storage)) !== before);
    if (moved && attempt < ATTEMPTS) {
      await data.file?.release();
      continue;
    }
    return reportOf(path, "folder", data, log, await lockReport(path, WRITER_LOCK), await otherFilesIn(storage), options);
  }
}

/** The last commit that a checkpoint has; null where it cannot be read. */
const seqOf = ({ noted, problems }: OpenedData): bigint | null => (problems.length > 0 ? null : (noted?.facts?.seq ?? 0n));

async function presentSeq(storage: Storage): Promise<bigint | null> {
  const data = await openCheckpoint(storage);
  await data.file?.release();
  return seqOf(data);
}

async function openCheckpoint(storage: Storage): Promise<OpenedData> {
  const data = await openData(storage, DATA_FILE);
  if (data.file?.footer.checked === false) {
    const message = `${data.file.place}: Faun did not write it, or its footer is damaged`;
    data.problems.push({ kind: "damage", message });
  }
  return data;
}

interface OpenedData {
  readonly name: string;
  /** Null where there is none, or none that can be opened. */
  readonly file: ParquetFile | null;
  readonly noted: Noted | null;
  readonly problems: Problem[];
}

async function openData(storage: Storage, name: string): Promise<OpenedData> {
  let file: ParquetFile | null = null;
  const problems: Problem[] = [];
  try {
    file = await ParquetFile.open(storage, name);
    return { name, file, noted: file === null ? null : notedIn(file), problems };
  } catch (error) {
    if (!(error instanceof FaunError)) throw error;
    problems.push(problemOf(error));
    return { name, file, noted: null, problems };
  }
}

async function reportOf(
  path: string,
  kind: InspectReport["kind"],
  { name, file, noted, problems: found }: OpenedData,
  log: LogFindings | null,
  lock: LockReport | null,
  otherFiles: OtherFile[],
  { verify, onProgress }: InspectOptions,
): Promise<InspectReport> {
  const problems = [...found, ...(log?.problems ?? [])];
  let data: DataReport | null = null;
  let verification = NOT_VERIFIED;
  if (file !== null) {
    try {
      data = dataReport(file, name, noted);
      if (verify) {
        const verified = await verifyData(file, (done, total) => onProgress?.(done, total));
        verification = verified.verification;
        problems.push(...verified.problems);
      }
    } finally {
      await file.release();
    }
  }
  const damaged = problems.some((problem) => problem.kind === "damage");
  const unread =
    (file === null && found.length > 0) || (log !== null && log.report.state !== "sound" && log.report.state !== "torn");
  return {
    path,
    kind,
    entity: noted?.schema.entity ?? log?.entity ?? (file === null ? null : entityIn(file)),
    rows: unread ? null : (log?.report.lastCommit?.rows ?? data?.rows ?? 0),
    data,
    log: log?.report ?? null,
    lock,
    otherFiles,
    verification,
    sound: damaged ? false : problems.length > 0 ? null : true,
    problems,
  };
}

async function beginsAsParquet(storage: Storage, name: string): Promise<boolean> {
  const file = await storage.open(name);
  try {
    return file !== null && file.size >= 4 && new TextDecoder("latin1").decode(await file.read(0, 4)) === "PAR1";
  } finally {
    await file?.close();
  }
}

async function otherFilesIn(storage: Storage): Promise<OtherFile[]> {
  const others: OtherFile[] = [];
  for (const folder of ["", LOG_FOLDER]) {
    for (const { name, size } of await storage.list(folder)) {
      const what = isTemporary(name) ? "temporary" : name.endsWith(".log.damaged") ? "set aside" : null;
      if (what !== null) others.push({ file: folder === "" ? name : `${folder}/${name}`, bytes: size, what });
    }
  }
  return others.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Changes whenever a writer commits or replaces the checkpoint. */
async function stateOf(storage: Storage): Promise<string> {
  const files = [...(await storage.list("")), ...(await storage.list(LOG_FOLDER))];
  return JSON.stringify(files.map(({ name, size }) => `${name} ${size}`).sort());
}
