// Adds and deletes items in a folder until it is killed: node writer.mjs <folder>. Says on stdout what was acknowledged.
import { writeSync } from "node:fs";
import { BackendPersistence, Entity, max, PersistentStore, u32, u64, utf8 } from "faun";
import { FileStorage } from "faun/parquet";

const dist = new URL("../../../dist/", import.meta.url);
const { LoggedBackend } = await import(new URL("persistence/log/logged-backend.js", dist));
const { ParquetFormat } = await import(new URL("persistence/parquet/parquet-format.js", dist));
const { writeSettings } = await import(new URL("persistence/parquet/write/options.js", dist));
const { schemaOf } = await import(new URL("entity/entity.js", dist));

class Item extends Entity("items", { id: u64().key(), count: u32(), note: utf8().nullable() }) {}

const format = new ParquetFormat(writeSettings(schemaOf(Item), { compression: "uncompressed", rowGroupSize: 100 }));
const options = {
  log: true,
  durability: "sync",
  interval: 1000,
  foldRows: 40,
  readOnly: false,
  includeLog: false,
  onDamage: "refuse",
};
const persistence = new BackendPersistence(Item, new LoggedBackend(Item, new FileStorage(process.argv[2]), format, options));
const items = await PersistentStore.open(persistence);

let next = 1n + BigInt(items.aggregate({ last: max("id") }).first()?.last ?? 0n);
writeSync(1, `from ${next}\n`);
for (;;) {
  const first = next;
  const batch = Array.from({ length: 1 + Number(first % 7n) }, () => {
    const id = next++;
    return { id, count: Number((id * 7n) % 1000n), note: id % 3n === 0n ? null : `note ${id}` };
  });
  writeSync(1, `asked ${next - 1n}\n`);
  const added = items.addBatch(batch).then(() => writeSync(1, `added ${first} ${BigInt(batch.length)}\n`));
  const gone = first - 20n;
  const deleted = gone > 0n && gone % 5n === 0n && items.has(gone) ? remove(gone) : undefined;
  // Every other time the next ones are asked for while these are on their way.
  if (first % 2n === 0n) await Promise.all([added, deleted]);
}

async function remove(id) {
  writeSync(1, `deleting ${id}\n`);
  await items.delete(id);
  writeSync(1, `deleted ${id}\n`);
}
