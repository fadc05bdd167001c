import { describe, expect, test } from "vitest";
import { toRecordBatches } from "../../src/arrow/record-batches.ts";
import { Entity } from "../../src/entity/entity.ts";
import { category, timestamp, u32 } from "../../src/entity/fields.ts";
import { DuplicateKeyError, TypeConversionError } from "../../src/errors.ts";
import { copyInRows, inChunks, loadRows } from "../../src/persistence/load-rows.ts";
import { SoA } from "../../src/soa/soa.ts";
import { Store } from "../../src/store/store.ts";

class Point extends Entity("points", { id: u32().key(), place: category() }) {}

function batchesOf(rows: number, length: number) {
  const store = new Store(Point);
  for (let i = 0; i < rows; i++) store.add({ id: Math.imul(i, 0x9e3779b1) >>> 0, place: `place ${i % 300}` });
  const batches = toRecordBatches(store).flatMap((batch) =>
    Array.from({ length: Math.ceil(batch.numRows / length) }, (_, i) => batch.slice(i * length, (i + 1) * length)),
  );
  return { store, batches };
}

/** Told apart at once, where comparing 150,000 objects takes seconds. */
const text = (rows: Iterable<Point>) => Array.from(rows, ({ id, place }) => `${id} ${place}`).join();

describe.each([
  ["over their bytes", loadRows],
  ["copied", copyInRows],
])("rows %s", (_, load) => {
  test.each([100, 20_000, 65_536])("come in whole and in order, from batches of %i", async (length) => {
    const { store, batches } = batchesOf(150_000, length);
    const expected = text(store);
    for (const total of [0, 150_000]) {
      const soa = new SoA<Point>(Point);
      await load(soa, batches, total);
      expect(text(Store.over(soa)) === expected).toBe(true);
      expect(soa.find(Math.imul(149_999, 0x9e3779b1) >>> 0)).toBe(149_999);
      // Small batches do not become small chunks.
      expect(soa.chunkList.length).toBeLessThan(12);
    }
  });

  test("with a key twice are refused, also in different parts", async () => {
    const { batches } = batchesOf(70_000, 65_536);
    await expect(load(new SoA<Point>(Point), [...batches, batches[0]!])).rejects.toThrow(DuplicateKeyError);
  });
});

test("the event loop has its turns while millions of rows come in", async () => {
  const { batches } = batchesOf(200_000, 65_536);
  let turns = 0;
  const turn = () => {
    turns++;
    pending = setImmediate(turn);
  };
  let pending = setImmediate(turn);
  let lots = 0;
  await inChunks(batches, () => {
    lots++;
    const until = performance.now() + 10;
    while (performance.now() < until);
  });
  clearImmediate(pending);
  expect(lots).toBe(4);
  expect(turns).toBeGreaterThanOrEqual(3);
});

test("messages count rows over all batches", async () => {
  class Coarse extends Entity("moments", { at: timestamp("s", { mode: "bigint" }) }) {}
  class Fine extends Entity("moments", { at: timestamp("ms", { mode: "bigint" }) }) {}
  const store = new Store(Fine);
  for (let i = 0; i < 70_000; i++) store.add({ at: i === 69_000 ? 1n : 1000n });
  const load = loadRows(new SoA<Coarse>(Coarse), toRecordBatches(store));
  await expect(load).rejects.toThrow(TypeConversionError);
  await expect(load).rejects.toThrow("69000");
});
