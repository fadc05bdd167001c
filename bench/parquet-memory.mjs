/**
 * What loading a folder of orders and saving them again take in memory beyond the rows, at most: in a process of its own,
 * whose resident memory is looked at every two milliseconds. Prints bytes as JSON. node --expose-gc bench/parquet-memory.mjs folder
 */
import { ParquetPersistence } from "faun/parquet";
import { Order } from "./orders.mjs";

const { rss } = process.memoryUsage;

/** The most resident memory while `work` runs, and what it gives. */
async function peakOf(work) {
  let peak = rss();
  const timer = setInterval(() => {
    peak = Math.max(peak, rss());
  }, 2);
  const result = await work();
  clearInterval(timer);
  return { result, peak: Math.max(peak, rss()) };
}

const persistence = new ParquetPersistence(Order, process.argv[2]);
await persistence.count();
globalThis.gc();
const empty = rss();
const { result: rows, peak: loading } = await peakOf(() => persistence.load());
const columns = rows.schema.fields.flatMap(({ name }) => [...rows.chunks(name)]);
const data = columns.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
globalThis.gc();
const held = rss();
const { peak: saving } = await peakOf(() => persistence.save(rows));
await persistence.close();
console.log(JSON.stringify({ data, load: loading - empty - data, save: saving - held }));
