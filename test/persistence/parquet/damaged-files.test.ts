import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import {
  binary,
  bool,
  CorruptDataError,
  category,
  decimal,
  Entity,
  enumOf,
  FaunError,
  f64,
  i16,
  i64,
  timestamp,
  UnsupportedError,
  utf8,
} from "faun";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ColumnMetaData, FileMetaData, PageHeader } from "../../../src/persistence/parquet/format/metadata.ts";
import { fileMetaData, pageHeader } from "../../../src/persistence/parquet/format/metadata-shapes.ts";
import { ThriftWriter } from "../../../src/persistence/parquet/format/thrift-writer.ts";
import { readFile } from "./read-file.ts";

class Mixed extends Entity("mixed", {
  id: i64({ mode: "number" }),
  flag: bool().nullable(),
  small: i16().nullable(),
  x: f64().nullable(),
  text: utf8().nullable(),
  kind: category().nullable(),
  status: enumOf("a", "b", "c").nullable(),
  bytes: binary().nullable(),
  at: timestamp("us").nullable(),
  price: decimal(30, 2).nullable(),
}) {}

const SELECT = `SELECT i AS id, CASE WHEN i % 5 = 0 THEN NULL ELSE i % 2 = 0 END AS flag, (i % 999)::SMALLINT AS small,
  CASE WHEN i % 3 = 0 THEN NULL ELSE i / 3.0 END AS x, 'text ' || i AS text, 'kind ' || (i % 40) AS kind,
  ['a', 'b', 'c'][1 + i % 3] AS status, encode('bytes ' || i % 100) AS bytes, make_timestamp(i * 1000000) AS "at",
  (i * 1000.25)::DECIMAL(30, 2) AS price FROM range(300) t(i)`;

const files: Uint8Array[] = [];
let duck: DuckDBConnection;
const folder = mkdtempSync(join(tmpdir(), "faun-damaged-"));

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const layouts = [
    "",
    "COMPRESSION zstd",
    "COMPRESSION uncompressed",
    "COMPRESSION gzip, PARQUET_VERSION v2",
    "COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 0",
    "COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 0, PARQUET_VERSION v2",
  ];
  for (const [i, layout] of layouts.entries()) {
    const path = join(folder, `${i}.parquet`);
    await duck.run(`COPY (${SELECT}) TO '${path}' (FORMAT parquet${layout === "" ? "" : `, ${layout}`})`);
    files.push(new Uint8Array(readFileSync(path)));
  }
});
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

/** Damage of one kind: any byte, the end, a part over another. */
const damage = fc.oneof(
  fc
    .tuple(fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.integer({ min: 1, max: 255 }))
    .map(([at, flip]) => (file: Uint8Array) => {
      const copy = file.slice();
      copy[Math.floor(at * file.length)]! ^= flip;
      return copy;
    }),
  fc
    .double({ min: 0, max: 0.999999, noNaN: true })
    .map((end) => (file: Uint8Array) => file.slice(0, Math.floor(end * file.length))),
  fc
    .tuple(
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      fc.integer({ min: 1, max: 400 }),
    )
    .map(([from, to, length]) => (file: Uint8Array) => {
      const copy = file.slice();
      copy.copyWithin(Math.floor(to * file.length), Math.floor(from * file.length), Math.floor(from * file.length) + length);
      return copy;
    }),
);

test("damaged foreign files give values or a typed error, whatever was hit", async () => {
  let refused = 0;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(5), damage, async (file, spoil) => {
      runs++;
      try {
        const store = await readFile(Mixed, spoil(files[file]!));
        // Whatever was read can be handed out.
        for (const row of store) row.toObject();
      } catch (error) {
        refused++;
        if (!(error instanceof FaunError)) throw error;
      }
    }),
    { numRuns: 2500 },
  );
  expect(refused).toBeGreaterThan(runs / 4);
});

/** A file of one column and one row group, with whatever its headers say. */
function crafted(
  column: Partial<ColumnMetaData>,
  rows: number,
  pages: readonly (readonly [Partial<PageHeader>, readonly number[]])[],
): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x50, 0x41, 0x52, 0x31)];
  let size = 0;
  for (const [header, bytes] of pages) {
    const writer = new ThriftWriter();
    writer.struct(pageHeader, { type: 0, uncompressedPageSize: bytes.length, compressedPageSize: bytes.length, ...header });
    for (const part of [writer.bytes, Uint8Array.from(bytes)]) {
      parts.push(part);
      size += part.length;
    }
  }
  const metaData: ColumnMetaData = {
    type: 5,
    encodings: [0, 3, 8],
    pathInSchema: ["x"],
    codec: 0,
    numValues: rows,
    totalUncompressedSize: size,
    totalCompressedSize: size,
    dataPageOffset: 4,
    ...column,
  };
  const footer: FileMetaData = {
    version: 1,
    schema: [
      { name: "root", numChildren: 1 },
      { name: "x", type: metaData.type, repetitionType: 0 },
    ],
    numRows: rows,
    rowGroups: [{ columns: [{ fileOffset: 4, metaData }], totalByteSize: size, numRows: rows }],
  };
  const writer = new ThriftWriter();
  writer.struct(fileMetaData, footer);
  const bytes = writer.bytes;
  const tail = new DataView(new ArrayBuffer(8));
  tail.setUint32(0, bytes.length, true);
  tail.setUint32(4, 0x3152_4150, true);
  return Buffer.concat([...parts, bytes, new Uint8Array(tail.buffer)]);
}

class Doubles extends Entity("doubles", { x: f64() }) {}
class Texts extends Entity("texts", { x: utf8() }) {}

const data = (numValues: number, encoding: number): Partial<PageHeader> => ({
  dataPageHeader: { numValues, encoding, definitionLevelEncoding: 3, repetitionLevelEncoding: 3 },
});
const dictionaryOf = (numValues: number): Partial<PageHeader> => ({ type: 2, dictionaryPageHeader: { numValues, encoding: 0 } });
const one = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);

/** Runs `read`; tells how much memory it took beyond what there was. */
async function grown(read: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage();
  await read();
  const after = process.memoryUsage();
  return after.arrayBuffers - before.arrayBuffers;
}

describe("a small file that claims much", () => {
  const refuses = async (
    entity: typeof Doubles | typeof Texts,
    file: Uint8Array,
    error: typeof CorruptDataError | typeof UnsupportedError,
    message: RegExp,
  ) => {
    expect(file.length).toBeLessThan(400);
    const bytes = await grown(async () => {
      const reading = readFile(entity as typeof Doubles, file);
      await expect(reading).rejects.toThrow(error);
      await expect(reading).rejects.toThrow(message);
    });
    expect(bytes).toBeLessThan(1 << 20);
  };

  test("is read where it is true: a run of a million equal values", async () => {
    const run = [1, ...varint(1_000_000 * 2), 0];
    const file = crafted({}, 1_000_000, [
      [dictionaryOf(1), one],
      [data(1_000_000, 8), run],
    ]);
    const store = await readFile(Doubles, file);
    expect(store.size).toBe(1_000_000);
    expect(store.at(999_999)!.x).toBe(1);
  });

  test("of 100 million rows without values, or in one page of eight bytes", async () => {
    const rows = 100_000_000;
    await refuses(
      Doubles,
      crafted({}, rows, []),
      CorruptDataError,
      /file: row group 0, column "x": its pages have 0 values, not 100000000/,
    );
    await refuses(Doubles, crafted({}, rows, [[data(1, 0), one]]), CorruptDataError, /1 values, not 100000000/);
    await refuses(
      Doubles,
      crafted({}, rows, [[data(rows, 0), one]]),
      UnsupportedError,
      /800000000 bytes decoded, the limit decodedBytes/,
    );
    await refuses(Doubles, crafted({}, 1000, [[data(1000, 0), one]]), CorruptDataError, /8000 bytes are due/);
  });

  test("of one long text repeated, beyond the limit that was set", async () => {
    const text = [200, 0, 0, 0, ...Array.from({ length: 200 }, () => 97)];
    const file = crafted({ type: 6 }, 10_000, [
      [dictionaryOf(1), text],
      [data(10_000, 8), [1, ...varint(20_000), 0]],
    ]);
    expect((await readFile(Texts, file)).size).toBe(10_000);
    await expect(readFile(Texts, file, { decodedBytes: 1_000_000 })).rejects.toThrow(/raise the limit decodedBytes/);
    const huge = crafted({ type: 6 }, 5_000_000, [
      [dictionaryOf(1), text],
      [data(5_000_000, 8), [1, ...varint(10_000_000), 0]],
    ]);
    await expect(readFile(Texts, huge)).rejects.toThrow(UnsupportedError);
  });

  test("of pages larger than themselves, of dictionaries, codes and lengths that are not there", async () => {
    await refuses(
      Doubles,
      crafted({}, 1, [[{ ...data(1, 0), compressedPageSize: 1 << 30 }, one]]),
      CorruptDataError,
      /a page of 1073741824 bytes where the chunk has 8 left/,
    );
    await refuses(
      Doubles,
      crafted({}, 1, [[{ ...data(1, 0), uncompressedPageSize: 1 << 30 }, one]]),
      CorruptDataError,
      /a page of 1073741824 bytes in a chunk of/,
    );
    await refuses(
      Doubles,
      crafted({ totalUncompressedSize: 2 ** 40, codec: 1 }, 1, [[{ ...data(1, 0), uncompressedPageSize: 1 << 20 }, one]]),
      CorruptDataError,
      /compressed with snappy/,
    );
    await refuses(
      Doubles,
      crafted({ totalUncompressedSize: 2 ** 40, codec: 1 }, 1, [[{ ...data(1, 0), uncompressedPageSize: 1 << 30 }, one]]),
      UnsupportedError,
      /take 8 bytes decoded, and 2147483652 more for its largest page; the limit decodedBytes/,
    );
    await refuses(
      Doubles,
      crafted({}, 1, [
        [dictionaryOf(1 << 28), one],
        [data(1, 8), [1, 2, 0]],
      ]),
      CorruptDataError,
      /a dictionary of 268435456 values in 8 bytes/,
    );
    await refuses(
      Doubles,
      crafted({}, 1, [
        [dictionaryOf(1), one],
        [data(1, 8), [1, 2, 1]],
      ]),
      CorruptDataError,
      /the code 1 in a dictionary of 1 values/,
    );
    await refuses(Doubles, crafted({}, 1, [[data(1, 8), [1, 2, 0]]]), CorruptDataError, /without a dictionary/);
    await refuses(
      Doubles,
      crafted({}, 2, [
        [dictionaryOf(1), one],
        [data(2, 8), [1, 0, 0]],
      ]),
      CorruptDataError,
      /a run of no values/,
    );
    await refuses(
      Texts,
      crafted({ type: 6 }, 1, [[data(1, 0), [255, 255, 255, 127, 97]]]),
      CorruptDataError,
      /a byte array of 2147483647 bytes/,
    );
    // Front-coded texts: each all of the one before, from lengths that take no bits.
    const long = [...varint(128), ...varint(1), ...varint(1000), 0];
    await refuses(Texts, crafted({ type: 6 }, 1000, [[data(1000, 7), long]]), CorruptDataError, /bytes are due/);
  });

  test("of INT96 days out of reach, and of a compression that nobody reads", async () => {
    class Instants extends Entity("instants", { x: timestamp("ns") }) {}
    const far = [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 127];
    const file = crafted({ type: 3 }, 1, [[data(1, 0), far]]);
    await expect(readFile(Instants, file)).rejects.toThrow(/column "x" of type Timestamp<ns> .*beyond 64 bits/);
    class Seconds extends Entity("seconds", { x: timestamp("us", { mode: "bigint" }) }) {}
    const day = [0, 0x10, 0xa5, 0xd4, 0xe8, 0, 0, 0, 0x8c, 0x3d, 0x25, 0];
    expect((await readFile(Seconds, crafted({ type: 3 }, 1, [[data(1, 0), day]]))).at(0)!.x).toBe(1_000_000_000n);
    await expect(readFile(Doubles, crafted({ codec: 3 }, 1, [[data(1, 0), one]]))).rejects.toThrow(
      /compression LZO cannot be read/,
    );
  });
});
