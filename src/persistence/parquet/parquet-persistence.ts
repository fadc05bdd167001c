import { schemaOf } from "../../entity/entity.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import type { OperationOptions } from "../backend.ts";
import { BackendPersistence } from "../backend-persistence.ts";
import { LoggedBackend } from "../log/logged-backend.ts";
import type { Persistence } from "../persistence.ts";
import { FileStorage } from "../storage/file-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { AttachedBackend } from "./attached-backend.ts";
import { ParquetFormat } from "./parquet-format.ts";
import type { ParquetStats } from "./parquet-stats.ts";
import type { ReadLimits } from "./read/row-group-reader.ts";
import { type ParquetWriteOptions, writeSettings } from "./write/options.ts";

export interface ParquetPersistenceOptions extends ParquetWriteOptions {
  /** Only reads: takes no lock, sees the last checkpoint, refuses changes. Default false. */
  readOnly?: boolean;
}

export interface AttachOptions {
  readonly limits?: ReadLimits;
}

/**
 * Rows in `<path>/data.parquet`, a file that pandas, Polars, Spark and DuckDB open as it is. Every change replaces the
 * file at once: after any crash the old rows are there or the new ones, whole. Its checksums are verified before
 * anything is decoded.
 *
 * The first change takes the folder's lock until `close`: a second writer, here or in another process, is refused with
 * a LockedError. Reading needs no lock and sees the last version.
 */
export class ParquetPersistence<T extends EntityRow> extends BackendPersistence<T> {
  /**
   * @param place a folder, made when rows are first stored; or a storage
   * @throws ValidationError for an option out of range, ColumnNotFoundError
   */
  constructor(entity: EntityClass<T>, place: string | Storage, options: ParquetPersistenceOptions = {}) {
    const settings = writeSettings(schemaOf(entity), options);
    const storage = typeof place === "string" ? new FileStorage(place) : place;
    super(
      entity,
      new LoggedBackend(entity as unknown as EntityClass<EntityRow>, storage, new ParquetFormat(settings), {
        log: true,
        durability: "sync",
        interval: 1000,
        foldRows: 65_536,
        readOnly: options.readOnly ?? false,
        includeLog: false,
        onDamage: "refuse",
      }),
    );
  }

  /**
   * A Parquet file that anybody wrote, to be read: `load`, `loadBatches`, `query`, `count`, `memoryStats`. The entity
   * declares the columns that are wanted, by their names in the file; others are not looked at.
   * @param file path of the file, or a storage and the name in it
   * @throws ValidationError; its methods SchemaMismatchError, TypeConversionError naming the column, CorruptDataError
   */
  static attach<T extends EntityRow>(
    entity: EntityClass<T>,
    file: string | { readonly storage: Storage; readonly name: string },
    { limits = {} }: AttachOptions = {},
  ): AttachedParquet<T> {
    const { storage, name } = typeof file === "string" ? inFolder(schemaOf(entity).name, file) : file;
    return new AttachedParquet(entity, storage, name, limits);
  }

  /** What the file takes: its size, and the bytes and encodings of each column. Read from the footer alone. */
  override memoryStats(options?: OperationOptions): Promise<ParquetStats> {
    return super.memoryStats(options) as Promise<ParquetStats>;
  }
}

/** @see ParquetPersistence.attach */
export class AttachedParquet<T extends EntityRow> extends BackendPersistence<T> implements Persistence<T> {
  /** @internal */
  constructor(entity: EntityClass<T>, storage: Storage, name: string, limits: ReadLimits) {
    super(entity, new AttachedBackend(entity, storage, name, limits));
  }

  /** What the file takes: its size, and the bytes and encodings of each wanted column. Read from the footer alone. */
  override memoryStats(options?: OperationOptions): Promise<ParquetStats> {
    return super.memoryStats(options) as Promise<ParquetStats>;
  }
}

function inFolder(entity: string, path: string): { storage: Storage; name: string } {
  const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  const name = path.slice(cut + 1);
  if (name === "") throw new ValidationError({ entity, value: path, expected: "the path of a Parquet file" });
  return { storage: new FileStorage(cut < 0 ? "." : cut === 0 ? "/" : path.slice(0, cut)), name };
}
