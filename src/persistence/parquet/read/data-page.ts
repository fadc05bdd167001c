import { countBits, fillBits } from "../../../columns/bitmap.ts";
import { openedPage, type PageCodec } from "../codecs/codec.ts";
import { type DataPageHeader, type DataPageHeaderV2, Encoding, PageType } from "../format/metadata.ts";
import { Cursor, damaged } from "./cursor.ts";
import { dataHeader, type RawPage } from "./pages.ts";
import { readHybridBits } from "./rle.ts";

/** The values of a data page, nulls left out. Good until the next page is opened. */
export interface PageValues {
  readonly rows: number;
  /** Values that are not null. */
  readonly count: number;
  readonly encoding: number;
  readonly cursor: Cursor;
}

/**
 * Decompresses a data page; writes which of its rows are valid into `validity` from bit `at` on, unless that is null: then
 * all are.
 * @throws CorruptDataError, UnsupportedError
 */
export function openPage(page: RawPage, codec: PageCodec, validity: Uint8Array | null, at: number): PageValues {
  const { header } = page;
  const { numValues: rows, encoding } = dataHeader(header);
  if (header.type === PageType.DATA_PAGE_V2) {
    const v2 = header.dataPageHeaderV2 as DataPageHeaderV2;
    const repetition = v2.repetitionLevelsByteLength;
    const levels = repetition + v2.definitionLevelsByteLength;
    if (repetition < 0 || v2.definitionLevelsByteLength < 0 || levels > page.bytes.length || levels > header.uncompressedPageSize)
      throw damaged(`levels of ${levels} bytes in a page of ${page.bytes.length}`);
    if (validity !== null && rows > 0) readHybridBits(new Cursor(page.bytes, repetition, levels), validity, at, rows);
    const stored = page.bytes.subarray(levels);
    const size = header.uncompressedPageSize - levels;
    const raw = v2.isCompressed === false || (size === 0 && stored.length === 0);
    if (raw && stored.length !== size) throw damaged(`${stored.length} bytes of values that should be ${size}`);
    const values = raw ? stored : openedPage(codec, stored, size);
    return { rows, count: validCount(validity, at, rows), encoding, cursor: new Cursor(values) };
  }
  const cursor = new Cursor(openedPage(codec, page.bytes, header.uncompressedPageSize));
  if (validity !== null) readLevels(cursor, header.dataPageHeader as DataPageHeader, validity, at, rows);
  return { rows, count: validCount(validity, at, rows), encoding, cursor };
}

const validCount = (validity: Uint8Array | null, at: number, rows: number): number =>
  validity === null ? rows : countBits(validity, at, at + rows);

function readLevels(cursor: Cursor, header: DataPageHeader, validity: Uint8Array, at: number, rows: number): void {
  if (header.definitionLevelEncoding === Encoding.RLE) {
    const length = cursor.length();
    const from = cursor.take(length);
    if (rows > 0) readHybridBits(new Cursor(cursor.bytes, from, from + length), validity, at, rows);
  } else if (header.definitionLevelEncoding === Encoding.BIT_PACKED) {
    // Deprecated, and the other way round: the first level is the highest bit.
    const from = cursor.take(Math.ceil(rows / 8));
    for (let i = 0; i < rows; i++) {
      const valid = ((cursor.bytes[from + (i >>> 3)] >>> (7 - (i & 7))) & 1) === 1;
      fillBits(validity, at + i, at + i + 1, valid);
    }
  } else throw damaged(`levels of encoding ${header.definitionLevelEncoding}`);
}
