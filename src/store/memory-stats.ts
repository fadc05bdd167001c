import type { EntityRow } from "../entity/types.ts";
import { orderBytes } from "../query/engine/column-order.ts";
import type { SoA } from "../soa/soa.ts";

/** What stored rows take. Sizes in bytes. */
export interface MemoryStats {
  /** Columns with their spare room, bitmaps and indexes. */
  totalBytes: number;
  /** Rows that are there. */
  totalRows: number;
  /** Batches (chunks) the rows lie in. */
  numBatches: number;
  /** Rows a batch, on average; 0 without batches. */
  averageBatchSize: number;
}

/** {@link MemoryStats} of a store, with where the bytes are. */
export interface StoreMemoryStats extends MemoryStats {
  /** Column bytes in use. */
  columnBytes: number;
  /** The key index, and of secondary indexes what queries have made so far. */
  indexBytes: number;
  /** Column bytes adopted from Arrow data that others may hold too; part of `columnBytes`. */
  adoptedBytes: number;
  /** Bytes kept for the next columns ("shared" allocator only); not part of `totalBytes`. */
  deadBytes: number;
  /** Bytes no longer in use here that somebody else may still read ("shared" allocator only); not part of `totalBytes`. */
  pinnedBytes: number;
}

export function memoryStatsOf<T extends EntityRow>(soa: SoA<T>): StoreMemoryStats {
  let columnBytes = 0;
  let adoptedBytes = 0;
  let indexBytes = soa.index?.byteLength ?? 0;
  for (const chunk of soa.chunkList) {
    columnBytes += chunk.dead?.byteLength ?? 0;
    for (const column of chunk.columns) {
      columnBytes += column.byteLength;
      indexBytes += orderBytes(column);
      if (column.allocator === null) adoptedBytes += column.byteLength;
    }
  }
  const { deadBytes, pinnedBytes } = soa.allocator.stats();
  return {
    ...batchStats(columnBytes + indexBytes, soa.size, soa.chunkList.length),
    columnBytes,
    indexBytes,
    adoptedBytes,
    deadBytes,
    pinnedBytes,
  };
}

export function batchStats(totalBytes: number, totalRows: number, numBatches: number): MemoryStats {
  return { totalBytes, totalRows, numBatches, averageBatchSize: numBatches === 0 ? 0 : totalRows / numBatches };
}
