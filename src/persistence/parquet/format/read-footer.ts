import { CorruptDataError, UnsupportedError } from "../../../errors.ts";
import { checkFooter } from "./checksums.ts";
import { isFaunFile } from "./footer-metadata.ts";
import type { ColumnChunk, FileMetaData, RowGroup } from "./metadata.ts";
import { fileMetaData } from "./metadata-shapes.ts";
import { type Leaf, schemaLeaves } from "./schema-tree.ts";
import { ThriftReader } from "./thrift-reader.ts";

/** "PAR1", at both ends of a file. */
export const MAGIC = 0x3152_4150;
const ENCRYPTED_MAGIC = 0x4552_4150;

/** Rows of a row group: beyond that, no page could count its values. */
const MAX_ROWS = 0x7fff_ffff;

/** Bytes of the tail: the footer's length, and the magic. */
export const TAIL_BYTES = 8;

export interface Footer {
  readonly metadata: FileMetaData;
  readonly leaves: readonly Leaf[];
  /** Faun wrote the file: its checksums bind, and that of the footer is right. */
  readonly checked: boolean;
  /** Bytes of the footer, without the tail. */
  readonly byteLength: number;
}

/**
 * The length of the footer, out of the last {@link TAIL_BYTES} bytes of a file.
 * @param place begins the messages of errors: the file
 * @throws CorruptDataError, UnsupportedError for encrypted files
 */
export function footerLength(tail: Uint8Array, fileSize: number, place: string): number {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  if (fileSize < TAIL_BYTES + 4 || tail.length < TAIL_BYTES)
    throw new CorruptDataError(`${place}: ${fileSize} bytes are too few for a Parquet file`);
  const magic = view.getUint32(tail.length - 4, true);
  if (magic === ENCRYPTED_MAGIC) throw new UnsupportedError(`${place}: encrypted Parquet files cannot be read`);
  if (magic !== MAGIC) throw new CorruptDataError(`${place}: it does not end as a Parquet file does ("PAR1")`);
  const length = view.getUint32(tail.length - 8, true);
  if (length > fileSize - TAIL_BYTES - 4)
    throw new CorruptDataError(`${place}: its footer of ${length} bytes is longer than the file of ${fileSize} bytes`);
  return length;
}

/**
 * Reads a footer, and holds what it says against itself and the size of the file, so that nothing it claims is allocated
 * or sought for that cannot be there. Of a file that Faun wrote the checksum is verified first. O(bytes).
 * @param bytes the footer, without the tail
 * @param place begins the messages of errors: the file
 * @throws CorruptDataError
 */
export function readFooter(bytes: Uint8Array, fileSize: number, place: string): Footer {
  const sum = checkFooter(bytes);
  const metadata = new ThriftReader(bytes, `${place}: footer`).struct(fileMetaData);
  const checked = isFaunFile(metadata.createdBy);
  if (checked && sum !== "right")
    throw new CorruptDataError(`${place}: footer: its checksum is ${sum === "wrong" ? "another than it says" : "missing"}`);
  const leaves = schemaLeaves(metadata.schema, `${place}: footer`);
  checkCounts(metadata, leaves, fileSize - TAIL_BYTES - bytes.length, `${place}: footer`);
  return { metadata, leaves, checked, byteLength: bytes.length };
}

/** @param end where the pages end at the latest, from the start of the file */
function checkCounts(metadata: FileMetaData, leaves: readonly Leaf[], end: number, place: string): void {
  let rows = 0;
  metadata.rowGroups.forEach((group, g) => {
    const where = `${place}: row group ${g}`;
    if (group.numRows < 0 || group.numRows > MAX_ROWS)
      throw new CorruptDataError(`${where} has ${group.numRows} rows; there are 0 to ${MAX_ROWS}`);
    rows += group.numRows;
    if (group.columns.length !== leaves.length)
      throw new CorruptDataError(`${where} has ${group.columns.length} columns, the schema ${leaves.length}`);
    for (const leaf of leaves) checkChunk(group.columns[leaf.index], leaf, group, end, where);
  });
  if (metadata.numRows !== rows)
    throw new CorruptDataError(`${place}: it counts ${metadata.numRows} rows, its row groups ${rows} together`);
}

function checkChunk(chunk: ColumnChunk, leaf: Leaf, group: RowGroup, end: number, place: string): void {
  const fail = (reason: string): never => {
    throw new CorruptDataError(`${place}, column ${JSON.stringify(leaf.path.join("."))}: ${reason}`);
  };
  const { metaData } = chunk;
  // Encrypted columns and those of another file are for the reader to refuse, should they be asked for.
  if (metaData === undefined || chunk.filePath !== undefined) return;
  if (metaData.type !== leaf.element.type)
    fail(`its pages are of physical type ${metaData.type}, the schema says ${leaf.element.type}`);
  const { numValues } = metaData;
  if (numValues < 0 || (leaf.maxRepetition === 0 && numValues !== group.numRows))
    fail(`it has ${numValues} values, and the row group ${group.numRows} rows`);
  const { offset, length } = chunkRange(chunk) as ChunkRange;
  // Where there are no values, some writers write no page, and say that it begins at 0.
  const absent = numValues === 0 && offset === 0 && length === 0;
  if (absent) return;
  if (offset < 4 || length < 0 || offset + length > end || metaData.dataPageOffset >= offset + Math.max(length, 1))
    fail(`its ${length} bytes from ${offset} on are not among the pages, which end at ${end}`);
  if (metaData.totalUncompressedSize < 0) fail(`its uncompressed size is ${metaData.totalUncompressedSize}`);
}

export interface ChunkRange {
  readonly offset: number;
  readonly length: number;
}

/** Where the pages of a column chunk lie in the file; undefined where this file does not say. */
export function chunkRange(chunk: ColumnChunk): ChunkRange | undefined {
  const { metaData } = chunk;
  if (metaData === undefined || chunk.filePath !== undefined) return undefined;
  const { dataPageOffset, dictionaryPageOffset } = metaData;
  // Some writers say 0 where there is no dictionary.
  const dictionary = dictionaryPageOffset !== undefined && dictionaryPageOffset > 0;
  // And where there are no values, others say 0 for the data pages.
  const data = dataPageOffset > 0 || !dictionary;
  const offset = !dictionary ? dataPageOffset : data ? Math.min(dictionaryPageOffset, dataPageOffset) : dictionaryPageOffset;
  return { offset, length: metaData.totalCompressedSize };
}
