/** What Faun hands out are its own bytes, and what it takes in it does not copy. */
import type { Data, Table } from "apache-arrow";
import { type AllocatorChoice, type SoA, Store, toRecordBatches } from "faun";
import { beforeAll, describe, expect, test } from "vitest";
import { Order, order, orders } from "./orders.ts";

const ROWS = 1_000_000;
type Name = Exclude<keyof (typeof Order)["prototype"], symbol | "toObject" | "toJSON" | "with">;
const NAMES = [
  "orderId",
  "customerId",
  "quantity",
  "unitPrice",
  "status",
  "orderTimestamp",
  "note",
] as const satisfies readonly Name[];

const place = (bytes: ArrayBufferView) => ({ buffer: bytes.buffer, byteOffset: bytes.byteOffset });

/** Every buffer of a table, by column and batch: values, validity and offsets, each as the place it lies at. */
function placesOfTable(table: Table) {
  return NAMES.map((_, i) =>
    table.batches.map((batch) => {
      const data = batch.data.children[i] as Data;
      return {
        values: place(data.values as ArrayBufferView),
        validity: data.nullBitmap ? place(data.nullBitmap) : null,
        offsets: data.valueOffsets ? place(data.valueOffsets as ArrayBufferView) : null,
      };
    }),
  );
}

function placesOfKernel(soa: SoA<Order>) {
  return NAMES.map((name) => {
    const chunks = soa.chunks(name);
    const validity = soa.validity(name);
    const offsets = name === "note" ? soa.offsets(name) : [];
    return chunks.map((values, i) => ({
      values: place(values),
      validity: validity[i] ? place(validity[i]!) : null,
      offsets: offsets[i] ? place(offsets[i]!) : null,
    }));
  });
}

function expectSamePlaces(actual: ReturnType<typeof placesOfTable>, expected: ReturnType<typeof placesOfTable>) {
  expect(actual.map((batches) => batches.length)).toEqual(expected.map((batches) => batches.length));
  actual.forEach((batches, column) => {
    batches.forEach((batch, i) => {
      for (const part of ["values", "validity", "offsets"] as const) {
        const [a, b] = [batch[part], expected[column]![i]![part]];
        // toBe on the buffers: equal contents are not enough.
        expect(a?.buffer, `${NAMES[column]} ${part} ${i}`).toBe(b?.buffer);
        expect(a?.byteOffset, `${NAMES[column]} ${part} ${i}`).toBe(b?.byteOffset);
      }
    });
  });
}

describe.each(["heap", "shared"] as const satisfies readonly AllocatorChoice[])(
  "a million orders on the %s allocator",
  (allocator) => {
    let store: Store<Order>;
    beforeAll(() => {
      store = new Store(Order, { allocator });
      store.addBatch(orders(0, ROWS));
    });

    test("every buffer of toArrow() is the kernel's", () => {
      const table = store.toArrow();
      expect(table.numRows).toBe(ROWS);
      expect(table.batches).toHaveLength(16);
      expectSamePlaces(placesOfTable(table), placesOfKernel(store.kernel));
      expect(table.getChild("note")!.nullCount).toBe(Math.ceil(ROWS / 3));
      expect(table.getChild("note")!.get(0)).toBe(null);
      expect(table.getChild("note")!.get(ROWS - 2)).toBe(order(ROWS - 2).note);
      expect(table.getChild("status")!.get(ROWS - 1)).toBe(order(ROWS - 1).status);
      const [first] = toRecordBatches(store);
      expect((first!.data.children[3] as Data).values.buffer).toBe(store.kernel.chunks("unitPrice")[0]!.buffer);
    });

    test("adopting the table back copies no column", () => {
      const table = store.toArrow();
      const back = Store.fromArrow(Order, table, { allocator });
      expectSamePlaces(placesOfKernel(back.kernel), placesOfTable(table));
      expect(back.memoryStats()).toMatchObject({ totalRows: ROWS, adoptedBytes: back.memoryStats().columnBytes });
      expect(back.kernel.allocator.stats().liveBytes).toBe(0);
      for (const i of [0, 65_535, 65_536, ROWS - 1]) expect(back.get(BigInt(i))!.toObject()).toEqual(order(i));
      expect(back.has(BigInt(ROWS))).toBe(false);
    });

    test("a copy shares nothing, and its memory may be transferred", () => {
      const table = store.toArrow({ copy: true });
      const kernel = new Set(
        placesOfKernel(store.kernel)
          .flat()
          .flatMap((p) => [p.values.buffer, p.validity?.buffer, p.offsets?.buffer]),
      );
      kernel.delete(undefined);
      for (const batch of placesOfTable(table).flat()) {
        for (const part of [batch.values, batch.validity, batch.offsets]) {
          if (part === null) continue;
          expect(kernel.has(part.buffer)).toBe(false);
          expect(part.buffer).toBeInstanceOf(ArrayBuffer);
        }
      }
      const dictionary = (table.batches[0]!.data.children[4] as Data).dictionary!.data[0]!;
      const shared = (store.toArrow().batches[0]!.data.children[4] as Data).dictionary!.data[0]!;
      expect(dictionary.values.buffer).not.toBe(shared.values.buffer);
      expect(table.get(777_777)!.toJSON()).toEqual(store.toArrow().get(777_777)!.toJSON());
    });

    test("a table and a snapshot stay as they are while the store is changed", () => {
      const snapshot = store.snapshot();
      const table = store.toArrow();
      const before = [0, 5, 65_536, ROWS - 1].map((row) => table.get(row)!.toJSON());
      store.update(0n, { unitPrice: -1, note: "changed", status: "Shipped" });
      store.update(5n, { quantity: 99, note: null });
      store.get(65_536n)!.customerId = 42n;
      store.delete(BigInt(ROWS - 1));
      store.add(order(ROWS));
      expect([0, 5, 65_536, ROWS - 1].map((row) => table.get(row)!.toJSON())).toEqual(before);
      expect(table.numRows).toBe(ROWS);
      const frozen = snapshot.toArrow();
      expect(frozen.numRows).toBe(ROWS);
      expect([0, 5, 65_536, ROWS - 1].map((row) => frozen.get(row)!.toJSON())).toEqual(before);
      const now = store.toArrow();
      expect(now.numRows).toBe(ROWS);
      expect(now.get(0)!.toJSON()).toMatchObject({ unit_price: -1, note: "changed", status: "Shipped" });
      expect(now.get(5)!.toJSON()).toMatchObject({ quantity: 99, note: null });
      expect(now.get(ROWS - 1)!.toJSON()).toMatchObject({ order_id: BigInt(ROWS) });
      // Only what was touched was copied.
      const [was, is] = [placesOfTable(frozen), placesOfTable(now)];
      expect(is[3]![0]!.values.buffer).not.toBe(was[3]![0]!.values.buffer);
      expect(is[3]![1]!.values.buffer).toBe(was[3]![1]!.values.buffer);
      expect(is[0]![0]!.values.buffer).toBe(was[0]![0]!.values.buffer);
    });

    test("changes of an adopting store do not reach the table it came from", () => {
      const table = store.toArrow();
      const before = table.get(3)!.toJSON();
      const back = Store.fromArrow(Order, table, { allocator });
      back.update(3n, { unitPrice: 1234.5, note: "mine", orderTimestamp: new Date(0) });
      back.add(order(ROWS + 5));
      expect(table.get(3)!.toJSON()).toEqual(before);
      expect(store.get(3n)!.unitPrice).toBe(order(3).unitPrice);
      expect(back.get(3n)!.toObject()).toEqual({ ...order(3), unitPrice: 1234.5, note: "mine", orderTimestamp: new Date(0) });
      expect(back.get(BigInt(ROWS + 5))!.toObject()).toEqual(order(ROWS + 5));
    });
  },
);

test.each(["heap", "shared"] as const)("updates do not show in a table that was handed out, on the %s allocator", (allocator) => {
  const store = new Store(Order, { allocator });
  store.addBatch(orders(0, 100));
  const table = store.toArrow();
  const json = () => table.toArray().map((row) => row.toJSON());
  const before = json();
  for (const row of store) {
    row.unitPrice = -1;
    row.note = row.note === null ? "changed" : null;
    row.status = "Pending";
  }
  store.upsert({ ...order(7), customerId: 1n, quantity: 1 });
  expect(json()).toEqual(before);
  expect(store.get(7n)!.customerId).toBe(1n);
  // What was copied once is the store's own: the next update copies nothing.
  const [prices] = store.kernel.chunks("unitPrice");
  store.update(8n, { unitPrice: 8 });
  expect(store.kernel.chunks("unitPrice")[0]!.buffer).toBe(prices!.buffer);
  store.clear();
  store.addBatch(orders(500, 600));
  expect(json()).toEqual(before);
});

test("appending to a chunk that was handed out shows nowhere", () => {
  const store = new Store(Order);
  store.addBatch(orders(0, 5));
  const table = store.toArrow();
  const json = () => table.toArray().map((row) => row.toJSON());
  const before = json();
  store.addBatch(orders(5, 70_000));
  expect(json()).toEqual(before);
  expect(table.numRows).toBe(5);
});

test("an empty store gives a table of its columns, without rows", () => {
  const store = new Store(Order);
  expect(store.toArrow().numRows).toBe(0);
  expect(store.toArrow().schema.names).toEqual([
    "order_id",
    "customer_id",
    "quantity",
    "unit_price",
    "status",
    "order_timestamp",
    "note",
  ]);
  expect(store.toArrow().getChild("status")!.length).toBe(0);
});

test("deleted rows are left out, and only their chunks are copied", () => {
  const store = new Store(Order);
  store.addBatch(orders(0, 140_000));
  for (let i = 0; i < 65_536; i += 2) store.delete(BigInt(i));
  const table = store.toArrow();
  expect(table.numRows).toBe(store.size);
  expect(table.toArray().map((row) => row.order_id)).toEqual([...store].map((row) => row.orderId));
  const [touched, untouched] = table.batches.map((batch) => batch.data.children[3] as Data);
  expect(touched!.values.buffer).not.toBe(store.kernel.chunks("unitPrice")[0]!.buffer);
  expect(untouched!.values.buffer).toBe(store.kernel.chunks("unitPrice")[1]!.buffer);
  for (let i = 65_536; i < 131_072; i++) store.delete(BigInt(i));
  expect(store.toArrow().batches).toHaveLength(2);
  expect(Store.fromArrow(Order, store.toArrow()).size).toBe(store.size);
});
