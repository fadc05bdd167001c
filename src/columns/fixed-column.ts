import type { Allocator, Slab } from "./allocator.ts";
import { Column, ownAllocator } from "./column.ts";

export type FixedArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

export interface FixedArrayConstructor {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): FixedArray;
  readonly BYTES_PER_ELEMENT: number;
}

/** Values of one width in one typed array, `stride` elements a row (2 for the 128-bit decimals, else 1). */
export class FixedColumn<A extends FixedArray = FixedArray> extends Column {
  values: A;
  /** The same bytes as 32-bit words, low word first, for elements of 64 bits; else null. */
  words: Uint32Array | null;
  readonly stride: number;
  readonly #array: FixedArrayConstructor;
  #slab: Slab | null = null;

  /** With `values`, adopts them as they are. */
  constructor(
    allocator: Allocator | null,
    array: FixedArrayConstructor,
    stride: number,
    capacity: number,
    epoch: number,
    values?: A,
  ) {
    super(allocator, capacity, epoch);
    this.#array = array;
    this.stride = stride;
    this.values = values ?? this.#allocate(capacity);
    this.words = wordsOf(this.values);
  }

  /** A column over foreign values (one typed array element per row and stride) and an optional validity bitmap. No copy. */
  static adopt<A extends FixedArray>(values: A, stride: number, validity: Uint8Array | null, rows: number): FixedColumn<A> {
    const column = new FixedColumn<A>(null, values.constructor as unknown as FixedArrayConstructor, stride, rows, 0, values);
    column.validity = validity;
    column.shared = true;
    return column;
  }

  protected override valueBytes(): number {
    return this.values.byteLength;
  }

  protected override slabs(): (Slab | null)[] {
    return [this.#slab];
  }

  protected override growValues(capacity: number, rows: number): void {
    const old = this.values;
    this.values = this.#allocate(capacity);
    this.words = wordsOf(this.values);
    (this.values as Uint8Array).set(old.subarray(0, rows * this.stride) as Uint8Array);
  }

  protected override copyValues(source: this, from: number, to: number, count: number): void {
    const s = this.stride;
    if (count !== 1) (this.values as Uint8Array).set(source.values.subarray(from * s, (from + count) * s) as Uint8Array, to * s);
    // A view of the array costs more than one row, and so does a bigint.
    else if (this.words !== null) for (let i = 0; i < 2 * s; i++) this.words[2 * s * to + i] = source.words![2 * s * from + i]!;
    else for (let i = 0; i < s; i++) this.values[s * to + i] = source.values[s * from + i]!;
  }

  override emptyLike(allocator: Allocator, capacity: number, epoch: number): this {
    return new FixedColumn<A>(allocator, this.#array, this.stride, capacity, epoch) as this;
  }

  #allocate(capacity: number): A {
    const length = capacity * this.stride;
    const slab = ownAllocator(this).allocate(length * this.#array.BYTES_PER_ELEMENT);
    this.#slab = slab;
    return new this.#array(slab.buffer, slab.byteOffset, length) as A;
  }
}

function wordsOf(values: FixedArray): Uint32Array | null {
  return values.BYTES_PER_ELEMENT === 8 ? new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2) : null;
}
