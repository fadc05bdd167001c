import {
  Dictionary,
  DurationMillisecond,
  Field,
  Int8,
  Int32,
  Int64,
  List,
  makeData,
  makeVector,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { category, date, decimal, u8, utf8 } from "faun";
import { craft } from "./craft.ts";
import { fixture, type Hostile, text } from "./hostile.ts";

type Data = Parameters<typeof makeVector>[0];

/** A stream of one column `x`. */
const stream = (data: unknown, type: "stream" | "file" = "stream"): Uint8Array =>
  tableToIPC(new Table({ x: makeVector(data as Data) as never }), type);

const ints = (values: readonly number[]) => makeData({ type: new Int32(), length: values.length, data: Int32Array.from(values) });
const texts = (offsets: readonly number[], data: Uint8Array) =>
  makeData({ type: new Utf8(), length: offsets.length - 1, valueOffsets: Int32Array.from(offsets), data });
/** A stream of texts whose offsets are put in behind the back of the library, which would not write them. */
const withOffsets = (given: readonly number[], instead: readonly number[]): Uint8Array => {
  const bytes = stream(texts(given, text("abcdef")));
  const [from, to] = [given, instead].map((offsets) => Buffer.from(Int32Array.from(offsets).buffer));
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(from!);
  bytes.set(to!, at);
  return bytes;
};
const coded = (codes: readonly number[]): Uint8Array => {
  const dictionary = vectorFromArray(["a", "b"], new Utf8());
  const type = new Dictionary(new Utf8(), new Int8(), 1);
  return stream(makeData({ type, length: codes.length, data: Int8Array.from(codes), dictionary }));
};
const sound = stream(ints([1, 2, 3]));
const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
/** Where the first frame of LZ4 begins. */
const frameOf = (bytes: Uint8Array): number => Buffer.from(bytes).indexOf(Buffer.from([4, 0x22, 0x4d, 0x18]));
const lz4 = fixture("pyarrow-lz4.arrow");
const twice = (): Uint8Array => {
  const schema = new Schema([new Field("x", new Int32()), new Field("x", new Int32())]);
  const children = [ints([1]), ints([2])];
  const data = makeData({ type: new Struct(schema.fields), length: 1, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, data)]));
};

/** Of a column `x`, as in hostile-parquet.ts. */
export const HOSTILE_ARROW: readonly Hostile[] = [
  { what: "a sound stream, to begin with", file: sound, values: [1, 2, 3] },
  {
    what: "no bytes",
    file: new Uint8Array(0),
    refused: "ArrowError: seen: the Arrow data is truncated or no Arrow IPC: its 0 bytes end before it does (a stream ends w",
  },
  {
    what: "text",
    file: text("id,name\n1,Ada\n"),
    refused: "ArrowError: seen: the Arrow data is truncated or no Arrow IPC: its 14 bytes end before it does (a stream ends ",
  },
  { what: "a Parquet file", file: craft(), refused: "ArrowError: seen: these bytes are a Parquet file, not Arrow IPC" },
  {
    what: "a Feather file of version 1",
    file: text("FEA1\0\0\0\0"),
    refused: "ArrowError: seen: these bytes are a Feather file of version 1, which is not Arrow IPC; write version 2",
  },
  {
    what: "a stream without its end",
    file: sound.slice(0, -8),
    refused: "ArrowError: seen: the Arrow data is truncated or no Arrow IPC: its 296 bytes end before it does (a stream ends",
  },
  {
    what: "half a stream",
    file: sound.slice(0, sound.length >> 1),
    refused: "ArrowError: seen: the Arrow data is truncated or no Arrow IPC: its 152 bytes end before it does (a stream ends",
  },
  {
    what: "a file without its footer",
    file: stream(ints([1, 2, 3]), "file").slice(0, -40),
    refused: "ArrowError: seen: the Arrow file is truncated: its 314 bytes do not end with a footer",
  },
  {
    what: "two streams in one",
    file: Uint8Array.from([...sound, ...sound]),
    refused: "ArrowError: seen: there is more data behind the end of the Arrow stream",
  },
  {
    what: "a message of negative length",
    file: Uint8Array.from([255, 255, 255, 255, 0, 0, 0, 128, 1, 2, 3, 4]),
    refused: "ArrowError: seen: the bytes are no Arrow IPC, or damaged (a message of negative length)",
  },
  {
    what: "codes beyond the dictionary",
    field: category(),
    file: coded([0, 1, 2]),
    refused: 'ArrowError: seen: column "x" is damaged: row 2 has the code 2 in a dictionary of 2 values',
  },
  {
    what: "negative codes",
    field: category(),
    file: coded([0, -1]),
    refused: 'ArrowError: seen: column "x" is damaged: row 1 has the code -1 in a dictionary of 2 values',
  },
  {
    what: "offsets that decrease",
    field: utf8(),
    file: withOffsets([0, 2, 5, 6], [0, 5, 2, 6]),
    refused: 'ArrowError: seen: column "x" is damaged: its offsets decrease at row 1',
  },
  {
    what: "offsets beyond the data",
    field: utf8(),
    file: withOffsets([0, 2, 5, 6], [0, 2, 5, 4000]),
    refused: 'ArrowError: seen: column "x" is damaged: offsets 0 to 4000 in 8 bytes',
  },
  {
    what: "negative offsets",
    field: utf8(),
    file: withOffsets([0, 2, 5, 6], [-9, 2, 5, 6]),
    refused: 'ArrowError: seen: column "x" is damaged: offsets -9 to 6 in 8 bytes',
  },
  {
    what: "bytes that are no UTF-8",
    field: utf8(),
    file: stream(texts([0, 1, 3], Uint8Array.of(97, 0xc3, 0x28))),
    refused: 'TypeConversionError: seen: column "x" of type Utf8 cannot become utf8: row 1 holds bytes that are not UTF-8',
  },
  {
    what: "two columns of one name",
    file: twice(),
    refused: 'SchemaMismatchError: seen: expected one column "x", found several of that name',
  },
  {
    what: "no such column",
    column: "y",
    file: sound,
    refused: 'SchemaMismatchError: seen: expected a column "y" for the field value, found the columns x',
  },
  {
    what: "durations",
    file: stream(makeData({ type: new DurationMillisecond(), length: 1, data: BigInt64Array.of(1n) })),
    refused: 'TypeConversionError: seen: column "x" of type Duration cannot become i32: there is no lossless conversion betw',
  },
  {
    what: "lists",
    file: tableToIPC(new Table({ x: vectorFromArray([[1], [2]], new List(new Field("item", new Int32()))) })),
    refused: 'TypeConversionError: seen: column "x" of type List cannot become i32: there is no lossless conversion between ',
  },
  {
    what: "a value that is too large",
    field: u8(),
    file: stream(ints([1, 256])),
    refused: 'TypeConversionError: seen: column "x" of type Int32 cannot become u8: row 1 holds 256, expected an integer fro',
  },
  {
    what: "an integer of more digits than the decimal",
    field: decimal(3, 1),
    file: stream(ints([1, 100])),
    refused: 'TypeConversionError: seen: column "x" of type Int32 cannot become decimal(3, 1): row 1 holds 100, which is not',
  },
  {
    what: "64-bit integers for dates",
    field: date(),
    file: stream(makeData({ type: new Int64(), length: 1, data: BigInt64Array.of(1n) })),
    refused: 'TypeConversionError: seen: column "x" of type Int64 cannot become date: there is no lossless conversion betwee',
  },
  {
    what: "nulls only, for a field that takes none",
    file: stream(makeData({ type: new Null(), length: 3 })),
    refused: 'TypeConversionError: seen: column "x" of type Null cannot become i32: row 0 is null and the field is not nulla',
  },
  {
    what: "two billion nulls in 200 bytes",
    file: stream(makeData({ type: new Null(), length: 2_000_000_000 })),
    refused: "ArrowError: seen: a batch of 2000000000 rows in 0 bytes",
  },
  {
    what: "zstd, for which there is no codec",
    column: "text",
    field: utf8(),
    file: fixture("pyarrow-zstd.arrow"),
    refused: "ArrowError: seen: the data is compressed (ZSTD) and no codec for it is registered: set one with compressionReg",
  },
  {
    what: "a frame of LZ4 with another header",
    column: "text",
    field: utf8(),
    file: flipped(lz4, frameOf(lz4) + 4),
    refused: "ArrowError: seen: a buffer that is compressed with LZ4 is damaged: it needs a dictionary",
  },
  {
    what: "a buffer that claims 2^62 bytes",
    column: "text",
    field: utf8(),
    file: flipped(lz4, frameOf(lz4) - 2).map((byte, i) => (i === frameOf(lz4) - 1 ? 0x40 : byte)),
    refused: "ArrowError: seen: a buffer that is compressed with LZ4 is damaged: 2015 bytes cannot hold 4611967493404101000",
  },
  { what: "compression as Arrow 0.17 told of it", column: "a", file: fixture("arrow-0.17-lz4.feather"), values: [0, 1, 2, 3, 4] },
];
