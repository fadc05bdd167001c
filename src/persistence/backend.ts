import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityRow } from "../entity/types.ts";
import type { BoundExpression, BoundPlan } from "../query/bound.ts";
import type { ResultTable } from "../query/engine/result-table.ts";
import type { FrozenRows } from "../soa/frozen-rows.ts";
import type { SoA } from "../soa/soa.ts";
import type { MemoryStats } from "../store/memory-stats.ts";

/**
 * What a place that keeps rows promises. Small on purpose: the public `Persistence` methods and the
 * `PersistentStore` are derived from it once, for every backend.
 */

/** Names a state of the storage. Opaque: equal or not equal is all that may be read from it; `history()` gives the order. */
export type Version = string;

export interface Progress {
  /** Rows done so far. */
  rows: number;
  /** Bytes done so far: of Arrow, or as they are stored where stored rows are read. */
  bytes: number;
  /** Rows there are to do, where that is known beforehand. */
  totalRows?: number;
}

export interface OperationOptions {
  /** Ends the call early: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called after each batch. An error it throws fails the call as an abort does. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

export type Batches = Iterable<RecordBatch> | AsyncIterable<RecordBatch>;

/**
 * One step of a commit. Rows are Arrow batches with columns named as the entity's; `rows()` and `keys()` can be
 * called again (a retry needs it) and give the same each time.
 *
 * - `append`: new rows, behind those that are there. A key that is there already: DuplicateKeyError.
 * - `upsert`: whole rows; a row whose key is there replaces every field of it in its place, another is appended.
 * - `replace`: all rows there are afterwards.
 * - `update`: batches of the key's column and the columns of `fields`; a key that is not there: KeyNotFoundError.
 * - `delete`: batches of the key's column; a key that is not there is passed over.
 * - `clear`: no row is left.
 */
export type Change =
  | {
      readonly kind: "append" | "upsert" | "replace";
      rows(): Batches;
      /**
       * The rows of `rows()` as columns of ours, where the caller has them as such: a backend may take them instead, which
       * saves reading Arrow. They are not to be changed, and not to be kept once the commit is settled.
       */
      readonly soa?: SoA<EntityRow> | undefined;
    }
  | { readonly kind: "update"; readonly fields: readonly string[]; rows(): Batches }
  | { readonly kind: "delete"; keys(): Batches }
  | { readonly kind: "clear" };

export type ChangeKind = Change["kind"];

/** A commit that was made. */
export interface Commit {
  /** The state it led to. */
  readonly version: Version;
  /** Rows there are in that state. */
  readonly rows: bigint;
  readonly at: Date;
  /** What it outlives: nothing but the objects of this process, a crash of this machine, or its loss. */
  readonly durability: "memory" | "local" | "remote";
}

/** Names a commit to the backend, so that it is made once however often it is asked for. */
export interface Transaction {
  /**
   * Names the writer; one that nobody else takes. Of writers whose names begin with "session:" a storage may forget the
   * last transaction once many others have followed; of other names it keeps that of the last 1,024 at least.
   */
  readonly writer: string;
  /** Grows from commit to commit of a writer; 0 to 2^64 - 1. */
  readonly seq: bigint;
}

export interface CommitOptions extends OperationOptions {
  /** Commit only on top of this version. @see Capabilities.expectedVersion */
  expected?: Version | undefined;
  txn?: Transaction | undefined;
  /**
   * The changes hold on top of the version `expected`, which is to be given (but for a `replace` alone, whose rows then
   * have distinct keys): the caller has its rows and has looked.
   * A backend for which looking costs something may then do without.
   */
  checked?: boolean | undefined;
}

/** What of the rows is wanted. */
export interface ScanOptions extends OperationOptions {
  /** Names of the fields that the batches are to have, in the order of the declaration. Default: all. */
  columns?: readonly string[] | undefined;
  /**
   * Rows for which this does not hold (is false or null) are of no interest: a backend may leave them out where that
   * saves work, and need not. Bound to the schema of the snapshot; a column's `index` is the field's.
   */
  where?: BoundExpression | null | undefined;
  /** Whether all batches are kept, as for a store that is loaded: their columns may then lie in shared memory. */
  kept?: boolean | undefined;
}

/** What a backend answered to a plan itself: rows of the entity in their order, where the plan gives those, else a table. */
export type BackendAnswer = { readonly batches: readonly RecordBatch[] } | { readonly table: ResultTable };

/** The state at one version. It stays as it is, whatever is committed since, until it is closed. */
export interface BackendSnapshot {
  readonly version: Version;
  readonly schema: EntitySchema;
  count(options?: OperationOptions): Promise<bigint>;
  stats(options?: OperationOptions): Promise<MemoryStats>;
  /** The rows in the order of storage. Batches are not to be written to; they are of any length. @throws ColumnNotFoundError */
  scan(options?: ScanOptions): AsyncIterable<RecordBatch>;
  /**
   * Answers a plan, for backends that run plans; undefined where this one's answer could differ from that of Faun's own
   * engine, which then answers over what `scan` gives. @throws QueryError
   */
  answer?(plan: BoundPlan, options?: OperationOptions): Promise<BackendAnswer | undefined>;
  /** What answering a plan would read, in words, a line for each thing; what is not read is said too. */
  explain?(plan: BoundPlan, options?: OperationOptions): Promise<string>;
  /** The rows as columns, where that is how they are kept in this process; usable also once this is closed. */
  readonly rows?: FrozenRows<EntityRow>;
  /** Gives back what it holds. Twice is fine; afterwards its methods reject. */
  close(): Promise<void>;
}

export interface Capabilities {
  /** How update, upsert and delete are done: at the cost of the change, by writing the rows anew, or not at all. */
  readonly mutations: "native" | "rewrite" | "none";
  /** A commit of several changes is made whole or not at all. Without it a commit takes one change. */
  readonly atomicCommit: boolean;
  readonly expectedVersion: boolean;
  /** `snapshot()` takes a version or time before the present. */
  readonly timeTravel: boolean;
  readonly evolve: boolean;
  /** Whether the cost of an append grows with what is stored. */
  readonly appendCost: "constant" | "linear";
}

/**
 * A place that keeps the rows of one entity.
 *
 * A call whose signal is aborted before its commit point changes nothing and rejects with the signal's reason; after
 * it the call resolves. What the backend cannot do is an UnsupportedError, never emulated in silence. A failure of
 * the storage is an IoError, whose `outcome` is "unknown" if the change may have been made all the same.
 */
export interface Backend {
  readonly capabilities: Capabilities;

  /**
   * Makes ready and gives the present version. To be called before anything else; again is fine, also after `close`.
   * @throws SchemaMismatchError if what is stored is of another schema; nothing is changed then
   */
  open(schema: EntitySchema, options?: OperationOptions): Promise<Version>;

  /**
   * Makes all changes, in order, as one: whole, and durable as the capabilities say, when it resolves; not at all when
   * it rejects, but for an IoError of unknown outcome. A transaction that was made already is not made again: the
   * call resolves with the commit that it made.
   * @throws ConflictError if `expected` is not the present version
   * @throws DuplicateKeyError, KeyNotFoundError, SchemaMismatchError, TypeConversionError, ValidationError for its data
   */
  commit(changes: readonly Change[], options?: CommitOptions): Promise<Commit>;

  /** @throws DatabaseError where a commit, asked for now, would wait for its caller to end */
  assertCommittable?(): void;

  /**
   * The latest transaction of a writer and what it led to; undefined for a writer without one. Settles an unknown
   * outcome: a transaction that it does not tell of is not made later either.
   */
  lastTxn(writer: string, options?: OperationOptions): Promise<{ readonly seq: bigint; readonly commit: Commit } | undefined>;

  /** @throws UnsupportedError for a state that is not kept (see `timeTravel`) */
  snapshot(at?: { version: Version } | { asOf: Date }, options?: OperationOptions): Promise<BackendSnapshot>;

  /** The commits that are remembered, oldest first. */
  history(options?: OperationOptions): AsyncIterable<Commit>;

  /** Takes another schema, converting what is stored. @throws UnsupportedError, SchemaMismatchError */
  evolve(to: EntitySchema, options?: OperationOptions & { expected?: Version | undefined }): Promise<Commit>;

  /**
   * Housekeeping that changes no row: `checkpoint` makes the next open quicker, `compact` stores what is there more
   * tightly, `vacuum` drops what no version needs. Where there is nothing of the kind to do, it does nothing.
   */
  maintain(task: "checkpoint" | "compact" | "vacuum", options?: OperationOptions): Promise<void>;

  /** Gives back what it holds, after the calls under way. What is stored stays. Twice is fine. */
  close(): Promise<void>;
}
