import { bitmapBytes, copyBits, getBit } from "../../../columns/bitmap.ts";
import { Encoding } from "../format/metadata.ts";
import { damaged } from "./cursor.ts";
import type { PageValues } from "./data-page.ts";
import { readHybridBits } from "./rle.ts";
import type { Allocate, Sink } from "./sink.ts";

/** Booleans, one bit a row. */
export class BitSink implements Sink {
  readonly bits: Uint8Array;

  constructor(rows: number, allocate: Allocate) {
    this.bits = allocate(bitmapBytes(rows));
  }

  dictionary(): void {
    throw damaged("a dictionary of booleans");
  }

  values({ encoding, cursor, count }: PageValues, at: number): void {
    if (encoding === Encoding.PLAIN) copyBits(cursor.bytes, cursor.take(bitmapBytes(count)) * 8, this.bits, at, count);
    else if (encoding === Encoding.RLE) {
      cursor.length();
      readHybridBits(cursor, this.bits, at, count);
    } else throw damaged(`booleans of encoding ${encoding}`);
  }

  spread(validity: Uint8Array, at: number, rows: number, count: number): void {
    const dense = new Uint8Array(bitmapBytes(count));
    copyBits(this.bits, at, dense, 0, count);
    for (let i = at, next = 0; i < at + rows; i++) {
      const set = getBit(validity, i) && getBit(dense, next++);
      if (set) this.bits[i >>> 3] |= 1 << (i & 7);
      else this.bits[i >>> 3] &= ~(1 << (i & 7));
    }
  }
}
