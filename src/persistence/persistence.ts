import type { RecordBatch } from "apache-arrow";
import type { ArrowSource } from "../arrow/record-batches.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import type { QueryColumns } from "../query/column-types.ts";
import type { Plan } from "../query/plan.ts";
import type { QueryResult } from "../query/query-result.ts";
import type { Query } from "../query/query-types.ts";
import type { SoA, SoAOptions } from "../soa/soa.ts";
import type { MemoryStats } from "../store/memory-stats.ts";
import type { Backend, Batches, Commit, OperationOptions } from "./backend.ts";

/**
 * Rows of an entity in a place that keeps them. Each method is whole or not at all; a signal aborted before anything
 * was changed ends it. A persistence opens its place when it is first used.
 */
export interface Persistence<T extends EntityRow> {
  readonly entity: EntityClass<T>;
  /** What the methods here are derived from: versions, changes of single rows, snapshots. */
  readonly backend: Backend;

  /** Opens the place, as every other method does by itself. Again is fine. @throws SchemaMismatchError, IoError, CorruptDataError */
  open(options?: OperationOptions): Promise<void>;

  /**
   * Makes these rows the stored ones, in place of all that were there. The rows are those of the moment of the call.
   * @param rows a store, its kernel, or a snapshot
   * @throws SchemaMismatchError, ValidationError, IoError
   */
  save(rows: ArrowSource, options?: OperationOptions): Promise<Commit>;

  /** The stored rows, over the stored bytes where the place has them in memory. O(rows) else. @throws IoError, CorruptDataError */
  load(options?: OperationOptions & Pick<SoAOptions<T>, "allocator">): Promise<SoA<T>>;

  /** Stores these rows behind those that are there. @throws DuplicateKeyError, SchemaMismatchError, ValidationError, IoError */
  append(rows: ArrowSource, options?: OperationOptions): Promise<Commit>;

  /**
   * What the stored rows answer to a query, or to the plan of one. Rows are those of one version.
   * @throws QueryError, ColumnNotFoundError, IoError, CorruptDataError
   */
  query<C extends QueryColumns, R>(query: Query<C, R>, options?: OperationOptions): Promise<QueryResult<C, R>>;
  query(plan: Plan, options?: OperationOptions): Promise<QueryResult<QueryColumns, Record<string, unknown>>>;

  /** What answering a query would read, in words. Reads no rows. @throws QueryError, ColumnNotFoundError, IoError, CorruptDataError */
  explain<C extends QueryColumns, R>(query: Query<C, R> | Plan, options?: OperationOptions): Promise<string>;

  /** Number of stored rows. */
  count(options?: OperationOptions): Promise<number>;
  isEmpty(options?: OperationOptions): Promise<boolean>;

  /** Removes every stored row. */
  clear(options?: OperationOptions): Promise<Commit>;

  /** What the stored rows take, where they are kept. */
  memoryStats(options?: OperationOptions): Promise<MemoryStats>;

  /** As `save`, of Arrow batches. */
  saveBatches(batches: Batches, options?: OperationOptions): Promise<Commit>;

  /**
   * The stored rows, as they are when the iteration begins, in batches of at most `rows` rows.
   * @throws ValidationError unless `rows` is an integer from 1
   */
  loadBatches(rows: number, options?: OperationOptions): AsyncIterableIterator<RecordBatch>;

  /** As `append`, of Arrow batches. */
  appendBatches(batches: Batches, options?: OperationOptions): Promise<Commit>;

  /** Gives back files, connections and memory; what is stored stays. Using the persistence again opens it again. */
  close(): Promise<void>;
}
