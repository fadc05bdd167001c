import type { EntitySchema } from "../../../src/entity/schema.ts";
import { loadCodec } from "../../../src/persistence/parquet/codecs/load-codec.ts";
import { fileSchemaOf } from "../../../src/persistence/parquet/format/file-schema.ts";
import type { RowGroup } from "../../../src/persistence/parquet/format/metadata.ts";
import { HEAD, writeFooter } from "../../../src/persistence/parquet/format/write-footer.ts";
import { type ParquetWriteOptions, writeSettings } from "../../../src/persistence/parquet/write/options.ts";
import { encodeRowGroup, shiftRowGroup } from "../../../src/persistence/parquet/write/row-group.ts";
import { rowGroupsOf } from "../../../src/persistence/parquet/write/row-runs.ts";
import type { Rows } from "../../../src/soa/rows.ts";

/** The rows as a whole Parquet file. */
export async function encodeFile(
  schema: EntitySchema,
  rows: Rows,
  options: ParquetWriteOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const settings = writeSettings(schema, options);
  const codec = await loadCodec(settings.compression, { level: settings.compressionLevel });
  const file = fileSchemaOf(schema);
  const parts: Uint8Array[] = [HEAD];
  const rowGroups: RowGroup[] = [];
  const checksums: number[] = [];
  let at = HEAD.length;
  for (const source of rowGroupsOf(rows, settings.rowGroupSize)) {
    const group = encodeRowGroup(file, source, settings, codec);
    parts.push(...group.parts);
    rowGroups.push(shiftRowGroup(group.metadata, at, rowGroups.length));
    checksums.push(...group.checksums);
    at += group.byteLength;
  }
  parts.push(writeFooter(file, { rowGroups, checksums, keyValueMetadata: settings.keyValueMetadata }));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
