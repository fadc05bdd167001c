import { crc32 } from "../../../../src/persistence/crc32.ts";
import { signFooter, unsignedFooterMetadata } from "../../../../src/persistence/parquet/format/checksums.ts";
import { CHUNK_CRC_KEY, FOOTER_CRC_KEY } from "../../../../src/persistence/parquet/format/footer-metadata.ts";
import type { FileMetaData, PageHeader } from "../../../../src/persistence/parquet/format/metadata.ts";
import { fileMetaData, pageHeader } from "../../../../src/persistence/parquet/format/metadata-shapes.ts";
import { type ChunkRange, chunkRange, TAIL_BYTES } from "../../../../src/persistence/parquet/format/read-footer.ts";
import { ThriftReader } from "../../../../src/persistence/parquet/format/thrift-reader.ts";
import { ThriftWriter } from "../../../../src/persistence/parquet/format/thrift-writer.ts";

/** Metadata that can be written to: whoever lies begins with a copy of the truth. */
export type Lie<T> = T extends Uint8Array | number | string | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? Lie<E>[]
    : { -readonly [K in keyof T]: Lie<T[K]> };

/** A page as it lies in a file. */
export interface Page {
  readonly from: number;
  /** Where its header ends and its bytes begin. */
  readonly body: number;
  readonly to: number;
  readonly header: PageHeader;
}

/** A sound file, taken apart. */
export interface Parts {
  readonly file: Uint8Array;
  /** Where the footer begins, and ends. */
  readonly footer: readonly [from: number, to: number];
  readonly metadata: FileMetaData;
  /** Of every column chunk, row group after row group. */
  readonly ranges: readonly ChunkRange[];
  readonly pages: readonly Page[];
}

export function takeApart(file: Uint8Array): Parts {
  const to = file.length - TAIL_BYTES;
  const from = to - new DataView(file.buffer, file.byteOffset + to, 4).getUint32(0, true);
  const metadata = new ThriftReader(file, "file", from, to).struct(fileMetaData);
  const ranges = metadata.rowGroups.flatMap(({ columns }) => columns.map((chunk) => chunkRange(chunk) as ChunkRange));
  const pages = ranges.flatMap(({ offset, length }) => {
    const found: Page[] = [];
    for (let at = offset; at < offset + length; ) {
      const reader = new ThriftReader(file, "page", at, offset + length);
      const header = reader.struct(pageHeader);
      const end = reader.position + header.compressedPageSize;
      found.push({ from: at, body: reader.position, to: end, header });
      at = end;
    }
    return found;
  });
  return { file, footer: [from, to], metadata, ranges, pages };
}

/** The metadata as a copy to lie with; its checksums stay those of the truth. */
export const copyOf = (metadata: FileMetaData): Lie<FileMetaData> => structuredClone(metadata) as Lie<FileMetaData>;

/** The file's pages behind another footer, whose checksum is right if it has a place for one. */
export function withFooter(pages: Uint8Array, metadata: Lie<FileMetaData>): Uint8Array {
  const place = metadata.keyValueMetadata?.find(({ key }) => key === FOOTER_CRC_KEY);
  const zeros = unsignedFooterMetadata.value as string;
  const signed = place?.value?.length === zeros.length;
  if (signed) place.value = zeros;
  const writer = new ThriftWriter();
  writer.struct(fileMetaData, metadata as FileMetaData);
  const footer = writer.bytes;
  if (signed) signFooter(footer);
  const file = new Uint8Array(pages.length + footer.length + TAIL_BYTES);
  file.set(pages);
  file.set(footer, pages.length);
  const view = new DataView(file.buffer, pages.length + footer.length);
  view.setUint32(0, footer.length, true);
  view.setUint32(4, 0x3152_4150, true);
  return file;
}

/** Makes the checksums of all column chunks those of `pages`, so that nothing but what pages say tells of a lie. */
export function sumAgain(pages: Uint8Array, metadata: Lie<FileMetaData>): void {
  const sums = metadata.rowGroups.flatMap(({ columns }) =>
    columns.map((chunk) => {
      const { offset, length } = chunkRange(chunk as never) as ChunkRange;
      return crc32(pages.subarray(offset, offset + length))
        .toString(16)
        .padStart(8, "0");
    }),
  );
  const entry = metadata.keyValueMetadata?.find(({ key }) => key === CHUNK_CRC_KEY);
  if (entry !== undefined) entry.value = sums.join("");
}

/** A page header that says something else, in place of the one there is; other offsets move along. */
export function withPageHeader({ file, footer, metadata }: Parts, page: Page, header: Lie<PageHeader>): Uint8Array {
  const writer = new ThriftWriter();
  writer.struct(pageHeader, header as PageHeader);
  const head = writer.bytes;
  const by = head.length - (page.body - page.from);
  const pages = new Uint8Array(footer[0] + by);
  pages.set(file.subarray(0, page.from));
  pages.set(head, page.from);
  pages.set(file.subarray(page.body, footer[0]), page.from + head.length);
  const told = copyOf(metadata);
  for (const { columns } of told.rowGroups) {
    for (const chunk of columns) {
      const { offset, length } = chunkRange(chunk as never) as ChunkRange;
      const meta = chunk.metaData as NonNullable<typeof chunk.metaData>;
      if (page.from >= offset && page.from < offset + length) meta.totalCompressedSize += by;
      if (meta.dataPageOffset > page.from) meta.dataPageOffset += by;
      if (meta.dictionaryPageOffset !== undefined && meta.dictionaryPageOffset > page.from) meta.dictionaryPageOffset += by;
    }
  }
  sumAgain(pages, told);
  return withFooter(pages, told);
}
