import { readUtf8 } from "../../../columns/utf8.ts";
import { Encoding } from "../format/metadata.ts";
import { readByteArrays } from "./byte-arrays.ts";
import { Misfit } from "./convert.ts";
import { type Cursor, damaged } from "./cursor.ts";
import type { PageValues } from "./data-page.ts";
import type { IndexArray } from "./rle.ts";
import { type Allocate, isDictionaryEncoded, readCodes, type Sink, spreadElements } from "./sink.ts";

/** Text as codes into the distinct strings of the chunk: those of its dictionary, then those of pages without one. */
export class CodeSink implements Sink {
  readonly strings: string[] = [];
  #codes: IndexArray | null = null;
  /** Codes of the dictionary's strings; those of equal ones are equal. null where they are their positions. */
  #same: Uint32Array | null = null;
  #byString: Map<string, number> | null = null;
  #dictionarySize = -1;
  readonly #rows: number;
  readonly #grows: boolean;
  readonly #allocate: Allocate;

  /** @param grows whether there are pages without dictionary */
  constructor(rows: number, grows: boolean, allocate: Allocate) {
    this.#rows = rows;
    this.#grows = grows;
    this.#allocate = allocate;
  }

  get codes(): IndexArray {
    if (this.#codes === null) {
      const size = this.#grows ? Number.POSITIVE_INFINITY : this.strings.length;
      const width = size <= 0x100 ? 1 : size <= 0x1_0000 ? 2 : 4;
      const { buffer, byteOffset } = this.#allocate(this.#rows * width) as Uint8Array<ArrayBuffer>;
      const array = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
      this.#codes = new array(buffer, byteOffset, this.#rows);
    }
    return this.#codes;
  }

  dictionary(cursor: Cursor, count: number): void {
    const { offsets, data } = readByteArrays(Encoding.PLAIN, cursor, count);
    const byString = new Map<string, number>();
    const codes = new Uint32Array(count);
    for (let i = 0; i < count; i++) codes[i] = intern(this.strings, byString, text(data.subarray(offsets[i], offsets[i + 1])));
    if (byString.size < count) this.#same = codes;
    if (this.#grows) this.#byString = byString;
    this.#dictionarySize = count;
  }

  values({ encoding, cursor, count }: PageValues, at: number): void {
    const { codes } = this;
    if (isDictionaryEncoded(encoding)) {
      if (this.#dictionarySize < 0) throw damaged("a page of codes without a dictionary before it");
      const same = this.#same;
      if (same === null) {
        readCodes(cursor, codes, at, count, this.#dictionarySize);
        return;
      }
      const positions = new Uint32Array(count);
      readCodes(cursor, positions, 0, count, this.#dictionarySize);
      for (let i = 0; i < count; i++) codes[at + i] = same[positions[i]];
      return;
    }
    this.#byString ??= new Map();
    const { offsets, data } = readByteArrays(encoding, cursor, count);
    for (let i = 0; i < count; i++)
      codes[at + i] = intern(this.strings, this.#byString, text(data.subarray(offsets[i], offsets[i + 1])));
  }

  spread(validity: Uint8Array, at: number, rows: number, count: number): void {
    spreadElements(this.codes, validity, at, rows, count);
  }
}

function intern(strings: string[], byString: Map<string, number>, string: string): number {
  const known = byString.get(string);
  if (known !== undefined) return known;
  byString.set(string, strings.length);
  return strings.push(string) - 1;
}

function text(bytes: Uint8Array): string {
  try {
    return readUtf8(bytes, 0, bytes.length);
  } catch {
    throw new Misfit("it holds bytes that are not UTF-8");
  }
}
