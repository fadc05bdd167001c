import { Entity, FaunError, f64, PersistentStore, u32, utf8 } from "faun";
import { OpfsStorage, ParquetPersistence } from "faun/parquet";
import { tell } from "./channel.ts";

class Item extends Entity("items", { id: u32().key(), price: f64(), note: utf8() }) {}
const item = (id: number) => ({ id, price: id / 4, note: `note ${id} 🦌` });

const open = (folder: string) => PersistentStore.open(new ParquetPersistence(Item, new OpfsStorage(folder)));

/** Stores so many rows at once, a few alone, changes one and deletes one, and does not close what it opened. */
export async function leaveOpen(folder: string, rows: number): Promise<void> {
  const items = await open(folder);
  await items.addBatch(Array.from({ length: rows }, (_, id) => item(id)));
  for (let id = rows; id < rows + 5; id++) await items.add(item(id));
  await items.update(1, { price: -1 });
  await items.delete(2);
}

/** Adds rows one by one for as long as it lives, and tells of each once it is stored. */
export async function addForever(folder: string): Promise<void> {
  const items = await open(folder);
  for (let id = 0; ; id++) {
    await items.add(item(id));
    tell(`stored ${id}`);
  }
}

/** What is stored: rows, and whether they are as they were made but for what `leaveOpen` changes. Adds one, so as to have written. */
export async function find(folder: string): Promise<{ rows: number; unlike: number[]; price: number | undefined }> {
  const items = await open(folder);
  const unlike: number[] = [];
  for (const { id, price, note } of items) {
    const made = item(id);
    if (price !== made.price || note !== made.note) unlike.push(id);
  }
  const found = { rows: items.size, unlike, price: items.get(1)?.price };
  await items.add(item(1_000_000));
  await items.delete(1_000_000);
  await items.close();
  return found;
}

/** Milliseconds that single adds take, on average, each durable before the next. */
export async function timeOfAdd(folder: string, adds: number): Promise<number> {
  const items = await open(folder);
  await items.add(item(0));
  const start = performance.now();
  for (let id = 1; id <= adds; id++) await items.add(item(id));
  const time = (performance.now() - start) / adds;
  await items.close();
  return time;
}

/** The code of the error that adding rows ends with; null where there is none, and then what was opened is left open. */
export async function add(folder: string, first: number, rows: number): Promise<{ refused: string | null; rows: number }> {
  const items = await open(folder);
  const before = items.size;
  try {
    await items.addBatch(Array.from({ length: rows }, (_, i) => item(first + i)));
  } catch (error) {
    const { size } = items;
    // For want of room it may not come about.
    await items.close().catch(() => {});
    return { refused: error instanceof FaunError ? error.code : String(error), rows: size };
  }
  return { refused: null, rows: items.size - before };
}
