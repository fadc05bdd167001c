import type { Allocator, Slab } from "./allocator.ts";
import { bitmapBytes, clearBit, copyBits, countBits, fillBits, getBit, setBit } from "./bitmap.ts";

/**
 * The values of one field in one chunk, laid out as Arrow lays them out. Subclasses are
 * the physical layouts: {@link FixedColumn}, {@link BitColumn}, {@link VarColumn}.
 *
 * A column is either ours, with slabs of an allocator and room to grow, or adopted: foreign
 * bytes that are read and never written, replaced by a private copy when they must change.
 */
export abstract class Column {
  /** Validity bitmap; null while every row is valid. */
  validity: Uint8Array | null = null;
  /** Epoch of the store in which this column became private to it; an older one may be seen by a snapshot. */
  epoch: number;
  /** Somebody outside the store reads these bytes: an update must copy first. Appending behind them is fine. */
  shared = false;
  /** Somebody outside may change these bytes at any time. */
  exposed = false;
  /** What queries found out about the values, worth keeping until they are written. */
  statistics: unknown = null;
  /** The secondary index: what queries keep of the order of the values until one is written; then a count of the queries since. null: never made. */
  order: unknown = null;
  /** Rows there is room for. */
  capacity: number;
  /** null when the bytes are foreign. */
  readonly allocator: Allocator | null;
  /** Its slabs were given back. A snapshot may still read it. */
  #released = false;
  #validitySlab: Slab | null = null;

  constructor(allocator: Allocator | null, capacity: number, epoch: number) {
    this.allocator = allocator;
    this.capacity = capacity;
    this.epoch = epoch;
  }

  protected get released(): boolean {
    return this.#released;
  }

  /** Bytes held, bitmaps included. */
  get byteLength(): number {
    return this.valueBytes() + (this.validity?.byteLength ?? 0);
  }

  protected abstract valueBytes(): number;
  protected abstract growValues(capacity: number, rows: number): void;
  protected abstract copyValues(source: this, from: number, to: number, count: number): void;
  protected abstract slabs(): (Slab | null)[];
  /** An empty column of the same layout. */
  abstract emptyLike(allocator: Allocator, capacity: number, epoch: number): this;

  isNull(row: number): boolean {
    return this.validity !== null && !getBit(this.validity, row);
  }

  /** Nulls among the first `rows` rows. O(rows / 8). */
  nullCount(rows: number): number {
    return this.validity === null ? 0 : rows - countBits(this.validity, 0, rows);
  }

  /** Marks the row null; the caller zeroes its slot. Makes the bitmap on first use. */
  markNull(row: number): void {
    clearBit(this.writableValidity(), row);
  }

  markValid(row: number): void {
    if (this.validity !== null) setBit(this.validity, row);
  }

  markRange(from: number, to: number, valid: boolean): void {
    if (valid && this.validity === null) return;
    fillBits(this.writableValidity(), from, to, valid);
  }

  /**
   * Room for `capacity` rows; the first `rows` keep their values. The old bytes stay as they are
   * for whoever they were handed out to; a snapshot holds this object and sees the new ones.
   */
  grow(capacity: number, rows: number): void {
    const old = [...this.slabs(), this.#validitySlab];
    this.growValues(capacity, rows);
    const validity = this.validity;
    this.capacity = capacity;
    if (validity !== null) {
      this.validity = this.#allocateValidity();
      copyBits(validity, 0, this.validity, 0, rows);
    }
    const kept = new Set([...this.slabs(), this.#validitySlab]);
    for (const slab of old) if (slab !== null && !kept.has(slab)) this.allocator?.release(slab, true);
    this.shared = false;
  }

  /** Copies `count` rows of a column of the same layout to row `to`, growing nothing but variable-length data. */
  copyRows(source: Column, from: number, to: number, count: number): void {
    this.copyValues(source as this, from, to, count);
    if (source.validity === null) this.markRange(to, to + count, true);
    else copyBits(source.validity, from, this.writableValidity(), to, count);
  }

  /** A private copy of the first `rows` rows. O(rows). */
  copy(allocator: Allocator, capacity: number, rows: number, epoch: number): this {
    const copy = this.emptyLike(allocator, capacity, epoch);
    copy.copyRows(this, 0, 0, rows);
    return copy;
  }

  /** The store is done with this column. `reusable` is false when a snapshot may hold it. */
  release(reusable: boolean): void {
    if (this.allocator === null) return;
    this.#released = true;
    for (const slab of [...this.slabs(), this.#validitySlab]) if (slab !== null) this.allocator.release(slab, reusable);
  }

  /** Somebody outside is about to hold these bytes as they change: they are never reused for other columns. */
  handOut(): void {
    this.exposed = true;
    this.statistics = null;
    this.order = null;
    this.#keepSlabs();
  }

  #keepSlabs(): void {
    for (const slab of this.slabs()) if (slab !== null) slab.handedOut = true;
    if (this.#validitySlab !== null) this.#validitySlab.handedOut = true;
  }

  /** As `handOut`, and what was handed out must not change: later updates copy first. */
  share(): void {
    this.#keepSlabs();
    this.shared = true;
  }

  protected writableValidity(): Uint8Array {
    if (this.validity === null) {
      this.validity = this.#allocateValidity();
      this.validity.fill(0xff);
    }
    return this.validity;
  }

  #allocateValidity(): Uint8Array {
    const bytes = bitmapBytes(this.capacity);
    const slab = ownAllocator(this).allocate(bytes);
    this.#validitySlab = slab;
    return new Uint8Array(slab.buffer, slab.byteOffset, bytes);
  }
}

/** The allocator of a column of ours. Adopted columns are never written: reaching this with one is a fault in this library. */
export function ownAllocator(column: Column): Allocator {
  if (column.allocator === null) throw new Error("an adopted column was written to");
  return column.allocator;
}
