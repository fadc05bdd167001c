import type { BitColumn } from "../columns/bit-column.ts";
import { getBit } from "../columns/bitmap.ts";
import type { Column } from "../columns/column.ts";
import type { FixedColumn } from "../columns/fixed-column.ts";
import { equalBytes } from "../columns/utf8.ts";
import type { VarColumn } from "../columns/var-column.ts";
import type { FieldType } from "../entity/field-type.ts";

/** Hash and equality of the values of a key column, by physical layout. No value leaves its column. */
export interface KeyHash {
  /** 32 bits, well mixed. */
  hash(column: Column, row: number): number;
  equal(a: Column, rowA: number, b: Column, rowB: number): boolean;
  /** For integers: the value in `a` less the one in `b`, exact within ±2^53 and beyond that far from it. */
  distance?(a: Column, rowA: number, b: Column, rowB: number): number;
  /** For integers, one row at least: how many of `count` rows from `row` on each hold one more than the row before. */
  inSequence?(column: Column, row: number, count: number): number;
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): every input bit reaches every output bit. */
export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

class NarrowHash implements KeyHash {
  hash(column: Column, row: number): number {
    return mix(narrow(column)[row] | 0);
  }

  equal(a: Column, rowA: number, b: Column, rowB: number): boolean {
    return narrow(a)[rowA] === narrow(b)[rowB];
  }

  distance(a: Column, rowA: number, b: Column, rowB: number): number {
    return narrow(a)[rowA] - narrow(b)[rowB];
  }

  inSequence(column: Column, row: number, count: number): number {
    const values = narrow(column);
    let n = 1;
    while (n < count && values[row + n] - values[row + n - 1] === 1) n++;
    return n;
  }
}

class WideHash implements KeyHash {
  hash(column: Column, row: number): number {
    const words = wide(column);
    return mix(words[2 * row] ^ Math.imul(words[2 * row + 1], 0x9e3779b1));
  }

  equal(a: Column, rowA: number, b: Column, rowB: number): boolean {
    const wordsA = wide(a);
    const wordsB = wide(b);
    return wordsA[2 * rowA] === wordsB[2 * rowB] && wordsA[2 * rowA + 1] === wordsB[2 * rowB + 1];
  }

  // High words as signed or as unsigned: one of the two readings is right, and near values agree in both.
  distance(a: Column, rowA: number, b: Column, rowB: number): number {
    const wordsA = wide(a);
    const wordsB = wide(b);
    return ((wordsA[2 * rowA + 1] - wordsB[2 * rowB + 1]) | 0) * 4_294_967_296 + (wordsA[2 * rowA] - wordsB[2 * rowB]);
  }

  inSequence(column: Column, row: number, count: number): number {
    const words = wide(column);
    let low = words[2 * row];
    let high = words[2 * row + 1];
    let n = 1;
    for (let at = 2 * row + 2; n < count; n++, at += 2) {
      low = (low + 1) >>> 0;
      if (low === 0) high = (high + 1) >>> 0;
      if (words[at] !== low || words[at + 1] !== high) break;
    }
    return n;
  }
}

class DecimalHash implements KeyHash {
  hash(column: Column, row: number): number {
    const words = wide(column);
    let h = 0;
    for (let i = 4 * row; i < 4 * row + 4; i++) h = mix(h ^ words[i]);
    return h;
  }

  equal(a: Column, rowA: number, b: Column, rowB: number): boolean {
    const wordsA = wide(a);
    const wordsB = wide(b);
    for (let i = 0; i < 4; i++) if (wordsA[4 * rowA + i] !== wordsB[4 * rowB + i]) return false;
    return true;
  }
}

class BytesHash implements KeyHash {
  hash(column: Column, row: number): number {
    const bytes = (column as VarColumn).bytesAt(row);
    let h = bytes.length;
    for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
    return mix(h);
  }

  equal(a: Column, rowA: number, b: Column, rowB: number): boolean {
    return equalBytes((a as VarColumn).bytesAt(rowA), (b as VarColumn).bytesAt(rowB));
  }
}

class BitHash implements KeyHash {
  hash(column: Column, row: number): number {
    return mix(Number(getBit((column as BitColumn).bits, row)));
  }

  equal(a: Column, rowA: number, b: Column, rowB: number): boolean {
    return getBit((a as BitColumn).bits, rowA) === getBit((b as BitColumn).bits, rowB);
  }
}

const narrow = (column: Column) => (column as FixedColumn<Int32Array>).values;
const wide = (column: Column) => (column as FixedColumn).words as Uint32Array;

export function keyHashFor(type: FieldType): KeyHash {
  switch (type.kind) {
    case "u64":
    case "i64":
    case "timestamp":
      return new WideHash();
    case "decimal":
      return new DecimalHash();
    case "utf8":
    case "binary":
      return new BytesHash();
    case "bool":
      return new BitHash();
    default:
      return new NarrowHash();
  }
}
