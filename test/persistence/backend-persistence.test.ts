import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ArrowPersistence,
  count,
  Entity,
  type Persistence,
  PersistentStore,
  QueryError,
  query,
  Store,
  toRecordBatches,
  u32,
  utf8,
  ValidationError,
} from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "faun-persistence-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let databases = 0;

class Note extends Entity("notes", { id: u32().key(), text: utf8() }) {}
class Line extends Entity("lines", { text: utf8() }) {}

const notes = (rows: number, from = 0) => {
  const store = new Store(Note);
  store.addBatch(Array.from({ length: rows }, (_, i) => ({ id: from + i, text: `note ${i}` })));
  return store;
};

describe.each<[string, () => Persistence<Note>]>([
  ["ArrowPersistence", () => new ArrowPersistence(Note)],
  ["ParquetPersistence", () => new ParquetPersistence(Note, new MemoryStorage())],
  ["DuckDBPersistence", () => new DuckDBPersistence(Note, { path: join(folder, `${databases++}.duckdb`) })],
])("%s", (_, make) => {
  test("calls that meet close() are made, before it or once the place is open again; none finds it closed", async () => {
    const persistence = make();
    await persistence.save(notes(3));
    for (let i = 0; i < 3; i++) {
      const saved = persistence.save(notes(10 + i));
      const counted = [persistence.close(), persistence.close()].map(() => persistence.count());
      expect((await saved).rows).toBe(BigInt(10 + i));
      await Promise.all(counted);
      expect(await persistence.count()).toBe(10 + i);
      await Promise.all([persistence.append(notes(1, 500)), persistence.close()]);
      expect(await persistence.count()).toBe(11 + i);
      await Promise.all([persistence.close(), persistence.append(notes(1, 600))]);
      expect(await persistence.count()).toBe(12 + i);
    }
    await persistence.close();
  });

  test("a caller whose signal ends opening ends it for himself", async () => {
    const persistence = make();
    const controller = new AbortController();
    const one = persistence.open({ signal: controller.signal });
    const other = persistence.count();
    controller.abort(new Error("no longer"));
    await one.catch((error) => expect(error.message).toBe("no longer"));
    expect(await other).toBe(0);
    await expect(persistence.open({ signal: controller.signal })).rejects.toThrow("no longer");
    await persistence.close();
  });

  test("loadBatches() ends with the batch after which the signal is given", async () => {
    const persistence = make();
    await persistence.save(notes(100));
    const controller = new AbortController();
    let batches = 0;
    const reading = (async () => {
      for await (const { numRows } of persistence.loadBatches(10, { signal: controller.signal })) {
        expect(numRows).toBeLessThanOrEqual(10);
        if (++batches === 3) controller.abort(new Error("no longer"));
      }
    })();
    await expect(reading).rejects.toThrow("no longer");
    expect(batches).toBe(3);
    await persistence.close();
  });

  test("a plan that makes no sense rejects, also where it is explained", async () => {
    const persistence = make();
    const nonsense = { nonsense: 1 } as never;
    await expect(persistence.query(nonsense)).rejects.toThrow(QueryError);
    const explained = persistence.explain(nonsense);
    await expect(explained).rejects.toThrow(QueryError);
    expect(await persistence.explain(query(Note).aggregate({ n: count() }))).toMatch(/./);
    await persistence.close();
  });

  test("what is no signal and no function is refused before anything is done", async () => {
    const persistence = make();
    await persistence.save(notes(2));
    const calls: ((options: never) => Promise<unknown>)[] = [
      (options) => persistence.open(options),
      (options) => persistence.load(options),
      (options) => persistence.save(notes(1), options),
      (options) => persistence.append(notes(1, 9), options),
      (options) => persistence.query(query(Note), options),
      (options) => persistence.explain(query(Note), options),
      (options) => persistence.count(options),
      (options) => persistence.isEmpty(options),
      (options) => persistence.memoryStats(options),
      (options) => persistence.clear(options),
      async (options) => persistence.loadBatches(1, options),
      (options) => persistence.saveBatches(toRecordBatches(notes(1)), options),
      (options) => persistence.appendBatches(toRecordBatches(notes(1, 9)), options),
    ];
    for (const call of calls) {
      await expect(call({ signal: {} } as never)).rejects.toThrow(
        "notes: options.signal: expected an AbortSignal, got an object",
      );
      await expect(call({ onProgress: 5 } as never)).rejects.toThrow("notes: options.onProgress: expected a function, got 5");
      await expect(call({ sginal: 5 } as never)).rejects.toThrow(/did you mean "signal"/);
    }
    expect(await persistence.count()).toBe(2);
    const store = await PersistentStore.open(persistence);
    for (const call of [store.saveToStorage, store.loadFromStorage, store.clearAll])
      await expect(call.call(store, { signal: {} } as never)).rejects.toThrow("notes: options.signal: expected an AbortSignal");
    expect(store.size).toBe(2);
    await store.close();
  });
});

test.each<[string, () => Persistence<Line>]>([
  ["ArrowPersistence", () => new ArrowPersistence(Line)],
  ["ParquetPersistence", () => new ParquetPersistence(Line, new MemoryStorage())],
  ["DuckDBPersistence", () => new DuckDBPersistence(Line)],
])("%s takes record batches and nothing else: objects would be rows that nobody stores", async (_, make) => {
  const persistence = make();
  const lines = new Store(Line);
  lines.addBatch([{ text: "a" }, { text: "b" }]);
  await persistence.save(lines);
  for (const junk of [[{ text: "c" }], [null], ["c"], [new Uint8Array(8)]]) {
    await expect(persistence.saveBatches(junk as never)).rejects.toThrow(ValidationError);
    await expect(persistence.appendBatches(junk as never)).rejects.toThrow(/^lines: expected Arrow record batches; /);
  }
  expect(await persistence.count()).toBe(2);
  await persistence.appendBatches(toRecordBatches(lines).values());
  expect(await persistence.count()).toBe(4);
  await persistence.close();
});
