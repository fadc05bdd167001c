import type { Table } from "apache-arrow";
import { type ArrowInput, readArrow } from "../arrow/read.ts";
import { type ToArrowOptions, toArrowTable } from "../arrow/table.ts";
import { schemaOf } from "../entity/entity.ts";
import { assertOptions } from "../entity/options.ts";
import type { EntityClass, EntityRow, FieldsOf, InitOf, KeyArg, PatchOf } from "../entity/types.ts";
import { ValidationError } from "../errors.ts";
import { Queryable } from "../query/queryable.ts";
import type { RowSource } from "../query/row-source.ts";
import type { Workers } from "../query/workers/workers.ts";
import type { Appender } from "../soa/appender.ts";
import type { ColumnsInit } from "../soa/bulk.ts";
import type { Chunk } from "../soa/chunk.ts";
import { assertIterable } from "../soa/iterable.ts";
import { RowAccess } from "../soa/row-access.ts";
import { Cursor } from "../soa/row-iterator.ts";
import type { RowRange } from "../soa/row-range.ts";
import type { Rows } from "../soa/rows.ts";
import { ShardRouter } from "../soa/shard-router.ts";
import { SoA } from "../soa/soa.ts";
import { filterRows } from "./filter-rows.ts";
import { joinRows } from "./join-rows.ts";
import { shardsSource, shardsWriter } from "./kernel-source.ts";
import { batchStats, type StoreMemoryStats } from "./memory-stats.ts";
import { INSPECT, printed } from "./print.ts";
import { ShardedSnapshot, shardAt } from "./sharded-snapshot.ts";
import { checkWorkers, STORE_OPTIONS, Store, type StoreOptions } from "./store.ts";

export interface ShardedStoreOptions extends StoreOptions {
  /** Number of shards, 1 to 1024; by default what the entity declares. */
  shards?: number;
}

/** Where a row is: its shard, and its row index there. */
export interface ShardRow {
  readonly shard: number;
  readonly row: number;
}

/** What one shard answers by itself. Rows are added through the sharded store, which knows where they belong. */
export type Shard<T extends EntityRow> = Omit<Store<T>, "add" | "addBatch" | "addColumns" | "addArrow" | "upsert">;

/**
 * Rows of an entity in several stores: each row lies in the shard that a hash of its key names, or, without
 * a key, in the shard whose turn it is. Answers like a {@link Store}; row indices are per shard.
 */
export class ShardedStore<T extends EntityRow> extends Queryable<T, "rows"> implements Iterable<T> {
  readonly #access: RowAccess<T>;
  readonly #router: ShardRouter<T>;
  readonly #shards: readonly Store<T>[];
  readonly #workers: Workers;

  /** @throws ValidationError if `entity` is no entity class, a member of it hides a column, or an option is out of range */
  constructor(entity: EntityClass<T>, options: ShardedStoreOptions = {}) {
    super();
    assertOptions<ShardedStoreOptions>("store options", options, { ...STORE_OPTIONS, shards: true });
    checkWorkers(options);
    const shards = options.shards === undefined ? schemaOf(entity).shards : options.shards;
    if (!Number.isInteger(shards) || shards < 1 || shards > 1024) {
      throw new ValidationError({
        entity: schemaOf(entity).name,
        field: "shards",
        value: shards,
        expected: "an integer from 1 to 1024",
      });
    }
    this.#access = new RowAccess(entity).checked();
    this.#router = new ShardRouter(this.#access, shards);
    const { workers = "auto" } = options;
    this.#shards = Array.from({ length: shards }, () =>
      Store.over(new SoA(entity, { ...options, access: this.#access }), workers),
    );
    this.#workers = this.#shards[0]?.kernel.allocator.kind === "heap" ? 0 : workers;
  }

  /** As `Store.fromArrow`; rows are copied to their shards. @throws SchemaMismatchError, TypeConversionError, DuplicateKeyError, ArrowError */
  static fromArrow<T extends EntityRow>(
    entity: EntityClass<T>,
    table: ArrowInput,
    options?: ShardedStoreOptions,
  ): ShardedStore<T> {
    const store = new ShardedStore(entity, options);
    store.addArrow(table);
    return store;
  }

  get shardCount(): number {
    return this.#shards.length;
  }

  /** @throws ValidationError if there is no such shard */
  shard(index: number): Shard<T> {
    return shardAt(this.#access.schema, this.#shards, index);
  }

  /** What a console shows. @internal */
  [INSPECT](): string {
    return printed(this, this.#access.schema.name);
  }

  /** Number of rows. */
  get size(): number {
    return this.#shards.reduce((rows, shard) => rows + shard.size, 0);
  }

  /** Rows there is room for without allocating. */
  get capacity(): number {
    return this.#shards.reduce((rows, shard) => rows + shard.capacity, 0);
  }

  /** Adds a row. @throws ValidationError, DuplicateKeyError. O(1) amortised */
  add(row: T | InitOf<T>): ShardRow {
    const keyed = this.#access.withKey(row) as T | InitOf<T>;
    const shard = this.#router.ofRow(keyed);
    return { shard, row: this.#shards[shard].add(keyed) };
  }

  /** Adds all rows or, if one is refused or the iterable throws, none. @returns the new row indices of each shard. @throws ValidationError, DuplicateKeyError */
  addBatch(rows: Iterable<T | InitOf<T>>): RowRange[] {
    assertIterable(this.#access.schema, rows);
    return this.#appendToAll((appenders) => {
      for (const row of rows) {
        const keyed = this.#access.withKey(row);
        appenders[this.#router.ofRow(keyed)].row(keyed);
      }
    });
  }

  /** Adds rows given as columns. All or none. @returns the new row indices of each shard. @throws ValidationError, DuplicateKeyError */
  addColumns(columns: ColumnsInit<FieldsOf<T>>): RowRange[] {
    return this.#access.keepingDictionaries(() => this.#distribute((staged) => staged.addColumns(columns)));
  }

  /** Adds the rows of Arrow data as `fromArrow` takes it. All or none. @returns the new row indices of each shard */
  addArrow(table: ArrowInput): RowRange[] {
    return this.#access.keepingDictionaries(() => this.#distribute((staged) => readArrow(staged, table)));
  }

  /** A view of the row with this key. O(1). */
  get(...key: KeyArg<T>): T | undefined {
    return this.#of(key).get(...key);
  }

  has(...key: KeyArg<T>): boolean {
    return this.#of(key).has(...key);
  }

  /** Views of the rows that are there now, shard by shard. */
  [Symbol.iterator](): IterableIterator<T> {
    const spans = this.#shards.map((shard) => shard.kernel.span);
    return this.#access.iterate(new Cursor(this.#access.schema.name, spans));
  }

  /** Views of the rows for which `predicate` holds. O(rows). */
  filter(predicate: (row: T) => boolean): T[] {
    return filterRows(this.#access.schema.name, this, predicate);
  }

  /** Changes fields of a row; checked first, then written. @returns its view. @throws KeyNotFoundError, ValidationError */
  update(key: KeyArg<T>[0], patch: PatchOf<T>): T {
    return this.#shards[this.#router.ofKey(key)].update(key, patch);
  }

  /** Adds the row, or overwrites every field of the row with its key. @throws ValidationError */
  upsert(row: T | InitOf<T>): ShardRow {
    const keyed = this.#access.withKey(row) as T | InitOf<T>;
    const shard = this.#router.ofRow(keyed);
    return { shard, row: this.#shards[shard].upsert(keyed) };
  }

  /** Deletes the row with this key. False where there was none. O(1). */
  delete(...key: KeyArg<T>): boolean {
    return this.#of(key).delete(...key);
  }

  /** Gives the room of deleted rows back, in every shard. O(rows). */
  compact(): void {
    for (const shard of this.#shards) shard.compact();
  }

  /** Deletes every row. */
  clear(): void {
    for (const shard of this.#shards) shard.clear();
  }

  /** The rows as they are now, unaffected by later writes. O(shards). */
  snapshot(): ShardedSnapshot<T> {
    return new ShardedSnapshot(
      this.#access,
      this.#router,
      this.#shards.map((shard) => shard.snapshot()),
      this.#workers,
    );
  }

  /** An apache-arrow Table over the same bytes, shard by shard. O(chunks). */
  toArrow(options?: ToArrowOptions): Table {
    return toArrowTable(this.rows, options);
  }

  memoryStats(): StoreMemoryStats {
    const sum = { columnBytes: 0, indexBytes: 0, adoptedBytes: 0, deadBytes: 0, pinnedBytes: 0 };
    let batches = 0;
    for (const shard of this.#shards) {
      const stats = shard.memoryStats();
      batches += stats.numBatches;
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += stats[name];
    }
    return { ...batchStats(sum.columnBytes + sum.indexBytes, this.size, batches), ...sum };
  }

  /** @internal */
  get rows(): Rows {
    return joinRows(
      this.#access,
      this.#shards.map((shard) => shard.kernel),
    );
  }

  /** @internal */
  protected override querySource(): RowSource<T> {
    const kernels = this.#shards.map((shard) => shard.kernel);
    return { ...shardsSource(this.#access, this.#router, kernels, this.#workers), writer: shardsWriter(kernels) };
  }

  #of(key: KeyArg<T>): Store<T> {
    return this.#shards[this.#router.ofKey(key[0])];
  }

  /** What is added to several shards becomes visible in all of them or in none. */
  #appendToAll(add: (appenders: readonly Appender[]) => void): RowRange[] {
    const appenders: Appender[] = [];
    try {
      for (const shard of this.#shards) appenders.push(shard.kernel.beginAppend(appenders.length > 0));
      add(appenders);
    } catch (error) {
      for (const appender of appenders) appender.rollback();
      throw error;
    }
    return this.#shards.map((shard, i) => shard.kernel.commitAppend(appenders[i]));
  }

  /** Reads rows into a kernel of their own, then copies each to its shard. */
  #distribute(read: (staged: SoA<T>) => void): RowRange[] {
    const staged = new SoA(this.#access.entity, { access: this.#access });
    read(staged);
    return this.#appendToAll((appenders) => {
      for (const chunk of staged.chunkList) {
        const byShard = this.#rowsByShard(chunk);
        for (let shard = 0; shard < appenders.length; shard++) {
          const rows = byShard[shard];
          appenders[shard].columns(rows.length, (field, column, to, from, count) => {
            const source = chunk.columns[field];
            for (let i = 0; i < count; i++) column.copyRows(source, rows[from + i], to + i, 1);
          });
        }
      }
    });
  }

  /** The rows of a chunk that belong to each shard. */
  #rowsByShard(chunk: Chunk): number[][] {
    const key = chunk.columns[this.#access.schema.key?.index ?? 0];
    const rows: number[][] = this.#shards.map(() => []);
    for (let at = 0; at < chunk.length; at++) rows[this.#router.ofColumn(key, at)].push(at);
    return rows;
  }
}
