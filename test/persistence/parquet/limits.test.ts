import { binary, Entity, PersistentStore, Store, UnsupportedError, u32 } from "faun";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { expect, test } from "vitest";

class Blob extends Entity("blobs", { id: u32().key(), bytes: binary() }) {}

test("what Faun wrote it reads, however well it was compressed; attached, it is refused beyond the limit", async () => {
  const storage = new MemoryStorage();
  const persistence = new ParquetPersistence(Blob, storage, { compression: "zstd", pageSize: 2 ** 28 });
  const store = new Store(Blob);
  // More than 256 MiB while it is decompressed, and a few KB in the file.
  store.add({ id: 1, bytes: new Uint8Array(130 * 2 ** 20).fill(7) });
  await persistence.save(store.kernel);
  await persistence.close();
  expect((await storage.open("data.parquet"))!.size).toBeLessThan(1 << 20);
  const loaded = await new ParquetPersistence(Blob, storage, { readOnly: true }).load();
  expect(Buffer.compare(Store.over(loaded).get(1)!.bytes, store.get(1)!.bytes)).toBe(0);

  const file = { storage, name: "data.parquet" };
  const attached = ParquetPersistence.attach(Blob, file).load();
  await expect(attached).rejects.toThrow(UnsupportedError);
  await expect(attached).rejects.toThrow(/row group 0, column "bytes": .*the limit decodedBytes is/);
  const attachedToChange = PersistentStore.open(ParquetPersistence.attach(Blob, file));
  await expect(attachedToChange).rejects.toThrow(/blobs: .* can only be read/);
  const granted = await ParquetPersistence.attach(Blob, file, { limits: { decodedBytes: 2 ** 29 } }).load();
  expect(Store.over(granted).get(1)!.bytes.length).toBe(130 * 2 ** 20);
});
