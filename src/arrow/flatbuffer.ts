import { readUtf8 } from "../columns/utf8.ts";
import { ArrowError } from "../errors.ts";

/**
 * Reads flatbuffers that nobody vouches for: whatever lies outside the bytes, or claims more than they hold, throws
 * (a RangeError of DataView or an ArrowError), and the number of tables visited is bounded.
 */
export class FlatBuffer {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Tables can be referred to many times over: a small buffer must not become a long walk. */
  #budget: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = 16 + (bytes.byteLength >>> 2);
  }

  root(): FlatTable {
    return this.table(this.view.getUint32(0, true));
  }

  table(at: number): FlatTable {
    if (--this.#budget < 0) throw new ArrowError("the metadata refers to itself over and over");
    return new FlatTable(this, at);
  }
}

/** A run of elements of a vector, within the bytes. */
export interface FlatVector {
  readonly start: number;
  readonly length: number;
}

/** A table: optional values by slot, in the order of its declaration. */
export class FlatTable {
  readonly #buffer: FlatBuffer;
  readonly #at: number;
  readonly #slots: number;
  readonly #slotBytes: number;

  constructor(buffer: FlatBuffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#slots = at - buffer.view.getInt32(at, true);
    this.#slotBytes = buffer.view.getUint16(this.#slots, true);
  }

  uint8(slot: number, absent = 0): number {
    const at = this.#position(slot);
    return at === 0 ? absent : this.#buffer.view.getUint8(at);
  }

  int16(slot: number, absent = 0): number {
    const at = this.#position(slot);
    return at === 0 ? absent : this.#buffer.view.getInt16(at, true);
  }

  int32(slot: number, absent = 0): number {
    const at = this.#position(slot);
    return at === 0 ? absent : this.#buffer.view.getInt32(at, true);
  }

  bigint(slot: number): bigint {
    const at = this.#position(slot);
    return at === 0 ? 0n : this.#buffer.view.getBigInt64(at, true);
  }

  /** A 64-bit integer that counts something. @throws ArrowError if it is negative or beyond 2^53 */
  count(slot: number): number {
    return count(this.bigint(slot));
  }

  string(slot: number): string | null {
    const vector = this.vector(slot, 1);
    return vector === null ? null : readUtf8(this.#buffer.bytes, vector.start, vector.start + vector.length);
  }

  table(slot: number): FlatTable | null {
    const at = this.#position(slot);
    return at === 0 ? null : this.#buffer.table(this.#reference(at));
  }

  /** @param size bytes an element */
  vector(slot: number, size: number): FlatVector | null {
    const at = this.#position(slot);
    if (at === 0) return null;
    const start = this.#reference(at);
    const length = this.#buffer.view.getUint32(start, true);
    if (start + 4 + length * size > this.#buffer.bytes.byteLength)
      throw new ArrowError("a list in the metadata is longer than the metadata");
    return { start: start + 4, length };
  }

  tables(slot: number): FlatTable[] {
    const vector = this.vector(slot, 4);
    if (vector === null) return [];
    return Array.from({ length: vector.length }, (_, i) => this.#buffer.table(this.#reference(vector.start + i * 4)));
  }

  /** What `read` makes of each structure of `size` bytes. */
  structs<S>(slot: number, size: number, read: (view: DataView, at: number) => S): S[] {
    const vector = this.vector(slot, size);
    if (vector === null) return [];
    return Array.from({ length: vector.length }, (_, i) => read(this.#buffer.view, vector.start + i * size));
  }

  /** 64-bit integers that count something, of structures of so many. @throws ArrowError if one is negative or beyond 2^53 */
  counts(slot: number, each: number): number[] {
    const vector = this.vector(slot, each * 8);
    if (vector === null) return [];
    const { view } = this.#buffer;
    const counts: number[] = [];
    for (let i = 0, at = vector.start; i < vector.length * each; i++, at += 8) {
      const high = view.getInt32(at + 4, true);
      const small = high >= 0 && high < 2 ** 20;
      counts.push(small ? high * 2 ** 32 + view.getUint32(at, true) : count(view.getBigInt64(at, true)));
    }
    return counts;
  }

  #position(slot: number): number {
    const entry = 4 + slot * 2;
    if (entry + 2 > this.#slotBytes) return 0;
    const offset = this.#buffer.view.getUint16(this.#slots + entry, true);
    return offset === 0 ? 0 : this.#at + offset;
  }

  #reference(at: number): number {
    return at + this.#buffer.view.getUint32(at, true);
  }
}

/** @throws ArrowError if it is negative or beyond 2^53 */
export function count(value: bigint): number {
  if (value < 0n || value > Number.MAX_SAFE_INTEGER) throw new ArrowError(`a length or offset in the metadata is ${value}`);
  return Number(value);
}
