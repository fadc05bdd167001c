import type { Allocator } from "../columns/allocator.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { Dictionary } from "../columns/dictionary.ts";
import type { EntitySchema } from "../entity/schema.ts";
import { ConflictError, DuplicateKeyError, UnsupportedError } from "../errors.ts";
import { BLOCK_ROWS, CHUNK_ROWS, Chunk, type ChunkOwner, FIRST_ROWS, growingFields } from "./chunk.ts";
import type { KeyIndex } from "./key-index.ts";
import type { RowWriter } from "./row-writer.ts";

/** Row indices are 32-bit integers throughout. */
export const MAX_ROWS = 2 ** 31 - 1;

/** The parts of a kernel that rows are appended to. */
export interface AppendTarget {
  /** Takes the writes of views; null where rows are read-only. */
  readonly owner: ChunkOwner | null;
  /** Shared by the kernels that share their dictionaries. */
  readonly access: { adding: boolean };
  readonly schema: EntitySchema;
  readonly codecs: readonly Codec[];
  readonly allocator: Allocator;
  readonly chunkList: Chunk[];
  readonly length: number;
  readonly index: KeyIndex | null;
  readonly epoch: number;
  readonly write: RowWriter;
}

/** Fills rows `at` to `at + count` of a column with rows `from` on of a source. */
export type FillColumn = (field: number, column: Column, at: number, from: number, count: number) => void;

/**
 * Adds rows behind the last one, where no reader looks, until `commit` or `rollback`: so an
 * addition of any size is there whole or not at all.
 */
export class Appender {
  readonly #to: AppendTarget;
  readonly #key: number;
  /** Fields of variable length. */
  readonly #growing: number[];
  /** Dictionaries that grow with the rows. */
  readonly #categories: Dictionary[];
  #first = 0;
  #next = 0;
  #chunk: Chunk | null = null;
  #at = 0;
  #firstChunk = 0;
  #firstAt = 0;
  #firstCapacity = 0;
  #firstSealed = false;
  /** Sizes of the dictionaries at the beginning. */
  readonly #codes: number[] = [];
  /** Why the kernel must not be changed; null while it may be. */
  locked: string | null = null;

  constructor(to: AppendTarget) {
    this.#to = to;
    this.#key = to.schema.key?.index ?? -1;
    this.#categories = to.codecs.flatMap((c) =>
      c.field.type.kind === "category" && c.dictionary !== null ? [c.dictionary] : [],
    );
    this.#growing = growingFields(to.codecs);
  }

  /** Rows added since `begin`. */
  get rows(): number {
    return this.#next - this.#first;
  }

  /**
   * @throws ConflictError while rows are being added: from a getter or iterable of theirs, say
   * @throws UnsupportedError while the kernel is locked
   */
  assertIdle(): void {
    if (this.locked !== null) throw new UnsupportedError(this.locked);
    if (this.#to.access.adding) {
      throw new ConflictError(
        `${this.#to.schema.name}: the store is in the middle of an addition; it cannot be changed by the rows or the iterable that are being added`,
      );
    }
  }

  /** `beside` another addition, in kernels that share their dictionaries: both end the same way, one after the other. */
  begin(beside = false): void {
    if (!beside) this.assertIdle();
    this.#to.access.adding = true;
    const chunks = this.#to.chunkList;
    this.#first = this.#next = this.#to.length;
    this.#firstChunk = Math.max(0, chunks.length - 1);
    this.#chunk = chunks.length === 0 ? null : chunks[chunks.length - 1];
    this.#at = this.#firstAt = this.#chunk?.length ?? 0;
    this.#firstCapacity = this.#chunk?.capacity ?? 0;
    this.#firstSealed = this.#chunk?.sealed ?? false;
    for (let i = 0; i < this.#categories.length; i++) this.#codes[i] = this.#categories[i].size;
  }

  /** Validates and adds one object. @throws ValidationError, DuplicateKeyError */
  row(row: unknown): void {
    let chunk = this.#chunk;
    if (chunk === null || this.#at === chunk.capacity) chunk = this.#makeRoom();
    this.#to.write(chunk.columns, this.#at, row);
    this.#indexRows(chunk, 1);
    this.#advance(chunk, 1);
  }

  /** Adds `count` rows column by column. */
  columns(count: number, fill: FillColumn): void {
    this.#to.index?.reserve(this.#to.chunkList, this.#next, count);
    for (let from = 0; from < count; ) {
      const chunk = this.#chunk === null || this.#at === this.#chunk.capacity ? this.#makeRoom(count - from) : this.#chunk;
      let n = Math.min(count - from, chunk.capacity - this.#at);
      if (this.#growing.length > 0) n = Math.min(n, BLOCK_ROWS);
      for (let field = 0; field < chunk.columns.length; field++) fill(field, chunk.columns[field], this.#at, from, n);
      this.#indexRows(chunk, n);
      this.#advance(chunk, n);
      from += n;
    }
  }

  /** Adds a chunk of foreign columns, or of ours, as it is. The chunk before it takes no further rows. */
  adopt(columns: Column[], rows: number): void {
    if (this.#next + rows > MAX_ROWS) throw this.#tooMany();
    if (this.#chunk !== null && this.#at === 0) this.#dropLast();
    // Rows are located by the capacities of chunks: one must end where the next one starts.
    if (this.#chunk !== null) this.#chunk.capacity = this.#at;
    const chunk = this.#push(columns, rows);
    this.#indexRows(chunk, rows);
    this.#advance(chunk, rows);
  }

  /** Makes the rows visible; gives how many there are. The caller raises the kernel's length by it. */
  commit(): number {
    const chunks = this.#to.chunkList;
    for (let i = this.#firstChunk; i < chunks.length; i++)
      chunks[i].length = Math.min(chunks[i].capacity, this.#next - chunks[i].start);
    this.#to.access.adding = false;
    return this.#next - this.#first;
  }

  /** Leaves everything as it was before `begin`. */
  rollback(): void {
    const { chunkList: chunks, index } = this.#to;
    index?.truncate(chunks, this.#first, this.#next);
    for (let i = chunks.length - 1; i >= this.#firstChunk; i--) {
      const chunk = chunks[i];
      const from = i === this.#firstChunk ? this.#firstAt : 0;
      if (i > this.#firstChunk || from === 0) this.#dropLast();
      else {
        chunk.capacity = this.#firstCapacity;
        chunk.sealed = this.#firstSealed;
      }
    }
    this.#categories.forEach((dictionary, i) => {
      dictionary.truncate(this.#codes[i]);
    });
    this.#to.access.adding = false;
  }

  #advance(chunk: Chunk, rows: number): void {
    this.#at += rows;
    this.#next += rows;
    if (this.#growing.length > 0) chunk.sealIfFull(this.#growing, this.#at);
  }

  #indexRows(chunk: Chunk, count: number): void {
    const { index, chunkList, codecs } = this.#to;
    if (index === null) return;
    const column = chunk.columns[this.#key];
    const added =
      count === 1
        ? Number(index.insert(chunkList, this.#next, column, this.#at))
        : index.insertRows(chunkList, this.#next, column, this.#at, count);
    if (added === count) return;
    const key = codecs[this.#key].read(column, this.#at + added);
    // The rows before it are in the index and must leave it again; this one is not.
    this.#next += added;
    throw new DuplicateKeyError(this.#to.schema.name, this.#to.schema.fields[this.#key].name, key);
  }

  #tooMany(): UnsupportedError {
    return new UnsupportedError(`${this.#to.schema.name}: a store holds at most ${MAX_ROWS} rows; use a ShardedStore`);
  }

  #makeRoom(rows = 1): Chunk {
    const { epoch, allocator, codecs } = this.#to;
    if (this.#next + rows > MAX_ROWS) throw this.#tooMany();
    const last = this.#chunk;
    if (last !== null && !last.sealed && last.capacity < CHUNK_ROWS) return this.#grow(last, this.#at + rows);
    const capacity = this.#to.chunkList.length === 0 ? firstCapacity(rows) : CHUNK_ROWS;
    return this.#push(
      codecs.map((codec) => codec.makeColumn(allocator, capacity, epoch)),
      capacity,
    );
  }

  #grow(chunk: Chunk, rows: number): Chunk {
    const { allocator } = this.#to;
    const capacity = Math.min(CHUNK_ROWS, Math.max(chunk.capacity * 4, firstCapacity(rows)));
    for (let i = 0; i < chunk.columns.length; i++) {
      const column = chunk.columns[i];
      // Foreign bytes cannot grow: their rows move into a column of ours. It keeps the epoch: a snapshot that has
      // not yet read the chunk will see this column.
      if (column.allocator === null) chunk.columns[i] = column.copy(allocator, capacity, this.#at, column.epoch);
      else column.grow(capacity, this.#at);
    }
    chunk.capacity = capacity;
    return chunk;
  }

  #push(columns: Column[], capacity: number): Chunk {
    const chunk = new Chunk(this.#to.schema.name, columns, this.#next, capacity, this.#to.owner);
    this.#to.chunkList.push(chunk);
    this.#chunk = chunk;
    this.#at = 0;
    return chunk;
  }

  #dropLast(): void {
    const chunk = this.#to.chunkList.pop() as Chunk;
    for (const column of chunk.columns) column.release(true);
    this.#chunk = null;
    this.#at = 0;
  }
}

function firstCapacity(rows: number): number {
  let capacity = FIRST_ROWS;
  while (capacity < rows && capacity < CHUNK_ROWS) capacity *= 4;
  return Math.min(capacity, CHUNK_ROWS);
}
