import { tableFromIPC, tableToIPC } from "apache-arrow";
import { afterEach, describe, expect, test } from "vitest";
import { VarColumn } from "../../src/columns/var-column.ts";
import { Entity } from "../../src/entity/entity.ts";
import { category, u8, u32, utf8 } from "../../src/entity/fields.ts";
import { DuplicateKeyError, ValidationError } from "../../src/errors.ts";
import { ShardedStore } from "../../src/store/sharded-store.ts";
import { Store } from "../../src/store/store.ts";

class Item extends Entity("items", { id: u32().key(), kind: category(), small: u8().nullable(), text: utf8() }) {}

/** Row `i`, made so that every field tells its neighbours apart. */
const item = (i: number) => ({ id: i * 7, kind: `kind ${i % 300}`, small: i % 5 === 0 ? null : i % 256, text: `t${i}` });

const columns = (from: number, to: number) => {
  const rows = Array.from({ length: to - from }, (_, i) => item(from + i));
  return {
    id: Uint32Array.from(rows, ({ id }) => id),
    kind: rows.map(({ kind }) => kind),
    small: rows.map(({ small }) => small),
    text: rows.map(({ text }) => text),
  };
};

function* items(from: number, to: number) {
  for (let i = from; i < to; i++) yield item(i);
}

function expectItems(store: Store<Item>, numbers: number[]): void {
  expect(store.size).toBe(numbers.length);
  let n = 0;
  let wrong = 0;
  for (const row of store) {
    const expected = item(numbers[n++]!);
    if (row.id !== expected.id || row.kind !== expected.kind || row.small !== expected.small || row.text !== expected.text)
      wrong++;
  }
  expect({ n, wrong }).toEqual({ n: numbers.length, wrong: 0 });
  for (let i = 0; i < numbers.length; i += 97) if (store.get(numbers[i]! * 7)?.text !== `t${numbers[i]}`) wrong++;
  expect(wrong).toBe(0);
}

const range = (to: number) => Array.from({ length: to }, (_, i) => i);

const add: Record<string, (store: Store<Item>, from: number, to: number) => void> = {
  "one by one": (store, from, to) => {
    for (const row of items(from, to)) store.add(row);
  },
  "in a batch": (store, from, to) => expect(store.addBatch(items(from, to))).toMatchObject({ first: from, length: to - from }),
  "as columns": (store, from, to) =>
    expect(store.addColumns(columns(from, to))).toMatchObject({ first: from, length: to - from }),
};

const FULL = 65_536;

describe.each(Object.keys(add))("rows added %s", (how) => {
  test.each([1, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 4097, 16_385, FULL - 1, FULL, FULL + 1])(
    "%d, and three more",
    (count) => {
      const store = new Store(Item);
      add[how]!(store, 0, count);
      expect(store.capacity).toBeGreaterThanOrEqual(count);
      expect(store.kernel.chunkList.length).toBe(count > FULL ? 2 : 1);
      add[how]!(store, count, count + 3);
      expectItems(store, range(count + 3));
      expect(store.at(count)?.id).toBe(count * 7);
      expect(store.at(count + 3)).toBeUndefined();
      expect(store.kernel.chunks("id").map((chunk) => chunk.length)).toEqual(
        count + 3 > FULL ? [FULL, count + 3 - FULL] : [count + 3],
      );
    },
  );
});

describe.each([FULL - 1, FULL, FULL + 1])("with %d rows", (count) => {
  const filled = () => {
    const store = new Store(Item);
    store.addColumns(columns(0, count));
    return store;
  };

  test("a batch that fails behind the border leaves nothing, and the store goes on", () => {
    const store = filled();
    const before = store.memoryStats();
    function* failing(last: object) {
      yield* items(count, count + FULL + 10);
      yield { ...item(0), kind: "a new kind", id: 1 };
      yield last as ReturnType<typeof item>;
    }
    expect(() => store.addBatch(failing({ ...item(0), id: -1 }))).toThrow(ValidationError);
    expect(() => store.addBatch(failing(item(5)))).toThrow(DuplicateKeyError);
    expect(() => store.addColumns({ ...columns(count, count + FULL + 10), id: new Uint32Array(FULL + 10).fill(1) })).toThrow(
      DuplicateKeyError,
    );
    const bad = columns(count, count + FULL + 10);
    bad.text[FULL + 9] = "\ud800";
    expect(() => store.addColumns(bad)).toThrow(ValidationError);
    expectItems(store, range(count));
    expect(store.has(1)).toBe(false);
    expect(store.kernel.codecs[1]!.dictionary!.size).toBe(300);
    expect(store.memoryStats()).toMatchObject({ totalRows: count, numBatches: before.numBatches });
    store.addBatch(items(count, count + 3));
    expectItems(store, range(count + 3));
  });

  test("deletion, update and compaction reach over the border; a snapshot stays", () => {
    const store = filled();
    const snapshot = store.snapshot();
    const gone = new Set([0, 1, 64, FULL - 2, FULL - 1, FULL, count - 1]);
    for (const i of gone) expect(store.delete(i * 7)).toBe(i < count);
    store.get((FULL - 3) * 7)!.text = "changed";
    const held = store.at(count - 2) ?? store.at(count - 4)!;
    expect(snapshot.size).toBe(count);
    store.compact();
    expect(() => held.id).toThrow("items: the row of this view moved");
    expect(store.get((FULL - 3) * 7)!.text).toBe("changed");
    store.update((FULL - 3) * 7, { text: `t${FULL - 3}` });
    expectItems(
      store,
      range(count).filter((i) => !gone.has(i)),
    );
    expect(store.kernel.deletedRows).toBe(0);
    let n = 0;
    let wrong = 0;
    for (const row of snapshot) {
      if (row.text !== `t${n}` || row.id !== n * 7) wrong++;
      n++;
    }
    expect({ n, wrong }).toEqual({ n: count, wrong: 0 });
    store.addBatch(items(count, count + 70_000));
    expectItems(store, [...range(count).filter((i) => !gone.has(i)), ...range(count + 70_000).slice(count)]);
  });

  test("a table goes out and comes back, and rows are added behind it", () => {
    const store = filled();
    const again = Store.fromArrow(Item, store.toArrow());
    again.addBatch(items(count, count + 3));
    expectItems(again, range(count + 3));
    expectItems(store, range(count));
    expectItems(Store.fromArrow(Item, tableFromIPC(tableToIPC(store.toArrow()))), range(count));
  });
});

test("an adopted part of a chunk that a snapshot has not yet read is copied before it changes", () => {
  const source = new Store(Item);
  source.addBatch(items(0, 10));
  const store = Store.fromArrow(Item, source.toArrow());
  const snapshot = store.snapshot();
  // The chunk has no room: its foreign columns move into ones of ours.
  store.add(item(10));
  store.update(0, { text: "changed" });
  expect(snapshot.at(0)!.text).toBe("t0");
  expect(source.at(0)!.text).toBe("t0");
  expect(store.at(0)!.text).toBe("changed");
});

test("chunks of uneven length are found by row index and by key", () => {
  const store = new Store(Item);
  const lengths = [70_000, 5000, 1, 66_000, 30, 4096];
  let from = 0;
  for (const length of lengths) {
    const part = new Store(Item);
    part.addColumns(columns(from, from + length));
    store.addArrow(part.toArrow());
    from += length;
  }
  // Additions in several pieces lie in chunks that are not full: the high bits of an index do not tell the chunk.
  expect(new Set(store.kernel.chunkList.slice(0, -1).map(({ length }) => length)).size).toBeGreaterThan(1);
  expectItems(store, range(from));
  let wrong = 0;
  for (let i = 0; i < from; i++) if (store.at(i)!.id !== i * 7) wrong++;
  expect(wrong).toBe(0);
  store.add(item(from));
  for (let i = 0; i < from; i += 3) store.deleteAt(i);
  store.compact();
  expectItems(
    store,
    range(from + 1).filter((i) => i % 3 !== 0 || i === from),
  );
});

describe("chunks sealed early, as their text is long", () => {
  afterEach(() => {
    VarColumn.fullAt = VarColumn.FULL;
  });

  const lengths = (store: Store<Item>) => store.kernel.chunkList.map(({ length }) => length);

  test.each(Object.keys(add))("rows added %s", (how) => {
    VarColumn.fullAt = 4000;
    const store = new Store(Item);
    add[how]!(store, 0, 3000);
    expect(store.kernel.chunkList.length).toBeGreaterThan(2);
    expect(Math.max(...lengths(store))).toBeLessThan(1500);
    expectItems(store, range(3000));
    const before = lengths(store);
    // A failing batch that seals chunks on its way leaves the last chunk open.
    expect(() => store.addBatch([...items(3000, 6000), item(7)])).toThrow(DuplicateKeyError);
    expect(lengths(store)).toEqual(before);
    const full = store.kernel.chunkList.at(-1)!.sealed;
    store.add(item(3000));
    expect(lengths(store)).toEqual(full ? [...before, 1] : [...before.slice(0, -1), before.at(-1)! + 1]);
    expectItems(store, range(3001));
  });

  test("compaction seals chunks too, and so do shards and copies of tables", () => {
    const store = new Store(Item);
    store.addColumns(columns(0, 3000));
    expect(lengths(store)).toEqual([3000]);
    store.deleteAt(0);
    VarColumn.fullAt = 4000;
    store.compact();
    expect(store.kernel.chunkList.length).toBeGreaterThan(2);
    expectItems(store, range(3000).slice(1));
    store.deleteAt(0);
    store.compact();
    expectItems(store, range(3000).slice(2));
    const sharded = ShardedStore.fromArrow(Item, store.toArrow(), { shards: 2 });
    expect(sharded.shard(0).kernel.chunkList.length).toBeGreaterThan(1);
    expect([...sharded].map(({ id }) => id / 7).sort((a, b) => a - b)).toEqual(range(3000).slice(2));
  });
});
