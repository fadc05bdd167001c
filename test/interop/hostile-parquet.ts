import { decimal } from "faun";
import { ConvertedType, PhysicalType } from "../../src/persistence/parquet/format/metadata.ts";
import { craft, dataPage, int32s } from "./craft.ts";
import { fixture, type Hostile, text } from "./hostile.ts";
import { HOSTILE_PAGES } from "./hostile-pages.ts";

const sound = craft();
const cut = (bytes: Uint8Array, from: number, to = bytes.length): Uint8Array => bytes.slice(from, to);
/** The file with four bytes before its end that say another length of the footer. */
const footerOf = (length: number): Uint8Array => {
  const file = sound.slice();
  new DataView(file.buffer).setInt32(file.length - 8, length, true);
  return file;
};

/** Of a column `x`: what is wrong, the field it is read into (an i32 by default), the file, and what comes of it. */
export const HOSTILE_PARQUET: readonly Hostile[] = [
  { what: "a sound file, to begin with", file: sound, values: [1, 2, 3] },

  // What is no Parquet file, or not all of one.
  { what: "no bytes", file: new Uint8Array(0), refused: "CorruptDataError: memory/f: 0 bytes are too few for a Parquet file" },
  {
    what: "the magic and nothing else",
    file: text("PAR1PAR1"),
    refused: "CorruptDataError: memory/f: 8 bytes are too few for a Parquet file",
  },
  {
    what: "text",
    file: text("id,name\n1,Ada\n2,Grace\n"),
    refused: 'CorruptDataError: memory/f: it does not end as a Parquet file does ("PAR1")',
  },
  {
    what: "an Arrow file",
    file: fixture("pyarrow-lz4.arrow"),
    refused: 'CorruptDataError: memory/f: it does not end as a Parquet file does ("PAR1")',
  },
  {
    what: "the first half",
    file: cut(sound, 0, sound.length >> 1),
    refused: 'CorruptDataError: memory/f: it does not end as a Parquet file does ("PAR1")',
  },
  {
    what: "all but the first byte",
    file: cut(sound, 1),
    refused: 'CorruptDataError: memory/f: footer: row group 0, column "x": its 29 bytes from 4 on are not among the pages, w',
  },
  {
    what: "a footer longer than the file",
    file: footerOf(2 ** 31 - 1),
    refused: "CorruptDataError: memory/f: its footer of 2147483647 bytes is longer than the file of 97 bytes",
  },
  {
    what: "a footer of negative length",
    file: footerOf(-1),
    refused: "CorruptDataError: memory/f: its footer of 4294967295 bytes is longer than the file of 97 bytes",
  },
  {
    what: "a footer of no bytes",
    file: footerOf(0),
    refused: "CorruptDataError: memory/f: footer: it ends in the middle (at byte 0)",
  },
  {
    what: "an encrypted footer",
    file: Uint8Array.from([...cut(sound, 0, sound.length - 4), ...text("PARE")]),
    refused: "UnsupportedError: memory/f: encrypted Parquet files cannot be read",
  },
  {
    what: "noise where the footer is",
    file: sound.map((byte, i) => (i > 40 && i < sound.length - 8 ? (byte * 31 + i) & 255 : byte)),
    refused: "CorruptDataError: memory/f: footer: a text is not UTF-8 (at byte 10)",
  },

  // Footers that contradict themselves.
  {
    what: "a schema that ends within a group",
    file: craft({
      schema: [
        { name: "root", numChildren: 2 },
        { name: "x", type: 1 },
      ],
    }),
    refused: "CorruptDataError: memory/f: footer: the schema ends in the middle of a group",
  },
  {
    what: "a schema of 100 groups in each other",
    file: craft({ schema: [...Array.from({ length: 100 }, () => ({ name: "g", numChildren: 1 })), { name: "x", type: 1 }] }),
    refused: "CorruptDataError: memory/f: footer: the schema is more than 64 groups deep",
  },
  {
    what: "nodes behind the schema's tree",
    file: craft({
      schema: [
        { name: "root", numChildren: 1 },
        { name: "x", type: 1 },
        { name: "y", type: 1 },
      ],
    }),
    refused: "CorruptDataError: memory/f: footer: the schema has 3 nodes, but its groups only 2",
  },
  {
    what: "other rows than those of the row groups",
    file: craft({ file: { numRows: 4 } }),
    refused: "CorruptDataError: memory/f: footer: it counts 4 rows, its row groups 3 together",
  },
  {
    what: "a row group of negative rows",
    file: craft({ rows: -1, pages: [] }),
    refused: "CorruptDataError: memory/f: footer: row group 0 has -1 rows; there are 0 to 2147483647",
  },
  {
    what: "a row group without columns",
    file: craft({ group: { columns: [] } }),
    refused: "CorruptDataError: memory/f: footer: row group 0 has 0 columns, the schema 1",
  },
  {
    what: "a column chunk that lies beyond the file",
    file: craft({ column: { dataPageOffset: 2 ** 40 } }),
    refused: 'CorruptDataError: memory/f: footer: row group 0, column "x": its 29 bytes from 1099511627776 on are not among ',
  },
  {
    what: "a column chunk of negative length",
    file: craft({ column: { totalCompressedSize: -5 } }),
    refused: 'CorruptDataError: memory/f: footer: row group 0, column "x": its -5 bytes from 4 on are not among the pages, w',
  },
  {
    what: "pages of another type than the schema's",
    file: craft({ element: { type: PhysicalType.INT32 }, column: { type: PhysicalType.DOUBLE } }),
    refused: 'CorruptDataError: memory/f: footer: row group 0, column "x": its pages are of physical type 5, the schema says',
  },
  {
    what: "a physical type that there is not",
    file: craft({ element: { type: 9 } }),
    refused: 'TypeConversionError: seen: column "x" of type physical type 9 cannot become i32: there is no lossless conversi',
  },

  // What this reader does not do.
  {
    what: "a column in another file",
    file: craft({ chunk: { filePath: "/etc/passwd" } }),
    refused: 'UnsupportedError: memory/f: row group 0, column "x": its pages are encrypted or in another file',
  },
  {
    what: "an encrypted column",
    file: craft({ chunk: { metaData: undefined as never, cryptoMetadata: {} } }),
    refused: 'UnsupportedError: memory/f: row group 0, column "x": its pages are encrypted or in another file',
  },
  {
    what: "a codec that nobody has",
    file: craft({ column: { codec: 99 } }),
    refused: 'UnsupportedError: memory/f: row group 0, column "x": its compression 99 cannot be read',
  },
  {
    what: "LZO",
    column: "s_suppkey",
    file: fixture("lzo.parquet"),
    refused: 'UnsupportedError: memory/f: row group 0, column "s_suppkey": its compression LZO cannot be read',
  },
  {
    what: "an encoding that nobody has",
    file: craft({ pages: [{ header: dataPage(3, 42), body: int32s(1, 2, 3) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": values of physical type 1 in encoding 42',
  },
  {
    what: "a repeated column",
    column: "repeatedInt",
    file: fixture("repeated.parquet"),
    refused: 'SchemaMismatchError: seen: expected memory/f to have a column "repeatedInt" for the field value of single valu',
  },
  {
    what: "decimals beyond 38 digits",
    field: decimal(38, 0),
    file: craft({
      element: {
        type: PhysicalType.FIXED_LEN_BYTE_ARRAY,
        typeLength: 20,
        convertedType: ConvertedType.DECIMAL,
        precision: 45,
        scale: 0,
      },
      pages: [{ header: dataPage(3), body: new Uint8Array(60).fill(1) }],
    }),
    refused: 'TypeConversionError: seen: column "x" of type physical type 7 cannot become decimal(38, 0): there is no lossle',
  },
  ...HOSTILE_PAGES,
];
