import { UnsupportedError } from "../errors.ts";
import type { Allocator, Slab } from "./allocator.ts";
import { Column, ownAllocator } from "./column.ts";
import { HeapAllocator } from "./heap-allocator.ts";

/** Arrow's offsets are 32-bit integers. */
const MAX_OFFSET = 0x7fff_ffff;

const EMPTY = new Uint8Array(0);

/**
 * Byte strings (utf8, binary): Arrow's offsets and data. Rows are appended in place; a row
 * changed later is kept beside them as a patch until somebody needs the plain Arrow form
 * or patches grow many, and then the column is laid out anew.
 */
export class VarColumn extends Column {
  /** Bytes from which on a column takes no further row, so that no offset can wrap: half of what one can address. */
  static readonly FULL = 2 ** 30;
  /** As {@link FULL}; lowered in tests only. */
  static fullAt = VarColumn.FULL;

  offsets: Int32Array;
  data: Uint8Array;
  #patches: Map<number, Uint8Array> | null = null;
  /** Rows appended so far, those not yet seen by anybody included. */
  #rows = 0;
  #offsetsSlab: Slab | null = null;
  #dataSlab: Slab | null = null;

  constructor(allocator: Allocator | null, capacity: number, epoch: number, adopted?: { offsets: Int32Array; data: Uint8Array }) {
    super(allocator, capacity, epoch);
    this.offsets = adopted?.offsets ?? this.#allocateOffsets(capacity);
    this.data = adopted?.data ?? EMPTY;
  }

  /** A column over foreign offsets (rows + 1 of them, from any start) and data. No copy. */
  static adopt(offsets: Int32Array, data: Uint8Array, validity: Uint8Array | null, rows: number): VarColumn {
    const column = new VarColumn(null, rows, 0, { offsets, data });
    column.validity = validity;
    column.shared = true;
    column.#rows = rows;
    return column;
  }

  /** The bytes of a row: a view, valid until the next write. */
  bytesAt(row: number): Uint8Array {
    const patch = this.#patches?.get(row);
    return patch ?? this.data.subarray(this.offsets[row], this.offsets[row + 1]);
  }

  /** Room for `bytes` more behind row `row`, the next to be appended. Returns where they start. */
  reserve(row: number, bytes: number): number {
    const start = this.offsets[row];
    if (start + bytes > MAX_OFFSET)
      throw new UnsupportedError(`a value of ${bytes} bytes: a column holds values of up to ${VarColumn.FULL} bytes`);
    if (start + bytes > this.data.length) this.#growData(start, start + bytes);
    return start;
  }

  /** Ends row `row`, whose bytes were written from where `reserve` said. */
  endRow(row: number, end: number): void {
    this.offsets[row + 1] = end;
    this.#rows = row + 1;
  }

  append(row: number, bytes: Uint8Array): void {
    const start = this.reserve(row, bytes.length);
    this.data.set(bytes, start);
    this.endRow(row, start + bytes.length);
  }

  /** Replaces the bytes of a row that is there already; keeps `bytes` by reference. Amortised O(1) in rows. */
  patch(row: number, bytes: Uint8Array): void {
    this.#patches ??= new Map();
    this.#patches.set(row, bytes);
    if (this.#patches.size > Math.max(64, this.#rows >>> 3)) this.settle();
  }

  /** True once the chunk must not take another row, so that offsets cannot wrap. */
  isFull(rows: number): boolean {
    return this.offsets[rows] >= VarColumn.fullAt;
  }

  /** Folds patches in, so that offsets and data are the plain Arrow form of the rows. O(bytes) if there are any. */
  settle(): void {
    if (this.#patches === null) return;
    const rows = this.#rows;
    // What a snapshot alone still reads is the collector's: nobody would give these bytes back.
    const allocator = this.released ? new HeapAllocator() : ownAllocator(this);
    const settled = new VarColumn(allocator, this.capacity, this.epoch);
    let bytes = 0;
    for (let row = 0; row < rows; row++) bytes += this.bytesAt(row).length;
    settled.reserve(0, bytes);
    for (let row = 0; row < rows; row++) settled.append(row, this.bytesAt(row));
    if (!this.released) for (const slab of this.slabs()) if (slab !== null) allocator.release(slab, true);
    this.offsets = settled.offsets;
    this.data = settled.data;
    this.#offsetsSlab = settled.#offsetsSlab;
    this.#dataSlab = settled.#dataSlab;
    this.#patches = null;
  }

  protected override valueBytes(): number {
    // Foreign data may serve the columns of many chunks; each counts its own part.
    const data = this.allocator === null ? this.offsets[this.#rows] - this.offsets[0] : this.data.byteLength;
    let bytes = this.offsets.byteLength + data;
    if (this.#patches !== null) for (const patch of this.#patches.values()) bytes += patch.length;
    return bytes;
  }

  protected override slabs(): (Slab | null)[] {
    return [this.#offsetsSlab, this.#dataSlab];
  }

  protected override growValues(capacity: number, rows: number): void {
    const old = this.offsets;
    this.offsets = this.#allocateOffsets(capacity);
    this.offsets.set(old.subarray(0, rows + 1));
  }

  protected override copyValues(source: this, from: number, to: number, count: number): void {
    if (source.#patches !== null) {
      for (let i = 0; i < count; i++) this.append(to + i, source.bytesAt(from + i));
      return;
    }
    const begin = source.offsets[from];
    const end = source.offsets[from + count];
    const start = this.reserve(to, end - begin);
    this.data.set(source.data.subarray(begin, end), start);
    const shift = start - begin;
    for (let i = 1; i <= count; i++) this.offsets[to + i] = source.offsets[from + i] + shift;
    this.#rows = to + count;
  }

  override emptyLike(allocator: Allocator, capacity: number, epoch: number): this {
    return new VarColumn(allocator, capacity, epoch) as this;
  }

  #allocateOffsets(capacity: number): Int32Array {
    const slab = ownAllocator(this).allocate((capacity + 1) * 4);
    this.#offsetsSlab = slab;
    return new Int32Array(slab.buffer, slab.byteOffset, capacity + 1);
  }

  #growData(used: number, needed: number): void {
    const old = this.data;
    const oldSlab = this.#dataSlab;
    const slab = ownAllocator(this).allocate(Math.max(needed, Math.min(old.length * 2, MAX_OFFSET), 256));
    this.#dataSlab = slab;
    this.data = new Uint8Array(slab.buffer, slab.byteOffset, slab.byteLength);
    this.data.set(old.subarray(0, used));
    if (oldSlab !== null) this.allocator?.release(oldSlab, true);
  }
}
