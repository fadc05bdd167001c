import { getBit } from "../columns/bitmap.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { VarColumn } from "../columns/var-column.ts";
import { RowGoneError } from "../errors.ts";

/** Rows of a full chunk. A power of two, so that a row index splits by shift and mask. */
export const CHUNK_ROWS = 65_536;
export const CHUNK_SHIFT = 16;

/** Rows of the first chunk at first: it grows by fours, so that many small stores stay small. */
export const FIRST_ROWS = 64;

/** Rows copied in bulk between looks at whether a column of variable length is full. */
export const BLOCK_ROWS = 256;

/** Takes writes to stored rows, made through their views. */
export interface ChunkOwner {
  writeField(chunk: Chunk, row: number, field: number, value: unknown): void;
}

/** The fields of variable length. */
export function growingFields(codecs: readonly Codec[]): number[] {
  return codecs.flatMap(({ field }) => (field.type.kind === "utf8" || field.type.kind === "binary" ? [field.index] : []));
}

/** A run of consecutive rows: one column a field, all of the same capacity. */
export class Chunk {
  readonly entity: string;
  readonly columns: Column[];
  /** Row index, in the store, of the first row. */
  start: number;
  /** Rows that are there (deleted ones included). Rows being added lie behind them, unseen. */
  length = 0;
  capacity: number;
  /** Takes no more rows, though it may hold fewer than CHUNK_ROWS. */
  sealed = false;
  /** Bitmap of deleted rows; null while there are none. In a chunk that is gone: {@link GONE}. */
  dead: Uint8Array | null = null;
  deadCount = 0;
  /** Epoch in which `dead` became private to the store. */
  deadEpoch = 0;
  /** null in a snapshot, whose rows are read-only. */
  readonly owner: ChunkOwner | null;

  constructor(entity: string, columns: Column[], start: number, capacity: number, owner: ChunkOwner | null) {
    this.entity = entity;
    this.columns = columns;
    this.start = start;
    this.capacity = capacity;
    this.owner = owner;
  }

  /** The store dropped this chunk; views that still point here must say so instead of showing something. */
  get gone(): boolean {
    return this.dead === GONE;
  }

  markGone(): void {
    this.dead = GONE;
  }

  isDead(row: number): boolean {
    return this.dead !== null && (this.dead === GONE || getBit(this.dead, row));
  }

  /** @throws RowGoneError */
  assertAlive(row: number): void {
    if (this.dead === GONE)
      throw new RowGoneError(this.entity, "the row of this view moved or went when the store was compacted or cleared");
    if (this.isDead(row)) throw new RowGoneError(this.entity, "the row of this view was deleted");
  }

  /** Takes no rows behind the first `rows` once one of its columns of variable length (`growing`) is full. */
  sealIfFull(growing: readonly number[], rows: number): void {
    for (const field of growing) {
      if (!(this.columns[field] as VarColumn).isFull(rows)) continue;
      this.capacity = rows;
      this.sealed = true;
    }
  }

  /** Objects that view a row hold their chunk: printed with one, it must not pour out its columns. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `[${this.length} rows of ${this.entity}]`;
  }

  /** This chunk as it is now, for a snapshot: `length` rows, the same columns. O(columns). */
  freeze(length: number): Chunk {
    const frozen = new Chunk(this.entity, [...this.columns], this.start, this.capacity, null);
    frozen.length = length;
    frozen.sealed = true;
    frozen.dead = this.dead;
    frozen.deadCount = this.deadCount;
    return frozen;
  }
}

const GONE = new Uint8Array(0);
