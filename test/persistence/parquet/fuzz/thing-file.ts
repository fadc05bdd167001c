import * as faun from "faun";
import { type Compression, MemoryStorage, ParquetPersistence } from "faun/parquet";
import { entitiesOf } from "./subject.mjs";

const { Thing } = entitiesOf(faun);
const ROWS = 150;

function rowOf(i: number) {
  const maybe = <V>(n: number, value: V): V | null => ((i + n) % 5 === 0 ? null : value);
  return {
    id: i * 3,
    bool: i % 3 === 0,
    boolMaybe: maybe(1, i % 7 < 3),
    u8: i % 256,
    i8Maybe: maybe(2, (i % 256) - 128),
    u16Maybe: maybe(3, (i * 431) % 65_536),
    i16: i % 97,
    i32Maybe: maybe(4, i * -7919),
    u64: 2n ** 64n - 1n - BigInt(i * i),
    i64Maybe: maybe(0, BigInt(i) * -9_007_199_254_741n),
    u32Like: 4_294_967_295 - i,
    f32: Math.fround(i / 3),
    f64: i % 11 === 0 ? -0 : i / 7,
    f64Maybe: maybe(1, i % 13 === 0 ? Number.NaN : (i % 10) / 4),
    text: `text number ${i} of a store of things, ${"ä𐍈".repeat(i % 4)}`,
    textMaybe: maybe(2, i % 9 === 0 ? "" : `again and again and again ${i % 20}`),
    binaryMaybe: maybe(
      3,
      Uint8Array.from({ length: i % 6 }, (_, b) => b * i),
    ),
    category: `a kind of things ${i % 12}`,
    categoryMaybe: maybe(4, `sort ${i % 5}`),
    status: (["Pending", "Shipped", "Delivered"] as const)[i % 3]!,
    statusMaybe: maybe(0, (["Pending", "Shipped", "Delivered"] as const)[i % 2]!),
    date: `20${10 + (i % 80)}-0${1 + (i % 9)}-1${i % 10}`,
    micros: 1_700_000_000_000_000n + BigInt(i) * 1_000_001n,
    nanosMaybe: maybe(1, 1_700_000_000_000_000_000n + BigInt(i)),
    decimal: `${i}.25`,
    decimalMaybe: maybe(2, `-${i}0000000000000000000.1234`),
  };
}

/** Small values in wide plain pages, so that there is something to compress. */
const encodings = {
  u64: "PLAIN",
  micros: "PLAIN",
  i16: "PLAIN",
  date: "PLAIN",
  f64Maybe: "PLAIN",
  f32: "BYTE_STREAM_SPLIT",
} as const;

/** A file of things, of three row groups. */
export async function fileOf(compression: Compression): Promise<Uint8Array> {
  const storage = new MemoryStorage();
  const persistence = new ParquetPersistence(Thing, storage, { compression, rowGroupSize: 64, pageSize: 1024, encodings });
  const store = new faun.Store(Thing);
  for (let i = 0; i < ROWS; i++) store.add(rowOf(i));
  await persistence.save(store.kernel);
  await persistence.close();
  const file = await storage.open("data.parquet");
  return file!.read(0, file!.size);
}
