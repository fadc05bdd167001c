import {
  type ColumnMetaData,
  CompressionCodec,
  Encoding,
  type FileMetaData,
  type PageHeader,
  PageType,
  PhysicalType,
  type RowGroup,
  type SchemaElement,
} from "../../src/persistence/parquet/format/metadata.ts";
import { pageHeader } from "../../src/persistence/parquet/format/metadata-shapes.ts";
import { ThriftWriter } from "../../src/persistence/parquet/format/thrift-writer.ts";
import { HEAD } from "../../src/persistence/parquet/format/write-footer.ts";
import { type Lie, withFooter } from "../persistence/parquet/fuzz/parts.ts";

export interface Page {
  readonly header?: Partial<PageHeader>;
  readonly body: readonly number[] | Uint8Array;
}

/** What is said otherwise than in a sound file of one REQUIRED column `x` of three 32-bit integers: 1, 2, 3. */
export interface Craft {
  readonly rows?: number;
  readonly element?: Partial<SchemaElement>;
  /** The nodes of the schema, root included. */
  readonly schema?: readonly SchemaElement[];
  readonly pages?: readonly Page[];
  readonly column?: Partial<ColumnMetaData>;
  readonly chunk?: Partial<RowGroup["columns"][number]>;
  readonly group?: Partial<RowGroup>;
  readonly file?: Partial<FileMetaData>;
}

/** Little-endian 32-bit integers. */
export const int32s = (...values: readonly number[]): number[] => [...new Uint8Array(Int32Array.from(values).buffer)];

/** Byte arrays as PLAIN has them. */
export const byteArrays = (...values: readonly (readonly number[])[]): number[] =>
  values.flatMap((value) => [...int32s(value.length), ...value]);

/** The header of a data page of so many values. */
export const dataPage = (
  numValues: number,
  encoding: number = Encoding.PLAIN,
  more: Partial<PageHeader> = {},
): Partial<PageHeader> => ({
  dataPageHeader: { numValues, encoding, definitionLevelEncoding: Encoding.RLE, repetitionLevelEncoding: Encoding.RLE },
  ...more,
});

/** The header of a dictionary of so many values. */
export const dictionaryPage = (numValues: number): Partial<PageHeader> => ({
  type: PageType.DICTIONARY_PAGE,
  dictionaryPageHeader: { numValues, encoding: Encoding.PLAIN },
});

/** A Parquet file that says whatever it is given to say. */
export function craft(say: Craft = {}): Uint8Array {
  const { rows = 3, element = {}, pages = [{ body: int32s(1, 2, 3) }] } = say;
  const parts: Uint8Array[] = [HEAD];
  for (const { header = dataPage(rows), body } of pages) {
    const writer = new ThriftWriter();
    writer.struct(pageHeader, {
      type: PageType.DATA_PAGE,
      uncompressedPageSize: body.length,
      compressedPageSize: body.length,
      ...header,
    });
    parts.push(writer.bytes, Uint8Array.from(body));
  }
  const bytes = Buffer.concat(parts);
  const metaData: ColumnMetaData = {
    type: element.type ?? PhysicalType.INT32,
    encodings: [],
    pathInSchema: ["x"],
    codec: CompressionCodec.UNCOMPRESSED,
    numValues: rows,
    totalUncompressedSize: bytes.length - 4,
    totalCompressedSize: bytes.length - 4,
    dataPageOffset: 4,
    ...say.column,
  };
  const leaf = { name: "x", type: metaData.type, repetitionType: 0, ...element };
  const group = { columns: [{ fileOffset: 4, metaData, ...say.chunk }], totalByteSize: 0, numRows: rows, ...say.group };
  const schema = say.schema ?? [{ name: "root", numChildren: 1 }, leaf];
  return withFooter(bytes, { version: 1, schema, numRows: rows, rowGroups: [group], ...say.file } as Lie<FileMetaData>);
}
