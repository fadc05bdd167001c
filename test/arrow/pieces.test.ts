/** How batches of any sizes become chunks. */
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { Entity, Store, toArrowIPC, u32, utf8 } from "faun";
import { expect, test } from "vitest";
import { groupPieces } from "../../src/arrow/pieces.ts";
import { bool, category } from "../../src/entity/fields.ts";

class Row extends Entity("rows", { id: u32().key(), odd: bool().nullable(), text: utf8(), tag: category({ codes: "u8" }) }) {}

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    id: from + i,
    odd: i % 7 === 0 ? null : i % 2 === 1,
    text: `${from + i}`,
    tag: `t${(from + i) % 5}`,
  }));

function batchOf(from: number, to: number): arrow.RecordBatch {
  const store = new Store(Row);
  store.addBatch(rows(from, to));
  return store.toArrow().batches[0]!;
}

test("every row is in one piece, in order; pieces fit a chunk and begin at whole bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat({ max: 300_000 }), fc.nat({ max: 9000 }), fc.constantFrom(0, 65_535, 65_536, 65_537, 73_728))),
      fc.boolean(),
      (lengths, empty) => {
        const { groups, coalesced } = groupPieces(lengths, empty);
        let [batch, from, row] = [0, 0, 0];
        for (const piece of groups.flat()) {
          while (from === lengths[batch]) [batch, from] = [batch + 1, 0];
          expect(piece).toMatchObject({ batch, from, firstRow: row });
          expect(piece.rows).toBeGreaterThan(0);
          expect(piece.from % 8).toBe(0);
          from += piece.rows;
          row += piece.rows;
        }
        expect(row).toBe(lengths.reduce((a, b) => a + b, 0));
        for (const group of groups) {
          expect(group.reduce((sum, piece) => sum + piece.rows, 0)).toBeLessThanOrEqual(65_536);
          if (group.length > 1) for (const piece of group) expect(piece.rows).toBeLessThan(8192);
        }
        if (coalesced) expect(lengths.every((length) => length < 8192)).toBe(true);
      },
    ),
  );
});

test.each([
  [[65_535]],
  [[65_536]],
  [[65_537]],
  [[70_000, 70_000]],
  [[10, 20_000, 30, 40, 9000, 1]],
  [[20_000, 100, 100, 70_000]],
  [Array.from({ length: 50 }, () => 200)],
  [[8191, 8192, 8191]],
])("batches of %j rows", (lengths) => {
  // As others make them: of any length, in one buffer a column.
  const batches: arrow.RecordBatch[] = [];
  let at = 0;
  for (const length of lengths) {
    const ids = Uint32Array.from({ length }, (_, i) => at + i);
    const all = rows(at, at + length);
    batches.push(
      new arrow.RecordBatch({
        id: arrow.makeData({ type: new arrow.Uint32(), data: ids, nullCount: 0 }),
        odd: arrow.vectorFromArray(
          all.map((row) => row.odd),
          new arrow.Bool(),
        ).data[0]!,
        text: arrow.vectorFromArray(
          all.map((row) => row.text),
          new arrow.Utf8(),
        ).data[0]!,
        tag: arrow.vectorFromArray(all.map((row) => row.tag)).data[0]!,
      }),
    );
    at += length;
  }
  const expected = batches.flatMap((batch) => rows(batch.get(0)!.id, batch.get(0)!.id + batch.numRows));
  for (const before of [0, 3]) {
    const store = new Store(Row);
    store.addBatch(rows(1_000_000, 1_000_000 + before));
    expect(store.addArrow(batches)).toMatchObject({ first: before, length: at });
    expect(store.size).toBe(before + at);
    expect([...store].slice(before).map((row) => row.toObject())).toEqual(expected);
    for (let id = 0; id < at; id += 501) expect(store.at(before + id)!.id).toBe(id);
    for (let id = 0; id < at; id += 501) expect(store.get(id)!.text).toBe(String(id));
    const back = Store.fromArrow(Row, toArrowIPC(store));
    expect(back.size).toBe(store.size);
    expect(back.at(before + at - 1)!.toObject()).toEqual(expected.at(-1));
  }
});

test("small batches share chunks, large ones are taken as they are", () => {
  const small = new Store(Row);
  small.addArrow(Array.from({ length: 100 }, (_, i) => batchOf(i * 10, i * 10 + 10)));
  expect(small.kernel.chunkList).toHaveLength(1);
  for (let i = 100; i < 200; i++) small.addArrow(batchOf(i * 10, i * 10 + 10));
  expect(small.kernel.chunkList).toHaveLength(1);
  expect([...small].map((row) => row.id)).toEqual(Array.from({ length: 2000 }, (_, i) => i));

  const [one, two] = [batchOf(0, 20_000), batchOf(30_000, 50_000)];
  const large = Store.fromArrow(Row, [one, batchOf(20_000, 20_100), batchOf(20_100, 20_300), two]);
  expect(large.kernel.chunkList.map((chunk) => chunk.length)).toEqual([20_000, 300, 20_000]);
  expect(large.kernel.chunks("id").map((ids) => ids.buffer)).toEqual([
    one.data.children[0]!.values.buffer,
    expect.anything(),
    two.data.children[0]!.values.buffer,
  ]);
  expect(large.kernel.chunks("id")[0]!.buffer).toBe(one.data.children[0]!.values.buffer);
  expect(large.kernel.chunks("id")[2]!.buffer).toBe(two.data.children[0]!.values.buffer);
});

test("adopted text is counted once in the memory of the store", () => {
  const length = 200_000;
  const text = arrow.vectorFromArray(
    Array.from({ length }, (_, i) => `text ${i}`),
    new arrow.Utf8(),
  );
  class Text extends Entity("texts", { text: utf8() }) {}
  const store = Store.fromArrow(Text, new arrow.Table({ text }));
  const { values, valueOffsets } = text.data[0]!;
  expect(store.kernel.chunkList.length).toBeGreaterThan(3);
  expect(store.memoryStats().adoptedBytes).toBeGreaterThan(length * 14);
  expect(store.memoryStats().adoptedBytes).toBeLessThanOrEqual(values.byteLength + valueOffsets.byteLength + 64);
});
