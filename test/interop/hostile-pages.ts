import { enumOf, i32, timestamp, u8, utf8 } from "faun";
import { CompressionCodec, Encoding, PageType, PhysicalType } from "../../src/persistence/parquet/format/metadata.ts";
import { byteArrays, craft, dataPage, dictionaryPage, int32s } from "./craft.ts";
import { fixture, type Hostile, text } from "./hostile.ts";

const TEXT = { type: PhysicalType.BYTE_ARRAY, logicalType: { string: {} } } as const;
const OPTIONAL = { repetitionType: 1 } as const;
const sound = craft();

/** The part of hostile-parquet.ts that is about pages, sizes and values. */
export const HOSTILE_PAGES: readonly Hostile[] = [
  // Pages that lie.
  {
    what: "a page beyond the chunk",
    file: craft({ pages: [{ header: dataPage(3, Encoding.PLAIN, { compressedPageSize: 1000 }), body: int32s(1, 2, 3) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a page of 1000 bytes where the chunk has 12 left',
  },
  {
    what: "a page of negative size",
    file: craft({ pages: [{ header: dataPage(3, Encoding.PLAIN, { compressedPageSize: -1 }), body: int32s(1, 2, 3) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a page of -1 bytes where the chunk has 12 left',
  },
  {
    what: "a page of fewer values than it says",
    file: craft({ pages: [{ body: int32s(1, 2) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": 12 bytes are due where the page has 8 left',
  },
  {
    what: "a page of more values than the chunk has",
    file: craft({ pages: [{ header: dataPage(5), body: int32s(1, 2, 3, 4, 5) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": its pages have 5 values, not 3',
  },
  {
    what: "fewer pages than the chunk has values",
    file: craft({ pages: [{ header: dataPage(2), body: int32s(1, 2) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": its pages have 2 values, not 3',
  },
  {
    what: "a page that tells a wrong checksum",
    column: "FRUIT",
    field: utf8(),
    file: fixture("wrong-page-checksum.parquet"),
    refused: 'CorruptDataError: memory/f: row group 0, column "FRUIT": the bytes of a page do not have the checksum that its',
  },
  {
    what: "a dictionary that is not there",
    file: craft({ pages: [{ header: dataPage(3, Encoding.RLE_DICTIONARY), body: [1, 6, 0] }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a page of codes without a dictionary before it',
  },
  {
    what: "an index beyond the dictionary",
    file: craft({
      pages: [
        { header: dictionaryPage(1), body: int32s(7) },
        { header: dataPage(3, Encoding.RLE_DICTIONARY), body: [2, 6, 3] },
      ],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": the code 3 in a dictionary of 1 values',
  },
  {
    what: "a dictionary of more values than its page",
    file: craft({
      pages: [
        { header: dictionaryPage(1000), body: int32s(7) },
        { header: dataPage(3, Encoding.RLE_DICTIONARY), body: [1, 6, 0] },
      ],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a dictionary of 1000 values in 4 bytes',
  },
  {
    what: "a second dictionary",
    file: craft({
      pages: [
        { header: dictionaryPage(1), body: int32s(7) },
        { header: dictionaryPage(1), body: int32s(8) },
        { header: dataPage(3, Encoding.RLE_DICTIONARY), body: [1, 6, 0] },
      ],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a dictionary that is not the first page',
  },
  {
    what: "levels beyond the highest",
    file: craft({ element: OPTIONAL, pages: [{ header: dataPage(3), body: [2, 0, 0, 0, 6, 7, ...int32s(1, 2, 3)] }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a value of more than 1 bits',
  },
  {
    what: "levels longer than the page",
    file: craft({ element: OPTIONAL, pages: [{ header: dataPage(3), body: [255, 255, 255, 127, 6, 1, ...int32s(1, 2, 3)] }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": 2147483647 bytes are due where the page has 14 left',
  },
  {
    what: "levels of a second version that are longer than the page",
    file: craft({
      element: OPTIONAL,
      pages: [
        {
          header: {
            type: PageType.DATA_PAGE_V2,
            dataPageHeaderV2: {
              numValues: 3,
              numNulls: 0,
              numRows: 3,
              encoding: 0,
              definitionLevelsByteLength: 500,
              repetitionLevelsByteLength: 0,
            },
          },
          body: int32s(1, 2, 3),
        },
      ],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": levels of 500 bytes in a page of 12',
  },
  {
    what: "differences in no blocks",
    file: craft({ pages: [{ header: dataPage(3, Encoding.DELTA_BINARY_PACKED), body: [128, 1, 0, 3, 2] }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a block of 128 values in 0 parts',
  },
  {
    what: "differences of 65 bits",
    file: craft({
      pages: [
        { header: dataPage(3, Encoding.DELTA_BINARY_PACKED), body: [128, 1, 4, 3, 2, 2, 65, 0, 0, 0, ...new Uint8Array(260)] },
      ],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": deltas of 65 bits',
  },
  {
    what: "a text of negative length",
    field: utf8(),
    file: craft({ rows: 1, element: TEXT, pages: [{ header: dataPage(1), body: int32s(-1) }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a byte array of 4294967295 bytes where the page has 0 lef',
  },
  {
    what: "a text longer than its page",
    field: utf8(),
    file: craft({ rows: 1, element: TEXT, pages: [{ header: dataPage(1), body: [...int32s(100), 97] }] }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": a byte array of 100 bytes where the page has 1 left',
  },
  {
    what: "noise where snappy is said",
    file: craft({
      column: { codec: CompressionCodec.SNAPPY, totalUncompressedSize: 2 ** 20 },
      pages: [{ header: dataPage(3, Encoding.PLAIN, { uncompressedPageSize: 12 }), body: [12, 1, 2, 3, 4, 5] }],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": 6 bytes that should be 12 bytes compressed with snappy ar',
  },
  {
    what: "noise where zstd is said",
    file: craft({
      column: { codec: CompressionCodec.ZSTD, totalUncompressedSize: 2 ** 20 },
      pages: [{ header: dataPage(3, Encoding.PLAIN, { uncompressedPageSize: 12 }), body: [40, 181, 47, 253, 32, 12, 9, 9, 9] }],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": 9 bytes that should be 12 bytes compressed with zstd are ',
  },
  {
    what: "noise where gzip is said",
    file: craft({
      column: { codec: CompressionCodec.GZIP, totalUncompressedSize: 2 ** 20 },
      pages: [{ header: dataPage(3, Encoding.PLAIN, { uncompressedPageSize: 12 }), body: [31, 139, 8, 0, 1, 2, 3, 4, 5, 6] }],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": 10 bytes that should be 12 bytes compressed with gzip are',
  },

  // Small files that claim to be large.
  {
    what: "200 million rows of one value",
    file: craft({
      rows: 200_000_000,
      pages: [
        { header: dictionaryPage(1), body: int32s(7) },
        { header: dataPage(200_000_000, Encoding.RLE_DICTIONARY), body: [1, 0x80, 0x88, 0xde, 0xbe, 0x01, 0] },
      ],
    }),
    refused: 'UnsupportedError: memory/f: row group 0, column "x": its 200000000 rows take 800000000 bytes decoded, the limi',
  },
  {
    what: "more rows than there can be",
    file: craft({ rows: Number.MAX_SAFE_INTEGER, pages: [] }),
    refused: "CorruptDataError: memory/f: footer: row group 0 has 9007199254740991 rows; there are 0 to 2147483647",
  },
  {
    what: "a page of 2 GB out of 12 bytes",
    file: craft({
      column: { codec: CompressionCodec.SNAPPY, totalUncompressedSize: 2 ** 31 },
      pages: [{ header: dataPage(3, Encoding.PLAIN, { uncompressedPageSize: 2 ** 31 - 1 }), body: int32s(1, 2, 3) }],
    }),
    refused: 'UnsupportedError: memory/f: row group 0, column "x": its 3 rows take 12 bytes decoded, and 4294967306 more for',
  },

  // Sound files that are not of the entity.
  {
    what: "no such column",
    column: "y",
    file: sound,
    refused: 'SchemaMismatchError: seen: expected memory/f to have a column "y" for the field value, found the columns x',
  },
  {
    what: "two columns of one name",
    file: craft({
      schema: [
        { name: "root", numChildren: 2 },
        { name: "x", type: 1, repetitionType: 0 },
        { name: "x", type: 1, repetitionType: 0 },
      ],
      file: { rowGroups: [], numRows: 0 },
    }),
    refused: 'SchemaMismatchError: seen: expected memory/f to have a column "x" for the field value, one, found 2 of that na',
  },
  {
    what: "integers for a text",
    field: utf8(),
    file: sound,
    refused: 'TypeConversionError: seen: column "x" of type Int32 cannot become utf8: there is no lossless conversion betwee',
  },
  {
    what: "a value that is too large",
    field: u8(),
    file: craft({ pages: [{ body: int32s(1, 300, 3) }] }),
    refused: 'TypeConversionError: seen: column "x" of type Int32 cannot become u8: row 1 holds 300, expected an integer fro',
  },
  {
    what: "a negative value for an unsigned field",
    field: u8(),
    file: craft({ pages: [{ body: int32s(1, 2, -3) }] }),
    refused: 'TypeConversionError: seen: column "x" of type Int32 cannot become u8: row 2 holds -3, expected an integer from',
  },
  {
    what: "a null for a field that takes none",
    file: craft({ element: OPTIONAL, pages: [{ header: dataPage(3), body: [2, 0, 0, 0, 3, 5, ...int32s(1, 3)] }] }),
    refused: 'TypeConversionError: seen: column "x" of type Int32 cannot become i32: row 1 is null and the field is not null',
  },
  {
    what: "bytes that are no UTF-8",
    field: utf8(),
    file: craft({ rows: 2, element: TEXT, pages: [{ body: byteArrays([97], [255, 254]) }] }),
    refused: 'TypeConversionError: seen: column "x" of type Utf8 cannot become utf8: row 1 holds bytes that are not UTF-8',
  },
  {
    what: "a value that the enum has not",
    field: enumOf("open", "done"),
    file: craft({ rows: 2, element: TEXT, pages: [{ body: byteArrays([...text("open")], [...text("closed")]) }] }),
    refused: 'TypeConversionError: seen: column "x" of type Utf8 cannot become enumOf("open", "done"): row 1 holds "closed",',
  },
  {
    what: "an INT96 of more than a day",
    field: timestamp("us"),
    file: craft({
      rows: 1,
      element: { type: PhysicalType.INT96 },
      pages: [{ body: [255, 255, 255, 255, 255, 255, 255, 127, 0, 0, 0, 0] }],
    }),
    refused: 'CorruptDataError: memory/f: row group 0, column "x": an INT96 timestamp of 9223372036854776000 ns within a day',
  },
  {
    what: "an INT96 that is no whole microsecond",
    field: timestamp("us"),
    file: craft({
      rows: 1,
      element: { type: PhysicalType.INT96 },
      pages: [{ body: [1, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0] }],
    }),
    refused: 'TypeConversionError: seen: column "x" of type Timestamp<us> cannot become timestamp("us"): memory/f: row group',
  },
  {
    what: "integers beyond the bits of their annotation",
    column: "uint8_field",
    file: fixture("integers-beyond-their-bits.parquet"),
    refused: 'CorruptDataError: memory/f: row group 0, column "uint8_field": the value -1 in a column of 8 unsigned bits',
  },
  {
    what: "values in a column that is said to have none",
    column: "_INTERVAL_fixed_len_byte_array_12",
    field: utf8(),
    file: fixture("values-of-no-type.parquet"),
    refused: 'TypeConversionError: seen: column "_INTERVAL_fixed_len_byte_array_12" of type Null cannot become utf8: row 0 h',
  },

  // Odd, and sound.
  {
    what: "row groups without rows, with a dictionary and no data pages",
    column: "a",
    field: i32(),
    file: fixture("empty-row-group.parquet"),
    values: [],
  },
  {
    what: "Impala's INT96",
    column: "ts",
    field: timestamp("us", { mode: "bigint" }),
    file: fixture("impala-int96.parquet"),
    values: [978310861000000n, 1012615322000000n, 1046660583000000n],
  },
  {
    what: "padding behind the pages",
    file: craft({ pages: [{ body: int32s(1, 2, 3) }, { header: { type: PageType.INDEX_PAGE }, body: [1, 2, 3, 4] }] }),
    values: [1, 2, 3],
  },
];
