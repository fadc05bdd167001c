import { getBit } from "../../../columns/bitmap.ts";
import { Encoding } from "../format/metadata.ts";
import { pageKernels } from "../kernels/page-kernels.ts";
import type { Layout } from "./column-plan.ts";
import { converter } from "./convert.ts";
import { type Cursor, damaged } from "./cursor.ts";
import type { PageValues } from "./data-page.ts";
import { type Allocate, isDictionaryEncoded, readCodes, type Sink, spreadElements } from "./sink.ts";
import { readStored, type Stored } from "./stored.ts";

type FixedLayout = Extract<Layout, { kind: "fixed" }>;

/** Values of one width. What is stored as it will lie in memory is copied once. */
export class FixedSink implements Sink {
  readonly bytes: Uint8Array;
  readonly #layout: FixedLayout;
  readonly #physical: number;
  /** Values as elements. */
  #dictionary: Uint8Array | null = null;
  #dictionarySize = 0;
  #codes = new Uint32Array(0);

  constructor(layout: FixedLayout, physical: number, rows: number, allocate: Allocate) {
    this.#layout = layout;
    this.#physical = physical;
    this.bytes = allocate(rows * layout.size);
  }

  dictionary(cursor: Cursor, count: number): void {
    const { width, size } = this.#layout;
    // What is allocated is bounded by the page: values that tell their length take four bytes at least.
    if (count * (width === 0 ? 4 : width) > cursor.left) throw damaged(`a dictionary of ${count} values in ${cursor.left} bytes`);
    this.#dictionary = new Uint8Array(count * size);
    this.#dictionarySize = count;
    this.#decode(Encoding.PLAIN, cursor, count, this.#dictionary, 0);
  }

  values({ encoding, cursor, count }: PageValues, at: number): void {
    if (!isDictionaryEncoded(encoding)) {
      this.#decode(encoding, cursor, count, this.bytes, at);
      return;
    }
    if (this.#dictionary === null) throw damaged("a page of codes without a dictionary before it");
    if (this.#readElements(this.#dictionary, cursor, at, count)) return;
    if (this.#codes.length < count) this.#codes = new Uint32Array(count);
    readCodes(cursor, this.#codes, 0, count, this.#dictionarySize);
    gather(this.#dictionary, this.#codes, this.bytes, at, count, this.#layout.size);
  }

  /** Codes and elements in one go. False where that cannot be, and nothing was read. */
  #readElements(dictionary: Uint8Array, cursor: Cursor, at: number, count: number): boolean {
    const { size } = this.#layout;
    const { bytes, at: from, end } = cursor;
    if ((size !== 4 && size !== 8) || from >= end || bytes[from] > 32) return false;
    const kernels = pageKernels(count, end - from + dictionary.length);
    const read = kernels?.elements(bytes, from + 1, end, bytes[from], dictionary, size, this.bytes, at, count) ?? 0;
    if (read === 0) return false;
    cursor.at += 1 + read;
    return true;
  }

  spread(validity: Uint8Array, at: number, rows: number, count: number): void {
    const { size } = this.#layout;
    const { buffer, byteOffset, length } = this.bytes;
    if (size === 1) spreadElements(this.bytes, validity, at, rows, count);
    else if (size === 2) spreadElements(new Uint16Array(buffer, byteOffset, length / 2), validity, at, rows, count);
    else if (size === 4) spreadElements(new Uint32Array(buffer, byteOffset, length / 4), validity, at, rows, count);
    else if (size === 8) spreadPairs(new Uint32Array(buffer, byteOffset, length / 4), validity, at, rows, count);
    else spreadBytes(this.bytes, size, validity, at, rows, count);
  }

  #decode(encoding: number, cursor: Cursor, count: number, out: Uint8Array, at: number): void {
    const { convert, width, size } = this.#layout;
    const stored: Stored = { physical: this.#physical, width, encoding };
    if (convert === "none") {
      readStored(stored, cursor, out.subarray(at * size, (at + count) * size), count);
      return;
    }
    converter(convert)(stored, cursor, out, at, count);
  }
}

/** As {@link spreadElements}, of 64 bits. */
function spreadPairs(words: Uint32Array, validity: Uint8Array, at: number, rows: number, count: number): void {
  let next = 2 * (at + count - 1);
  for (let i = at + rows - 1; i >= at; i--) {
    const valid = getBit(validity, i);
    words[2 * i] = valid ? words[next] : 0;
    words[2 * i + 1] = valid ? words[next + 1] : 0;
    if (valid) next -= 2;
  }
}

function spreadBytes(bytes: Uint8Array, size: number, validity: Uint8Array, at: number, rows: number, count: number): void {
  let next = (at + count) * size;
  for (let i = at + rows - 1; i >= at; i--) {
    if (getBit(validity, i)) {
      next -= size;
      bytes.copyWithin(i * size, next, next + size);
    } else bytes.fill(0, i * size, (i + 1) * size);
  }
}

/** Elements by their codes. */
function gather(from: Uint8Array, codes: Uint32Array, out: Uint8Array, at: number, count: number, size: number): void {
  const words = (bytes: Uint8Array) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  if (size === 8) gather8(words(from), codes, words(out), at, count);
  else if (size === 4) gather4(words(from), codes, words(out), at, count);
  else if (size === 1) for (let i = 0; i < count; i++) out[at + i] = from[codes[i]];
  else {
    for (let i = 0; i < count; i++) {
      const source = codes[i] * size;
      const target = (at + i) * size;
      for (let b = 0; b < size; b++) out[target + b] = from[source + b];
    }
  }
}

function gather4(from: Uint32Array, codes: Uint32Array, out: Uint32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) out[at + i] = from[codes[i]];
}

function gather8(from: Uint32Array, codes: Uint32Array, out: Uint32Array, at: number, count: number): void {
  for (let i = 0, to = 2 * at; i < count; i++, to += 2) {
    const source = 2 * codes[i];
    out[to] = from[source];
    out[to + 1] = from[source + 1];
  }
}
