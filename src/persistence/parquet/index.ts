/** `faun/parquet`: rows in Parquet files. */

export type { Durability } from "../log/log-writer.ts";
export type { FileStorageOptions } from "../storage/file-storage.ts";
export { FileStorage } from "../storage/file-storage.ts";
export type { FileHandle, FileStat, FileSystem } from "../storage/file-system.ts";
export { MemoryStorage } from "../storage/memory-storage.ts";
export { OpfsStorage } from "../storage/opfs/opfs-storage.ts";
export type { FileWriter, Storage, StorageLock, StoredEntry, StoredFile } from "../storage/storage.ts";
export { AttachedParquet, type AttachOptions, type NamedFile } from "./attached-parquet.ts";
export { COMPRESSIONS, type Compression } from "./codecs/codec.ts";
export { ParquetPersistence, type ParquetPersistenceOptions } from "./parquet-persistence.ts";
export type { ParquetColumnStats, ParquetStats } from "./parquet-stats.ts";
export type { ReadLimits } from "./read/row-group-reader.ts";
export { type ColumnEncoding, ENCODINGS, type ParquetWriteOptions } from "./write/options.ts";
