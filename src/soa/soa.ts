import type { Allocator, AllocatorChoice } from "../columns/allocator.ts";
import { bitmapBytes, setBit } from "../columns/bitmap.ts";
import { chooseAllocator } from "../columns/choose-allocator.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import { VarColumn } from "../columns/var-column.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityClass, EntityRow, FieldsOf } from "../entity/types.ts";
import { noKey, unknownField } from "../entity/validation.ts";
import { ConflictError, RowGoneError, ValidationError } from "../errors.ts";
import { Appender } from "./appender.ts";
import { type ColumnsInit, columnReaders } from "./bulk.ts";
import { type Changes, patchChanges, rowChanges } from "./changes.ts";
import type { Chunk, ChunkOwner } from "./chunk.ts";
import { type ChunkArray, concatArrays, rawValues } from "./chunk-array.ts";
import { compactChunks } from "./compact.ts";
import { assertIterable } from "./iterable.ts";
import { keyHashFor } from "./key-hash.ts";
import { KeyIndex } from "./key-index.ts";
import { locate } from "./locate.ts";
import { RowAccess } from "./row-access.ts";
import { Cursor, type Span } from "./row-iterator.ts";
import { RowRange } from "./row-range.ts";
import type { RowWriter } from "./row-writer.ts";
import type { Rows } from "./rows.ts";
import { type SnapshotState, Versions } from "./versions.ts";

export interface SoAOptions<T extends EntityRow = EntityRow> {
  /** Where columns live; "heap" by default. */
  allocator?: AllocatorChoice;
  /** Shares writers, views and dictionaries with other kernels of the entity: their codes then mean the same. */
  access?: RowAccess<T>;
  /** Views throw when written. */
  readOnlyViews?: boolean;
}

/**
 * The kernel of a store: Struct-of-Arrays. Every field is a column, cut into chunks of 65,536 rows
 * that are laid out as Arrow lays them out. Rows are numbered from 0; a deleted row keeps its number
 * until the next compaction.
 */
export class SoA<T extends EntityRow = EntityRow> implements Rows, ChunkOwner {
  /** @internal */
  readonly access: RowAccess<T>;
  readonly allocator: Allocator;
  /** @internal */
  readonly owner: ChunkOwner | null;
  chunkList: Chunk[] = [];
  length = 0;
  size = 0;
  /** @internal */
  readonly index: KeyIndex | null;
  readonly #versions = new Versions();
  readonly #appender: Appender;
  /** One row, to look keys up with. */
  readonly #probe: Column | null;
  #deletions = 0;

  /** @throws ValidationError if `entity` is no entity class or hides one of its columns */
  constructor(entity: EntityClass<T>, options: SoAOptions<T> = {}) {
    this.access = options.access ?? new RowAccess(entity).checked();
    this.allocator = chooseAllocator(options.allocator === undefined ? "heap" : options.allocator);
    this.owner = options.readOnlyViews ? null : this;
    const { key } = this.schema;
    this.index = key === null ? null : new KeyIndex(keyHashFor(key.type), key.index);
    this.#probe = key === null ? null : this.codecs[key.index].makeColumn(new HeapAllocator(), 1, 0);
    this.#appender = new Appender(this);
  }

  get schema(): EntitySchema {
    return this.access.schema;
  }

  get entity(): EntityClass<T> {
    return this.access.entity;
  }

  get codecs(): readonly Codec[] {
    return this.access.codecs;
  }

  /** @internal */
  get write(): RowWriter {
    return this.access.write;
  }

  get epoch(): number {
    return this.#versions.epoch;
  }

  /** Rows there is room for before the next allocation. */
  get capacity(): number {
    return this.chunkList.reduce((rows, chunk) => rows + chunk.capacity, 0);
  }

  /** Deleted rows that still hold their place. */
  get deletedRows(): number {
    return this.length - this.size;
  }

  /** Deletions and clearings so far. @internal */
  get deletions(): number {
    return this.#deletions;
  }

  /** Column names, as in Arrow, in order. */
  get columnNames(): string[] {
    return this.schema.fields.map((field) => field.column);
  }

  /**
   * The values of a field as they lie in memory, one typed array per chunk, without copying: integers and
   * floats as they are, timestamps in ticks, dates in days, enums and categories as codes, decimals as two
   * 64-bit halves a row (low first), booleans as a bitmap, utf8 and binary as their bytes (with `offsets()`).
   * Deleted rows are among them, and under a null stands a zero, or in adopted Arrow data anything (see `validity()`). Valid until the next change of the store.
   * @throws ColumnNotFoundError
   */
  chunks<N extends keyof FieldsOf<T> & string>(name: N): ChunkArray<FieldsOf<T>[N]>[] {
    return this.#columnsOf(name).map(([column, rows]) => rawValues(column, rows) as ChunkArray<FieldsOf<T>[N]>);
  }

  /** As `chunks()`, in one array: without copying while there is one chunk, else O(rows). */
  rawArray<N extends keyof FieldsOf<T> & string>(name: N): ChunkArray<FieldsOf<T>[N]> {
    const parts = this.#columnsOf(name);
    return concatArrays(parts, this.codecs[this.schema.field(name).index]) as ChunkArray<FieldsOf<T>[N]>;
  }

  /** Validity bitmaps of a field, one per chunk, bit 1 for a value; null where a chunk has no nulls. No copy. */
  validity(name: keyof FieldsOf<T> & string): (Uint8Array | null)[] {
    return this.#columnsOf(name).map(([column, rows]) => column.validity?.subarray(0, bitmapBytes(rows)) ?? null);
  }

  /** Where the values of a utf8 or binary field begin and end in the bytes of `chunks()`: rows + 1 offsets per chunk. No copy. */
  offsets(name: keyof FieldsOf<T> & string): Int32Array[] {
    return this.#columnsOf(name).map(([column, rows]) => {
      const { offsets } = column as { offsets?: Int32Array };
      if (offsets === undefined)
        throw new ValidationError({
          entity: this.schema.name,
          field: name,
          expected: "a utf8 or binary field: others have no offsets",
        });
      return offsets.subarray(0, rows + 1);
    });
  }

  /** Refuses every change, for this reason, of a kernel whose rows follow those of something else; null ends it. @internal */
  lock(reason: string | null): void {
    this.#appender.locked = reason;
  }

  /**
   * The strings of an enum or category field by code: what the codes in `chunks()` stand for. Not to be changed;
   * a category's grows as rows are added.
   * @throws ColumnNotFoundError, ValidationError for a field that has none
   */
  dictionary(name: keyof FieldsOf<T> & string): readonly string[] {
    const { dictionary } = this.codecs[this.schema.field(name).index];
    if (dictionary !== null) return dictionary.values;
    throw new ValidationError({
      entity: this.schema.name,
      field: name,
      expected: "an enum or category field: others have no dictionary",
    });
  }

  /** @internal */
  assertIdle(): void {
    this.#appender.assertIdle();
  }

  /** Adds one row. @returns its row index. @throws ValidationError, DuplicateKeyError */
  add(row: unknown): number {
    const appender = this.#appender;
    appender.begin();
    try {
      appender.row(row);
    } catch (error) {
      appender.rollback();
      throw error;
    }
    this.#grown(appender.commit());
    return this.length - 1;
  }

  /** Runs `add` over an appender: all it appended becomes visible at once, or nothing where it throws. */
  append(add: (appender: Appender) => void): RowRange {
    const session = this.beginAppend();
    try {
      add(session);
    } catch (error) {
      session.rollback();
      throw error;
    }
    return this.commitAppend(session);
  }

  /** For additions to several kernels at once: to be ended by `commitAppend` or the appender's `rollback`. @internal */
  beginAppend(beside = false): Appender {
    this.#appender.begin(beside);
    return this.#appender;
  }

  /** @internal */
  commitAppend(appender: Appender): RowRange {
    const first = this.length;
    const rows = appender.commit();
    this.#grown(rows);
    return new RowRange(first, rows);
  }

  addBatch(rows: Iterable<unknown>): RowRange {
    assertIterable(this.schema, rows);
    return this.append((appender) => {
      for (const row of rows) appender.row(row);
    });
  }

  addColumns(columns: ColumnsInit<FieldsOf<T>>): RowRange {
    const { rows, fill } = columnReaders(this.schema, this.codecs, columns);
    return this.append((appender) => appender.columns(rows, fill));
  }

  /** Row index of the row with this key, or -1. @throws ValidationError if the value is no key of this entity */
  find(key: unknown): number {
    const { index } = this;
    const probe = this.#probe;
    if (index === null || probe === null) throw noKey(this.schema.name);
    if (!this.codecs[(this.schema.key as { index: number }).index].probe(probe, key)) return -1;
    const row = index.find(this.chunkList, probe, 0);
    // Rows of an addition under way are in the index and not yet there.
    return row < this.length ? row : -1;
  }

  has(key: unknown): boolean {
    return this.find(key) >= 0;
  }

  get(key: unknown): T | undefined {
    const row = this.find(key);
    if (row < 0) return undefined;
    const chunk = locate(this.chunkList, row);
    return this.access.views.view(chunk, row - chunk.start);
  }

  /** The chunk of a row index, undefined where there is no row of that index (any more). @internal */
  chunkAt(row: number): Chunk | undefined {
    if (!Number.isInteger(row) || row < 0 || row >= this.length) return undefined;
    const chunk = locate(this.chunkList, row);
    return chunk.isDead(row - chunk.start) ? undefined : chunk;
  }

  at(row: number): T | undefined {
    const chunk = this.chunkAt(row);
    return chunk === undefined ? undefined : this.access.views.view(chunk, row - chunk.start);
  }

  /** The rows that are there now. @internal */
  get span(): Span {
    return { chunks: this.chunkList, end: this.length };
  }

  /** The rows that were there when the iteration began, those deleted meanwhile left out. */
  rows(): IterableIterator<T> {
    return this.access.iterate(new Cursor(this.schema.name, [this.span]));
  }

  /** Called by views. @throws ValidationError */
  writeField(chunk: Chunk, row: number, field: number, value: unknown): void {
    this.assertIdle();
    const codec = this.codecs[field];
    const checked = codec.check(value);
    codec.overwrite(this.own(chunk, field), row, checked);
  }

  /** Changes fields of a row; all are checked before one is written. Fields that are undefined are left as they are. */
  update(row: number, patch: Readonly<Record<string, unknown>>): void {
    this.assertIdle();
    const deletions = this.#deletions;
    const changes = patchChanges(this.schema, this.codecs, patch);
    this.#assertInPlace(deletions);
    this.#overwrite(row, changes);
  }

  /** Changes the same fields of several rows, which must be there; all is checked before one is written. */
  updateRows(rows: ArrayLike<number>, patch: Readonly<Record<string, unknown>>): void {
    this.assertIdle();
    const deletions = this.#deletions;
    const changes = patchChanges(this.schema, this.codecs, patch);
    this.#assertInPlace(deletions);
    for (let i = 0; i < rows.length; i++) this.#overwrite(rows[i], changes);
  }

  /** Adds the row, or overwrites every field of the row with its key. @returns the row index */
  upsert(given: unknown): number {
    const { key } = this.schema;
    if (key === null) throw noKey(this.schema.name);
    if (typeof given !== "object" || given === null)
      throw new ValidationError({ entity: this.schema.name, value: given, expected: "an object with the entity's fields" });
    this.assertIdle();
    const row = this.access.withKey(given);
    const values = row as Record<string, unknown>;
    const at = this.find(this.codecs[key.index].take(values[key.name]));
    if (at < 0) return this.add(row);
    if (!(row instanceof (this.entity as unknown as abstract new () => object))) {
      for (const name in values) if (!this.schema.has(name)) throw unknownField(this.schema, name);
    }
    const deletions = this.#deletions;
    const changes = rowChanges(this.codecs, values);
    this.#assertInPlace(deletions);
    this.#overwrite(at, changes);
    return at;
  }

  /** Deletes the row of this index. False where there was none. O(1); the first deletion in a chunk makes its bitmap. */
  deleteAt(row: number): boolean {
    this.assertIdle();
    const chunk = this.chunkAt(row);
    if (chunk === undefined) return false;
    const at = row - chunk.start;
    const { key } = this.schema;
    if (key !== null) this.index?.remove(this.chunkList, chunk.columns[key.index], at);
    setBit(this.#versions.ownDead(chunk), at);
    chunk.deadCount++;
    this.size--;
    this.#deletions++;
    return true;
  }

  /** Takes the places of deleted rows away: later rows move up, and row indices and views of moved rows are invalid. O(rows behind the first deleted one). */
  compact(): void {
    this.assertIdle();
    if (this.deletedRows === 0) return;
    const old = this.chunkList;
    const { chunks, kept } = compactChunks(this);
    this.chunkList = chunks;
    this.length = this.size;
    this.#drop(old.slice(kept));
    this.index?.rebuild(this.chunkList, this.length);
  }

  /** Removes every row. */
  clear(): void {
    this.assertIdle();
    const old = this.chunkList;
    this.chunkList = [];
    this.length = 0;
    this.size = 0;
    this.index?.clear();
    this.#drop(old);
  }

  /** The column to overwrite rows of: private, a copy where a snapshot or somebody outside sees the present one. @internal */
  own(chunk: Chunk, field: number): Column {
    return this.#versions.own(chunk, field, (column) => column.copy(this.allocator, chunk.capacity, chunk.length, this.epoch));
  }

  /** Notes the present state. O(1). @internal */
  takeSnapshot(): SnapshotState {
    return this.#versions.take(this.chunkList, this.length, this.size, this.#deletions);
  }

  #grown(rows: number): void {
    this.length += rows;
    this.size += rows;
  }

  /** Getters of what was given may have deleted rows or moved them. @throws ConflictError */
  #assertInPlace(deletions: number): void {
    if (this.#deletions === deletions) return;
    throw new ConflictError(`${this.schema.name}: rows were deleted or moved by the values that were to be written`);
  }

  #overwrite(row: number, changes: Changes): void {
    const chunk = this.chunkAt(row);
    if (chunk === undefined) throw new RowGoneError(this.schema.name, `there is no row ${row}`);
    for (const [field, value] of changes) this.codecs[field].overwrite(this.own(chunk, field), row - chunk.start, value);
  }

  #columnsOf(name: string): [Column, rows: number][] {
    const { index } = this.schema.field(name);
    return this.chunkList.map((chunk) => {
      const column = chunk.columns[index];
      // Settling makes new bytes: those are the ones that are handed out.
      if (column instanceof VarColumn) column.settle();
      column.handOut();
      return [column, chunk.length];
    });
  }

  #drop(chunks: readonly Chunk[]): void {
    this.#deletions++;
    for (const chunk of chunks) {
      this.#versions.preserve(chunk);
      for (const column of chunk.columns) column.release(!this.#versions.seen(column.epoch));
      chunk.markGone();
    }
  }
}
