import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { describe, expect, test } from "vitest";
import { arrowSchemaOf } from "../../../../src/arrow/schema.ts";
import { Entity, schemaOf } from "../../../../src/entity/entity.ts";
import { category, enumOf } from "../../../../src/entity/fields.ts";
import { CorruptDataError, UnsupportedError } from "../../../../src/errors.ts";
import { arrowSchemaText } from "../../../../src/persistence/parquet/format/arrow-schema.ts";
import { checkFooter, chunkChecksums } from "../../../../src/persistence/parquet/format/checksums.ts";
import { fileSchemaOf } from "../../../../src/persistence/parquet/format/file-schema.ts";
import type { RowGroup } from "../../../../src/persistence/parquet/format/metadata.ts";
import { footerLength, readFooter, TAIL_BYTES } from "../../../../src/persistence/parquet/format/read-footer.ts";
import { VERSION } from "../../../../src/persistence/parquet/format/version.ts";
import { writeFooter } from "../../../../src/persistence/parquet/format/write-footer.ts";
import { everyType } from "../../../entity/arbitrary.ts";

class Thing extends Entity("things", { ...everyType, key: everyType.utf8.key() }) {}
class Maybe extends Entity("maybes", {
  id: everyType.i64.key().id(7),
  name: everyType.utf8.nullable(),
  price: everyType.decimal.nullable(),
}) {}

const file = fileSchemaOf(schemaOf(Maybe));

/** Row groups whose pages do not exist; the first of them begins behind the magic. */
function rowGroups(rows: readonly number[]): RowGroup[] {
  let offset = 4;
  return rows.map((numRows, ordinal) => ({
    columns: file.columns.map(({ field, physicalType }) => {
      const chunk = {
        fileOffset: 0,
        metaData: {
          type: physicalType,
          encodings: [0],
          pathInSchema: [field.column],
          codec: 0,
          numValues: numRows,
          totalUncompressedSize: 10,
          totalCompressedSize: 10,
          dataPageOffset: offset,
        },
      };
      offset += 10;
      return chunk;
    }),
    totalByteSize: 30,
    numRows,
    ordinal,
  }));
}

const sums = [1, 0xffff_ffff, 3, 4, 5, 0];
const good = () =>
  writeFooter(file, { rowGroups: rowGroups([5, 7]), checksums: sums, keyValueMetadata: [{ key: "a", value: "ü" }] });
const FILE_SIZE = 4 + 60 + good().length;
const bodyOf = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - TAIL_BYTES);

describe("the footer", () => {
  test("comes back as it was written, with its checksums", () => {
    const bytes = good();
    expect(footerLength(bytes.subarray(-8), FILE_SIZE, "f")).toBe(bytes.length - 8);
    const { metadata, leaves, checked } = readFooter(bodyOf(bytes), FILE_SIZE, "f");
    expect(checked).toBe(true);
    expect(metadata.createdBy).toBe(`faun version ${VERSION}`);
    expect(metadata.numRows).toBe(12);
    expect(metadata.rowGroups).toEqual(rowGroups([5, 7]));
    expect(metadata.schema).toEqual(file.elements);
    expect([...chunkChecksums(metadata, "f")]).toEqual(sums);
    expect(leaves.map(({ path, maxDefinition, maxRepetition }) => [path, maxDefinition, maxRepetition])).toEqual([
      [["id"], 0, 0],
      [["name"], 1, 0],
      [["price"], 1, 0],
    ]);
    expect(metadata.keyValueMetadata).toContainEqual({ key: "a", value: "ü" });
  });

  test("every type is annotated as hyparquet reads it", () => {
    const bytes = writeFooter(fileSchemaOf(schemaOf(Thing)), { rowGroups: [], checksums: [] });
    const { schema } = parquetMetadata(bytes);
    const seen = Object.fromEntries(
      schema.slice(1).map((element) => {
        const { type, converted_type: converted, logical_type: logical, type_length: length } = element;
        return [element.name, [type, converted, logical, length].filter((part) => part !== undefined)];
      }),
    );
    expect(seen).toMatchSnapshot();
    expect(schema.map((element) => element.field_id)).toEqual([undefined, ...schemaOf(Thing).fields.map(({ id }) => id)]);
  });

  test("nullable fields are OPTIONAL, others REQUIRED", () => {
    expect(parquetMetadata(good()).schema.map((element) => element.repetition_type)).toEqual([
      undefined,
      "REQUIRED",
      "OPTIONAL",
      "OPTIONAL",
    ]);
  });

  test("has the entity's Arrow schema as Arrow's own libraries keep it", () => {
    const text = parquetMetadata(good()).key_value_metadata?.find(({ key }) => key === "ARROW:schema")?.value as string;
    expect(String(tableFromIPC(Buffer.from(text, "base64")).schema)).toBe(String(arrowSchemaOf(schemaOf(Maybe))));
    // One message, and no end of stream behind it.
    const message = Buffer.from(text, "base64");
    expect([message.readInt32LE(0), message.readInt32LE(4)]).toEqual([-1, message.length - 8]);
  });

  test("marks no dictionary as ordered: row groups have their own, and readers join them as they come", () => {
    class Marked extends Entity("marked", { state: enumOf("b", "a"), site: category() }) {}
    const { schema } = tableFromIPC(Buffer.from(arrowSchemaText(schemaOf(Marked)), "base64"));
    expect(schema.fields.map(({ type }) => [String(type), type.isOrdered])).toEqual([
      ["Dictionary<Uint8, Utf8>", false],
      ["Dictionary<Uint32, Utf8>", false],
    ]);
    expect(arrowSchemaOf(schemaOf(Marked)).fields.map(({ type }) => type.isOrdered)).toEqual([true, false]);
  });

  test("the version is that of the package", () => {
    const text = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
    expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
  });

  test("every flipped bit is found", () => {
    const bytes = bodyOf(good());
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        expect(checkFooter(bytes)).not.toBe("right");
        // A file that does not say that Faun wrote it is foreign, and nothing tells its footer from a good one.
        let checked = true;
        try {
          ({ checked } = readFooter(bytes, FILE_SIZE, "f"));
          expect(checked).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptDataError);
        }
        bytes[at]! ^= 1 << bit;
      }
    }
    expect(checkFooter(bytes)).toBe("right");
  });

  test("whatever the bytes: a footer, or CorruptDataError", () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        readFooter(bytes, FILE_SIZE, "f");
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptDataError);
      }
    };
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(), (changes, length) => {
        // Foreign, so that the checksum does not hide what comes after it.
        const bytes = bodyOf(good());
        const name = Buffer.from(bytes).indexOf("faun version");
        bytes[name] = 0x46;
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        attempt(bytes);
        attempt(bytes.subarray(0, length % bytes.length));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each<[string, (groups: RowGroup[]) => RowGroup[], string]>([
    ["fewer columns than the schema", ([g]) => [{ ...g!, columns: g!.columns.slice(1) }], "has 2 columns, the schema 3"],
    ["a negative number of rows", ([g]) => [{ ...g!, numRows: -1 }], "has -1 rows"],
    ["values that are not its rows", ([g]) => [{ ...g!, numRows: 100 }], "it has 5 values, and the row group 100 rows"],
    ["a chunk beyond the pages", ([g]) => [chunk(g!, { dataPageOffset: 60 })], "its 10 bytes from 60 on"],
    ["a chunk before the pages", ([g]) => [chunk(g!, { dataPageOffset: 0 })], "its 10 bytes from 0 on"],
    ["a negative size", ([g]) => [chunk(g!, { totalCompressedSize: -1 })], "its -1 bytes from 4 on"],
    ["pages outside of the chunk", ([g]) => [chunk(g!, { dataPageOffset: 40, dictionaryPageOffset: 4 })], "its 10 bytes"],
    ["another physical type", ([g]) => [chunk(g!, { type: 1 })], "physical type 1, the schema says 2"],
  ])("with %s is corrupt", (_, change, message) => {
    const bytes = writeFooter(file, { rowGroups: change(rowGroups([5])), checksums: [] });
    const read = () => readFooter(bodyOf(bytes), 4 + 60 + bytes.length, "orders.parquet");
    expect(read).toThrow(CorruptDataError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^orders.parquet: footer: row group 0/);
  });

  test("what is no Parquet file, or an encrypted one, is told apart", () => {
    const tail = (length: number, magic: string) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt32LE(length);
      bytes.write(magic, 4);
      return bytes;
    };
    expect(() => footerLength(tail(10, "PAR1"), 11, "f")).toThrow("f: 11 bytes are too few for a Parquet file");
    expect(() => footerLength(tail(10, "PAR2"), 100, "f")).toThrow(CorruptDataError);
    expect(() => footerLength(tail(89, "PAR1"), 100, "f")).toThrow("footer of 89 bytes is longer than the file");
    expect(footerLength(tail(88, "PAR1"), 100, "f")).toBe(88);
    expect(() => footerLength(tail(10, "PARE"), 100, "f")).toThrow(UnsupportedError);
  });

  test("a large foreign file's is read as hyparquet reads it", () => {
    const bytes = readFileSync(
      join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "../data/flights-3m.parquet"),
    );
    const length = footerLength(bytes.subarray(-8), bytes.length, "flights");
    const { metadata, leaves, checked } = readFooter(bytes.subarray(-8 - length, -8), bytes.length, "flights");
    expect(checked).toBe(false);
    const theirs = parquetMetadata(new Uint8Array(bytes.subarray(-8 - length)));
    expect(metadata.numRows).toBe(Number(theirs.num_rows));
    expect(leaves.map(({ path }) => path.join("."))).toEqual(theirs.schema.slice(1).map(({ name }) => name));
    expect(
      metadata.rowGroups.flatMap(({ columns }) =>
        columns.map(({ metaData }) => [metaData?.dataPageOffset, metaData?.totalCompressedSize]),
      ),
    ).toEqual(
      theirs.row_groups.flatMap(({ columns }) =>
        columns.map(({ meta_data: of }) => [Number(of?.data_page_offset), Number(of?.total_compressed_size)]),
      ),
    );
  });
});

function chunk(group: RowGroup, change: object): RowGroup {
  const [first, ...rest] = group.columns;
  return { ...group, columns: [{ ...first!, metaData: { ...first!.metaData!, ...change } }, ...rest] };
}
