import type { Column } from "../columns/column.ts";
import type { Chunk } from "./chunk.ts";
import type { KeyHash } from "./key-hash.ts";
import { locate } from "./locate.ts";

const EMPTY = -1;
const DELETED = -2;
const FIRST_SLOTS = 16;

/**
 * Finds the row of a key: open addressing with linear probing over row indices. The keys
 * themselves stay in their column, so an entry costs 4 bytes at a load of a quarter to a half.
 */
export class KeyIndex {
  readonly #hash: KeyHash;
  readonly #field: number;
  #table = new Int32Array(FIRST_SLOTS).fill(EMPTY);
  /** Slots that are not EMPTY. */
  #used = 0;
  #size = 0;

  constructor(hash: KeyHash, field: number) {
    this.#hash = hash;
    this.#field = field;
  }

  get size(): number {
    return this.#size;
  }

  get byteLength(): number {
    return this.#table.byteLength;
  }

  /** Adds row `row` of the store, whose key is at `at` of `column`. False if that key is there already. */
  insert(chunks: readonly Chunk[], row: number, column: Column, at: number): boolean {
    if (this.#used * 2 >= this.#table.length) this.#rehash(chunks, this.#size + 1);
    const table = this.#table;
    const mask = table.length - 1;
    let slot = this.#hash.hash(column, at) & mask;
    let target = -1;
    for (let entry = table[slot]; entry !== EMPTY; entry = table[slot]) {
      if (entry === DELETED) {
        if (target < 0) target = slot;
      } else if (this.#matches(chunks, entry, column, at)) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    if (target < 0) {
      target = slot;
      this.#used++;
    }
    table[target] = row;
    this.#size++;
    return true;
  }

  /** The row whose key equals the one at `at` of `column`, or -1. */
  find(chunks: readonly Chunk[], column: Column, at: number): number {
    const slot = this.#slotOf(chunks, column, at);
    return slot < 0 ? -1 : this.#table[slot];
  }

  /** Forgets the row whose key is at `at` of `column`. */
  remove(chunks: readonly Chunk[], column: Column, at: number): void {
    const slot = this.#slotOf(chunks, column, at);
    if (slot < 0) return;
    this.#table[slot] = DELETED;
    this.#size--;
  }

  /** Room for `rows` entries, so that adding them does not rehash on the way. */
  reserve(chunks: readonly Chunk[], rows: number): void {
    if ((this.#used + rows) * 2 > this.#table.length) this.#rehash(chunks, this.#size + rows);
  }

  clear(): void {
    this.#table = new Int32Array(FIRST_SLOTS).fill(EMPTY);
    this.#used = 0;
    this.#size = 0;
  }

  #matches(chunks: readonly Chunk[], row: number, column: Column, at: number): boolean {
    const chunk = locate(chunks, row);
    return this.#hash.equal(chunk.columns[this.#field], row - chunk.start, column, at);
  }

  #slotOf(chunks: readonly Chunk[], column: Column, at: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = this.#hash.hash(column, at) & mask;
    for (let entry = table[slot]; entry !== EMPTY; entry = table[slot]) {
      if (entry !== DELETED && this.#matches(chunks, entry, column, at)) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  #rehash(chunks: readonly Chunk[], rows: number): void {
    const old = this.#table;
    let slots = FIRST_SLOTS;
    while (slots < rows * 2) slots *= 2;
    const table = new Int32Array(slots).fill(EMPTY);
    const mask = slots - 1;
    for (let i = 0; i < old.length; i++) {
      const row = old[i];
      if (row < 0) continue;
      const chunk = locate(chunks, row);
      let slot = this.#hash.hash(chunk.columns[this.#field], row - chunk.start) & mask;
      while (table[slot] !== EMPTY) slot = (slot + 1) & mask;
      table[slot] = row;
    }
    this.#table = table;
    this.#used = this.#size;
  }
}
