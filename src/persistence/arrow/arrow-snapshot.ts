import type { RecordBatch } from "apache-arrow";
import { recordBatchesOf } from "../../arrow/table.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityRow } from "../../entity/types.ts";
import { UnsupportedError } from "../../errors.ts";
import { FrozenRows } from "../../soa/frozen-rows.ts";
import type { SoA } from "../../soa/soa.ts";
import { batchStats, type MemoryStats } from "../../store/memory-stats.ts";
import type { BackendSnapshot, ScanOptions, Version } from "../backend.ts";
import { bytesOf } from "../batches.ts";
import { fieldIndices } from "../scan-needs.ts";

/** One version of an ArrowBackend. Holding it costs later changes a copy of each column chunk they touch, once. */
export class ArrowSnapshot implements BackendSnapshot {
  readonly version: Version;
  readonly schema: EntitySchema;
  readonly #indexBytes: number;
  #rows: FrozenRows<EntityRow> | null;

  constructor(version: Version, storage: SoA<EntityRow>) {
    this.version = version;
    this.schema = storage.schema;
    this.#indexBytes = storage.index?.byteLength ?? 0;
    this.#rows = new FrozenRows(storage);
  }

  get rows(): FrozenRows<EntityRow> {
    return this.#open();
  }

  async count(): Promise<bigint> {
    return BigInt(this.#open().size);
  }

  async stats(): Promise<MemoryStats> {
    const { chunkList, size } = this.#open();
    let bytes = this.#indexBytes;
    for (const chunk of chunkList) {
      bytes += chunk.dead?.byteLength ?? 0;
      for (const column of chunk.columns) bytes += column.byteLength;
    }
    return batchStats(bytes, size, chunkList.length);
  }

  /** Batches over the bytes that are stored; chunks with deleted rows are copied without them. */
  async *scan(options: ScanOptions = {}): AsyncGenerator<RecordBatch> {
    const { signal, onProgress, columns } = options;
    const rows = this.#open();
    const indices = columns === undefined ? null : fieldIndices(this.schema, columns);
    const done = { rows: 0, bytes: 0, totalRows: rows.size };
    signal?.throwIfAborted();
    for (const batch of recordBatchesOf(rows)) {
      signal?.throwIfAborted();
      // Not select(), which leaves the children where they were.
      yield indices === null ? batch : (batch.selectAt(indices) as RecordBatch);
      done.rows += batch.numRows;
      done.bytes += bytesOf(batch);
      onProgress?.({ ...done });
    }
  }

  async close(): Promise<void> {
    this.#rows = null;
  }

  #open(): FrozenRows<EntityRow> {
    if (this.#rows === null)
      throw new UnsupportedError(`${this.schema.name}: this snapshot of the storage is closed; take another`);
    return this.#rows;
  }
}
