export { type ArrowIPCOptions, toArrowIPC, toArrowIPCChunks } from "./arrow/ipc.ts";
export type { ArrowInput } from "./arrow/read.ts";
export { type ArrowSource, fromRecordBatches, toRecordBatches } from "./arrow/record-batches.ts";
export { arrowFieldNames, arrowFieldTypes, arrowSchema } from "./arrow/schema.ts";
export type { ToArrowOptions } from "./arrow/table.ts";
export type { Allocator, AllocatorChoice, AllocatorStats } from "./columns/allocator.ts";
export { HeapAllocator } from "./columns/heap-allocator.ts";
export { SharedAllocator } from "./columns/shared-allocator.ts";
export { Entity } from "./entity/entity.ts";
export * from "./entity/fields.ts";
export type * from "./entity/types.ts";
export * from "./errors.ts";
export { ArrowPersistence, type ArrowPersistenceOptions } from "./persistence/arrow/arrow-persistence.ts";
export type {
  Backend,
  BackendSnapshot,
  Batches,
  Capabilities,
  Change,
  Commit,
  CommitOptions,
  OperationOptions,
  Progress,
  ScanOptions,
  Transaction,
  Version,
} from "./persistence/backend.ts";
export { BackendPersistence } from "./persistence/backend-persistence.ts";
export type { Ingested, IngestOptions, IngestSource } from "./persistence/ingest.ts";
export type { Persistence } from "./persistence/persistence.ts";
export { PersistentStore, type PersistentStoreOptions } from "./persistence/persistent-store.ts";
export { LockedError, type LockHolder } from "./persistence/storage/locked-error.ts";
export { StorageFullError } from "./persistence/storage/storage-full-error.ts";
export {
  type Aggregate,
  type Aggregates,
  avg,
  count,
  countDistinct,
  type Direction,
  first,
  last,
  max,
  min,
  type OrderedAggregate,
  type OrderOptions,
  stddev,
  sum,
} from "./query/aggregate-functions.ts";
export type * from "./query/column-types.ts";
export type { DatePart, Expression, Literal, TruncUnit } from "./query/expression.ts";
export type { Measure, Plan, Projection, SortKey, Step } from "./query/plan.ts";
export { query, queryFromJson } from "./query/query.ts";
export { QueryResult } from "./query/query-result.ts";
export type * from "./query/query-types.ts";
export { Queryable } from "./query/queryable.ts";
export type { Workers } from "./query/workers/workers.ts";
export { RowRange } from "./soa/row-range.ts";
export { SoA } from "./soa/soa.ts";
export type { MemoryStats, StoreMemoryStats } from "./store/memory-stats.ts";
export { ShardedSnapshot } from "./store/sharded-snapshot.ts";
export { type Shard, ShardedStore, type ShardedStoreOptions, type ShardRow } from "./store/sharded-store.ts";
export { Snapshot } from "./store/snapshot.ts";
export { Store, type StoreOptions } from "./store/store.ts";
