import type { Allocator, Slab } from "./allocator.ts";
import { bitmapBytes, copyBits } from "./bitmap.ts";
import { Column, ownAllocator } from "./column.ts";

/** Booleans, one bit a row. */
export class BitColumn extends Column {
  bits: Uint8Array;
  #slab: Slab | null = null;

  constructor(allocator: Allocator | null, capacity: number, epoch: number, bits?: Uint8Array) {
    super(allocator, capacity, epoch);
    this.bits = bits ?? this.#allocate(capacity);
  }

  /** A column over foreign bitmaps. No copy. */
  static adopt(bits: Uint8Array, validity: Uint8Array | null, rows: number): BitColumn {
    const column = new BitColumn(null, rows, 0, bits);
    column.validity = validity;
    column.shared = true;
    return column;
  }

  protected override valueBytes(): number {
    return this.bits.byteLength;
  }

  protected override slabs(): (Slab | null)[] {
    return [this.#slab];
  }

  protected override growValues(capacity: number, rows: number): void {
    const old = this.bits;
    this.bits = this.#allocate(capacity);
    copyBits(old, 0, this.bits, 0, rows);
  }

  protected override copyValues(source: this, from: number, to: number, count: number): void {
    copyBits(source.bits, from, this.bits, to, count);
  }

  override emptyLike(allocator: Allocator, capacity: number, epoch: number): this {
    return new BitColumn(allocator, capacity, epoch) as this;
  }

  #allocate(capacity: number): Uint8Array {
    const slab = ownAllocator(this).allocate(bitmapBytes(capacity));
    this.#slab = slab;
    return new Uint8Array(slab.buffer, slab.byteOffset, bitmapBytes(capacity));
  }
}
