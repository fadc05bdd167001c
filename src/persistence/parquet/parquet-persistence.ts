import { schemaOf } from "../../entity/entity.ts";
import { assertOptions } from "../../entity/options.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import type { OperationOptions } from "../backend.ts";
import { BackendPersistence } from "../backend-persistence.ts";
import type { Durability } from "../log/log-writer.ts";
import { LoggedBackend } from "../log/logged-backend.ts";
import type { LoggedOptions } from "../log/logged-options.ts";
import { FileStorage } from "../storage/file-storage.ts";
import { assertPath } from "../storage/path.ts";
import { isStorage, type Storage } from "../storage/storage.ts";
import { AttachedParquet, type AttachOptions, fileOf, limitsOf, type NamedFile } from "./attached-parquet.ts";
import { ParquetFormat } from "./parquet-format.ts";
import type { ParquetStats } from "./parquet-stats.ts";
import { type ParquetWriteOptions, writeSettings } from "./write/options.ts";

export interface ParquetPersistenceOptions extends ParquetWriteOptions {
  /**
   * When a change is durable: "sync" (default) when its promise resolves; "interval" within `interval` milliseconds, so
   * that a crash of the machine loses what came since; "os" when the system writes it. A killed process loses nothing.
   */
  durability?: Durability;
  /** Milliseconds between syncs at durability "interval", 1 to 3,600,000; 1,000 by default. */
  interval?: number;
  /**
   * Whether changes go to a log first, which is folded into the file now and then; default true. False: every change
   * writes the file anew.
   */
  log?: boolean;
  /**
   * Rows of changes from which the log is folded into the file, 1 to 2^31 - 1; 65,536 by default. Of large files more: a
   * tenth of their rows.
   */
  foldRows?: number;
  /**
   * Bytes of the log from which it is folded into the file, 1 to 2^53 - 1; 64 MiB by default, so that rows of more than a
   * kilobyte do not make a log that takes long to open. Of large files more: a tenth of their bytes.
   */
  foldBytes?: number;
  /** Only reads: takes no lock and refuses changes. Sees the file as the last fold left it. Default false. */
  readOnly?: boolean;
  /** With `readOnly`: sees the changes in the log as well. Default false. */
  includeLog?: boolean;
  /**
   * What a log means that is damaged before its end: a CorruptDataError ("refuse", the default), or that what follows the
   * damage is set aside ("keep sound").
   */
  onDamage?: "refuse" | "keep sound";
}

const PARQUET_OPTIONS = {
  compression: true,
  compressionLevel: true,
  rowGroupSize: true,
  pageSize: true,
  encodings: true,
  metadata: true,
  durability: true,
  interval: true,
  log: true,
  foldRows: true,
  foldBytes: true,
  readOnly: true,
  includeLog: true,
  onDamage: true,
} as const;

/**
 * Rows in `<path>/data.parquet`, a file that pandas, Polars, Spark and DuckDB open as it is, and in a log beside it of what
 * was changed since. The file is replaced at once: after any crash the old one is there or the new one, whole. Checksums
 * are verified before anything is decoded.
 *
 * The first change takes the folder's lock until `close`: a second writer, here or in another process, is refused with
 * a LockedError. Reading needs no lock.
 */
export class ParquetPersistence<T extends EntityRow> extends BackendPersistence<T> {
  /**
   * @param place a folder, made when rows are first stored; or a storage
   * @throws ValidationError for an option out of range, ColumnNotFoundError
   */
  constructor(entity: EntityClass<T>, place: string | Storage, options: ParquetPersistenceOptions = {}) {
    const { name } = schemaOf(entity);
    assertOptions<ParquetPersistenceOptions>(`${name}: Parquet options`, options, PARQUET_OPTIONS);
    const settings = writeSettings(schemaOf(entity), options);
    const logging = loggedOptions(name, options);
    const storage = isStorage(place) ? place : inFolder(name, place);
    super(entity, new LoggedBackend(entity as unknown as EntityClass<EntityRow>, storage, new ParquetFormat(settings), logging));
  }

  /**
   * A Parquet file that anybody wrote, to be read: `load`, `loadBatches`, `query`, `count`, `memoryStats`. The entity
   * declares the columns that are wanted, by their names in the file; others are not looked at.
   * @param file path of the file, or a storage and the name in it
   * @throws ValidationError; its methods SchemaMismatchError, TypeConversionError naming the column, CorruptDataError
   */
  static attach<T extends EntityRow>(
    entity: EntityClass<T>,
    file: string | NamedFile,
    options: AttachOptions = {},
  ): AttachedParquet<T> {
    const { name } = schemaOf(entity);
    return new AttachedParquet(entity, fileOf(name, file), limitsOf(name, options));
  }

  /** What the file takes: its size, and the bytes and encodings of each column. Read from the footer alone, and the log. */
  override memoryStats(options?: OperationOptions): Promise<ParquetStats> {
    return super.memoryStats(options) as Promise<ParquetStats>;
  }
}

function loggedOptions(entity: string, options: ParquetPersistenceOptions): LoggedOptions {
  const refuse = (field: string, value: unknown, expected: string): never => {
    throw new ValidationError({ entity: `${entity}: Parquet options`, field, value, expected });
  };
  const {
    durability = "sync",
    interval = 1000,
    log = true,
    foldRows = 65_536,
    foldBytes = 64 * 1024 * 1024,
    readOnly = false,
    includeLog = false,
    onDamage = "refuse",
  } = options;
  if (!["sync", "interval", "os"].includes(durability)) refuse("durability", durability, '"sync", "interval" or "os"');
  if (!["refuse", "keep sound"].includes(onDamage)) refuse("onDamage", onDamage, '"refuse" or "keep sound"');
  if (!Number.isInteger(interval) || interval < 1 || interval > 3_600_000)
    refuse("interval", interval, "an integer from 1 to 3600000 milliseconds");
  if (!Number.isInteger(foldRows) || foldRows < 1 || foldRows > 2 ** 31 - 1)
    refuse("foldRows", foldRows, "an integer from 1 to 2147483647");
  if (!Number.isSafeInteger(foldBytes) || foldBytes < 1) refuse("foldBytes", foldBytes, "an integer from 1 to 2^53 - 1");
  for (const [field, value] of Object.entries({ log, readOnly, includeLog }))
    if (typeof value !== "boolean") refuse(field, value, "true or false");
  return { log, durability, interval, foldRows, foldBytes, readOnly, includeLog, onDamage };
}

function inFolder(entity: string, place: unknown): Storage {
  assertPath(entity, "place", place, "the path of a folder, or a storage");
  return new FileStorage(place);
}
