import { describe, expect, test } from "vitest";
import type { Column } from "../../src/columns/column.ts";
import { FixedColumn } from "../../src/columns/fixed-column.ts";
import type { VarColumn } from "../../src/columns/var-column.ts";
import { Store } from "../../src/store/store.ts";
import { collect, Order, orderColumns } from "./order.ts";

const ROWS = 200_000;
const columns = orderColumns(ROWS);
const [QUANTITY, NOTE] = [3, 10];

function filled(allocator: "heap" | "shared"): Store<Order> {
  const store = new Store(Order, { allocator });
  store.addColumns(columns);
  return store;
}

/** The arrays in which the columns of each chunk lie now, without touching them. */
function bytes(store: Store<Order>): object[][] {
  const arrayOf = (column: Column) => (column instanceof FixedColumn ? column.values : (column as VarColumn).offsets);
  return store.kernel.chunkList.map((chunk) => chunk.columns.map(arrayOf));
}

/** "chunk.field" of every column that has other bytes than before. */
function moved(before: object[][], after: object[][]): string[] {
  return before.flatMap((chunk, c) => chunk.flatMap((array, f) => (after[c]![f] === array ? [] : [`${c}.${f}`])));
}

describe.each(["heap", "shared"] as const)("with the %s allocator", (allocator) => {
  test("without a snapshot nothing is copied", () => {
    const store = filled(allocator);
    const before = bytes(store);
    for (let row = 0; row < ROWS; row += 997) store.at(row)!.quantity = 8;
    expect(moved(before, bytes(store))).toEqual([]);
  });

  test("after a snapshot, a write copies the touched column of the touched chunk, once", () => {
    const store = filled(allocator);
    const before = bytes(store);
    const snapshot = store.snapshot();
    expect(moved(before, bytes(store))).toEqual([]);
    store.at(70_000)!.quantity = 8;
    const once = bytes(store);
    expect(moved(before, once)).toEqual([`1.${QUANTITY}`]);
    store.at(70_001)!.quantity = 9;
    expect(moved(once, bytes(store))).toEqual([]);
    store.at(199_999)!.note = "noted";
    expect(moved(once, bytes(store))).toEqual([`3.${NOTE}`]);
    store.delete(columns.orderId[5]!);
    store.add({ ...store.at(0)!.toObject(), orderId: 2n ** 40n });
    expect(moved(once, bytes(store))).toEqual([`3.${NOTE}`]);
    expect([snapshot.at(70_000)!.quantity, snapshot.at(199_999)!.note, snapshot.size]).toEqual([3, null, ROWS]);
    // The snapshot reads the bytes that were there, not copies of them.
    expect(snapshot.rows.chunkList.map((chunk) => (chunk.columns[QUANTITY] as FixedColumn).values)).toEqual(
      before.map((chunk) => chunk[QUANTITY]),
    );
    expect((snapshot.rows.chunkList[1]!.columns[QUANTITY] as FixedColumn).values).toBe(before[1]![QUANTITY]);
  });

  test("an Arrow table is copied before a write in the same way, and a compaction copies from the first deleted row's chunk on", () => {
    const store = filled(allocator);
    const table = store.toArrow();
    const before = bytes(store);
    store.at(70_000)!.quantity = 8;
    expect(moved(before, bytes(store))).toEqual([`1.${QUANTITY}`]);
    expect(table.getChild("quantity")!.get(70_000)).toBe(3);
    const then = bytes(store);
    store.deleteAt(140_000);
    store.compact();
    expect(new Set(moved(then, bytes(store)).map((place) => place[0]))).toEqual(new Set(["2", "3"]));
    expect(table.numRows).toBe(ROWS);
  });

  test("a snapshot that nobody holds any more costs no copy", async () => {
    const store = filled(allocator);
    const before = bytes(store);
    const take = () => {
      for (let i = 0; i < 20; i++) expect(store.snapshot().at(70_000)!.quantity).toBe(3);
    };
    take();
    await collect();
    store.at(70_000)!.quantity = 8;
    expect(moved(before, bytes(store))).toEqual([]);
  });

  test("an older snapshot that is held stays right when a newer one is dropped", async () => {
    const store = filled(allocator);
    const old = store.snapshot();
    store.at(1)!.quantity = 4;
    const drop = () => expect(store.snapshot().at(1)!.quantity).toBe(4);
    drop();
    await collect();
    store.at(1)!.quantity = 5;
    store.at(70_000)!.quantity = 6;
    expect([old.at(1)!.quantity, old.at(70_000)!.quantity]).toEqual([3, 3]);
  });
});

describe("slabs of the shared allocator", () => {
  const fill = (store: Store<Order>, quantity: number) =>
    store.addColumns({
      ...columns,
      quantity: new Uint32Array(ROWS).fill(quantity),
      note: new Array<string>(ROWS).fill(`note ${quantity}`),
    });
  const text = new TextDecoder();

  test("that somebody outside may hold are never reused", () => {
    const store = new Store(Order, { allocator: "shared" });
    fill(store, 1);
    store.at(70_000)!.note = "patched";
    const arrays = store.kernel.chunks("quantity");
    // Asking for either lays patched text out anew: both must be of the same layout, and never of reused bytes.
    const offsets = store.kernel.offsets("note");
    const notes = store.kernel.chunks("note");
    const raw = store.kernel.rawArray("totalAmount");
    const validity = store.kernel.validity("note");
    store.clear();
    expect(store.memoryStats().pinnedBytes).toBeGreaterThan(4_000_000);
    for (let round = 2; round < 5; round++) {
      fill(store, round);
      store.clear();
    }
    expect(arrays.every((array) => array.every((value) => value === 1))).toBe(true);
    let wrong = 0;
    notes.forEach((bytes, c) => {
      for (let i = 0; i + 1 < offsets[c]!.length; i++) {
        const note = text.decode(new Uint8Array(bytes.subarray(offsets[c]![i], offsets[c]![i + 1])));
        if (note !== (c === 1 && i === 70_000 - 65_536 ? "patched" : "note 1")) wrong++;
      }
    });
    expect(wrong).toBe(0);
    expect(raw.every((value) => value === 28.5)).toBe(true);
    expect(validity).toEqual([null, null, null, null]);
  });

  test("that an Arrow table shows are never reused", () => {
    const store = new Store(Order, { allocator: "shared" });
    fill(store, 1);
    store.at(70_000)!.note = "patched";
    const table = store.toArrow();
    store.clear();
    fill(store, 2);
    expect(
      table
        .getChild("quantity")!
        .toArray()
        .every((value: number) => value === 1),
    ).toBe(true);
    expect([69_999, 70_000, ROWS - 1].map((row) => table.getChild("note")!.get(row))).toEqual(["note 1", "patched", "note 1"]);
  });

  test("that nobody outside held are reused", () => {
    const store = new Store(Order, { allocator: "shared" });
    fill(store, 1);
    const buffers = new Set(
      bytes(store)
        .flat()
        .map((array) => (array as Uint8Array).buffer),
    );
    const places = bytes(store)
      .flat()
      .map((array) => (array as Uint8Array).byteOffset);
    store.clear();
    const { deadBytes, pinnedBytes } = store.memoryStats();
    expect(pinnedBytes).toBe(0);
    expect(deadBytes).toBeGreaterThan(10_000_000);
    fill(store, 2);
    expect(store.memoryStats().deadBytes).toBeLessThan(deadBytes / 10);
    expect(
      bytes(store)
        .flat()
        .every((array) => buffers.has((array as Uint8Array).buffer)),
    ).toBe(true);
    expect(
      new Set(
        bytes(store)
          .flat()
          .map((array) => (array as Uint8Array).byteOffset),
      ),
    ).toEqual(new Set(places));
    expect(store.at(ROWS - 1)!.quantity).toBe(2);
  });

  test("that a snapshot reads are not reused", () => {
    const store = new Store(Order, { allocator: "shared" });
    fill(store, 1);
    store.at(3)!.note = "patched";
    const snapshot = store.snapshot();
    store.clear();
    fill(store, 2);
    store.clear();
    fill(store, 3);
    expect([snapshot.at(0)!.quantity, snapshot.at(3)!.note, snapshot.at(ROWS - 1)!.note]).toEqual([1, "patched", "note 1"]);
    const stats = store.memoryStats();
    const { liveBytes } = store.kernel.allocator.stats();
    expect(snapshot.toArrow().getChild("note")!.get(3)).toBe("patched");
    // Laying out text that only the snapshot reads takes nothing of the store's, and gives it nothing back.
    expect(store.memoryStats()).toEqual(stats);
    expect(store.kernel.allocator.stats().liveBytes).toBe(liveBytes);
    fill(new Store(Order, { allocator: "shared" }), 4);
    expect(
      snapshot
        .toArrow()
        .getChild("note")!
        .get(ROWS - 1),
    ).toBe("note 1");
    expect(store.at(0)!.quantity).toBe(3);
  });
});
