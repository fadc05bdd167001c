/** Whole Parquet files by the parts of the library, on this thread alone. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { SoA } from "faun";

const at = (path) => import(new URL(`../dist/persistence/parquet/${path}.js`, import.meta.url).href);
const { loadCodec } = await at("codecs/load-codec");
const { fileSchemaOf } = await at("format/file-schema");
const { footerLength, readFooter, TAIL_BYTES } = await at("format/read-footer");
const { HEAD, writeFooter } = await at("format/write-footer");
const { RowGroupReader } = await at("read/row-group-reader");
const { writeSettings } = await at("write/options");
const { encodeRowGroup, shiftRowGroup } = await at("write/row-group");
const { rowGroupsOf } = await at("write/row-runs");

/** Writes the rows of a kernel, one row group in memory at a time. */
export async function writeParquet(rows, path, options) {
  const settings = writeSettings(rows.schema, options);
  const codec = await loadCodec(settings.compression, { level: settings.compressionLevel });
  const file = fileSchemaOf(rows.schema);
  const descriptor = openSync(path, "w");
  const rowGroups = [];
  const checksums = [];
  let offset = HEAD.length;
  writeSync(descriptor, HEAD);
  for (const source of rowGroupsOf(rows, settings.rowGroupSize)) {
    const group = encodeRowGroup(file, source, settings, codec);
    for (const part of group.parts) writeSync(descriptor, part);
    rowGroups.push(shiftRowGroup(group.metadata, offset, rowGroups.length));
    checksums.push(...group.checksums);
    offset += group.byteLength;
  }
  writeSync(descriptor, writeFooter(file, { rowGroups, checksums, keyValueMetadata: settings.keyValueMetadata }));
  closeSync(descriptor);
}

/** Reads a file into a kernel. */
export async function readParquet(entity, path) {
  const file = new Uint8Array(readFileSync(path));
  const soa = new SoA(entity);
  const length = footerLength(file.subarray(-TAIL_BYTES), file.length, path);
  const footer = readFooter(file.subarray(-TAIL_BYTES - length, -TAIL_BYTES), file.length, path);
  const reader = new RowGroupReader(soa.schema, soa.codecs, footer, path);
  const groups = footer.metadata.rowGroups.map((_, g) => reader.tasks(g));
  const codecs = new Map();
  for (const { codec } of groups.flat()) if (!codecs.has(codec)) codecs.set(codec, await loadCodec(codec));
  soa.append((appender) => {
    let row = 0;
    groups.forEach((tasks, g) => {
      const bytes = tasks.map(({ range }) => file.subarray(range.offset, range.offset + range.length));
      reader.append(appender, g, reader.decode(tasks, bytes, codecs), row);
      row += footer.metadata.rowGroups[g].numRows;
    });
  });
  return soa;
}
