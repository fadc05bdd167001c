import type { Table } from "apache-arrow";
import { type ArrowInput, readArrow } from "../arrow/read.ts";
import { type ToArrowOptions, toArrowTable } from "../arrow/table.ts";
import type { AllocatorChoice } from "../columns/allocator.ts";
import { assertOptions } from "../entity/options.ts";
import type { EntityClass, EntityRow, FieldsOf, InitOf, KeyArg, PatchOf } from "../entity/types.ts";
import { KeyNotFoundError, ValidationError } from "../errors.ts";
import { Queryable } from "../query/queryable.ts";
import type { RowSource } from "../query/row-source.ts";
import type { Workers } from "../query/workers/workers.ts";
import type { ColumnsInit } from "../soa/bulk.ts";
import type { RowRange } from "../soa/row-range.ts";
import { SoA } from "../soa/soa.ts";
import { filterRows } from "./filter-rows.ts";
import { kernelSource } from "./kernel-source.ts";
import { memoryStatsOf, type StoreMemoryStats } from "./memory-stats.ts";
import { INSPECT, printed } from "./print.ts";
import { Snapshot } from "./snapshot.ts";

export interface StoreOptions {
  /**
   * Where columns live: "heap" (default; plain ArrayBuffers) or "shared" (shared WebAssembly memory, which
   * other threads and SIMD kernels can read), or a function that makes an allocator for this store alone.
   */
  allocator?: AllocatorChoice;
  /**
   * How many worker threads may take part in a scan, next to the thread that asks: "auto" (default; as many as there are
   * other processors), or a number, 0 for none. Only for columns that lie in the arenas of the "shared" allocator, only
   * where worker threads can share memory and be waited for (Node), and only for scans that are long enough to gain by it:
   * everything else runs on the thread that asks. Threads are shared by all stores, start when first needed, end when idle
   * for some seconds, and keep no process alive. Answers are the same.
   */
  workers?: Workers;
}

/** Every option of a store. */
export const STORE_OPTIONS = { allocator: true, workers: true } as const satisfies Record<keyof StoreOptions, true>;

/** @throws ValidationError for what is no number of threads */
export function checkWorkers({ workers = "auto" }: StoreOptions): void {
  if (workers !== "auto" && !(Number.isInteger(workers) && workers >= 0))
    throw new ValidationError({
      entity: "store options",
      field: "workers",
      value: workers,
      expected: '"auto", or an integer from 0',
    });
}

/** What `Store.over` hands the constructor. */
class Over<T extends EntityRow> {
  readonly kernel: SoA<T>;
  readonly workers: Workers;

  constructor(kernel: SoA<T>, workers: Workers) {
    this.kernel = kernel;
    this.workers = workers;
  }
}

/**
 * Rows of an entity, held as columns.
 *
 * A row goes in as an instance or a plain object and comes out as a view: an object of the entity's class
 * that reads and writes the columns. Rows are numbered from 0 in the order they were added; an index stays
 * valid until the next compaction. Every change is whole or not at all.
 */
export class Store<T extends EntityRow> extends Queryable<T, "rows"> implements Iterable<T> {
  /** The columns themselves. */
  readonly kernel: SoA<T>;
  readonly #workers: Workers;

  /** @throws ValidationError if `entity` is no entity class, a member of it hides a column, or an option is out of range */
  constructor(entity: EntityClass<T>, options: StoreOptions = {}) {
    super();
    if (options instanceof Over) this.kernel = options.kernel as SoA<T>;
    else {
      assertOptions<StoreOptions>("store options", options, STORE_OPTIONS);
      checkWorkers(options);
      this.kernel = new SoA(entity, options);
    }
    this.#workers = options.workers ?? "auto";
  }

  /** A store over a kernel that is there: what `load()` of a backend gives, for one. No copy. */
  static over<T extends EntityRow>(kernel: SoA<T>, workers: Workers = "auto"): Store<T> {
    checkWorkers({ workers });
    return new Store(kernel.entity, new Over(kernel, workers));
  }

  /**
   * A store of the rows of an Arrow table, columns matched by name. Columns of the right type are adopted
   * without copying, the others converted where nothing is lost.
   * @throws SchemaMismatchError, TypeConversionError, DuplicateKeyError, ArrowError
   */
  static fromArrow<T extends EntityRow>(entity: EntityClass<T>, table: ArrowInput, options?: StoreOptions): Store<T> {
    const store = new Store(entity, options);
    store.addArrow(table);
    return store;
  }

  /** What a console shows. @internal */
  [INSPECT](): string {
    return printed(this, this.kernel.schema.name);
  }

  /** Number of rows. */
  get size(): number {
    return this.kernel.size;
  }

  /** Rows there is room for without allocating. */
  get capacity(): number {
    return this.kernel.capacity;
  }

  /** Adds a row. @returns its row index. @throws ValidationError, DuplicateKeyError. O(1) amortised */
  add(row: T | InitOf<T>): number {
    return this.kernel.add(row);
  }

  /** Adds all rows or, if one is refused or the iterable throws, none. @throws ValidationError, DuplicateKeyError */
  addBatch(rows: Iterable<T | InitOf<T>>): RowRange {
    return this.kernel.addBatch(rows);
  }

  /** Adds rows given as columns, without an object a row: typed arrays are copied as they are. All or none. @throws ValidationError, DuplicateKeyError */
  addColumns(columns: ColumnsInit<FieldsOf<T>>): RowRange {
    return this.kernel.addColumns(columns);
  }

  /** Adds the rows of Arrow data as `fromArrow` takes it. All or none. */
  addArrow(table: ArrowInput): RowRange {
    return readArrow(this.kernel, table);
  }

  /** A view of the row with this key. O(1). */
  get(...key: KeyArg<T>): T | undefined {
    return this.kernel.get(key[0]);
  }

  has(...key: KeyArg<T>): boolean {
    return this.kernel.has(key[0]);
  }

  /** A view of the row of this index; undefined where there is none. O(1), or O(log chunks) after adopting uneven Arrow batches. */
  at(row: number): T | undefined {
    return this.kernel.at(row);
  }

  /** Views of the rows that are there now, in row order. Rows deleted on the way are left out; compact() or clear() on the way is a RowGoneError. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.kernel.rows();
  }

  /** Views of the rows for which `predicate` holds. O(rows). @throws ValidationError where it is no function */
  filter(predicate: (row: T) => boolean): T[] {
    return filterRows(this.kernel.schema.name, this, predicate);
  }

  /** Changes fields of a row; checked first, then written. @returns its view. @throws KeyNotFoundError, ValidationError */
  update(key: KeyArg<T>[0], patch: PatchOf<T>): T {
    const row = this.kernel.find(key);
    if (row < 0) throw new KeyNotFoundError(this.kernel.schema.name, this.kernel.schema.key?.name ?? "", key);
    this.kernel.update(row, patch);
    return this.kernel.at(row) as T;
  }

  /** Adds the row, or overwrites every field of the row with its key; absent fields get their defaults. @returns the row index. @throws ValidationError */
  upsert(row: T | InitOf<T>): number {
    return this.kernel.upsert(row);
  }

  /** Deletes the row with this key. False where there was none. O(1). */
  delete(...key: KeyArg<T>): boolean {
    const row = this.kernel.find(key[0]);
    return row >= 0 && this.kernel.deleteAt(row);
  }

  /** Deletes the row of this index. False where there was none. O(1). */
  deleteAt(row: number): boolean {
    return this.kernel.deleteAt(row);
  }

  /** Gives the room of deleted rows back. Row indices and views from the first deleted row on become invalid. O(rows). */
  compact(): void {
    this.kernel.compact();
  }

  /** Deletes every row. */
  clear(): void {
    this.kernel.clear();
  }

  /** The rows as they are now, unaffected by later writes. O(1). */
  snapshot(): Snapshot<T> {
    return new Snapshot(this.kernel, this.#workers);
  }

  /** An apache-arrow Table over the same bytes, unaffected by later writes; chunks with deleted rows are copied. O(chunks). */
  toArrow(options?: ToArrowOptions): Table {
    return toArrowTable(this.kernel, options);
  }

  memoryStats(): StoreMemoryStats {
    return memoryStatsOf(this.kernel);
  }

  /** @internal */
  protected override querySource(): RowSource<T> {
    return kernelSource(this.kernel, this.#workers);
  }
}
