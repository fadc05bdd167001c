import { assertOptions } from "../../entity/options.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import type { OperationOptions } from "../backend.ts";
import { BackendPersistence } from "../backend-persistence.ts";
import type { Persistence } from "../persistence.ts";
import { FileStorage } from "../storage/file-storage.ts";
import { assertPath } from "../storage/path.ts";
import { isStorage, type Storage } from "../storage/storage.ts";
import { AttachedBackend } from "./attached-backend.ts";
import type { ParquetStats } from "./parquet-stats.ts";
import type { ReadLimits } from "./read/row-group-reader.ts";

export interface AttachOptions {
  readonly limits?: ReadLimits;
}

/** A file of a storage. */
export interface NamedFile {
  readonly storage: Storage;
  readonly name: string;
}

/** @see ParquetPersistence.attach */
export class AttachedParquet<T extends EntityRow> extends BackendPersistence<T> implements Persistence<T> {
  /** @internal */
  constructor(entity: EntityClass<T>, { storage, name }: NamedFile, limits: ReadLimits) {
    super(entity, new AttachedBackend(entity, storage, name, limits));
  }

  /** What the file takes: its size, and the bytes and encodings of each wanted column. Read from the footer alone. */
  override memoryStats(options?: OperationOptions): Promise<ParquetStats> {
    return super.memoryStats(options) as Promise<ParquetStats>;
  }
}

/** The file that is to be attached. @throws ValidationError */
export function fileOf(entity: string, file: unknown): NamedFile {
  if (typeof file === "object" && file !== null && "storage" in file && "name" in file) {
    const { storage, name } = file;
    if (isStorage(storage) && typeof name === "string" && name !== "") return { storage, name };
  }
  const expected = "the path of a Parquet file, or { storage, name }";
  assertPath(entity, "file", file, expected);
  const cut = Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"));
  const name = file.slice(cut + 1);
  if (name === "") throw new ValidationError({ entity, field: "file", value: file, expected });
  return { storage: new FileStorage(cut < 0 ? "." : cut === 0 ? "/" : file.slice(0, cut)), name };
}

/** The limits among the options. @throws ValidationError */
export function limitsOf(entity: string, options: AttachOptions): ReadLimits {
  const of = `${entity}: attach options`;
  assertOptions<AttachOptions>(of, options, { limits: true });
  const { limits = {} } = options;
  assertOptions<ReadLimits>(`${of}.limits`, limits, { decodedBytes: true });
  const { decodedBytes } = limits;
  if (decodedBytes !== undefined && !(typeof decodedBytes === "number" && decodedBytes >= 1))
    throw new ValidationError({
      entity: `${of}.limits`,
      field: "decodedBytes",
      value: decodedBytes,
      expected: "a number of bytes, from 1; Infinity for no limit",
    });
  return limits;
}
