import type { EntitySchema } from "../../entity/schema.ts";
import { batchStats, type MemoryStats } from "../../store/memory-stats.ts";
import { Encoding } from "./format/metadata.ts";
import type { ParquetFile } from "./parquet-file.ts";

/** What a column takes in a file. Sizes in bytes. */
export interface ParquetColumnStats {
  /** Name of the field. */
  readonly field: string;
  /** Name of the column. */
  readonly column: string;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  /** Those that occur, as Parquet calls them. */
  readonly encodings: readonly string[];
}

/**
 * What stored rows take: `totalBytes` is the size of the file, `numBatches` its row groups. Rows that only the log has are
 * counted with what they take in memory.
 */
export interface ParquetStats extends MemoryStats {
  /** Of the fields that the file has, as the last fold left it. */
  readonly columns: readonly ParquetColumnStats[];
}

/** Out of the footer alone. O(row groups x columns). */
export function statsOf(file: ParquetFile | null, schema: EntitySchema): ParquetStats {
  if (file === null) return { ...batchStats(0, 0, 0), columns: [] };
  const { metadata, leaves } = file.footer;
  const columns = leaves.flatMap((leaf): ParquetColumnStats[] => {
    const field = leaf.path.length > 1 ? undefined : schema.byColumn(leaf.path[0]);
    if (field === undefined) return [];
    let compressedBytes = 0;
    let uncompressedBytes = 0;
    const encodings = new Set<string>();
    for (const { columns: chunks } of metadata.rowGroups) {
      const { metaData } = chunks[leaf.index];
      compressedBytes += metaData?.totalCompressedSize ?? 0;
      uncompressedBytes += metaData?.totalUncompressedSize ?? 0;
      for (const encoding of metaData?.encodings ?? []) encodings.add(nameOf(encoding));
    }
    return [{ field: field.name, column: field.column, compressedBytes, uncompressedBytes, encodings: [...encodings] }];
  });
  return { ...batchStats(file.size, metadata.numRows, metadata.rowGroups.length), columns };
}

const nameOf = (encoding: number): string =>
  Object.entries(Encoding).find(([, value]) => value === encoding)?.[0] ?? `encoding ${encoding}`;
