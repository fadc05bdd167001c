import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Entity, f32, f64, Store, u32, u64, utf8 } from "faun";
import { COMPRESSIONS, type Compression, MemoryStorage, ParquetPersistence, type ParquetPersistenceOptions } from "faun/parquet";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

class Bits extends Entity("bits", {
  row: u32().key(),
  f32: f32(),
  f64: f64(),
  real: f64().nullable(),
  u64: u64(),
  text: utf8(),
  note: utf8().nullable(),
}) {}

/** Zeros, infinities, the least subnormal, NaNs quiet and signalling, of both signs and with payloads. */
const DOUBLES = [
  0n,
  0x8000_0000_0000_0000n,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  1n,
  0x7ff8_0000_0000_0000n,
  0xfff8_0000_0000_0000n,
  0x7ff8_0000_dead_beefn,
  0x7ff0_0000_0000_0001n,
  0xfff7_ffff_ffff_ffffn,
  0x3ff0_0000_0000_0000n,
];
const FLOATS = [0, 0x8000_0000, 0x7f80_0000, 1, 0x7fc0_0000, 0xffc0_0000, 0x7fc0_beef, 0x7f80_0001, 0xffbf_ffff, 0x3f80_0000];
const WORDS = [2n ** 64n - 1n, 0n, 2n ** 63n, 2n ** 63n - 1n, 2n ** 53n + 1n];
const TEXTS = ["", "𐍈", "a\u0000b", "ä€𐍈", "x".repeat(300), "\u{10ffff}", "\ufeffmark", " "];

const GROUP = 64;

/** Rows that are null: none, all, and what meets the borders of bytes, pages and row groups. */
const PATTERNS: Readonly<Record<string, (row: number) => boolean>> = {
  "no nulls": () => false,
  "nulls only": () => true,
  "every other null": (row) => row % 2 === 0,
  "the first of each row group null": (row) => row % GROUP === 0,
  "the last of each row group null": (row) => row % GROUP === GROUP - 1,
  "one row group null": (row) => row >= GROUP && row < 2 * GROUP,
  "nine null, nine not": (row) => row % 18 < 9,
};

const at = <E>(list: readonly E[], row: number): E => list[row % list.length] as E;

function storeOf(rows: number, isNull: (row: number) => boolean): Store<Bits> {
  const each = Array.from({ length: rows }, (_, row) => row);
  const doubles = new Float64Array(BigUint64Array.from(each, (row) => at(DOUBLES, row)).buffer);
  const store = new Store(Bits);
  store.addColumns({
    row: Uint32Array.from(each),
    f32: new Float32Array(Uint32Array.from(each, (row) => at(FLOATS, row)).buffer),
    f64: doubles,
    real: doubles,
    u64: BigUint64Array.from(each, (row) => at(WORDS, row)),
    text: each.map((row) => at(TEXTS, row)),
    note: each.map((row) => (isNull(row) ? null : at(TEXTS, row + 3))),
  });
  for (const row of each) if (isNull(row)) store.update(row, { real: null });
  return store;
}

type Options = Pick<ParquetPersistenceOptions, "compression" | "encodings">;

async function fileOf(store: Store<Bits>, options: Options): Promise<Uint8Array<ArrayBuffer>> {
  const storage = new MemoryStorage();
  const persistence = new ParquetPersistence(Bits, storage, { rowGroupSize: GROUP, pageSize: 1024, ...options });
  await persistence.save(store.kernel);
  await persistence.close();
  const file = await storage.open("data.parquet");
  return (await file!.read(0, file!.size)) as Uint8Array<ArrayBuffer>;
}

async function loaded(file: Uint8Array): Promise<Store<Bits>> {
  const storage = new MemoryStorage();
  await storage.putIfAbsent("data.parquet", file);
  return Store.over(await new ParquetPersistence(Bits, storage, { readOnly: true }).load());
}

const wordsOf = ({ buffer, byteOffset, length }: Float64Array): bigint[] => [...new BigUint64Array(buffer, byteOffset, length)];
const halvesOf = ({ buffer, byteOffset, length }: Float32Array): number[] => [...new Uint32Array(buffer, byteOffset, length)];

/** Every value by its bits; a null as null. */
function bitsOf(store: Store<Bits>) {
  const real = wordsOf(store.kernel.rawArray("real"));
  return {
    row: [...store.kernel.rawArray("row")],
    f32: halvesOf(store.kernel.rawArray("f32")),
    f64: wordsOf(store.kernel.rawArray("f64")),
    real: [...store].map((row, i) => (row.real === null ? null : real[i])),
    u64: [...store.kernel.rawArray("u64")],
    texts: [...store].map(({ text, note }) => [text, note]),
  };
}

let duck: DuckDBConnection;
const folder = mkdtempSync(join(tmpdir(), "faun-bits-"));
beforeAll(async () => {
  duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
});
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

const hex = (text: string | null): string | null => (text === null ? null : Buffer.from(text).toString("hex").toUpperCase());

/** What others read of them: JavaScript's numbers, of which all NaNs are one. */
const valuesOf = (store: Store<Bits>) => [...store].map((row) => row.toObject());

/** hyparquet's decoder of text takes a leading U+FEFF for a byte order mark. */
const asHyparquetReads = (store: Store<Bits>) => {
  const unmarked = (text: string | null) => (text === null ? null : text.replace(/^\ufeff/, ""));
  return valuesOf(store).map((row) => ({ ...row, text: unmarked(row.text), note: unmarked(row.note) }));
};

async function readByDuck(file: Uint8Array): Promise<object[]> {
  const path = join(folder, "bits.parquet");
  writeFileSync(path, file);
  const columns = '"row", f32, f64, "real", u64, hex(encode("text")) AS "text", hex(encode(note)) AS note';
  return (await duck.runAndReadAll(`SELECT ${columns} FROM '${path}' ORDER BY "row"`)).getRowObjects();
}

const asDuckReads = (store: Store<Bits>) => valuesOf(store).map((row) => ({ ...row, text: hex(row.text), note: hex(row.note) }));

async function check(rows: number, isNull: (row: number) => boolean, options: Options): Promise<void> {
  const store = storeOf(rows, isNull);
  const file = await fileOf(store, options);
  expect(bitsOf(await loaded(file))).toEqual(bitsOf(store));
  expect(await parquetReadObjects({ file: file.buffer, compressors, utf8: false })).toEqual(asHyparquetReads(store));
  expect(await readByDuck(file)).toEqual(asDuckReads(store));
}

describe.each(COMPRESSIONS)("in %s every bit comes back, and others read the same values", (compression: Compression) => {
  test.each(Object.keys(PATTERNS))("with %s", async (pattern) => {
    await check(3 * GROUP + 8, PATTERNS[pattern]!, { compression });
  });

  test.each([0, 1, GROUP - 1, GROUP, GROUP + 1])("of %i rows", async (rows) => {
    await check(rows, PATTERNS["nine null, nine not"]!, { compression });
  });

  test.each(["PLAIN", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"] as const)("with numbers in %s", async (encoding) => {
    // DuckDB knows BYTE_STREAM_SPLIT of floats only.
    const u64Encoding = encoding === "BYTE_STREAM_SPLIT" ? "PLAIN" : encoding;
    const encodings = { f32: encoding, f64: encoding, real: encoding, u64: u64Encoding } as const;
    await check(150, PATTERNS["nine null, nine not"]!, { compression, encodings });
  });
});
