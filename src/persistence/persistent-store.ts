import type { Table } from "apache-arrow";
import { recordBatchesOf, type ToArrowOptions } from "../arrow/table.ts";
import type { AllocatorChoice } from "../columns/allocator.ts";
import { assertOptions } from "../entity/options.ts";
import type { EntityClass, EntityRow, FieldsOf, InitOf, KeyArg, PatchOf } from "../entity/types.ts";
import { UnsupportedError } from "../errors.ts";
import type { QueryColumns } from "../query/column-types.ts";
import { sourceOf } from "../query/engine/source.ts";
import type { Plan } from "../query/plan.ts";
import type { QueryResult } from "../query/query-result.ts";
import type { Query } from "../query/query-types.ts";
import { Queryable } from "../query/queryable.ts";
import type { RowSource } from "../query/row-source.ts";
import type { ColumnsInit } from "../soa/bulk.ts";
import { appendRows } from "../soa/copy-rows.ts";
import { FrozenRows } from "../soa/frozen-rows.ts";
import type { RowRange } from "../soa/row-range.ts";
import { SoA } from "../soa/soa.ts";
import type { MemoryStats, StoreMemoryStats } from "../store/memory-stats.ts";
import { INSPECT, printed } from "../store/print.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { Store } from "../store/store.ts";
import type { ChangeKind, OperationOptions, Transaction, Version } from "./backend.ts";
import { type Ingested, type IngestOptions, type IngestTarget, ingest } from "./ingest.ts";
import { copyInRows, loadRows } from "./load-rows.ts";
import { assertOperationOptions } from "./operation-options.ts";
import type { Persistence } from "./persistence.ts";
import { assertOpenable } from "./persistent-store/assert-openable.ts";
import type { Barrier } from "./persistent-store/barrier.ts";
import { Committer } from "./persistent-store/committer.ts";
import { Lot } from "./persistent-store/lot.ts";
import type { Operation } from "./persistent-store/operation.ts";
import { Queue } from "./persistent-store/queue.ts";
import { Staging } from "./persistent-store/staging.ts";

export interface PersistentStoreOptions {
  /** Where the columns in memory live; see `StoreOptions`. */
  allocator?: AllocatorChoice;
}

type Kernel = SoA<EntityRow>;

/** What the writer of an ingested source is called, before its name. */
const INGEST = "ingest:";

/**
 * Rows of an entity in memory that follow those of a storage.
 *
 * A change is validated at the call, against what is stored and what was asked for before, and what it was given is
 * taken then. Its promise resolves once it is durable; memory takes it in at that moment, so a read never shows what
 * could still be lost. Changes are made in the order they were asked for. Those asked for while others are on their
 * way go together in one commit, which is made whole or not at all; if the storage fails, its changes reject and
 * memory is as before. Changes behind it that no longer hold reject with ConflictError.
 *
 * Reading is synchronous, from memory. Views are read-only.
 */
export class PersistentStore<T extends EntityRow> extends Queryable<T, "source"> implements Iterable<T>, AsyncDisposable {
  readonly persistence: Persistence<T>;
  readonly #options: PersistentStoreOptions;
  readonly #staging: Staging;
  readonly #committer: Committer;
  readonly #queue: Queue;
  #store: Store<T>;
  #closing: Promise<void> | null = null;

  /**
   * Opens the storage and loads what is there.
   * @throws SchemaMismatchError, IoError, CorruptDataError
   * @throws UnsupportedError if the backend cannot make several changes as one
   */
  static async open<T extends EntityRow>(
    persistence: Persistence<T>,
    options: PersistentStoreOptions = {},
  ): Promise<PersistentStore<T>> {
    assertOpenable(persistence);
    assertOptions<PersistentStoreOptions>("PersistentStore.open()", options, { allocator: true });
    try {
      const { kernel, version } = await loadKernel(persistence, options);
      return new PersistentStore(persistence, options, kernel, version);
    } catch (error) {
      // Nobody has a store to close: files go back, and whoever uses the persistence again opens it again.
      await persistence.close().catch(() => {});
      throw error;
    }
  }

  private constructor(persistence: Persistence<T>, options: PersistentStoreOptions, kernel: SoA<T>, version: Version) {
    if (!(kernel instanceof SoA)) {
      throw new UnsupportedError("new PersistentStore() cannot load what is stored: await PersistentStore.open(persistence)");
    }
    super();
    this.persistence = persistence;
    this.#options = options;
    this.#store = Store.over(kernel);
    this.#staging = new Staging(kernel as unknown as Kernel);
    this.#committer = new Committer(persistence as unknown as Persistence<EntityRow>, kernel as unknown as Kernel, version);
    this.#queue = new Queue(this.#staging, this.#committer);
  }

  /** The columns in memory, to read. Another object after loadFromStorage() and clearAll(). */
  get kernel(): SoA<T> {
    return this.#store.kernel;
  }

  /** What a console shows. @internal */
  [INSPECT](): string {
    return printed(this, this.#store.kernel.schema.name);
  }

  /** Number of rows in memory. */
  get size(): number {
    return this.#store.size;
  }

  /** Rows there is room for in memory without allocating. */
  get capacity(): number {
    return this.#store.capacity;
  }

  /** A read-only view of the row with this key. O(1). */
  get(...key: KeyArg<T>): T | undefined {
    return this.#store.get(...key);
  }

  has(...key: KeyArg<T>): boolean {
    return this.#store.has(...key);
  }

  /** A read-only view of the row of this index; undefined where there is none. */
  at(row: number): T | undefined {
    return this.#store.at(row);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#store[Symbol.iterator]();
  }

  /** Read-only views of the rows for which `predicate` holds. O(rows). */
  filter(predicate: (row: T) => boolean): T[] {
    return this.#store.filter(predicate);
  }

  /** The rows in memory as they are now, unaffected by later changes. O(1). */
  snapshot(): Snapshot<T> {
    return this.#store.snapshot();
  }

  /** An apache-arrow Table over the bytes in memory, unaffected by later changes. O(chunks). */
  toArrow(options?: ToArrowOptions): Table {
    return this.#store.toArrow(options);
  }

  /** What the rows take in memory. `memoryStats()` tells what they take in the storage. */
  inMemoryStats(): StoreMemoryStats {
    return this.#store.memoryStats();
  }

  /**
   * Adds a row. Resolves with its row index once it is durable.
   * @throws ValidationError, DuplicateKeyError, ConflictError, IoError (all as rejections, here and below)
   */
  add(row: T | InitOf<T>): Promise<number> {
    return this.#enqueue("append", () => this.#staging.addRow(row));
  }

  /** Adds all rows or, if one is refused or the iterable throws, none. */
  addBatch(rows: Iterable<T | InitOf<T>>): Promise<RowRange> {
    return this.#enqueue("append", () => this.#staging.addRows(rows));
  }

  /** Adds rows given as columns; see `Store.addColumns`. All or none. */
  addColumns(columns: ColumnsInit<FieldsOf<T>>): Promise<RowRange> {
    return this.#enqueue("append", () => this.#staging.addColumns(columns));
  }

  /**
   * Takes in rows of a stream, a lot at a time, each lot whole or not at all; the stream waits where the storage does.
   * With a `source` a stream that was interrupted can be given again from its begin: rows up to the last that is stored
   * are passed over. Resolves when everything is durable; where it rejects, the lots before stay.
   * @throws ValidationError, DuplicateKeyError, ConflictError, IoError, what the stream throws, the signal's reason
   */
  async ingest<R extends T | InitOf<T>>(rows: AsyncIterable<R> | Iterable<R>, options: IngestOptions<R> = {}): Promise<Ingested> {
    this.#assertOpen();
    const { backend, entity } = this.persistence;
    const target: IngestTarget = {
      entity: this.kernel.schema.name,
      lastPosition: async (source) => (await backend.lastTxn(INGEST + source))?.seq,
      take: async (lot, source) => {
        if (source === null) return void (await this.addBatch(lot as R[]));
        await this.#takeLot(new Lot(entity as unknown as EntityClass<EntityRow>, lot), {
          writer: INGEST + source.name,
          seq: source.position,
        });
      },
    };
    return ingest(target, rows, options);
  }

  /**
   * Changes fields of a row: those of a patch, or those that a function makes different on a draft, an instance with
   * the values that the row will have once everything asked for before is done. The function runs at once and must
   * be done when it returns; an instance of the entity that it returns takes the draft's place.
   * @throws KeyNotFoundError, ValidationError, ConflictError, IoError
   */
  update(key: KeyArg<T>[0], change: PatchOf<T> | ((draft: T) => unknown)): Promise<void> {
    return this.#enqueue("update", () => this.#staging.update(key, change));
  }

  /** Adds the row, or overwrites every field of the row with its key. Resolves with the row index. */
  upsert(row: T | InitOf<T>): Promise<number> {
    return this.#enqueue("upsert", () => this.#staging.upsert(row));
  }

  /** Deletes the row with this key. Resolves with false where there was none. */
  delete(...key: KeyArg<T>): Promise<boolean> {
    return this.#enqueue("delete", () => this.#staging.delete(key[0]));
  }

  /** Number of stored rows, as the storage tells it now; changes on their way may be counted or not. */
  async storageCount(options?: OperationOptions): Promise<number> {
    this.#assertOpen();
    return this.persistence.count(options);
  }

  /**
   * What the rows in the storage answer to a query, or to the plan of one; changes on their way may show or not.
   * `query` and `where` ask those in memory. @throws QueryError, ColumnNotFoundError
   */
  queryStorage<C extends QueryColumns, R>(query: Query<C, R>, options?: OperationOptions): Promise<QueryResult<C, R>>;
  queryStorage(plan: Plan, options?: OperationOptions): Promise<QueryResult<QueryColumns, Record<string, unknown>>>;
  async queryStorage(query: never, options?: OperationOptions): Promise<QueryResult<QueryColumns, never>> {
    this.#assertOpen();
    return this.persistence.query(query, options);
  }

  /** What the rows take in the storage. */
  async memoryStats(options?: OperationOptions): Promise<MemoryStats> {
    this.#assertOpen();
    return this.persistence.memoryStats(options);
  }

  /**
   * Replaces everything in the storage by what is in memory, also what others stored since. Waits for the changes
   * asked for before; those asked for after wait for it.
   */
  saveToStorage(options: OperationOptions = {}): Promise<void> {
    return this.#barrier({ empties: false, changesRows: false, settles: false }, async () => {
      assertOperationOptions(this.kernel.schema.name, options);
      this.#queue.assertWhole();
      options.signal?.throwIfAborted();
      const batches = recordBatchesOf(new FrozenRows(this.kernel));
      await this.#queue.commit({ kind: "replace", rows: () => batches }, true, options, () => this.#queue.reconciled());
    });
  }

  /**
   * Replaces everything in memory by what is in the storage. Views of rows are invalid afterwards. Waits for the
   * changes asked for before; those asked for after wait for it.
   */
  loadFromStorage(options: OperationOptions = {}): Promise<void> {
    return this.#barrier({ empties: false, changesRows: true, settles: true }, async () => {
      const { kernel, version } = await loadKernel(this.persistence, this.#options, options);
      this.#committer.version = version;
      this.#replaceMemory(kernel);
    });
  }

  /**
   * Removes every row, in the storage and in memory. Waits for the changes asked for before; those asked for after
   * wait for it.
   */
  clearAll(options: OperationOptions = {}): Promise<void> {
    return this.#barrier({ empties: true, changesRows: true, settles: false }, async () => {
      assertOperationOptions(this.kernel.schema.name, options);
      options.signal?.throwIfAborted();
      await this.#queue.commit({ kind: "clear" }, false, options, () =>
        this.#replaceMemory(emptyKernel(this.persistence.entity, this.#options)),
      );
    });
  }

  /** Gives up the room of deleted rows in memory. Row indices and views from the first deleted row on become invalid. O(rows). */
  compact(): void {
    this.kernel.lock(null);
    try {
      this.kernel.compact();
    } finally {
      this.#queue.lock();
    }
  }

  /**
   * Waits for what was asked for before, and closes the persistence. Calls that change or ask the storage reject from
   * now on; what is in memory can still be read. Again is fine.
   */
  async close(): Promise<void> {
    if (this.#closing === null) this.persistence.backend.assertCommittable?.();
    this.#closing ??= this.#barrier({ empties: false, changesRows: false, settles: true }, () => this.persistence.close());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  protected override querySource(): RowSource<T> {
    // Asked for anew each time: loadFromStorage() and clearAll() put another kernel in place.
    return {
      schema: this.kernel.schema,
      open: () => sourceOf(this.kernel),
      pin: () => new FrozenRows(this.kernel),
      view: (chunk, row) => this.kernel.access.views.view(chunk, row),
    };
  }

  #takeLot(lot: Lot, txn: Transaction): Promise<void> {
    return this.#barrier({ empties: false, changesRows: true, settles: false }, async () => {
      this.#queue.assertWhole();
      lot.check(this.kernel as unknown as Kernel);
      const batches = recordBatchesOf(lot.rows);
      const whenMade = () => this.#queue.unlocked(() => void appendRows(this.kernel as unknown as Kernel, lot.rows));
      await this.#queue.commit({ kind: "append", rows: () => batches }, false, {}, whenMade, txn);
    });
  }

  #enqueue<R>(kind: ChangeKind, stage: () => Operation): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#assertOpen();
      this.persistence.backend.assertCommittable?.();
      if (kind !== "append" && this.persistence.backend.capabilities.mutations === "none") {
        throw new UnsupportedError(`${this.kernel.schema.name}: this storage takes new rows only; there is no ${kind}`);
      }
      const operation = stage();
      operation.resolve = resolve as (value: unknown) => void;
      operation.reject = reject;
      this.#queue.start();
    });
  }

  #barrier(kind: Pick<Barrier, "empties" | "changesRows" | "settles">, run: () => Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#assertOpen();
      this.persistence.backend.assertCommittable?.();
      const barrier: Barrier = { kind: "barrier", ...kind, run, resolve, reject };
      this.#staging.pending.units.push(barrier);
      this.#queue.start();
    });
  }

  #replaceMemory(kernel: SoA<T>): void {
    const old = this.kernel;
    this.#store = Store.over(kernel);
    this.#staging.pending.memory = kernel as unknown as Kernel;
    this.#queue.reconciled();
    // Views that are still held say that their rows are gone.
    old.lock(null);
    old.clear();
    old.lock(`${old.schema.name}: this kernel is no longer that of a store; take it again`);
  }

  #assertOpen(): void {
    if (this.#closing === null) return;
    throw new UnsupportedError(`${this.kernel.schema.name}: the store is closed; open it again with PersistentStore.open()`);
  }
}

function emptyKernel<T extends EntityRow>(entity: EntityClass<T>, { allocator }: PersistentStoreOptions): SoA<T> {
  return new SoA(entity, { readOnlyViews: true, ...(allocator === undefined ? {} : { allocator }) });
}

/** The stored rows: over the stored bytes where they are in plain memory and may stay there, else in columns of our own. */
async function loadKernel<T extends EntityRow>(
  persistence: Persistence<T>,
  options: PersistentStoreOptions,
  operation?: OperationOptions,
): Promise<{ kernel: SoA<T>; version: Version }> {
  await persistence.open(operation);
  const snapshot = await persistence.backend.snapshot(undefined, operation);
  try {
    const kernel = emptyKernel(persistence.entity, options);
    const total = Number(await snapshot.count(operation));
    if (kernel.allocator.kind === "heap") await loadRows(kernel, snapshot.scan({ ...operation, kept: true }), total);
    else await copyInRows(kernel, snapshot.scan(operation), total);
    return { kernel, version: snapshot.version };
  } finally {
    await snapshot.close();
  }
}
