import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../../../src/entity/entity.ts";
import { binary, f64, timestamp, u32, utf8 } from "../../../../src/entity/fields.ts";
import { ColumnNotFoundError, TypeConversionError, ValidationError } from "../../../../src/errors.ts";
import { loadCodec } from "../../../../src/persistence/parquet/codecs/load-codec.ts";
import { chunkChecksums } from "../../../../src/persistence/parquet/format/checksums.ts";
import { fileSchemaOf } from "../../../../src/persistence/parquet/format/file-schema.ts";
import { chunkRange } from "../../../../src/persistence/parquet/format/read-footer.ts";
import { writeSettings } from "../../../../src/persistence/parquet/write/options.ts";
import { encodeRowGroup, shiftRowGroup } from "../../../../src/persistence/parquet/write/row-group.ts";
import { rowGroupsOf } from "../../../../src/persistence/parquet/write/row-runs.ts";
import { Store } from "../../../../src/store/store.ts";
import { encodeFile } from "../encode-file.ts";
import { footerOf, readFile } from "../read-file.ts";

class Note extends Entity("notes", { id: u32().key(), text: utf8().nullable(), size: f64(), data: binary() }) {}

function notes(count: number): Store<Note> {
  const store = new Store(Note);
  for (let id = 0; id < count; id++)
    store.add({ id, text: id % 3 === 0 ? null : `note ${id}`, size: id / 8, data: new Uint8Array(id % 50) });
  return store;
}

describe("a file", () => {
  test("has the checksums of what lies in it, and its chunks lie one behind the other", async () => {
    const bytes = await encodeFile(schemaOf(Note), notes(1_000).kernel, { rowGroupSize: 300, pageSize: 1024 });
    const { metadata } = footerOf(bytes);
    const sums = chunkChecksums(metadata, "f");
    let end = 4;
    metadata.rowGroups.forEach((group, g) => {
      expect(group.ordinal).toBe(g);
      expect(group.fileOffset).toBe(end);
      group.columns.forEach((chunk, c) => {
        const range = chunkRange(chunk)!;
        expect(range.offset).toBe(end);
        expect(crc32(bytes.subarray(range.offset, range.offset + range.length))).toBe(sums[g * 4 + c]);
        end += range.length;
      });
    });
    expect(metadata.rowGroups.map(({ numRows }) => numRows)).toEqual([300, 300, 300, 100]);
    expect(metadata.rowGroups[0]!.columns[2]!.metaData!.encodingStats?.at(-1)?.count).toBe(3);
  });

  test("PLAIN columns of one chunk are not copied", async () => {
    class Reading extends Entity("readings", { value: f64() }) {}
    const store = new Store(Reading);
    for (let i = 0; i < 500; i++) store.add({ value: Math.sin(i) });
    const settings = writeSettings(schemaOf(Reading), { compression: "uncompressed" });
    const [source] = rowGroupsOf(store.kernel, 1_000);
    const group = encodeRowGroup(fileSchemaOf(schemaOf(Reading)), source!, settings, await loadCodec("uncompressed"));
    expect(group.parts.at(-1)!.buffer).toBe(store.kernel.chunks("value")[0]!.buffer);
  });

  test("a row group's metadata moves with its bytes", async () => {
    const { rowGroups } = footerOf(await encodeFile(schemaOf(Note), notes(40).kernel)).metadata;
    const moved = shiftRowGroup(rowGroups[0]!, 1000, 7);
    expect(moved.ordinal).toBe(7);
    expect(moved.fileOffset).toBe(1004);
    moved.columns.forEach((chunk, c) => {
      const before = chunkRange(rowGroups[0]!.columns[c]!)!;
      expect(chunkRange(chunk)).toEqual({ offset: before.offset + 1000, length: before.length });
    });
    expect(shiftRowGroup(moved, -1000, 0)).toEqual(rowGroups[0]);
  });

  test("metadata of the user is in the footer", async () => {
    const bytes = await encodeFile(schemaOf(Note), notes(3).kernel, { metadata: { owner: "Ü" } });
    expect(footerOf(bytes).metadata.keyValueMetadata).toContainEqual({ key: "owner", value: "Ü" });
  });
});

describe("rows are parted into row groups", () => {
  test("whatever chunks and deletions there are", () => {
    const store = notes(70_000);
    for (let id = 0; id < 70_000; id += 7) store.delete(id);
    const groups = [...rowGroupsOf(store.kernel, 25_000)];
    expect(groups.map(({ rows }) => rows)).toEqual([25_000, 25_000, 10_000]);
    const ids = groups.flatMap(({ runs }) =>
      runs.flatMap(({ columns, from, to }) => [...(columns[0] as unknown as { values: Uint32Array }).values.subarray(from, to)]),
    );
    expect(ids).toEqual(Array.from({ length: 70_000 }, (_, id) => id).filter((id) => id % 7 !== 0));
  });

  test("earlier where a column has many bytes", () => {
    class Blob extends Entity("blobs", { data: binary() }) {}
    const store = new Store(Blob);
    for (const size of [400, 700, 10, 5_000, 1, 1, 999, 1, 0]) store.add({ data: new Uint8Array(size) });
    expect([...rowGroupsOf(store.kernel, 100, 1_000)].map(({ rows }) => rows)).toEqual([2, 2, 3, 2]);
  });

  test("no rows are no row groups", async () => {
    expect([...rowGroupsOf(notes(0).kernel, 10)]).toEqual([]);
    expect((await readFile(Note, await encodeFile(schemaOf(Note), notes(0).kernel))).size).toBe(0);
  });
});

describe("what cannot be written is refused", () => {
  test("seconds that are no 64-bit milliseconds", async () => {
    class Event extends Entity("events", { at: timestamp("s", { mode: "bigint" }) }) {}
    const store = new Store(Event);
    store.add({ at: (2n ** 63n - 1n) / 1000n });
    expect([...(await readFile(Event, await encodeFile(schemaOf(Event), store.kernel)))][0]?.at).toBe((2n ** 63n - 1n) / 1000n);
    store.add({ at: -(2n ** 62n) });
    const write = encodeFile(schemaOf(Event), store.kernel);
    await expect(write).rejects.toThrow(TypeConversionError);
    await expect(write).rejects.toThrow(/^events: column "at".*-4611686018427387904 of them are no 64-bit number/);
  });

  test.each<[string, object, string]>([
    [
      "compression",
      { compression: "lzo" },
      'compression: expected one of uncompressed, snappy, zstd, gzip, lz4, brotli, got "lzo"',
    ],
    ["rowGroupSize", { rowGroupSize: 0 }, "rowGroupSize: expected an integer from 1 to 16777216, got 0"],
    ["pageSize", { pageSize: 1.5 }, "pageSize: expected an integer from 1024 to 268435456, got 1.5"],
    [
      "encodings",
      { encodings: { size: "DELTA_BINARY_PACKED" } },
      "encodings.size: expected one of PLAIN, RLE_DICTIONARY, BYTE_STREAM_SPLIT",
    ],
    ["reserved metadata", { metadata: { "faun.entity": "x" } }, 'a key that is not "ARROW:schema"'],
    ["metadata", { metadata: { a: 5 } }, "metadata.a: expected well-formed text, got 5"],
  ])("%s", (_, options, message) => {
    const check = () => writeSettings(schemaOf(Note), options as never);
    expect(check).toThrow(ValidationError);
    expect(check).toThrow(message);
  });

  test("an encoding of a field that is not there", () => {
    expect(() => writeSettings(schemaOf(Note), { encodings: { txt: "PLAIN" } })).toThrow(ColumnNotFoundError);
  });
});
