import { expect, test } from "vitest";
import { loadCodec } from "../../../../src/persistence/parquet/codecs/load-codec.ts";
import {
  type ColumnMetaData,
  CompressionCodec,
  Encoding,
  type FileMetaData,
  type PageHeader,
  PageType,
  PhysicalType,
  type SchemaElement,
} from "../../../../src/persistence/parquet/format/metadata.ts";
import { pageHeader } from "../../../../src/persistence/parquet/format/metadata-shapes.ts";
import { ThriftWriter } from "../../../../src/persistence/parquet/format/thrift-writer.ts";
import { HEAD } from "../../../../src/persistence/parquet/format/write-footer.ts";
import { MAX_MEMORY, MAX_SECONDS } from "./check.ts";
import { type Lie, withFooter } from "./parts.ts";
import { readInChild } from "./run-batch.ts";

interface Bomb {
  readonly what: string;
  readonly entity: "Bytes" | "Doubles" | "Nulls" | "Texts" | "Kinds";
  readonly file: Uint8Array | Promise<Uint8Array>;
}

type Pages = readonly { readonly header: Partial<PageHeader>; readonly body: Uint8Array }[];

/** A file of one column and one row group, whose headers say whatever they are given to say. */
function fileOf(rows: number, element: Partial<SchemaElement>, pages: Pages, column: Partial<ColumnMetaData> = {}): Uint8Array {
  const parts: Uint8Array[] = [HEAD];
  for (const { header, body } of pages) {
    const writer = new ThriftWriter();
    writer.struct(pageHeader, { type: 0, uncompressedPageSize: body.length, compressedPageSize: body.length, ...header });
    parts.push(writer.bytes, body);
  }
  const bytes = Buffer.concat(parts);
  const metaData: ColumnMetaData = {
    type: element.type ?? PhysicalType.DOUBLE,
    encodings: [],
    pathInSchema: ["x"],
    codec: CompressionCodec.UNCOMPRESSED,
    numValues: rows,
    totalUncompressedSize: 2 ** 40,
    totalCompressedSize: bytes.length - 4,
    dataPageOffset: 4,
    ...column,
  };
  const metadata: FileMetaData = {
    version: 1,
    schema: [
      { name: "root", numChildren: 1 },
      { name: "x", type: metaData.type, repetitionType: 0, ...element },
    ],
    numRows: rows,
    rowGroups: [{ columns: [{ fileOffset: 4, metaData }], totalByteSize: 0, numRows: rows }],
  };
  return withFooter(bytes, metadata as Lie<FileMetaData>);
}

const varint = (n: number): number[] => (n < 128 ? [n] : [(n % 128) | 128, ...varint(Math.floor(n / 128))]);
const data = (numValues: number, encoding: number, more: Partial<PageHeader> = {}): Partial<PageHeader> => ({
  dataPageHeader: { numValues, encoding, definitionLevelEncoding: Encoding.RLE, repetitionLevelEncoding: Encoding.RLE },
  ...more,
});
const dictionary = (value: readonly number[]) => ({
  header: { type: PageType.DICTIONARY_PAGE, dictionaryPageHeader: { numValues: 1, encoding: Encoding.PLAIN } },
  body: Uint8Array.from(value),
});
/** All rows the first value of the dictionary: a run of one bit. */
const run = (rows: number) => ({
  header: data(rows, Encoding.RLE_DICTIONARY),
  body: Uint8Array.from([1, ...varint(rows * 2), 0]),
});

const MIB = 2 ** 20;
const integer = { type: PhysicalType.INT32, logicalType: { integer: { bitWidth: 8, isSigned: false } } };
const text = { type: PhysicalType.BYTE_ARRAY, logicalType: { string: {} } };

/** A page of so many zero bytes, compressed. */
async function zeroPage(name: "zstd" | "gzip" | "brotli", rows: number, uncompressedPageSize: number): Promise<Uint8Array> {
  const body = (await loadCodec(name)).compress(new Uint8Array(uncompressedPageSize));
  const codec = { zstd: CompressionCodec.ZSTD, gzip: CompressionCodec.GZIP, brotli: CompressionCodec.BROTLI }[name];
  return fileOf(rows, {}, [{ header: data(rows, Encoding.PLAIN, { uncompressedPageSize }), body }], { codec });
}

const one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];

/** Lengths of nothing, in a block of no bits. */
const noLengths = (rows: number) => ({
  header: data(rows, Encoding.DELTA_LENGTH_BYTE_ARRAY),
  body: Uint8Array.from([...varint(2 ** 31), 1, ...varint(rows), 0, 0, 0]),
});

/** Each as far as the limits let it, or just beyond. */
const BOMBS: readonly Bomb[] = [
  { what: "bytes repeated", entity: "Bytes", file: fileOf(50 * MIB, integer, [dictionary([7, 0, 0, 0]), run(50 * MIB)]) },
  { what: "too many bytes", entity: "Bytes", file: fileOf(250 * MIB, integer, [dictionary([7, 0, 0, 0]), run(250 * MIB)]) },
  {
    what: "doubles repeated",
    entity: "Doubles",
    file: fileOf(31 * MIB, {}, [dictionary(one), ...Array.from({ length: 31 }, () => run(MIB))]),
  },
  { what: "doubles out of a page of zeros", entity: "Doubles", file: zeroPage("gzip", 8 * MIB, 64 * MIB) },
  { what: "too many doubles out of a page of zeros", entity: "Doubles", file: zeroPage("gzip", 31 * MIB, 248 * MIB) },
  { what: "one double before zeros, zstd", entity: "Doubles", file: zeroPage("zstd", 1, 125 * MIB) },
  { what: "one double before zeros, gzip", entity: "Doubles", file: zeroPage("gzip", 1, 125 * MIB) },
  { what: "one double before zeros, brotli", entity: "Doubles", file: zeroPage("brotli", 1, 125 * MIB) },
  { what: "one double before too many zeros", entity: "Doubles", file: zeroPage("zstd", 1, 1000 * MIB) },
  {
    what: "a long text repeated",
    entity: "Texts",
    file: fileOf(2 * MIB, text, [dictionary([120, 0, 0, 0, ...new Uint8Array(120).fill(97)]), run(2 * MIB)]),
  },
  { what: "empty texts", entity: "Texts", file: fileOf(31 * MIB, text, [noLengths(31 * MIB)]) },
  { what: "too many empty texts", entity: "Texts", file: fileOf(60 * MIB, text, [noLengths(60 * MIB)]) },
  { what: "kinds repeated", entity: "Kinds", file: fileOf(31 * MIB, text, [dictionary([1, 0, 0, 0, 97]), run(31 * MIB)]) },
  { what: "rows without columns", entity: "Nulls", file: emptyOf(2 ** 31 - 1) },
  { what: "more rows than there can be", entity: "Nulls", file: emptyOf(Number.MAX_SAFE_INTEGER) },
];

/** Rows, but no columns. */
function emptyOf(rows: number): Uint8Array {
  const schema = [{ name: "root", numChildren: 0 }];
  return withFooter(HEAD, { version: 1, schema, numRows: rows, rowGroups: [{ columns: [], totalByteSize: 0, numRows: rows }] });
}

test.each(BOMBS.map((bomb) => [bomb.what, bomb] as const))(
  "%s: rows or a typed error, within bounds",
  { timeout: 300_000 },
  async (_, { entity, file }) => {
    const bytes = await file;
    expect(bytes.length).toBeLessThan(MIB);
    const { outcomes, peakMemory, exit } = await readInChild([{ bytes, how: "size" }], entity);
    expect(outcomes.length, exit).toBe(1);
    const [outcome] = outcomes;
    expect("rows" in outcome! || "error" in outcome!, JSON.stringify(outcome)).toBe(true);
    expect(outcome!.seconds).toBeLessThan(MAX_SECONDS);
    expect(peakMemory).toBeLessThan(MAX_MEMORY);
  },
);
