import { crc32 } from "../../crc32.ts";
import { type ColumnMetaData, type PageHeader, PageType } from "../format/metadata.ts";
import { pageHeader } from "../format/metadata-shapes.ts";
import { ThriftReader } from "../format/thrift-reader.ts";
import { damaged } from "./cursor.ts";

/** A page as it lies in the bytes of its chunk. */
export interface RawPage {
  readonly header: PageHeader;
  readonly bytes: Uint8Array;
}

export interface ChunkPages {
  readonly dictionary: RawPage | null;
  /** Their values are as many as the chunk says. */
  readonly data: readonly RawPage[];
}

/**
 * Finds the pages of a column chunk by their headers and holds what those say against the chunk; decompresses nothing.
 * Pages that tell their CRC-32 are verified. O(bytes).
 * @throws CorruptDataError
 */
export function findPages(bytes: Uint8Array, chunk: ColumnMetaData): ChunkPages {
  let dictionary: RawPage | null = null;
  const data: RawPage[] = [];
  let values = 0;
  const reader = new ThriftReader(bytes, "page header");
  while (values < chunk.numValues && reader.position < bytes.length) {
    const header = reader.struct(pageHeader);
    const { compressedPageSize: size, uncompressedPageSize } = header;
    const left = bytes.length - reader.position;
    if (size < 0 || size > left) throw damaged(`a page of ${size} bytes where the chunk has ${left} left`);
    if (uncompressedPageSize < 0 || uncompressedPageSize > chunk.totalUncompressedSize)
      throw damaged(`a page of ${uncompressedPageSize} bytes in a chunk of ${chunk.totalUncompressedSize}, both uncompressed`);
    const page = { header, bytes: bytes.subarray(reader.position, reader.position + size) };
    reader.position += size;
    if (header.crc !== undefined && crc32(page.bytes) !== header.crc >>> 0)
      throw damaged("the bytes of a page do not have the checksum that its header tells");
    if (header.type === PageType.DICTIONARY_PAGE) {
      if (dictionary !== null || data.length > 0) throw damaged("a dictionary that is not the first page");
      dictionary = page;
    } else if (header.type === PageType.DATA_PAGE || header.type === PageType.DATA_PAGE_V2) {
      values += dataHeader(header).numValues;
      data.push(page);
    }
  }
  if (values >= chunk.numValues && holdsMore(bytes, reader.position)) throw damaged(`its pages have more than ${values} values`);
  if (values !== chunk.numValues) throw damaged(`its pages have ${values} values, not ${chunk.numValues}`);
  return { dictionary, data };
}

/** Whether there is a page with values from there on. What is no page, as padding, is of no interest. */
function holdsMore(bytes: Uint8Array, position: number): boolean {
  const reader = new ThriftReader(bytes, "page header", position);
  try {
    while (reader.position < bytes.length) {
      const { type, compressedPageSize, dataPageHeader, dataPageHeaderV2 } = reader.struct(pageHeader);
      const told = type === PageType.DATA_PAGE ? dataPageHeader : type === PageType.DATA_PAGE_V2 ? dataPageHeaderV2 : undefined;
      if (told !== undefined && told.numValues > 0) return true;
      if (compressedPageSize < 0) return false;
      reader.position += compressedPageSize;
    }
  } catch {}
  return false;
}

/** What both kinds of data pages tell. @throws CorruptDataError */
export function dataHeader(header: PageHeader): { readonly numValues: number; readonly encoding: number } {
  const told = header.type === PageType.DATA_PAGE ? header.dataPageHeader : header.dataPageHeaderV2;
  if (told === undefined) throw damaged(`a page of type ${header.type} without the header of one`);
  if (told.numValues < 0) throw damaged(`a page of ${told.numValues} values`);
  return told;
}
