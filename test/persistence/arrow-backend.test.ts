import { ArrowPersistence, toRecordBatches, UnsupportedError, ValidationError } from "faun";
import { expect, test } from "vitest";
import { deleteChange, Order, order, orders, rowsChange, soaOf, updateChange } from "../conformance/entities.ts";

const buffersOf = (source: Parameters<typeof toRecordBatches>[0]) =>
  new Set(toRecordBatches(source).flatMap((batch) => batch.data.children.map((child) => (child.values as Uint8Array).buffer)));

test("rows are saved and loaded without copying a column", async () => {
  const soa = soaOf(orders(0, 100_000));
  const persistence = new ArrowPersistence(Order);
  await persistence.save(soa);
  const loaded = await persistence.load();
  expect(buffersOf(loaded)).toEqual(buffersOf(soa));
  expect([...buffersOf(loaded)].every((buffer) => buffersOf(soa).has(buffer))).toBe(true);
});

test("many small appends are gathered into few batches, large ones kept as they are", async () => {
  const persistence = new ArrowPersistence(Order);
  for (let i = 0; i < 1000; i++) await persistence.append(soaOf([order(i)]));
  expect((await persistence.memoryStats()).numBatches).toBe(1);
  const large = soaOf(orders(1000, 20_000));
  await persistence.append(large);
  expect(await persistence.memoryStats()).toMatchObject({ totalRows: 21_000, numBatches: 2, averageBatchSize: 10_500 });
  const kept = buffersOf(await persistence.load());
  for (const buffer of buffersOf(large)) expect(kept.has(buffer)).toBe(true);
});

/** Reads of a batch's columns are counted: none is of stored rows. */
test("a change costs what it changes, whatever is stored", async () => {
  const touched = async (rows: number) => {
    const persistence = new ArrowPersistence(Order);
    await persistence.save(soaOf(orders(0, rows)));
    await persistence.backend.commit([rowsChange("append", [order(rows)])]);
    await persistence.backend.commit([updateChange(["total"], [order(1, { total: -1 })])]);
    const before = await persistence.load();
    const columns = new Map(toRecordBatches(before).map((batch) => [batch, batch.data.children.map((child) => child.values)]));
    await persistence.backend.commit([
      updateChange(["total"], [order(2, { total: -2 })]),
      deleteChange(3),
      rowsChange("append", [order(rows + 1)]),
    ]);
    const after = buffersOf(await persistence.load());
    let replaced = 0;
    for (const values of columns.values()) for (const value of values) if (!after.has((value as Uint8Array).buffer)) replaced++;
    return replaced;
  };
  // The chunk of the deleted row is copied without it when it is handed out; its other columns lie still.
  const small = await touched(65_536);
  const large = await touched(65_536 * 4);
  expect(large).toBe(small);
});

test("deleted rows give their room back in time", async () => {
  const persistence = new ArrowPersistence(Order);
  for (let round = 0; round < 12; round++) {
    await persistence.append(soaOf(orders(round * 20_000, 20_000)));
    await persistence.backend.commit([deleteChange(...Array.from({ length: 20_000 }, (_, i) => round * 20_000 + i))]);
  }
  await persistence.append(soaOf([order(1)]));
  const { totalBytes, totalRows } = await persistence.memoryStats();
  expect(totalRows).toBe(1);
  // 240,000 rows passed through, of some 60 bytes each; what is left is less than half of them.
  expect(totalBytes).toBeLessThan(240_000 * 30);
});

test("history remembers as many commits as it was told", async () => {
  const persistence = new ArrowPersistence(Order, { history: 3 });
  for (let i = 0; i < 10; i++) await persistence.append(soaOf([order(i)]));
  const rows: bigint[] = [];
  for await (const commit of persistence.backend.history()) rows.push(commit.rows);
  expect(rows).toEqual([8n, 9n, 10n]);
  for (const history of [0, -1, 1.5, Number.NaN]) expect(() => new ArrowPersistence(Order, { history })).toThrow(ValidationError);
});

test("batches of an iterator are given once; a backend that needs them again is told", async () => {
  const { rowsOnce } = await import("../../src/persistence/batches.ts");
  const rows = rowsOnce("orders", toRecordBatches(soaOf([order(1)]))[Symbol.iterator]() as unknown as Iterable<never>);
  expect([...(rows() as Iterable<unknown>)]).toHaveLength(1);
  expect(() => rows()).toThrow(UnsupportedError);
});
