import { bitmapBytes, countBits } from "../../../columns/bitmap.ts";
import { CorruptDataError, FaunError, UnsupportedError } from "../../../errors.ts";
import { openedPage, type PageCodec } from "../codecs/codec.ts";
import { type ColumnMetaData, CompressionCodec, Encoding } from "../format/metadata.ts";
import { BitSink } from "./bit-sink.ts";
import { ByteSink } from "./byte-sink.ts";
import { CodeSink } from "./code-sink.ts";
import type { ColumnPlan } from "./column-plan.ts";
import { Misfit } from "./convert.ts";
import { Cursor, damaged } from "./cursor.ts";
import { openPage } from "./data-page.ts";
import { FixedSink } from "./fixed-sink.ts";
import { type ChunkPages, dataHeader, findPages, type RawPage } from "./pages.ts";
import type { IndexArray } from "./rle.ts";
import { type Allocate, isDictionaryEncoded, type Sink } from "./sink.ts";

/** The rows of a column chunk as Arrow lays them out; plain data, so that it can come from a worker. */
export interface DecodedColumn {
  readonly rows: number;
  /** null where every row is valid. */
  readonly validity: Uint8Array | null;
  /** Values or bits; the data of byte strings. Of text as codes, the codes. */
  readonly values: Uint8Array | IndexArray;
  /** Of byte strings. */
  readonly offsets: Int32Array | null;
  /** What codes stand for. */
  readonly strings: readonly string[] | null;
}

/** Bytes that a decoded column takes in memory. */
export const decodedSize = ({ validity, values, offsets }: DecodedColumn): number =>
  values.byteLength + (validity?.byteLength ?? 0) + (offsets?.byteLength ?? 0);

export interface ChunkLimits {
  /**
   * Bytes that the rows may take decoded, the largest page besides. Rows of one value repeated take next to nothing in a file: this tells a large
   * column from a small file that would fill the memory.
   */
  readonly decodedBytes: number;
}

/** Decoded bytes that are always granted. */
const GRANTED_BYTES = 256 << 20;
/** What else, per stored byte: more than tables have that were not made to be large. */
const EXPANSION = 64;

/** The limit where the user sets none. @param storedBytes of the chunks that are decoded together */
export const defaultDecodedBytes = (storedBytes: number): number => Math.max(GRANTED_BYTES, storedBytes * EXPANSION);

/**
 * Decodes a column chunk. Nothing is allocated for what its pages cannot have: their headers are held against the chunk
 * first. O(rows).
 * @param bytes the chunk, as it lies in the file
 * @param rows of the row group
 * @param place begins the messages of errors: file, row group and column
 * @throws CorruptDataError
 * @throws UnsupportedError beyond the limits
 * @throws Misfit for a whole value that the plan cannot hold; its message tells why
 */
export function decodeChunk(
  bytes: Uint8Array,
  chunk: ColumnMetaData,
  rows: number,
  plan: ColumnPlan,
  codec: PageCodec,
  limits: ChunkLimits,
  place: string,
  allocate: Allocate = (byteLength) => new Uint8Array(byteLength),
): DecodedColumn {
  return naming(place, () => {
    if (chunk.numValues !== rows) throw damaged(`it has ${chunk.numValues} values, and the row group ${rows} rows`);
    const pages = findPages(bytes, chunk);
    assertGranted(plan, rows, pages, chunk.codec !== CompressionCodec.UNCOMPRESSED, limits);
    return decodePages(pages, chunk, rows, plan, codec, limits, allocate);
  });
}

/** Runs `decode`; the errors it throws begin with the place. What reads past the end of something is damage, too. */
function naming<R>(place: string, decode: () => R): R {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Misfit) throw error;
    if (error instanceof UnsupportedError) throw new UnsupportedError(`${place}: ${error.message}`, { cause: error });
    if (!(error instanceof FaunError) && !(error instanceof RangeError)) throw error;
    throw new CorruptDataError(`${place}: ${error.message}`, { cause: error });
  }
}

/** Bytes that a value may take beside the column while its page is decoded: its code, length, or the integer it was stored as. */
const SCRATCH_BYTES = 4;

/** Holds what decoding takes at most against the limit: the column, and with it its largest page. */
function assertGranted(
  { layout, maxDefinition }: ColumnPlan,
  rows: number,
  { dictionary, data }: ChunkPages,
  compressed: boolean,
  { decodedBytes }: ChunkLimits,
): void {
  const size = layout.kind === "fixed" ? layout.size : layout.kind === "bits" ? 1 / 8 : 4;
  const bytes = Math.ceil(rows * size) + (maxDefinition > 0 ? bitmapBytes(rows) : 0);
  const limit = `the limit decodedBytes is ${decodedBytes}`;
  if (bytes > decodedBytes) throw new UnsupportedError(`its ${rows} rows take ${bytes} bytes decoded, ${limit}`);
  // Decompressors gather a page in pieces and then join them; a page that is not compressed is read where it lies.
  const copies = compressed ? 2 : 0;
  let page = copies * (dictionary?.header.uncompressedPageSize ?? 0);
  for (const { header } of data) {
    const scratch = layout.kind === "bits" ? 0 : dataHeader(header).numValues * SCRATCH_BYTES;
    page = Math.max(page, copies * header.uncompressedPageSize + scratch);
  }
  if (bytes + page > decodedBytes)
    throw new UnsupportedError(`its ${rows} rows take ${bytes} bytes decoded, and ${page} more for its largest page; ${limit}`);
}

function decodePages(
  { dictionary, data }: ChunkPages,
  chunk: ColumnMetaData,
  rows: number,
  plan: ColumnPlan,
  codec: PageCodec,
  { decodedBytes }: ChunkLimits,
  allocate: Allocate,
): DecodedColumn {
  const validity = plan.maxDefinition > 0 ? allocate(bitmapBytes(rows)) : null;
  const { sink, decoded } = sinkOf(plan, chunk.type, data, rows, decodedBytes, allocate);
  if (dictionary !== null) readDictionary(dictionary, codec, sink);
  let at = 0;
  for (const raw of data) {
    const page = openPage(raw, codec, validity, at);
    sink.values(page, at);
    if (validity !== null && page.count < page.rows) sink.spread(validity, at, page.rows, page.count);
    at += page.rows;
  }
  const allValid = validity === null || countBits(validity, 0, rows) === rows;
  return { ...decoded(), rows, validity: allValid ? null : validity };
}

function readDictionary(page: RawPage, codec: PageCodec, sink: Sink): void {
  const { dictionaryPageHeader: told, uncompressedPageSize } = page.header;
  if (told === undefined || told.numValues < 0) throw damaged("a dictionary page without the header of one");
  if (told.encoding !== Encoding.PLAIN && told.encoding !== Encoding.PLAIN_DICTIONARY)
    throw damaged(`a dictionary in encoding ${told.encoding}`);
  sink.dictionary(new Cursor(openedPage(codec, page.bytes, uncompressedPageSize)), told.numValues);
}

type Result = Pick<DecodedColumn, "values" | "offsets" | "strings">;

function sinkOf(
  { layout }: ColumnPlan,
  physical: number,
  data: readonly RawPage[],
  rows: number,
  decodedBytes: number,
  allocate: Allocate,
): { readonly sink: Sink; readonly decoded: () => Result } {
  const none = { offsets: null, strings: null };
  switch (layout.kind) {
    case "bits": {
      const sink = new BitSink(rows, allocate);
      return { sink, decoded: () => ({ ...none, values: sink.bits }) };
    }
    case "fixed": {
      const sink = new FixedSink(layout, physical, rows, allocate);
      return { sink, decoded: () => ({ ...none, values: sink.bytes }) };
    }
    case "bytes": {
      const sink = new ByteSink(rows, decodedBytes, allocate);
      return { sink, decoded: () => ({ ...none, values: sink.data, offsets: sink.offsets }) };
    }
    case "codes": {
      const grows = data.some(({ header }) => !isDictionaryEncoded(dataHeader(header).encoding));
      const sink = new CodeSink(rows, grows, allocate);
      return { sink, decoded: () => ({ ...none, values: sink.codes, strings: sink.strings }) };
    }
  }
}
