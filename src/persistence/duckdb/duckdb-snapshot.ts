import type { RecordBatch } from "apache-arrow";
import { recordBatchesOf } from "../../arrow/table.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import { UnsupportedError } from "../../errors.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { batchStats, type MemoryStats } from "../../store/memory-stats.ts";
import type { BackendSnapshot, OperationOptions, ScanOptions, Version } from "../backend.ts";
import { bytesOf } from "../batches.ts";
import { fieldIndices } from "../scan-needs.ts";
import { columnList, valueWidth } from "./column-types.ts";
import type { DuckConnection } from "./connection.ts";
import { fetchRows } from "./fetch.ts";
import type { EntityTable } from "./table.ts";

/** Rows of a row group of DuckDB. */
const GROUP_ROWS = 122_880;

/** A version of a table: a read transaction of the engine, which holds what later commits delete until it is closed. */
export class DuckDBSnapshot implements BackendSnapshot {
  readonly version: Version;
  readonly schema: EntitySchema;
  readonly #connection: DuckConnection;
  readonly #table: EntityTable;
  readonly #onClose: () => void;
  #closed = false;

  constructor(connection: DuckConnection, schema: EntitySchema, table: EntityTable, version: Version, onClose: () => void) {
    this.#connection = connection;
    this.#onClose = onClose;
    this.schema = schema;
    this.#table = table;
    this.version = version;
  }

  async count({ signal }: OperationOptions = {}): Promise<bigint> {
    this.#assertOpen();
    const [row] = await this.#connection.rows(`SELECT count(*) FROM ${this.#table.sql}`, [], { signal });
    return row?.[0] as bigint;
  }

  /** Bytes are those of the file's blocks, and for what is not in the file those of the values. */
  async stats(options: OperationOptions = {}): Promise<MemoryStats> {
    const rows = Number(await this.count(options));
    const { binding } = this.#connection;
    const width = this.schema.fields.reduce((sum, { type }) => sum + valueWidth(type), 0);
    // The function takes a name as text of its own, in which no quote can be said.
    if (this.#table.name.includes('"')) return batchStats(rows * width, rows, Math.ceil(rows / GROUP_ROWS));
    const [found] = await this.#connection.rows(
      `SELECT count(DISTINCT block_id) FILTER (persistent) * (SELECT block_size FROM pragma_database_size() LIMIT 1),
         coalesce(max(count) FILTER (NOT persistent), 0), count(DISTINCT row_group_id) FROM pragma_storage_info($1)`,
      [binding.create_varchar(this.#table.sql)],
      options,
    );
    const [blocks, transient, groups] = (found ?? [0n, 0n, 0n]).map(Number) as [number, number, number];
    const bytes = Math.max(blocks, 0) + (transient > 0 ? rows * width : 0);
    return batchStats(bytes, rows, rows === 0 ? 0 : groups);
  }

  async *scan({ signal, onProgress, columns }: ScanOptions = {}): AsyncGenerator<RecordBatch> {
    this.#assertOpen();
    signal?.throwIfAborted();
    const all = this.schema.fields.map(({ name }) => name);
    const names = columns === undefined ? all : fieldIndices(this.schema, columns).map((index) => all[index] as string);
    // Without the key's index: whoever keeps the rows makes one.
    const access = new RowAccess(projectEntity(this.schema, names, { keyed: false }));
    const stream = await this.#connection.stream(`SELECT ${columnList(access.schema)} FROM ${this.#table.sql}`, [], { signal });
    const done = { rows: 0, bytes: 0 };
    for await (const rows of fetchRows(this.#connection.binding, stream, access)) {
      signal?.throwIfAborted();
      for (const batch of recordBatchesOf(rows)) {
        done.rows += batch.numRows;
        done.bytes += bytesOf(batch);
        onProgress?.({ ...done });
        yield batch;
        this.#assertOpen();
      }
    }
    signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    await this.#connection.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new UnsupportedError(`${this.schema.name}: the snapshot of version ${this.version} is closed`);
  }
}
