import type { RecordBatch } from "apache-arrow";
import { recordBatchesOf } from "../../arrow/table.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import { ConflictError, describeValue, UnsupportedError } from "../../errors.ts";
import type { BoundExpression, BoundPlan } from "../../query/bound.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { batchStats, type MemoryStats } from "../../store/memory-stats.ts";
import type { BackendAnswer, BackendSnapshot, OperationOptions, ScanOptions, Version } from "../backend.ts";
import { bytesOf } from "../batches.ts";
import { fieldIndices, scanNeeds } from "../scan-needs.ts";
import { answerPlan, bindAll, tryCompile } from "./answer.ts";
import type { DuckValue } from "./binding.ts";
import { columnList, valueWidth } from "./column-types.ts";
import { compilePredicate } from "./compile-plan/compile-plan.ts";
import { NotCompiled } from "./compile-plan/compiled.ts";
import type { DuckConnection } from "./connection.ts";
import { fetchRows } from "./fetch.ts";
import { GROUP_ROWS } from "./row-function.ts";
import type { EntityTable } from "./table.ts";

/** What DuckDB's threads read ahead of this one; its default of 1 MB keeps them waiting while 65,536 rows are copied. */
const BUFFERED = "8MiB";

export interface SnapshotHooks {
  /** Begins a read transaction on the connection, and gives the version that it sees. */
  begin(): Promise<Version>;
  onClose(): void;
}

/** A version of a table: a read transaction of the engine, which holds what later commits delete until it is closed. */
export class DuckDBSnapshot implements BackendSnapshot {
  readonly version: Version;
  readonly schema: EntitySchema;
  readonly #connection: DuckConnection;
  readonly #table: EntityTable;
  readonly #hooks: SnapshotHooks;
  #closed = false;

  constructor(connection: DuckConnection, schema: EntitySchema, table: EntityTable, version: Version, hooks: SnapshotHooks) {
    this.#connection = connection;
    this.schema = schema;
    this.#table = table;
    this.version = version;
    this.#hooks = hooks;
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

  /** By one statement, where the engine gives the answer that Faun would. */
  async answer(plan: BoundPlan, options: OperationOptions = {}): Promise<BackendAnswer | undefined> {
    this.#assertOpen();
    return answerPlan(this.#connection, plan, this.#table.sql, options, () => this.#renew());
  }

  async explain(plan: BoundPlan): Promise<string> {
    this.#assertOpen();
    const compiled = tryCompile(plan, this.#table.sql);
    if (compiled instanceof NotCompiled)
      return `${this.schema.name}: answered in memory, for DuckDB would not answer alike (${compiled.message}); reads ${scanNeeds(plan).columns.join(", ")}`;
    const values = compiled.parameters.map(({ value }, i) => `\n  $${i + 1} = ${describeValue(value)}`);
    return `${compiled.sql}${values.join("")}`;
  }

  async *scan({ signal, onProgress, columns, where }: ScanOptions = {}): AsyncGenerator<RecordBatch> {
    this.#assertOpen();
    signal?.throwIfAborted();
    const all = this.schema.fields.map(({ name }) => name);
    const names = columns === undefined ? all : fieldIndices(this.schema, columns).map((index) => all[index] as string);
    // Without the key's index: whoever keeps the rows makes one.
    const access = new RowAccess(projectEntity(this.schema, names, { keyed: false }));
    const condition = where === undefined || where === null ? null : this.#predicate(where);
    await this.#connection.run(`SET streaming_buffer_size = '${BUFFERED}'`);
    const done = { rows: 0, bytes: 0 };
    try {
      const stream = await this.#connection.stream(
        `SELECT ${columnList(access.schema)} FROM ${this.#table.sql}${condition === null ? "" : ` WHERE ${condition.sql}`}`,
        condition?.values ?? [],
        { signal, rollback: true },
      );
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
    } catch (error) {
      await this.#renew().catch(() => undefined);
      throw error;
    }
    signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hooks.onClose();
    await this.#connection.close();
  }

  /** A statement that failed took the transaction with it: another one of the same version goes on. @throws ConflictError */
  async #renew(): Promise<void> {
    await this.#connection.run("ROLLBACK").catch(() => undefined);
    const version = await this.#hooks.begin();
    if (version === this.version) return;
    await this.close();
    throw new ConflictError(
      `${this.schema.name}: the table went from version ${this.version} to ${version} while a question was answered; ask again`,
    );
  }

  /** null where the engine would not find the same rows: all are given then. */
  #predicate(where: BoundExpression): { sql: string; values: DuckValue[] } | null {
    try {
      const { sql, parameters } = compilePredicate(this.schema, where);
      // What may fail for a row fails where the rows are looked at, not here.
      return /error\(|HUGEINT/.test(sql) ? null : { sql, values: bindAll(this.#connection, parameters) };
    } catch (error) {
      if (error instanceof NotCompiled) return null;
      throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new UnsupportedError(`${this.schema.name}: the snapshot of version ${this.version} is closed`);
  }
}
