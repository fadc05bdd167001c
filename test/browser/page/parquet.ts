import { category, Entity, enumOf, f64, type Persistence, SoA, timestamp, toRecordBatches, u32, u64, utf8 } from "faun";
import { COMPRESSIONS, type Compression, MemoryStorage, ParquetPersistence } from "faun/parquet";
import { parquetEngine } from "../../../src/persistence/parquet/engine/parquet-engine.ts";

class Order extends Entity("orders", {
  orderId: u64().key(),
  customerId: u32(),
  totalAmount: f64(),
  status: enumOf("Pending", "Shipped", "Delivered"),
  city: category(),
  note: utf8().nullable(),
  placed: timestamp("us"),
}) {}

const order = (i: number) => ({
  orderId: BigInt(i) * 0x1_0000_0001n,
  customerId: (i * 2_654_435_761) >>> 0,
  totalAmount: Math.sin(i) * 1000,
  status: (["Pending", "Shipped", "Delivered"] as const)[i % 3]!,
  city: ["Zürich", "Łódź", "東京"][i % 3]!,
  note: i % 4 === 0 ? null : `note ${i} 🦌`,
  placed: 1_700_000_000_000_000n + BigInt(i),
});

async function load(persistence: Persistence<Order>, rows: number): Promise<void> {
  const loaded = await persistence.load();
  if (loaded.size !== rows) throw new Error(`${loaded.size} rows instead of ${rows}`);
  for (const i of [0, 1, 2, 4, rows - 1]) {
    const found = loaded.at(i)!.toObject();
    const made = order(i);
    for (const [field, value] of Object.entries(made))
      if (found[field as keyof typeof made] !== value)
        throw new Error(`row ${i}, ${field}: ${found[field as keyof typeof made]}`);
  }
}

export interface ParquetReport {
  readonly compression: Compression;
  readonly rows: number;
  /** Bytes of the file. */
  readonly bytes: number;
  readonly saving: number;
  readonly loading: number;
  /** Worker threads there were in the end. */
  readonly workers: number;
}

/** Saves rows to a file in memory and loads them. */
export async function saveAndLoad(compression: Compression, rows: number): Promise<ParquetReport> {
  const soa = new SoA(Order);
  soa.addBatch(Array.from({ length: rows }, (_, i) => order(i)));
  const storage = new MemoryStorage();
  const persistence = new ParquetPersistence(Order, storage, { compression });
  const start = performance.now();
  await persistence.saveBatches(toRecordBatches(soa));
  const saved = performance.now();
  await load(persistence, rows);
  const loaded = performance.now();
  const { size } = (await storage.list("")).find(({ name }) => name === "data.parquet")!;
  await persistence.close();
  const { workers } = parquetEngine().pool;
  return { compression, rows, bytes: size, saving: saved - start, loading: loaded - saved, workers };
}

export const compressions = (): Compression[] => [...COMPRESSIONS];
