import { countBits } from "../../../columns/bitmap.ts";
import { crc32 } from "../../crc32.ts";
import type { PageCodec } from "../codecs/codec.ts";
import type { FileColumn } from "../format/file-schema.ts";
import { type ColumnChunk, CompressionCodec, Encoding, type PageHeader, PageType } from "../format/metadata.ts";
import { pageHeader } from "../format/metadata-shapes.ts";
import { ThriftWriter } from "../format/thrift-writer.ts";
import { pageKernels, releaseKernels } from "../kernels/page-kernels.ts";
import { ByteSink } from "./byte-sink.ts";
import { chooseEncoding, type EncodingChoice, indexWidth } from "./choose-encoding.ts";
import type { ColumnValues, Values } from "./column-values.ts";
import { encodeDelta32, encodeDelta64 } from "./delta.ts";
import type { ColumnEncoding } from "./options.ts";
import { encodeByteStreamSplit, encodeDeltaLength, encodePlain, plainView } from "./plain.ts";
import { encodeHybrid, encodeValidity, worthARun } from "./rle.ts";
import { statisticsOf } from "./statistics.ts";

const CODECS = {
  uncompressed: CompressionCodec.UNCOMPRESSED,
  snappy: CompressionCodec.SNAPPY,
  gzip: CompressionCodec.GZIP,
  brotli: CompressionCodec.BROTLI,
  zstd: CompressionCodec.ZSTD,
  lz4: CompressionCodec.LZ4_RAW,
  lz4_hadoop: CompressionCodec.LZ4,
} as const;

/** Compression that leaves more than this of a column is not worth the time of undoing it. */
const WORTH_COMPRESSING = 0.98;

export interface EncodedChunk {
  /** Page headers and pages, in order. Pages may be views of the column's own bytes: not to be written to. */
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
  /** With offsets from the start of the chunk. */
  readonly chunk: ColumnChunk;
  /** CRC-32 of the parts. */
  readonly crc: number;
}

/** What of {@link WriteSettings} a column needs. */
export interface ChunkSettings {
  readonly pageSize: number;
  readonly encoding: ColumnEncoding | undefined;
}

/** Encodes a column of a row group. O(rows). */
export function encodeColumnChunk(
  column: FileColumn,
  gathered: ColumnValues,
  codec: PageCodec,
  settings: ChunkSettings,
): EncodedChunk {
  try {
    return encodeChunk(column, gathered, codec, settings);
  } finally {
    releaseKernels();
  }
}

function encodeChunk(column: FileColumn, gathered: ColumnValues, codec: PageCodec, settings: ChunkSettings): EncodedChunk {
  const choice = chooseEncoding(column, gathered.values, settings.encoding);
  const { dictionary } = choice;
  const pages: Page[] = [];
  if (dictionary !== null)
    pages.push({
      body: dictionary.page,
      header: { type: PageType.DICTIONARY_PAGE, dictionaryPageHeader: { numValues: dictionary.size, encoding: Encoding.PLAIN } },
    });
  const dataPages = dataPagesOf(column, gathered, choice, settings.pageSize);
  const first = dataPages.next().value as Page;
  pages.push(first);
  const used = chooseCodec(codec, pages);
  const writer = new ChunkWriter(used);
  for (const page of pages) writer.add(page);
  for (const page of dataPages) writer.add(page);

  const dictionaryBytes = dictionary === null ? 0 : writer.firstPageBytes;
  const encoding = Encoding[choice.encoding];
  return {
    parts: writer.parts,
    byteLength: writer.stored,
    crc: writer.crc,
    chunk: {
      fileOffset: 0,
      metaData: {
        type: column.physicalType,
        encodings: [...new Set([encoding, Encoding.RLE, ...(dictionary === null ? [] : [Encoding.PLAIN])])],
        pathInSchema: [column.field.column],
        codec: CODECS[used.name],
        numValues: gathered.rows,
        totalUncompressedSize: writer.uncompressed,
        totalCompressedSize: writer.stored,
        dataPageOffset: dictionaryBytes,
        ...(dictionary !== null && { dictionaryPageOffset: 0 }),
        statistics: statisticsOf(column, choice.values, gathered.nulls, dictionary),
        encodingStats: [
          ...(dictionary === null ? [] : [{ pageType: PageType.DICTIONARY_PAGE, encoding: Encoding.PLAIN, count: 1 }]),
          { pageType: PageType.DATA_PAGE, encoding, count: writer.pages - (dictionary === null ? 0 : 1) },
        ],
      },
    },
  };
}

interface Page {
  readonly header: Omit<PageHeader, "uncompressedPageSize" | "compressedPageSize">;
  readonly body: Uint8Array;
}

/** Bytes of a page that tell whether compressing the rest is worth it. */
const SAMPLE = 65_536;

/** The codec asked for, or none where the first pages hardly get smaller by it. */
function chooseCodec(codec: PageCodec, pages: readonly Page[]): PageCodec {
  if (codec.name === "uncompressed") return codec;
  let before = 0;
  let after = 0;
  for (const { body } of pages) {
    const start = Math.max(0, body.length - SAMPLE) >>> 1;
    const sample = body.subarray(start, start + SAMPLE);
    // What a sample gets smaller by, the page does too: a dictionary counts as long as it is.
    before += body.length;
    after += codec.compress(sample).length * (body.length / Math.max(1, sample.length));
  }
  return after <= before * WORTH_COMPRESSING ? codec : UNCOMPRESSED;
}

const UNCOMPRESSED: PageCodec = { name: "uncompressed", compress: (bytes) => bytes, decompress: (bytes) => bytes };

class ChunkWriter {
  readonly parts: Uint8Array[] = [];
  stored = 0;
  uncompressed = 0;
  crc = 0;
  pages = 0;
  firstPageBytes = 0;
  readonly #codec: PageCodec;

  constructor(codec: PageCodec) {
    this.#codec = codec;
  }

  add({ header, body }: Page): void {
    const stored = this.#codec.compress(body);
    const writer = new ThriftWriter(64);
    writer.struct(pageHeader, { ...header, uncompressedPageSize: body.length, compressedPageSize: stored.length });
    const head = writer.bytes;
    this.parts.push(head, stored);
    this.crc = crc32(stored, crc32(head, this.crc));
    this.stored += head.length + stored.length;
    this.uncompressed += head.length + body.length;
    if (this.pages++ === 0) this.firstPageBytes = this.stored;
  }
}

/** Pages of about `pageSize` bytes, one at least. */
function* dataPagesOf(
  { field }: FileColumn,
  { rows, validity, nulls }: ColumnValues,
  choice: EncodingChoice,
  pageSize: number,
): Generator<Page, void, undefined> {
  const { values, encoding, dictionary, valueBytes } = choice;
  const rowBytes = (valueBytes * values.count) / Math.max(1, rows) + (field.nullable ? 1 / 8 : 0);
  // In eights, so that no page but the last has bits to spare.
  const pageRows = Math.max(8, Math.floor(pageSize / rowBytes / 8) * 8);
  let value = 0;
  for (let row = 0; row === 0 || row < rows; row += pageRows) {
    const end = Math.min(rows, row + pageRows);
    const count = nulls === 0 ? end - row : countBits(validity as Uint8Array, row, end);
    const view = field.nullable || encoding !== "PLAIN" ? null : plainView(values, value, value + count);
    yield {
      header: {
        type: PageType.DATA_PAGE,
        dataPageHeader: {
          numValues: end - row,
          encoding: Encoding[encoding],
          definitionLevelEncoding: Encoding.RLE,
          repetitionLevelEncoding: Encoding.RLE,
        },
      },
      body: view ?? encodePage(),
    };
    value += count;

    function encodePage(): Uint8Array {
      const sink = new ByteSink(Math.ceil(rowBytes * (end - row) * 1.1) + 64);
      if (field.nullable) encodeValidity(nulls === 0 ? null : validity, row, end, sink);
      if (dictionary === null) {
        encodeValues(values, value, value + count, encoding, sink);
      } else {
        const width = indexWidth(dictionary);
        sink.byte(width);
        encodeIndices(dictionary.indices, value, value + count, width, sink);
      }
      return sink.written;
    }
  }
}

function encodeIndices(indices: Uint32Array, from: number, to: number, width: number, sink: ByteSink): void {
  const kernels = pageKernels(indices.length);
  if (kernels !== null) sink.append(kernels.hybrid(indices, from, to, width, worthARun(width)));
  else encodeHybrid(indices, from, to, width, sink);
}

function encodeValues(values: Values, from: number, to: number, encoding: ColumnEncoding, sink: ByteSink): void {
  if (encoding === "DELTA_BINARY_PACKED" && values.kind === "words") {
    const kernels = pageKernels(values.count);
    if (kernels !== null) sink.append(kernels.delta(values.words, values.width, from, to));
    else if (values.width === 4) encodeDelta32(values.words, from, to, sink);
    else encodeDelta64(values.words, from, to, sink);
  } else if (encoding === "DELTA_LENGTH_BYTE_ARRAY" && values.kind === "byteArrays") {
    encodeDeltaLength(values, from, to, sink);
  } else if (encoding === "BYTE_STREAM_SPLIT") {
    encodeByteStreamSplit(values, from, to, sink);
  } else {
    encodePlain(values, from, to, sink);
  }
}
