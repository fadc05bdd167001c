import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArrowPersistence, Entity, PersistentStore, Store, toArrowIPC, toRecordBatches, u32, utf8, ValidationError } from "faun";
import { DuckDBPersistence, sqlOver } from "faun/duckdb";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

class Note extends Entity("notes", { id: u32().key(), text: utf8() }) {}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "faun-options-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an option that nobody reads is refused, and the nearest is named", () => {
  test.each<[what: string, make: () => unknown, message: RegExp]>([
    [
      "ParquetPersistence",
      () => new ParquetPersistence(Note, folder, { compresion: "zstd" } as never),
      /^notes: Parquet options\.compresion: .*did you mean "compression"\?/,
    ],
    [
      "attach",
      () => ParquetPersistence.attach(Note, join(folder, "a.parquet"), { limit: {} } as never),
      /^notes: attach options\.limit: .*did you mean "limits"\?/,
    ],
    [
      "DuckDBPersistence",
      () => new DuckDBPersistence(Note, { pth: "notes.duckdb" } as never),
      /^notes: DuckDB options\.pth: .*did you mean "path"\?/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(ValidationError);
    expect(make).toThrow(message);
  });

  test("PersistentStore.open and ingest", async () => {
    await expect(PersistentStore.open(new ArrowPersistence(Note), { alocator: "shared" } as never)).rejects.toThrow(
      /did you mean "allocator"\?/,
    );
    const notes = await PersistentStore.open(new ArrowPersistence(Note));
    await expect(notes.ingest([{ id: 1, text: "a" }], { batchrows: 2 } as never)).rejects.toThrow(
      /^notes: ingest options\.batchrows: .*did you mean "batchRows"\?/,
    );
    expect(notes.size).toBe(0);
    await notes.close();
  });
});

test("what every persistence does", async () => {
  const persistence = new ArrowPersistence(Note);
  const notes = new Store(Note);
  notes.add({ id: 1, text: "a" });
  const calls: [call: (options: never) => Promise<unknown>, known: string][] = [
    [(options) => persistence.load(options), "signal, onProgress, allocator"],
    [(options) => persistence.count(options), "signal, onProgress"],
    [(options) => persistence.save(notes.kernel, options), "signal, onProgress"],
    [(options) => persistence.appendBatches(toRecordBatches(notes), options), "signal, onProgress"],
    [(options) => persistence.clear(options), "signal, onProgress"],
    [async (options) => persistence.loadBatches(1, options), "signal, onProgress"],
  ];
  for (const [call, known] of calls) {
    await expect(call({ onprogress: () => {} } as never)).rejects.toThrow(
      `notes: options.onprogress: expected one of the options ${known} (did you mean "onProgress"?)`,
    );
  }
  expect(await persistence.count()).toBe(0);
});

test("Arrow", () => {
  const notes = new Store(Note);
  expect(() => notes.toArrow({ cpoy: true } as never)).toThrow(/^Arrow options\.cpoy: .*did you mean "copy"\?/);
  expect(() => notes.toArrow(5 as never)).toThrow(/^Arrow options: expected an object of options: copy, got 5/);
  expect(() => toArrowIPC(notes, { fromat: "file" } as never)).toThrow(/^Arrow IPC options\.fromat: .*did you mean "format"\?/);
  for (const junk of [null, 5, {}]) {
    expect(() => toArrowIPC(junk as never)).toThrow(/^rows for Arrow: expected a store, its kernel, or a snapshot/);
    expect(() => toRecordBatches(junk as never)).toThrow(ValidationError);
  }
});

test("SQL over live stores", async () => {
  const notes = new Store(Note);
  await expect(sqlOver({ notes }, { thread: 1 } as never)).rejects.toThrow(/^sqlOver\(\)\.thread: .*did you mean "threads"\?/);
  const db = await sqlOver({ notes });
  expect(() => db.querySql(undefined as never)).toThrow(/^querySql\(\): expected the text of a statement, got undefined/);
  expect(() => db.querySql("SELECT $1", { a: 1 } as never)).toThrow(/^querySql\(\): expected an array of parameters/);
  await db.close();
});

test.each([undefined, null, 5, {}, "", new URL("file:///notes"), "file:///notes"])("%s is no place for files", (place) => {
  expect(() => new ParquetPersistence(Note, place as never)).toThrow(
    /^notes\.place: expected the path of a folder, or a storage/,
  );
});

test("no file is attached that has no name, and none with limits that say nothing", () => {
  const storage = new MemoryStorage();
  const files = [
    undefined,
    null,
    5,
    {},
    "",
    "notes/",
    "file:///a",
    new URL("file:///a"),
    { storage, name: "" },
    { storage: {}, name: "a" },
  ];
  for (const file of files)
    expect(() => ParquetPersistence.attach(Note, file as never)).toThrow(
      /^notes\.file: expected the path of a Parquet file, or /,
    );
  for (const decodedBytes of [0, -1, Number.NaN, "1", null])
    expect(() => ParquetPersistence.attach(Note, "a", { limits: { decodedBytes } } as never)).toThrow(
      /^notes: attach options\.limits\.decodedBytes: expected a number of bytes/,
    );
  expect(() => ParquetPersistence.attach(Note, "a", { limits: { decodedByte: 1 } } as never)).toThrow(
    /did you mean "decodedBytes"\?/,
  );
  ParquetPersistence.attach(Note, { storage, name: "a" }, { limits: { decodedBytes: Number.POSITIVE_INFINITY } });
});

test.each<[options: object, message: string]>([
  [{ compression: "zstd", compressionLevel: 23 }, "compressionLevel: expected an integer from 1 to 22, got 23"],
  [{ compression: "gzip", compressionLevel: 1.5 }, "compressionLevel: expected an integer from 1 to 9, got 1.5"],
  [{ compression: "brotli", compressionLevel: "4" }, 'compressionLevel: expected an integer from 0 to 11, got "4"'],
  [{ compressionLevel: 3 }, "compressionLevel: expected none: snappy has no levels, got 3"],
  [
    { metadata: new Map([["team", "shop"]]) },
    "metadata: expected an object whose properties are the entries, got an object of class Map",
  ],
  [{ metadata: [["team", "shop"]] }, "metadata: expected an object whose properties are the entries, got an array of 1"],
  [{ encodings: "PLAIN" }, 'encodings: expected an object whose properties are the entries, got "PLAIN"'],
])("%o is refused when it is given, not when it is used", (options, message) => {
  expect(() => new ParquetPersistence(Note, folder, options as never)).toThrow(`notes: Parquet options.${message}`);
});

test.each([
  ["notes.parquet", "hello"],
  ["notes.csv", "id,text\n1,a\n"],
  ["notes.json", '{"id": 1}'],
])(
  "%s, a file of data, is refused as a database and left as it is: the engine would keep rows in memory only",
  async (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    await expect(PersistentStore.open(new DuckDBPersistence(Note, { path }))).rejects.toThrow(
      /is a file of data and not a database/,
    );
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);

test("a transaction takes a function, async or not, and nothing else", async () => {
  const notes = new DuckDBPersistence(Note);
  await expect(notes.transaction(5 as never)).rejects.toThrow(/transaction\(\): expected an async function.*got 5/);
  expect(await notes.transaction((() => 7) as never)).toBe(7);
  await notes.close();
});
