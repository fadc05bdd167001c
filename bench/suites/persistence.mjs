import { ArrowPersistence, PersistentStore, Store } from "faun";
import { Order, order } from "../orders.mjs";

/** Changes made durable in memory: what one costs must not depend on how many rows are stored. */
export default {
  name: "persistence",
  title: "Changes of a PersistentStore over in-memory Arrow",
  async run(h) {
    const sizes = [10_000, 100_000, 1_000_000].map((rows) => h.size(rows));
    const stores = await Promise.all(sizes.map(openWith));
    const label = (rows) => `${rows.toLocaleString("en")} stored`;
    const [smallest, , largest] = sizes.map(label);
    const across = (title, rows, change) =>
      h.time({
        title,
        rows,
        baseline: smallest,
        targets: { [largest]: { ratio: 1.5 } },
        alternatives: Object.fromEntries(stores.map((store, i) => [label(sizes[i]), () => change(store, sizes[i])])),
      });

    const next = new Map(stores.map((store) => [store, 10_000_000]));
    const fresh = (store) => {
      const id = next.get(store);
      next.set(store, id + 1);
      return order(id);
    };
    const latest = (store) => {
      const id = next.get(store) - 1;
      next.set(store, id);
      return BigInt(id);
    };
    await across("Add a row and wait for it", 2_000, async (store) => {
      for (let i = 0; i < 2_000; i++) await store.add(fresh(store));
    });
    await across("Update a row and wait for it", 2_000, async (store, size) => {
      for (let i = 0; i < 2_000; i++) await store.update(BigInt((i * 7919) % size), { quantity: i });
    });
    await across("Update a row by a function and wait for it", 2_000, async (store, size) => {
      for (let i = 0; i < 2_000; i++) await store.update(BigInt((i * 7919) % size), (draft) => (draft.quantity += 1));
    });
    await across("Upsert a row and wait for it", 2_000, async (store) => {
      for (let i = 0; i < 2_000; i++) await store.upsert(fresh(store));
    });
    await Promise.all(stores.map((store) => store.addBatch(Array.from({ length: 30_000 }, () => fresh(store)))));
    await across("Delete a row and wait for it", 2_000, async (store) => {
      for (let i = 0; i < 2_000; i++) await store.delete(latest(store));
    });
    await across("Add rows, all asked for at once", 20_000, (store) => {
      const calls = [];
      for (let i = 0; i < 20_000; i++) calls.push(store.add(fresh(store)));
      return Promise.all(calls);
    });
    await across("Add a batch of rows", 20_000, (store) => store.addBatch(Array.from({ length: 20_000 }, () => fresh(store))));
    await bulk(h, h.size(1_000_000));
  },
};

async function openWith(rows) {
  const store = await PersistentStore.open(new ArrowPersistence(Order));
  await store.addBatch(generated(rows));
  return store;
}

function* generated(rows) {
  for (let i = 0; i < rows; i++) yield order(i);
}

async function bulk(h, rows) {
  const store = new Store(Order);
  store.addBatch(generated(rows));
  const persistence = new ArrowPersistence(Order);
  await persistence.save(store);
  await h.time({
    title: "All rows at once",
    rows,
    alternatives: { save: () => persistence.save(store), load: () => persistence.load(), count: () => persistence.count() },
  });
}
