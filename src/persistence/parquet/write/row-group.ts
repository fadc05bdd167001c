import type { PageCodec } from "../codecs/codec.ts";
import type { FileSchema } from "../format/file-schema.ts";
import type { ColumnChunk, RowGroup } from "../format/metadata.ts";
import { type EncodedChunk, encodeColumnChunk } from "./column-chunk.ts";
import { gatherColumn } from "./column-values.ts";
import type { WriteSettings } from "./options.ts";
import type { RowGroupRows } from "./row-runs.ts";

export interface EncodedRowGroup {
  /** The bytes, in order. Some may be views of the columns' own: they are not to be written to, nor the columns before these are stored. */
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
  /** With offsets from the start of these bytes; {@link shiftRowGroup} gives those of the file. */
  readonly metadata: RowGroup;
  /** CRC-32 of each column chunk. */
  readonly checksums: Uint32Array;
}

/**
 * The rows as the bytes of a row group. O(rows x fields); holds the encoded bytes and one column besides.
 * @throws TypeConversionError for timestamps in seconds beyond what milliseconds can tell
 */
export function encodeRowGroup(
  file: FileSchema,
  source: RowGroupRows,
  { pageSize, encodings }: WriteSettings,
  codec: PageCodec,
): EncodedRowGroup {
  const chunks = file.columns.map((column, i) => {
    const gathered = gatherColumn(column, source, file.schema.name);
    return encodeColumnChunk(column, gathered, codec, { pageSize, encoding: encodings[i] });
  });
  return joinChunks(chunks, source.rows);
}

/** The row group that encoded columns make, in this order. O(columns). */
export function joinChunks(chunks: readonly EncodedChunk[], rows: number): EncodedRowGroup {
  const parts: Uint8Array[] = [];
  const columns: ColumnChunk[] = [];
  const checksums = new Uint32Array(chunks.length);
  let byteLength = 0;
  let uncompressed = 0;
  chunks.forEach((encoded, i) => {
    parts.push(...encoded.parts);
    columns.push(shiftChunk(encoded.chunk, byteLength));
    checksums[i] = encoded.crc;
    byteLength += encoded.byteLength;
    uncompressed += encoded.chunk.metaData?.totalUncompressedSize ?? 0;
  });
  const metadata: RowGroup = {
    columns,
    totalByteSize: uncompressed,
    numRows: rows,
    fileOffset: 0,
    totalCompressedSize: byteLength,
  };
  return { parts, byteLength, metadata, checksums };
}

/**
 * A row group's metadata for another place: all offsets `by` bytes further, as row group `ordinal` of its file. Offsets
 * of page indexes and bloom filters are left out. O(columns).
 */
export function shiftRowGroup(group: RowGroup, by: number, ordinal: number): RowGroup {
  const { fileOffset, ordinal: _, ...rest } = group;
  return {
    ...rest,
    columns: group.columns.map((chunk) => shiftChunk(chunk, by)),
    ...(fileOffset !== undefined && { fileOffset: fileOffset + by }),
    // The format gives it 16 bits.
    ...(ordinal < 2 ** 15 && { ordinal }),
  };
}

function shiftChunk(chunk: ColumnChunk, by: number): ColumnChunk {
  const { metaData } = chunk;
  if (metaData === undefined) return { fileOffset: chunk.fileOffset };
  const { bloomFilterOffset: _, bloomFilterLength: __, ...kept } = metaData;
  const { dataPageOffset, dictionaryPageOffset } = kept;
  return {
    fileOffset: chunk.fileOffset,
    metaData: {
      ...kept,
      dataPageOffset: dataPageOffset + by,
      ...(dictionaryPageOffset !== undefined && { dictionaryPageOffset: dictionaryPageOffset + by }),
    },
  };
}
