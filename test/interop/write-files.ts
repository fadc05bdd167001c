// Writes what other tools are to read: node write-files.mjs FOLDER. Beside the files, what they hold, as text.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { arrowFieldTypes, Entity, Store, timestamp, toArrowIPC } from "faun";
import { COMPRESSIONS, ParquetPersistence, type ParquetPersistenceOptions } from "faun/parquet";
import { COLUMNS, everything, textRows, valuesOf } from "./everything.ts";
import { writeOrders } from "./orders.ts";

const ROWS = 2000;
const SMALL = { rowGroupSize: 700, pageSize: 1024 } as const;

const folder = process.argv[2]!;
mkdirSync(folder, { recursive: true });
const Everything = everything();
const rows = textRows(ROWS);
const store = new Store(Everything);
store.addBatch(rows.map((row) => valuesOf(row)) as never);

const encoded = (encoding: "PLAIN" | "RLE_DICTIONARY", but: readonly string[] = []): ParquetPersistenceOptions => ({
  ...SMALL,
  encodings: Object.fromEntries(COLUMNS.filter(({ kind }) => !but.includes(kind)).map(({ field }) => [field, encoding])),
});
const layouts: Record<string, ParquetPersistenceOptions> = {
  ...Object.fromEntries(COMPRESSIONS.map((compression) => [compression, { compression }])),
  "small-pages": SMALL,
  plain: { ...encoded("PLAIN"), compression: "uncompressed" },
  dictionary: encoded("RLE_DICTIONARY", ["bool"]),
};
const files = [];
for (const [name, options] of Object.entries(layouts)) {
  const persistence = new ParquetPersistence(Everything, join(folder, `parquet-${name}`), options);
  await persistence.save(store);
  await persistence.close();
  files.push({ format: "parquet", name, path: join(`parquet-${name}`, "data.parquet") });
}
for (const format of ["stream", "file"] as const) {
  const path = format === "stream" ? "everything.arrows" : "everything.arrow";
  writeFileSync(join(folder, path), toArrowIPC(store, { format }));
  files.push({ format, name: format, path });
}

/** What some tools are known to refuse, or to take for something else: a zone that is an offset, and the first nanosecond. */
for (const [name, field, value] of [
  ["offset", timestamp("us", { timezone: "+05:30" }), 1_763_453_000_000_000n],
  ["nanoseconds", timestamp("ns"), -(2n ** 63n)],
] as const) {
  class Limit extends Entity("limit", { at: field }) {}
  const limit = new Store(Limit);
  limit.add({ at: value });
  const persistence = new ParquetPersistence(Limit, join(folder, `limit-${name}`));
  await persistence.save(limit);
  await persistence.close();
}

writeFileSync(join(folder, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
const types = arrowFieldTypes(Everything);
writeFileSync(join(folder, "files.json"), JSON.stringify({ columns: COLUMNS, files, types }));
await writeOrders(folder);
console.log(`  ${files.length} files of ${ROWS} rows and ${COLUMNS.length + 1} columns`);
