import { getBit } from "../../../columns/bitmap.ts";
import { Encoding } from "../format/metadata.ts";
import { pageKernels } from "../kernels/page-kernels.ts";
import { type Cursor, damaged } from "./cursor.ts";
import type { PageValues } from "./data-page.ts";
import { type IndexArray, readHybrid } from "./rle.ts";

/** Where a decoder gets memory: zeroed bytes at a multiple of 64. */
export type Allocate = (byteLength: number) => Uint8Array;

/** Takes the values of a chunk's pages, and keeps nothing of their bytes. One for each {@link Layout}. */
export interface Sink {
  /** The dictionary page, PLAIN. @throws CorruptDataError */
  dictionary(cursor: Cursor, count: number): void;
  /** The values of a page to rows `at` on, where nulls have left no gaps yet. @throws CorruptDataError, UnsupportedError */
  values(page: PageValues, at: number): void;
  /** Moves `count` values from row `at` on to the valid ones of `rows` rows. */
  spread(validity: Uint8Array, at: number, rows: number, count: number): void;
}

export const isDictionaryEncoded = (encoding: number): boolean =>
  encoding === Encoding.RLE_DICTIONARY || encoding === Encoding.PLAIN_DICTIONARY;

/** The codes of a dictionary-encoded page; all are below `size`. @throws CorruptDataError */
export function readCodes(cursor: Cursor, out: IndexArray, at: number, count: number, size: number): void {
  if (count === 0) return;
  const width = cursor.bytes[cursor.take(1)];
  if (width > 32) throw damaged(`codes of ${width} bits`);
  // What a kernel gives up at, the loops here tell the fault of.
  if (size <= 2 ** (8 * out.BYTES_PER_ELEMENT)) {
    const { bytes, at: from, end } = cursor;
    const read = pageKernels(count, end - from)?.codes(bytes, from, end, width, size, out, at, count) ?? 0;
    cursor.at += read;
    if (read > 0) return;
  }
  // Codes that `out` cannot hold would lose the bits that tell.
  const direct = width <= out.BYTES_PER_ELEMENT * 8;
  const codes = direct ? out : new Uint32Array(count);
  const from = direct ? at : 0;
  readHybrid(cursor, width, codes, from, count);
  const largest = codes instanceof Uint8Array ? largest8(codes, from, count) : largestCode(codes, from, count);
  if (largest >= size) throw damaged(`the code ${largest} in a dictionary of ${size} values`);
  if (!direct) out.set(codes, at);
}

function largest8(codes: Uint8Array, from: number, count: number): number {
  let largest = 0;
  for (let i = from; i < from + count; i++) if (codes[i] > largest) largest = codes[i];
  return largest;
}

function largestCode(codes: IndexArray, from: number, count: number): number {
  let largest = 0;
  for (let i = from; i < from + count; i++) if (codes[i] > largest) largest = codes[i];
  return largest;
}

type Elements = Uint8Array | Uint16Array | Uint32Array;

/** Spreads elements over the valid rows, from the last one on; zero under the nulls. */
export function spreadElements(values: Elements, validity: Uint8Array, at: number, rows: number, count: number): void {
  let next = at + count - 1;
  for (let i = at + rows - 1; i >= at; i--) values[i] = getBit(validity, i) ? values[next--] : 0;
}
