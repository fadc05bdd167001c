import type { Column } from "../columns/column.ts";
import type { Chunk } from "./chunk.ts";
import type { KeyHash } from "./key-hash.ts";
import { locate } from "./locate.ts";

const EMPTY = -1;
const DELETED = -2;
const FIRST_SLOTS = 16;

/**
 * Finds the row of a key: open addressing with linear probing over row indices. The keys themselves stay
 * in their column, so an entry costs 4 bytes at a load of a quarter to a half: 8 to 16 bytes a row.
 *
 * An entry is a row index in its low bits and, in the bits that row indices do not need yet, the upper
 * bits of the key's hash: a probe reads the key column, which is likely a cache miss, only where they agree.
 *
 * While integer keys count up by one from the first row on, as ids mostly do, a key says its row itself and there is
 * no table at all; the first key that does not fit makes it.
 */
export class KeyIndex {
  readonly #hash: KeyHash;
  readonly #field: number;
  #table = new Int32Array(FIRST_SLOTS).fill(EMPTY);
  #rowBits = rowBitsFor(FIRST_SLOTS);
  /** Slots that are not EMPTY. */
  #used = 0;
  #size = 0;
  /** Rows whose keys count up by one, when those are all rows; else -1. */
  #counted: number;

  constructor(hash: KeyHash, field: number) {
    this.#hash = hash;
    this.#field = field;
    this.#counted = hash.distance === undefined ? -1 : 0;
  }

  get size(): number {
    return this.#size;
  }

  get byteLength(): number {
    return this.#table.byteLength;
  }

  /**
   * Adds row `row` of the store, whose key is at `at` of `column`. False if that key is there already.
   * Rows are added in order: every row before it is in the index or deleted.
   */
  insert(chunks: readonly Chunk[], row: number, column: Column, at: number): boolean {
    if (this.#counted >= 0) {
      if (row === this.#counted && (row === 0 || this.#distance(chunks, column, at) === row)) {
        this.#counted++;
        this.#size++;
        return true;
      }
      if (this.#countedRow(chunks, column, at) >= 0) return false;
      this.#counted = -1;
      this.#rehash(chunks, row, 1);
    }
    if (this.#used * 2 >= this.#table.length || row >= this.#rowLimit()) this.#rehash(chunks, row, 1);
    const table = this.#table;
    const mask = table.length - 1;
    const rowMask = (1 << this.#rowBits) - 1;
    const hash = this.#hash.hash(column, at);
    let slot = hash & mask;
    let target = -1;
    for (let entry = table[slot]; entry !== EMPTY; entry = table[slot]) {
      if (entry === DELETED) {
        if (target < 0) target = slot;
      } else if (((entry ^ hash) & ~rowMask) === 0 && this.#matches(chunks, entry & rowMask, column, at)) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    if (target < 0) {
      target = slot;
      this.#used++;
    }
    table[target] = (hash & ~rowMask) | row;
    this.#size++;
    return true;
  }

  /**
   * Adds `count` rows, as {@link insert} does each. Gives how many were added: all, or those before the first whose key is
   * there already.
   */
  insertRows(chunks: readonly Chunk[], row: number, column: Column, at: number, count: number): number {
    let added = 0;
    if (count > 0 && this.#counted === row && this.insert(chunks, row, column, at)) {
      added = this.#counted < 0 ? 1 : (this.#hash as Required<KeyHash>).inSequence(column, at, count);
      if (this.#counted >= 0) {
        this.#counted += added - 1;
        this.#size += added - 1;
      }
    }
    while (added < count && this.insert(chunks, row + added, column, at + added)) added++;
    return added;
  }

  /** The row whose key equals the one at `at` of `column`, or -1. */
  find(chunks: readonly Chunk[], column: Column, at: number): number {
    if (this.#counted >= 0) return this.#countedRow(chunks, column, at);
    const slot = this.#slotOf(chunks, column, at);
    return slot < 0 ? -1 : this.#table[slot] & ((1 << this.#rowBits) - 1);
  }

  /** Forgets the row, soon to be marked deleted, whose key is at `at` of `column`. */
  remove(chunks: readonly Chunk[], column: Column, at: number): void {
    if (this.#counted >= 0) {
      if (this.#countedRow(chunks, column, at) >= 0) this.#size--;
      return;
    }
    const slot = this.#slotOf(chunks, column, at);
    if (slot < 0) return;
    this.#table[slot] = DELETED;
    this.#size--;
  }

  /** Forgets rows `first` to `end`, the last ones, none of which is deleted. */
  truncate(chunks: readonly Chunk[], first: number, end: number): void {
    if (this.#counted >= 0) {
      this.#size -= end - first;
      this.#counted = first;
      return;
    }
    for (let row = first; row < end; row++) {
      const chunk = locate(chunks, row);
      this.remove(chunks, chunk.columns[this.#field], row - chunk.start);
    }
  }

  /** Room for `rows` entries more behind row `row`, so that adding them does not rehash on the way. */
  reserve(chunks: readonly Chunk[], row: number, rows: number): void {
    if (this.#counted >= 0) return;
    if ((this.#used + rows) * 2 > this.#table.length || row + rows > this.#rowLimit()) this.#rehash(chunks, row, rows);
  }

  /** Indexes `rows` rows, none of which is deleted, anew. */
  rebuild(chunks: readonly Chunk[], rows: number): void {
    this.clear();
    this.reserve(chunks, 0, rows);
    for (const chunk of chunks) {
      this.insertRows(chunks, chunk.start, chunk.columns[this.#field], 0, chunk.length);
    }
  }

  clear(): void {
    this.#reset(FIRST_SLOTS, 0);
    this.#counted = this.#hash.distance === undefined ? -1 : 0;
  }

  /** How much greater the key at `at` of `column` is than that of the first row. */
  #distance(chunks: readonly Chunk[], column: Column, at: number): number {
    return (this.#hash as Required<KeyHash>).distance(column, at, chunks[0].columns[this.#field], 0);
  }

  #countedRow(chunks: readonly Chunk[], column: Column, at: number): number {
    if (this.#counted === 0) return -1;
    const row = this.#distance(chunks, column, at);
    if (!(row >= 0 && row < this.#counted)) return -1;
    const chunk = locate(chunks, row);
    return chunk.dead !== null && chunk.isDead(row - chunk.start) ? -1 : row;
  }

  /** Row indices below this fit an entry; the two beyond make EMPTY and DELETED. */
  #rowLimit(): number {
    return 2 ** this.#rowBits - 2;
  }

  #matches(chunks: readonly Chunk[], row: number, column: Column, at: number): boolean {
    const chunk = locate(chunks, row);
    return this.#hash.equal(chunk.columns[this.#field], row - chunk.start, column, at);
  }

  #slotOf(chunks: readonly Chunk[], column: Column, at: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    const rowMask = (1 << this.#rowBits) - 1;
    const hash = this.#hash.hash(column, at);
    let slot = hash & mask;
    for (let entry = table[slot]; entry !== EMPTY; entry = table[slot]) {
      if (entry !== DELETED && ((entry ^ hash) & ~rowMask) === 0 && this.#matches(chunks, entry & rowMask, column, at))
        return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  #reset(slots: number, rows: number): void {
    this.#table = new Int32Array(slots).fill(EMPTY);
    this.#rowBits = Math.max(rowBitsFor(slots), rowBitsFor((rows + 2) * 2));
    this.#used = 0;
    this.#size = 0;
  }

  /** Makes the table anew for the rows before `end` and `more`. By row, not by slot: that reads the key column in order. */
  #rehash(chunks: readonly Chunk[], end: number, more: number): void {
    let slots = FIRST_SLOTS;
    while (slots < (this.#size + more) * 2) slots *= 2;
    this.#reset(slots, end + more);
    const table = this.#table;
    const mask = slots - 1;
    const rowMask = (1 << this.#rowBits) - 1;
    for (const chunk of chunks) {
      const column = chunk.columns[this.#field];
      const rows = Math.min(chunk.capacity, end - chunk.start);
      for (let at = 0; at < rows; at++) {
        if (chunk.dead !== null && chunk.isDead(at)) continue;
        const hash = this.#hash.hash(column, at);
        let slot = hash & mask;
        while (table[slot] !== EMPTY) slot = (slot + 1) & mask;
        table[slot] = (hash & ~rowMask) | (chunk.start + at);
        this.#size++;
      }
    }
    this.#used = this.#size;
  }
}

/** Bits for the row indices that half of so many slots hold. */
const rowBitsFor = (slots: number): number => Math.min(31, Math.max(4, Math.ceil(Math.log2(slots)) - 1));
