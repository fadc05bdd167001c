import { expect, test } from "vitest";
import { SharedAllocator } from "../../src/columns/shared-allocator.ts";
import { Entity, Store, u32 } from "../../src/index.ts";

class Item extends Entity("items", { id: u32().key(), group: u32().nullable() }) {}

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ id: from + i, group: 1 }));

test("queries by arena kernels find the rows that came after a deletion and a growth of the chunk", () => {
  const store = new Store(Item, { allocator: () => new SharedAllocator(0) });
  store.addBatch(rows(0, 60));
  store.delete(3);
  // With a null, kernels load a bitmap of ones where that of the deleted rows comes next.
  store.addBatch([...rows(60, 1000), { id: 1000, group: null }]);
  expect(store.where((o) => o.group.eq(1)).count()).toBe(999);
  expect([...store.where((o) => o.group.eq(1)).rowIndices()]).toEqual(rows(0, 1000).flatMap(({ id }) => (id === 3 ? [] : [id])));
});

test("rows of a chunk that ended early are deleted after a snapshot", () => {
  const store = new Store(Item);
  store.addBatch(rows(0, 10));
  store.delete(3);
  const large = new Store(Item);
  large.addBatch(rows(10, 10_010));
  store.addArrow(large.toArrow());
  const before = store.snapshot();
  expect(store.delete(4)).toBe(true);
  expect([store.has(3), store.has(4), store.has(5)]).toEqual([false, false, true]);
  expect(before.has(4)).toBe(true);
  expect(store.where((o) => o.group.eq(1)).count()).toBe(10_008);
});
