import {
  ArrowPersistence,
  type Backend,
  BackendPersistence,
  binary,
  ConflictError,
  category,
  DuplicateKeyError,
  Entity,
  type EntityClass,
  type EntityRow,
  f64,
  IoError,
  KeyNotFoundError,
  PersistentStore,
  RowGoneError,
  RowRange,
  Snapshot,
  Store,
  timestamp,
  UnsupportedError,
  u32,
  u64,
  utf8,
  ValidationError,
} from "faun";
import { describe, expect, test } from "vitest";
import { Order, order, orders, Reading, soaOf } from "../conformance/entities.ts";
import { type Fault, FaultyBackend, noTrouble } from "./faulty-backend.ts";

/** A store over a storage that has the orders 0 to 4, with a gate: commits wait while it is shut. */
async function openStore(faults: Fault[] = [], poison: bigint[] = []) {
  const backend = new FaultyBackend(new ArrowPersistence(Order).backend, { ...noTrouble, faults, poison: new Set(poison) });
  const persistence = new BackendPersistence(Order, backend);
  await new BackendPersistence(Order, backend.inner).save(soaOf(orders(0, 5)));
  const store = await PersistentStore.open(persistence);
  let open = () => {};
  const gate = {
    shut() {
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      backend.onCommit = () => opened;
    },
    open() {
      backend.onCommit = async () => {};
      open();
    },
  };
  const stored = async () => [...(await new BackendPersistence(Order, backend.inner).load()).rows()].map((row) => row.toObject());
  return { backend, persistence, store, gate, stored };
}

/** Lets what is under way get as far as it can. */
const rest = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

const settled = async (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe("what a call gives", () => {
  test("nobody makes a store without opening its storage", () => {
    const Constructor = PersistentStore as unknown as new (entity: unknown) => unknown;
    expect(() => new Constructor(Order)).toThrow(UnsupportedError);
    expect(() => new Constructor(Order)).toThrow(/await PersistentStore.open/);
  });

  test("open loads what is there; add, addBatch and addColumns resolve with where the rows are", async () => {
    const { store } = await openStore();
    expect(store.size).toBe(5);
    expect(await store.add(order(5))).toBe(5);
    const range = await store.addBatch([new Order(order(6)), order(7)]);
    expect(range).toBeInstanceOf(RowRange);
    expect([...range]).toEqual([6, 7]);
    const columns = await store.addColumns({
      orderId: BigUint64Array.of(8n),
      customer: ["eight"],
      total: Float64Array.of(8),
      region: ["r"],
      status: ["Pending"],
      placedAt: [new Date(8)],
    });
    expect([...columns]).toEqual([8]);
    expect(store.at(8)?.toObject()).toEqual({
      ...order(8),
      customer: "eight",
      total: 8,
      region: "r",
      status: "Pending",
      placedAt: new Date(8),
      note: null,
    });
    expect([...(await store.addBatch([]))]).toEqual([]);
  });

  test("update, upsert and delete", async () => {
    const { store, stored } = await openStore();
    await store.update(1n, { total: 7, note: "patched" });
    await store.update(2n, (draft) => draft.ship());
    expect(await store.upsert(order(3, { customer: "three" }))).toBe(3);
    expect(await store.upsert(order(9))).toBe(5);
    expect(await store.delete(0n)).toBe(true);
    expect(await store.delete(0n)).toBe(false);
    const expected = [
      order(1, { total: 7, note: "patched" }),
      order(2, { status: "Shipped" }),
      order(3, { customer: "three" }),
      order(4),
      order(9),
    ];
    expect([...store].map((row) => row.toObject())).toEqual(expected);
    expect(await stored()).toEqual(expected);
    expect(await store.storageCount()).toBe(5);
  });

  test("reading is as with a Store, and snapshots stay", async () => {
    const { store } = await openStore();
    const snapshot = store.snapshot();
    const table = store.toArrow();
    await store.update(1n, { total: 99 });
    await store.delete(2n);
    expect(snapshot).toBeInstanceOf(Snapshot);
    expect(snapshot.get(1n)?.total).toBe(order(1).total);
    expect(snapshot.size).toBe(5);
    expect(table.numRows).toBe(5);
    expect(table.getChild("total")?.get(1)).toBe(order(1).total);
    expect(store.get(1n)).toBeInstanceOf(Order);
    expect([store.has(2n), store.get(2n), store.at(2), store.size]).toEqual([false, undefined, undefined, 4]);
    expect(store.filter((row) => row.total > 50).map((row) => row.orderId)).toEqual([1n]);
    expect(store.capacity).toBeGreaterThanOrEqual(store.size);
    expect([...store.kernel.chunks("total")[0]]).toHaveLength(5);
    expect(store.inMemoryStats()).toMatchObject({ totalRows: 4 });
    expect(await store.memoryStats()).toMatchObject({ totalRows: 4 });
    store.compact();
    expect(store.at(2)?.orderId).toBe(3n);
  });

  test("views and the kernel are read-only", async () => {
    const { store, stored } = await openStore();
    expect(() => store.get(1n)?.ship()).toThrow();
    expect(() => store.kernel.add(order(9))).toThrow(UnsupportedError);
    expect(() => store.kernel.update(0, { total: 1 })).toThrow(UnsupportedError);
    expect(() => store.kernel.deleteAt(0)).toThrow(UnsupportedError);
    expect(() => store.kernel.clear()).toThrow(UnsupportedError);
    expect([...store].map((row) => row.toObject())).toEqual(await stored());
  });
});

describe("validation at the call", () => {
  const refused: [string, (store: PersistentStore<Order>) => Promise<unknown>, new (...args: never[]) => Error][] = [
    ["a wrong value", (store) => store.add({ ...order(9), total: "1" as never }), ValidationError],
    ["an unknown field", (store) => store.add({ ...order(9), typo: 1 } as never), ValidationError],
    ["no object", (store) => store.add(null as never), ValidationError],
    ["a key that is there", (store) => store.add(order(1)), DuplicateKeyError],
    ["a key twice in a batch", (store) => store.addBatch([order(9), order(9)]), DuplicateKeyError],
    ["an iterable that throws", (store) => store.addBatch(failing()), RangeError],
    ["no iterable", (store) => store.addBatch(5 as never), ValidationError],
    ["columns of unequal length", (store) => store.addColumns({ ...columnsOf(9), customer: [] }), ValidationError],
    ["codes that are none", (store) => store.addColumns({ ...columnsOf(9), region: Uint32Array.of(99) }), ValidationError],
    ["an update of nothing", (store) => store.update(9n, { total: 1 }), KeyNotFoundError],
    ["an update of the key", (store) => store.update(1n, { orderId: 2n } as never), ValidationError],
    ["an update of an unknown field", (store) => store.update(1n, { typo: 1 } as never), ValidationError],
    ["no patch", (store) => store.update(1n, null as never), ValidationError],
    ["a key of another type", (store) => store.delete("1" as never), ValidationError],
    ["an upsert of less than a row", (store) => store.upsert({ orderId: 1n } as never), ValidationError],
    [
      "a draft that throws",
      (store) =>
        store.update(1n, () => {
          throw new RangeError("mine");
        }),
      RangeError,
    ],
    [
      "a draft with a wrong value",
      (store) =>
        store.update(1n, (draft) => {
          draft.total = "x" as never;
        }),
      ValidationError,
    ],
    ["a draft with another key", (store) => store.update(1n, (draft) => draft.with({ orderId: 9n })), ValidationError],
    ["a patch from a draft function", (store) => store.update(1n, () => ({ total: 77 })), ValidationError],
    ["a draft that is not done", (store) => store.update(1n, async (draft) => draft.ship()), ValidationError],
  ];

  function* failing() {
    yield order(9);
    throw new RangeError("mine");
  }

  const columnsOf = (i: number) => {
    const { orderId, customer, total, region, status, placedAt } = order(i);
    return { orderId: [orderId], customer: [customer], total: [total], region: [region], status: [status], placedAt: [placedAt] };
  };

  test.each(refused)("%s is refused, and nothing is committed", async (_, call, kind) => {
    const { store, backend } = await openStore();
    await expect(call(store)).rejects.toThrow(kind);
    expect(backend.commits).toHaveLength(0);
    await store.add(order(9));
    expect(store.size).toBe(6);
  });

  test("is against what is pending too, and the row never shows before it is durable", async () => {
    const { store, gate } = await openStore();
    gate.shut();
    const first = store.add(order(9));
    await rest();
    await expect(store.add(order(9))).rejects.toThrow(DuplicateKeyError);
    const updated = store.update(9n, { note: "pending" });
    const removed = store.delete(9n);
    await expect(store.update(9n, { total: 1 })).rejects.toThrow(KeyNotFoundError);
    const again = store.add(order(9, { note: "again" }));
    expect(store.has(9n)).toBe(false);
    expect(store.size).toBe(5);
    gate.open();
    expect([await first, await updated, await removed, await again]).toEqual([5, undefined, true, 6]);
    expect(store.get(9n)?.note).toBe("again");
  });

  test("rows, iterables and drafts cannot call back", async () => {
    const { store } = await openStore();
    const inner: Promise<unknown>[] = [];
    const rows = function* () {
      inner.push(settled(store.add(order(20))));
      yield order(9);
    };
    await store.addBatch(rows());
    await store.update(1n, (draft) => {
      inner.push(settled(store.delete(1n)));
      draft.total = 5;
    });
    for (const outcome of await Promise.all(inner)) expect(outcome).toEqual({ error: expect.any(ConflictError) });
    expect(store.get(1n)?.total).toBe(5);
    expect(store.has(20n)).toBe(false);
  });

  test("what was given is taken at the call", async () => {
    class Blob extends Entity("blobs", { id: u32().key(), bytes: binary(), at: timestamp("ms"), text: utf8() }) {}
    const persistence = new ArrowPersistence(Blob);
    const store = await PersistentStore.open(persistence);
    const bytes = Uint8Array.of(1, 2, 3);
    const at = new Date(1000);
    const calls = [
      store.add({ id: 1, bytes, at, text: "a" }),
      store.add({ id: 2, bytes, at, text: "b" }),
      store.upsert({ id: 3, bytes, at, text: "c" }),
    ];
    calls.push(store.update(2, { bytes, at }) as never);
    calls.push(
      store.update(1, (draft) => {
        draft.bytes[0] = 9;
        draft.at.setTime(5000);
      }) as never,
    );
    bytes.fill(0);
    at.setTime(0);
    await Promise.all(calls);
    const expected = [
      { id: 1, bytes: Uint8Array.of(9, 2, 3), at: new Date(5000), text: "a" },
      { id: 2, bytes: Uint8Array.of(1, 2, 3), at: new Date(1000), text: "b" },
      { id: 3, bytes: Uint8Array.of(1, 2, 3), at: new Date(1000), text: "c" },
    ];
    expect([...store].map((row) => row.toObject())).toEqual(expected);
    expect([...(await persistence.load()).rows()].map((row) => row.toObject())).toEqual(expected);
  });

  test("a draft may be replaced by another instance, and writes only what it made different", async () => {
    const { store, backend } = await openStore();
    await store.update(1n, (draft) => draft.with({ total: 42, status: "Delivered" }));
    await store.update(2n, (draft) => {
      draft.customer = `${draft.customer}`;
    });
    expect(store.get(1n)?.toObject()).toEqual(order(1, { total: 42, status: "Delivered" }));
    expect(backend.commits.flat().map((change) => (change.kind === "update" ? change.fields : change.kind))).toEqual([
      ["total", "status"],
    ]);
  });

  test("a category that is full refuses the value before it is stored, counting what is pending", async () => {
    class Tag extends Entity("tags", { id: u32().key(), tag: category({ codes: "u8" }) }) {}
    const store = await PersistentStore.open(new ArrowPersistence(Tag));
    await store.addBatch(Array.from({ length: 254 }, (_, i) => ({ id: i, tag: `tag ${i}` })));
    const calls = [
      store.add({ id: 300, tag: "one" }),
      store.update(0, { tag: "two" }),
      store.add({ id: 301, tag: "three" }),
      store.upsert({ id: 1, tag: "four" }),
      store.add({ id: 302, tag: "tag 7" }),
    ];
    const outcomes = await Promise.all(calls.map(settled));
    expect(outcomes.map((outcome) => ("error" in outcome ? outcome.error : "ok"))).toEqual([
      "ok",
      "ok",
      expect.any(ValidationError),
      expect.any(ValidationError),
      "ok",
    ]);
    expect(store.get(0)?.tag).toBe("two");
  });
});

describe("groups", () => {
  test("a thousand calls at once are two commits at most, in order", async () => {
    const { store, backend } = await openStore();
    const rows = await Promise.all(Array.from({ length: 1000 }, (_, i) => store.add(order(100 + i))));
    expect(rows).toEqual(Array.from({ length: 1000 }, (_, i) => 5 + i));
    expect(backend.commits).toHaveLength(1);
    backend.commits.length = 0;
    await Promise.all(Array.from({ length: 1000 }, (_, i) => store.update(BigInt(100 + i), (draft) => draft.ship())));
    await Promise.all(Array.from({ length: 1000 }, (_, i) => store.delete(BigInt(100 + i))));
    expect(backend.commits).toHaveLength(2);
    expect(store.size).toBe(5);
  });

  test("what is asked for while a group is on its way is the next group; promises resolve in order", async () => {
    const { store, backend, gate } = await openStore();
    const order_: string[] = [];
    gate.shut();
    const calls = [store.add(order(10)).then(() => order_.push("a"))];
    await rest();
    calls.push(
      store.add(order(11)).then(() => order_.push("b")),
      store.update(10n, { total: 1 }).then(() => order_.push("c")),
    );
    await rest();
    calls.push(store.delete(1n).then(() => order_.push("d")));
    gate.open();
    await Promise.all(calls);
    expect(order_).toEqual(["a", "b", "c", "d"]);
    expect(backend.commits.map((changes) => changes.map((change) => change.kind))).toEqual([
      ["append"],
      ["delete", "update", "append"],
    ]);
  });

  test("a failure rejects its group only, leaves memory alone, and takes those with it that stood on it", async () => {
    const { store, backend, gate, stored } = await openStore(["failed"]);
    gate.shut();
    const failing = [store.add(order(10)), store.update(1n, { total: 5 }), store.delete(2n)].map(settled);
    await rest();
    const behind = {
      independent: settled(store.add(order(11))),
      onNewRow: settled(store.update(10n, { total: 1 })),
      patch: settled(store.update(1n, { note: "patched" })),
      computed: settled(
        store.update(1n, (draft) => {
          draft.total *= 2;
        }),
      ),
      onFreedKey: settled(store.add(order(2))),
      deletion: settled(store.delete(2n)),
    };
    gate.open();
    for (const outcome of failing) expect(await outcome).toEqual({ error: expect.any(IoError) });
    expect(await behind.independent).toEqual({ value: 5 });
    expect(await behind.onNewRow).toEqual({ error: expect.any(ConflictError) });
    expect(await behind.patch).toEqual({ value: undefined });
    expect(await behind.computed).toEqual({ error: expect.any(ConflictError) });
    expect(await behind.onFreedKey).toEqual({ error: expect.any(ConflictError) });
    expect(await behind.deletion).toEqual({ value: true });
    expect([...store].map((row) => row.toObject())).toEqual([
      order(0),
      order(1, { note: "patched" }),
      order(3),
      order(4),
      order(11),
    ]);
    expect(await stored()).toEqual([...store].map((row) => row.toObject()));
    expect(backend.commits).toHaveLength(1);
  });

  test("what the storage refuses for its data is refused alone", async () => {
    const { store, stored } = await openStore([], [13n, 77n]);
    const calls = Array.from({ length: 100 }, (_, i) => settled(store.add(order(10 + i))));
    calls.push(
      settled(store.update(13n, { total: 1 })),
      settled(
        store.update(14n, (draft) => {
          draft.total = -1;
        }),
      ),
    );
    const outcomes = await Promise.all(calls);
    const rejected = outcomes.flatMap((outcome, i) =>
      "error" in outcome ? [[i, (outcome.error as Error).constructor.name]] : [],
    );
    expect(rejected).toEqual([
      [3, "ValidationError"],
      [67, "ValidationError"],
      [100, "ConflictError"],
    ]);
    expect(store.size).toBe(5 + 98);
    expect(store.get(14n)?.total).toBe(-1);
    expect(outcomes[99]).toEqual({ value: 5 + 97 });
    expect(await stored()).toEqual([...store].map((row) => row.toObject()));
  });
});

test("what stands on a row that the storage refused falls with it, also while the rest of its group is still on its way", async () => {
  const { store, backend, gate } = await openStore([], [70n]);
  const refused = store.add(order(70));
  const fine = store.add(order(71));
  let commits = 0;
  await new Promise<void>((resolve) => {
    backend.onCommit = async () => {
      // Both, then each of them.
      if (++commits < 3) return;
      gate.shut();
      resolve();
      await backend.onCommit([]);
    };
  });
  const deleted = store.delete(70n);
  const updated = store.update(70n, { total: 1 });
  gate.open();
  await expect(refused).rejects.toThrow(/likes/);
  await fine;
  expect(await deleted).toBe(false);
  await expect(updated).rejects.toThrow(KeyNotFoundError);
  expect(store.size).toBe(6);
});

test("a key that a pending deletion frees is taken again if that fails", async () => {
  const { store, backend, gate } = await openStore(["failed"]);
  gate.shut();
  const deletion = settled(store.delete(2n));
  await rest();
  const add = settled(store.add(order(2)));
  gate.open();
  expect(await deletion).toEqual({ error: expect.any(IoError) });
  expect(await add).toEqual({ error: expect.any(ConflictError) });
  expect(backend.commits).toHaveLength(0);
});

test("a call made in answer to a failure or a success finds everything in order", async () => {
  const { store } = await openStore(["failed"]);
  const retried = store.add(order(10)).catch(() => store.add(order(10)));
  expect(await retried).toBe(5);
  const chain = store
    .add(order(11))
    .then(() => store.update(11n, (draft) => draft.ship()))
    .then(() => store.delete(11n));
  expect(await chain).toBe(true);
  expect(await store.clearAll().then(() => store.add(order(0)))).toBe(0);
});

describe("a storage that does not say what became of a commit", () => {
  test.each(["made, unknown", "made, foreign error"] as const)("%s: it is asked, and the call resolves", async (fault) => {
    const { store, backend } = await openStore([fault]);
    expect(await store.add(order(10))).toBe(5);
    expect(await store.add(order(11))).toBe(6);
    expect(backend.commits).toHaveLength(2);
  });

  test.each(["not made, unknown", "not made, foreign error"] as const)("%s: it is asked, and the call rejects", async (fault) => {
    const { store, stored } = await openStore([fault]);
    await expect(store.add(order(10))).rejects.toMatchObject({ code: "IO", outcome: "failed" });
    expect(store.has(10n)).toBe(false);
    expect(await store.add(order(10))).toBe(5);
    expect(await stored()).toEqual([...store].map((row) => row.toObject()));
  });

  test("and does not answer: the outcome stays unknown, nothing is written on top of it, and memory follows once it is known", async () => {
    const { store, backend, gate, stored } = await openStore(["made, unknown"]);
    backend.trouble = { ...backend.trouble, silences: new Array<boolean>(6).fill(true) };
    gate.shut();
    const open = settled(store.update(1n, { total: 50 }));
    await rest();
    gate.open();
    expect(await open).toEqual({ error: expect.objectContaining({ outcome: "unknown" }) });
    expect(store.get(1n)?.total).toBe(order(1).total);
    await expect(store.add(order(10))).rejects.toMatchObject({ code: "IO", outcome: "failed" });
    // This was computed from what the storage no longer has.
    const computed = settled(
      store.update(1n, (draft) => {
        draft.total += 1;
      }),
    );
    const other = settled(
      store.update(2n, (draft) => {
        draft.total += 1;
      }),
    );
    expect(await computed).toEqual({ error: expect.any(ConflictError) });
    expect(await other).toEqual({ value: undefined });
    expect(store.get(1n)?.total).toBe(50);
    expect(await stored()).toEqual([...store].map((row) => row.toObject()));
  });
});

describe("barriers", () => {
  test("are passed by nothing", async () => {
    const { store, backend, gate } = await openStore();
    gate.shut();
    const done: string[] = [];
    const calls = [
      store.add(order(10)).then(() => done.push("add")),
      store.saveToStorage().then(() => done.push("save")),
      store.delete(0n).then(() => done.push("delete")),
      store.clearAll().then(() => done.push("clear")),
      store.add(order(0)).then((row) => done.push(`add at ${row}`)),
      store.loadFromStorage().then(() => done.push("load")),
      store.update(0n, { total: 3 }).then(() => done.push("update")),
    ];
    gate.open();
    await Promise.all(calls);
    expect(done).toEqual(["add", "save", "delete", "clear", "add at 0", "load", "update"]);
    expect(backend.commits.map((changes) => changes.map((change) => change.kind).join())).toEqual([
      "append",
      "replace",
      "delete",
      "clear",
      "append",
      "update",
    ]);
    expect([...store].map((row) => row.toObject())).toEqual([order(0, { total: 3 })]);
  });

  test("what was valid because of one that failed is not any more", async () => {
    const { store } = await openStore(["failed"]);
    const clear = settled(store.clearAll());
    const add = settled(store.add(order(0)));
    const fresh = settled(store.add(order(20)));
    expect(await clear).toEqual({ error: expect.any(IoError) });
    expect(await add).toEqual({ error: expect.any(ConflictError) });
    expect(await fresh).toEqual({ value: 5 });
    expect(store.size).toBe(6);
  });

  test("when somebody else changed the storage, changes conflict until it is loaded or saved over", async () => {
    const { store, backend, stored } = await openStore();
    const other = await PersistentStore.open(new BackendPersistence(Order, backend.inner));
    await other.add(order(30));
    await expect(store.add(order(31))).rejects.toThrow(ConflictError);
    await expect(store.clearAll()).rejects.toThrow(ConflictError);
    expect(store.size).toBe(5);
    const view = store.get(1n);
    await store.loadFromStorage();
    expect(() => view?.total).toThrow(RowGoneError);
    expect(store.has(30n)).toBe(true);
    expect(await store.add(order(31))).toBe(6);
    await expect(other.add(order(32))).rejects.toThrow(ConflictError);
    await other.saveToStorage();
    await other.add(order(32));
    expect(await stored()).toEqual([...orders(0, 5), order(30), order(32)]);
  });

  test("clearAll makes the views of all rows invalid, and row indices begin again", async () => {
    const { store } = await openStore();
    const view = store.get(1n);
    const snapshot = store.snapshot();
    await store.clearAll();
    expect(() => view?.total).toThrow(RowGoneError);
    expect(snapshot.size).toBe(5);
    expect(snapshot.get(1n)?.toObject()).toEqual(order(1));
    expect([store.size, await store.storageCount()]).toEqual([0, 0]);
    expect(await store.add(order(1))).toBe(0);
  });

  test("an aborted barrier changes nothing", async () => {
    const { store, stored } = await openStore();
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(store.clearAll({ signal })).rejects.toBe(reason);
    await expect(store.saveToStorage({ signal })).rejects.toBe(reason);
    await expect(store.loadFromStorage({ signal })).rejects.toBe(reason);
    expect(store.size).toBe(5);
    expect(await stored()).toEqual(orders(0, 5));
    expect(await store.add(order(9))).toBe(5);
  });

  test("close waits for what was asked for, and ends it", async () => {
    const { store, gate, stored } = await openStore();
    gate.shut();
    const adding = store.add(order(10));
    const closing = store.close();
    const again = store.close();
    await expect(store.add(order(11))).rejects.toThrow(UnsupportedError);
    await expect(store.update(1n, { total: 1 })).rejects.toThrow(UnsupportedError);
    await expect(store.saveToStorage()).rejects.toThrow(UnsupportedError);
    await expect(store.storageCount()).rejects.toThrow(UnsupportedError);
    await expect(store.memoryStats()).rejects.toThrow(UnsupportedError);
    gate.open();
    expect(await adding).toBe(5);
    await Promise.all([closing, again]);
    await store.close();
    expect(store.get(10n)?.orderId).toBe(10n);
    expect(await stored()).toHaveLength(6);
  });

  test("a store is closed at the end of its scope", async () => {
    const { store } = await openStore();
    await store[Symbol.asyncDispose]();
    await expect(store.add(order(11))).rejects.toThrow(UnsupportedError);
  });
});

describe("opening", () => {
  test("a restarted application finds what was acknowledged, and goes on", async () => {
    const persistence = new ArrowPersistence(Order);
    const first = await PersistentStore.open(persistence);
    await first.addBatch(orders(0, 3));
    await first.close();
    const second = await PersistentStore.open(persistence);
    expect([...second].map((row) => row.toObject())).toEqual(orders(0, 3));
    expect(await second.add(order(3))).toBe(3);
    expect(await persistence.count()).toBe(4);
  });

  test("what cannot carry a store is refused", async () => {
    await expect(PersistentStore.open(undefined as never)).rejects.toThrow(ValidationError);
    await expect(PersistentStore.open(withCapabilities(Order, { atomicCommit: false }))).rejects.toThrow(UnsupportedError);
    const appendOnly = await PersistentStore.open(withCapabilities(Order, { mutations: "none" }));
    await appendOnly.add(order(1));
    for (const call of [appendOnly.update(1n, { total: 1 }), appendOnly.delete(1n), appendOnly.upsert(order(1))]) {
      await expect(call).rejects.toThrow(UnsupportedError);
    }
    const readings = await PersistentStore.open(new ArrowPersistence(Reading));
    await readings.add({ sensor: "a", value: 1 });
    await expect(readings.delete(1 as never)).rejects.toThrow(ValidationError);
    await expect(readings.upsert({ sensor: "a", value: 1 })).rejects.toThrow(ValidationError);
  });

  test("columns live where they were asked to, also after loading", async () => {
    const persistence = new ArrowPersistence(Order);
    await persistence.save(soaOf(orders(0, 10_000)));
    const store = await PersistentStore.open(persistence, { allocator: "shared" });
    expect(store.kernel.chunks("total")[0].buffer).toBeInstanceOf(SharedArrayBuffer);
    await store.add(order(10_000));
    await store.loadFromStorage();
    expect(store.kernel.chunks("total")[0].buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(store.get(10_000n)?.toObject()).toEqual(order(10_000));
    await store.update(10_000n, { note: "shared" });
    expect(store.get(10_000n)?.note).toBe("shared");
  });

  test("rows of a plain store are saved and opened without copying", async () => {
    const plain = new Store(Order);
    plain.addBatch(orders(0, 20_000));
    const persistence = new ArrowPersistence(Order);
    await persistence.save(plain);
    const store = await PersistentStore.open(persistence);
    expect(store.kernel.chunks("total")[0].buffer).toBe(plain.kernel.chunks("total")[0].buffer);
    await store.update(3n, { total: -3 });
    plain.update(4n, { total: -4 });
    expect([plain.get(3n)?.total, store.get(4n)?.total]).toEqual([order(3).total, order(4).total]);
  });
});

test("keys of every kind are followed through pending changes", async () => {
  const kinds: [string, { key(): unknown }, (i: number) => unknown][] = [
    ["utf8", utf8(), (i) => `ключ ${i}`],
    ["binary", binary(), (i) => Uint8Array.of(i, 255)],
    ["timestamp", timestamp("ms"), (i) => new Date(i * 1000)],
    ["category", category(), (i) => `c${i}`],
    ["number", u64({ mode: "number" }), (i) => 2 ** 53 - 1 - i],
  ];
  for (const [kind, field, keyOf] of kinds) {
    const Keyed = class extends Entity(`keyed by ${kind}`, {
      value: f64(),
      id: field.key() as ReturnType<ReturnType<typeof u32>["key"]>,
    }) {};
    const persistence = new ArrowPersistence(Keyed as unknown as EntityClass<EntityRow>);
    const store = (await PersistentStore.open(persistence)) as unknown as PersistentStore<InstanceType<typeof Keyed>>;
    const id = keyOf as (i: number) => number;
    await Promise.all([
      store.add({ id: id(1), value: 1 }),
      store.add({ id: id(2), value: 2 }),
      store.add({ id: id(3), value: 3 }),
    ]);
    const calls = [
      store.update(id(1), (draft) => {
        draft.value += 10;
      }),
      store.update(id(1), (draft) => {
        draft.value *= 2;
      }),
      store.delete(id(2)),
      store.add({ id: id(2), value: 22 }),
      store.delete(id(2)),
      store.add({ id: id(2), value: 222 }),
      store.upsert({ id: id(3), value: 33 }),
      store.upsert({ id: id(4), value: 4 }),
      store.update(id(4), { value: 44 }),
    ];
    expect(
      (await Promise.all(calls)).filter((value) => value !== undefined),
      kind,
    ).toEqual([true, 3, true, 4, 2, 5]);
    const expected = [22, 33, 222, 44];
    expect(
      [...store].map((row) => row.value),
      kind,
    ).toEqual(expected);
    expect(
      [...(await persistence.load()).rows()].map((row) => (row as unknown as { value: number }).value),
      kind,
    ).toEqual(expected);
    await expect(store.add({ id: id(1), value: 0 }), kind).rejects.toThrow(DuplicateKeyError);
  }
});

function withCapabilities<T extends EntityRow>(
  entity: EntityClass<T>,
  change: Partial<Backend["capabilities"]>,
): BackendPersistence<T> {
  const { backend } = new ArrowPersistence(entity);
  const capabilities = { ...backend.capabilities, ...change };
  return new BackendPersistence(
    entity,
    new Proxy(backend, {
      get: (target, name) => {
        if (name === "capabilities") return capabilities;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    }),
  );
}
