import { getBit } from "../../../columns/bitmap.ts";
import { Encoding } from "../format/metadata.ts";
import { assertFits, type ByteArrays, MAX_DATA, readByteArrays } from "./byte-arrays.ts";
import { type Cursor, damaged } from "./cursor.ts";
import type { PageValues } from "./data-page.ts";
import { type Allocate, isDictionaryEncoded, readCodes, type Sink } from "./sink.ts";

/** Byte strings, as Arrow's offsets and data. */
export class ByteSink implements Sink {
  readonly offsets: Int32Array;
  #data: Uint8Array = new Uint8Array(0);
  #used = 0;
  readonly #most: number;
  #dictionary: ByteArrays | null = null;
  #dictionarySize = 0;
  #codes = new Uint32Array(0);

  /** @param most bytes that the values may have together */
  constructor(rows: number, most: number, allocate: Allocate) {
    const bytes = allocate((rows + 1) * 4);
    this.offsets = new Int32Array(bytes.buffer, bytes.byteOffset, rows + 1);
    this.#most = Math.min(most, MAX_DATA);
  }

  get data(): Uint8Array {
    return this.#data.subarray(0, this.#used);
  }

  dictionary(cursor: Cursor, count: number): void {
    this.#dictionary = readByteArrays(Encoding.PLAIN, cursor, count);
    this.#dictionarySize = count;
  }

  values({ encoding, cursor, count }: PageValues, at: number): void {
    if (isDictionaryEncoded(encoding)) {
      if (this.#dictionary === null) throw damaged("a page of codes without a dictionary before it");
      if (this.#codes.length < count) this.#codes = new Uint32Array(count);
      readCodes(cursor, this.#codes, 0, count, this.#dictionarySize);
      this.#gather(this.#dictionary, at, count);
      return;
    }
    const { offsets, data } = readByteArrays(encoding, cursor, count, this.#most - this.#used);
    const begin = this.#room(offsets[count]);
    this.#data.set(data.subarray(0, offsets[count]), begin);
    for (let i = 1; i <= count; i++) this.offsets[at + i] = begin + offsets[i];
  }

  spread(validity: Uint8Array, at: number, rows: number, count: number): void {
    const { offsets } = this;
    let left = count;
    for (let i = rows; i >= 1; i--) {
      offsets[at + i] = offsets[at + left];
      if (getBit(validity, at + i - 1)) left--;
    }
  }

  #gather({ offsets, data }: ByteArrays, at: number, count: number): void {
    const codes = this.#codes;
    let total = 0;
    for (let i = 0; i < count; i++) total += offsets[codes[i] + 1] - offsets[codes[i]];
    let to = this.#room(total);
    const out = this.#data;
    for (let i = 0; i < count; i++) {
      const from = offsets[codes[i]];
      const end = offsets[codes[i] + 1];
      if (end - from < 32) for (let b = from; b < end; b++) out[to++] = data[b];
      else {
        out.set(data.subarray(from, end), to);
        to += end - from;
      }
      this.offsets[at + i + 1] = to;
    }
  }

  /** Room for that many bytes more; gives where they begin. */
  #room(bytes: number): number {
    const begin = this.#used;
    const needed = begin + bytes;
    assertFits(needed, this.#most);
    if (needed > this.#data.length) {
      const grown = new Uint8Array(Math.min(Math.max(needed, this.#data.length * 2), this.#most));
      grown.set(this.data);
      this.#data = grown;
    }
    this.#used = needed;
    return begin;
  }
}
