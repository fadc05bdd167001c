import fc from "fast-check";
import { ArrowPersistence, BackendPersistence, DuplicateKeyError, PersistentStore, ValidationError } from "faun";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { describe, expect, test } from "vitest";
import { Order, type OrderInit, order, orders } from "../conformance/entities.ts";
import { type Fault, FaultyBackend, noTrouble } from "./faulty-backend.ts";

async function bytesOf(storage: MemoryStorage, name: string): Promise<Uint8Array> {
  const file = await storage.open(name);
  if (file === null) throw new Error(`there is no ${name}`);
  return file.read(0, file.size);
}

async function* stream(rows: Iterable<OrderInit>, seen?: { read: number }): AsyncGenerator<OrderInit> {
  for (const row of rows) {
    if (seen !== undefined) seen.read++;
    yield row;
  }
}

const source = { name: "shop", position: (row: OrderInit) => row.orderId as bigint };

describe("ingest", () => {
  test("takes a stream in by lots, and tells how far it is", async () => {
    const store = await PersistentStore.open(new ArrowPersistence(Order));
    const progress: number[] = [];
    const result = await store.ingest(stream(orders(0, 2500)), {
      batchRows: 1000,
      onProgress: ({ rows }) => progress.push(rows),
    });
    expect(result).toEqual({ rows: 2500, skipped: 0, position: undefined });
    expect(progress).toEqual([1000, 2000, 2500]);
    expect(store.size).toBe(2500);
    expect(await store.storageCount()).toBe(2500);
    // A plain iterable too, and one of nothing.
    expect((await store.ingest(orders(2500, 3))).rows).toBe(3);
    expect((await store.ingest([])).rows).toBe(0);
  });

  test("the stream waits for the storage", async () => {
    const store = await PersistentStore.open(new ArrowPersistence(Order));
    const seen = { read: 0 };
    let ahead = 0;
    await store.ingest(stream(orders(0, 5000), seen), {
      batchRows: 100,
      maxInFlight: 2,
      onProgress: ({ rows }) => {
        ahead = Math.max(ahead, seen.read - rows);
      },
    });
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThanOrEqual(300);
  });

  test("goes on where a source was interrupted, also after the store was opened again", async () => {
    const persistence = new ArrowPersistence(Order);
    const store = await PersistentStore.open(persistence);
    async function* failing() {
      yield* orders(1, 950);
      throw new Error("the line went dead");
    }
    await expect(store.ingest(failing(), { batchRows: 100, source })).rejects.toThrow("the line went dead");
    expect(store.size).toBe(900);
    await store.close();
    const again = await PersistentStore.open(persistence);
    // Something else has been written meanwhile.
    await again.add(order(5000));
    expect(await again.ingest(stream(orders(1, 1000)), { batchRows: 300, source })).toEqual({
      rows: 100,
      skipped: 900,
      position: 1000n,
    });
    expect(again.size).toBe(1001);
    expect(await again.ingest(stream(orders(1, 1000)), { source })).toEqual({ rows: 0, skipped: 1000, position: 1000n });
    expect(await again.storageCount()).toBe(1001);
  });

  test("a source is remembered however many others have written since, though a storage forgets those", async () => {
    const storage = new MemoryStorage();
    const open = () => PersistentStore.open(new ParquetPersistence(Order, storage));
    const first = await open();
    await first.ingest(stream(orders(1, 50)), { source });
    await first.close();
    for (let i = 0; i < 70; i++) {
      const session = await open();
      await session.add(order(1000 + i));
      await session.close();
    }
    const again = await open();
    const result = await again.ingest(stream(orders(1, 60)), { source });
    expect(result).toEqual({ rows: 10, skipped: 50, position: 60n });
    expect(again.size).toBe(130);
    await again.close();
    const footer = new TextDecoder("latin1").decode(await bytesOf(storage, "data.parquet"));
    expect(footer.match(/session:/g)).toHaveLength(64);
  });

  test("of a source nothing is stored behind what was refused", async () => {
    const store = await PersistentStore.open(new ArrowPersistence(Order));
    await store.add(order(250));
    await expect(store.ingest(orders(1, 1000), { batchRows: 100, maxInFlight: 8, source })).rejects.toThrow(DuplicateKeyError);
    expect(store.size).toBe(201);
    await store.delete(250n);
    expect(await store.ingest(orders(1, 1000), { source })).toMatchObject({ rows: 800, skipped: 200 });
    expect(store.size).toBe(1000);
  });

  test("an aborted one keeps what was stored", async () => {
    const store = await PersistentStore.open(new ArrowPersistence(Order));
    const controller = new AbortController();
    const reason = new Error("enough");
    const aborting = store.ingest(stream(orders(1, 10_000)), {
      batchRows: 100,
      source,
      signal: controller.signal,
      onProgress: ({ rows }) => {
        if (rows >= 500) controller.abort(reason);
      },
    });
    await expect(aborting).rejects.toBe(reason);
    const { size } = store;
    expect(size).toBeGreaterThanOrEqual(500);
    expect(await store.storageCount()).toBe(size);
    expect((await store.ingest(orders(1, 10_000), { source })).skipped).toBe(size);
    expect(store.size).toBe(10_000);
  });

  test("what is no stream, option or position is refused", async () => {
    const store = await PersistentStore.open(new ArrowPersistence(Order));
    const refused = (rows: unknown, options?: unknown) =>
      expect(store.ingest(rows as never, options as never)).rejects.toThrow(ValidationError);
    await refused(5);
    await refused([], { batchRows: 0 });
    await refused([], { maxInFlight: 65 });
    await refused([], { source: { name: "" } });
    await refused(orders(0, 3), { source: { name: "s", position: () => 1.5 } });
    await refused(orders(0, 3), { source: { name: "s", position: () => 7 } });
    await refused([{ ...order(1), total: "much" }]);
    expect(store.size).toBe(0);
  });
});

test("over a storage that fails at random, given again until it succeeds, it takes every row in once", async () => {
  const fault = fc.constantFrom<Fault>("none", "failed", "made, unknown", "not made, unknown", "made, foreign error");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 30 }),
      fc.array(fc.boolean(), { maxLength: 10 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (faults, silences, batchRows, maxInFlight) => {
        const backend = new FaultyBackend(new ArrowPersistence(Order).backend, { ...noTrouble, faults, silences });
        const store = await PersistentStore.open(new BackendPersistence(Order, backend));
        let done = false;
        for (let attempt = 0; attempt < 60 && !done; attempt++) {
          done = await store.ingest(stream(orders(1, 200)), { batchRows, maxInFlight, source }).then(
            () => true,
            () => false,
          );
        }
        expect(done).toBe(true);
        expect([...store].map(({ orderId }) => orderId)).toEqual(orders(1, 200).map(({ orderId }) => orderId));
        expect(await store.storageCount()).toBe(200);
      },
    ),
    { numRuns: 60 },
  );
});
