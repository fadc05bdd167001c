// Reads the files of a batch (before each, in 32 bits: how it is read, and its length), and tells what came of each in a
// line of JSON; in the last line how much memory all of it took. Started with the batch's path and the name of an entity.
import { readFileSync } from "node:fs";
import * as faun from "../../../../dist/index.js";
import { MemoryStorage, ParquetPersistence } from "../../../../dist/persistence/parquet/index.js";
import { digestOf, entitiesOf } from "./subject.mjs";

const [batch, name] = process.argv.slice(2);
const entity = entitiesOf(faun)[name];
const OWN = 0;
const SIZE = 2;
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function opened(bytes, how) {
  const storage = new MemoryStorage();
  await storage.putIfAbsent("data.parquet", bytes);
  return how === OWN
    ? new ParquetPersistence(entity, storage, { readOnly: true })
    : ParquetPersistence.attach(entity, { storage, name: "data.parquet" });
}

/** The rows are those of `load`, the answer that of a query which statistics may prune. */
async function read(bytes, how) {
  const persistence = await opened(bytes, how);
  try {
    const count = await persistence.count();
    await persistence.memoryStats();
    const rows = await persistence.load();
    if (rows.size !== count) return { wrong: `counts ${count} rows, loads ${rows.size}` };
    if (how === SIZE) return { rows: rows.size };
    const query = faun.query(entity).where((row) => (name === "Thing" ? row.i16.gt(40) : row.delay.gt(100)));
    const found = [...(await persistence.query(query))].map((row) => ({ toObject: () => row }));
    return { rows: rows.size, digest: digestOf(faun.Store.over(rows)), answer: digestOf(found) };
  } finally {
    await persistence.close();
  }
}

async function attempt(bytes, how) {
  try {
    return await read(bytes, how);
  } catch (error) {
    if (error instanceof faun.FaunError) return { error: error.constructor.name, message: error.message };
    return { alien: error.stack ?? String(error) };
  }
}

/** Bytes at the most so far: the kernel's count where it has one, for that of getrusage begins with the parent's. */
function peakMemory() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

const bytes = readFileSync(batch);
for (let at = 0; at < bytes.length; ) {
  const how = bytes.readUInt32LE(at);
  const length = bytes.readUInt32LE(at + 4);
  at += 8;
  const file = new Uint8Array(bytes.subarray(at, at + length));
  at += length;
  const before = process.cpuUsage();
  const result = await attempt(file, how);
  const { user, system } = process.cpuUsage(before);
  tell({ ...result, seconds: (user + system) / 1e6 });
}
tell({ peakMemory: peakMemory() });
