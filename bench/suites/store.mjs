import {
  Dictionary,
  Field,
  Float64,
  makeBuilder,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond,
  Uint8,
  Uint32,
  Uint64,
  Utf8,
} from "apache-arrow";
import { Store } from "faun";
import { KeylessOrder, Order, order } from "../orders.mjs";

const ARROW_TYPES = {
  orderId: new Uint64(),
  customerId: new Uint64(),
  productId: new Uint64(),
  quantity: new Uint32(),
  unitPrice: new Float64(),
  totalAmount: new Float64(),
  status: new Dictionary(new Utf8(), new Uint8()),
  paymentMethod: new Dictionary(new Utf8(), new Uint8()),
  orderTimestamp: new TimestampMillisecond(),
  shippingAddressHash: new Uint64(),
};

/** Pushes, adds, looks up and iterates orders one by one, against an array of object literals. */
export default {
  name: "store",
  title: "Rows one by one",
  async run(h) {
    const rows = h.size(1_000_000);
    await additions(h, rows);
    memory(h, rows);
    await lookups(h, rows);
    await iteration(h, rows);
    await hugeAppend(h);
    await toArrow(h, rows);
  },
};

function fill(store, rows, from = 0) {
  for (let i = from; i < rows; i++) store.add(order(i));
  return store;
}

async function additions(h, rows) {
  await h.time({
    title: "Add a row, given as an object literal",
    rows,
    baseline: "push to an array",
    targets: { "Faun, no key": { ratio: 0.6 }, "Faun, key": { ratio: 0.9 }, "Faun, key, ids in no order": { ratio: 0.9 } },
    alternatives: {
      "push to an array": () => {
        const all = [];
        for (let i = 0; i < rows; i++) all.push(order(i));
        return all;
      },
      "Faun, no key": () => fill(new Store(KeylessOrder), rows),
      "Faun, key": () => fill(new Store(Order), rows),
      "Faun, key, ids in no order": () => {
        const store = new Store(Order);
        for (let i = 0; i < rows; i++) store.add(order((i * 514_229) % 1_000_003));
        return store;
      },
      "Faun, no key, shared allocator": () => fill(new Store(KeylessOrder, { allocator: "shared" }), rows),
      "set in a Map by key": () => {
        const all = new Map();
        for (let i = 0; i < rows; i++) {
          const row = order(i);
          all.set(row.orderId, row);
        }
        return all;
      },
      "apache-arrow builders": () => {
        const names = Object.keys(ARROW_TYPES);
        const fields = names.map((name) => new Field(name, ARROW_TYPES[name]));
        const builders = fields.map(({ type }) => makeBuilder({ type, nullValues: null }));
        for (let i = 0; i < rows; i++) {
          const row = order(i);
          for (let f = 0; f < names.length; f++) {
            const value = row[names[f]];
            builders[f].append(value instanceof Date ? BigInt(value.getTime()) : value);
          }
        }
        const children = builders.map((builder) => builder.finish().flush());
        const schema = new Schema(fields);
        return new Table(
          schema,
          new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows, nullCount: 0, children })),
        );
      },
    },
  });
}

function memory(h, rows) {
  const objects = heldBy(() => {
    const all = [];
    for (let i = 0; i < rows; i++) all.push(order(i));
    return all;
  });
  h.values({
    title: "Memory held",
    unit: "bytes/row",
    rows,
    baseline: "array of objects",
    targets: { "Faun, no key": { value: 68 }, "Faun, key": { value: 82 }, "Faun, key, ids in no order": { value: 82 } },
    values: {
      "array of objects": objects / rows,
      "Faun, no key": heldBy(() => fill(new Store(KeylessOrder), rows)) / rows,
      "Faun, key": heldBy(() => fill(new Store(Order), rows)) / rows,
      "Faun, key, ids in no order":
        heldBy(() => {
          const store = new Store(Order);
          for (let i = 0; i < rows; i++) store.add(order((i * 514_229) % 1_000_003));
          return store;
        }) / rows,
    },
  });
}

/** Bytes of heap and buffers that what `make` gives holds. */
function heldBy(make) {
  const used = () => {
    for (let i = 0; i < 4; i++) globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const made = make();
  const bytes = used() - before;
  if (made === undefined) throw new Error("nothing was made");
  return bytes;
}

async function lookups(h, rows) {
  await lookup(h, rows, "Look a row up by its key, ids that count up, in random order", (i) => i);
  // Every id once, in no order: a step that has no divisor in common with the number of ids.
  await lookup(h, rows, "Look a row up by its key, ids in no order", (i) => (i * 514_229) % 1_000_003);
}

async function lookup(h, rows, title, idOf) {
  const store = new Store(Order);
  const map = new Map();
  for (let i = 0; i < rows; i++) {
    const row = { ...order(i), orderId: BigInt(idOf(i)) };
    store.add(row);
    map.set(row.orderId, row);
  }
  let seed = 1;
  const keys = Array.from({ length: rows }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return BigInt(idOf(seed % rows));
  });
  // One function each: closures of one maker would share what V8 learns about the store and the map.
  const fromMap = () => {
    let found = 0;
    for (const key of keys) if (map.get(key) !== undefined) found++;
    return all(found, rows);
  };
  const fromStore = () => {
    let found = 0;
    for (const key of keys) if (store.get(key) !== undefined) found++;
    return all(found, rows);
  };
  await h.time({
    title,
    rows,
    baseline: "Map of objects",
    targets: { "Faun get(key)": { ratio: 0.5 } },
    repeat: 3,
    alternatives: { "Map of objects": fromMap, "Faun get(key)": fromStore },
  });
}

async function iteration(h, rows) {
  const objects = Array.from({ length: rows }, (_, i) => order(i));
  const store = fill(new Store(Order), rows);
  const overObjects = () => {
    let sum = 0;
    for (const row of objects) if (row.status === "Delivered") sum += row.totalAmount;
    return sum;
  };
  const overViews = () => {
    let sum = 0;
    for (const row of store) if (row.status === "Delivered") sum += row.totalAmount;
    return sum;
  };
  await h.time({
    title: "Iterate rows, reading two fields",
    rows,
    baseline: "array of objects",
    targets: { "Faun views": { ratio: 1 } },
    // Several in a row: one alone would mostly measure caches left cold by the collection before it.
    repeat: 10,
    alternatives: {
      "array of objects": overObjects,
      "Faun views": overViews,
    },
  });
}

async function hugeAppend(h) {
  const sizes = { "100k rows": h.size(100_000), "1M rows": h.size(1_000_000), "10M rows": h.size(10_000_000) };
  const alternatives = {};
  // What adding costs does not grow with what is there: each adds the same last 100k rows.
  const added = sizes["100k rows"];
  for (const [name, rows] of Object.entries(sizes)) {
    alternatives[name] = {
      rows: added,
      setup: () => fillColumns(new Store(KeylessOrder), rows - added),
      run: (store) => fill(store, rows, rows - added),
    };
  }
  await h.time({
    title: "Add 100k rows to a store that ends at so many",
    rows: added,
    baseline: "100k rows",
    targets: { "10M rows": { ratio: 1.5 } },
    alternatives,
  });
}

/** Rows without an object each: quick to set up. */
function fillColumns(store, rows) {
  for (let at = 0; at < rows; at += 1_000_000) {
    const n = Math.min(1_000_000, rows - at);
    const ids = BigUint64Array.from({ length: n }, (_, i) => BigInt(at + i));
    const amounts = new Float64Array(n).fill(9.5);
    store.addColumns({
      orderId: ids,
      customerId: ids,
      productId: ids,
      quantity: new Uint32Array(n).fill(3),
      unitPrice: amounts,
      totalAmount: amounts,
      status: new Uint8Array(n).fill(2),
      paymentMethod: new Uint8Array(n).fill(1),
      orderTimestamp: new BigInt64Array(n).fill(1_700_000_000_000n),
      shippingAddressHash: ids,
    });
  }
  return store;
}

async function toArrow(h, rows) {
  const large = h.size(10_000_000);
  const stores = {
    [`${count(rows)} rows`]: [fillColumns(new Store(KeylessOrder), rows), rows],
    [`${count(large)} rows`]: [fillColumns(new Store(KeylessOrder), large), large],
  };
  const alternatives = {};
  for (const [name, [store]] of Object.entries(stores)) alternatives[name] = () => store.toArrow();
  const [small] = Object.keys(stores);
  await h.time({
    title: "Hand all rows to Arrow",
    unit: "ms",
    targets: { [small]: { value: 1 } },
    baseline: small,
    repeat: 20,
    warmup: 6,
    alternatives,
  });
  const perChunk = {};
  for (const [name, [store, n]] of Object.entries(stores))
    perChunk[name] = { rows: Math.ceil(n / 65_536), run: () => store.toArrow() };
  await h.time({
    title: "Hand all rows to Arrow, per chunk of 65,536 rows (a row here is a chunk)",
    baseline: small,
    targets: { [Object.keys(stores)[1]]: { ratio: 1.2 } },
    repeat: 20,
    warmup: 6,
    alternatives: perChunk,
  });
}

const count = (rows) => (rows >= 1e6 ? `${rows / 1e6}M` : `${rows / 1e3}k`);

function all(found, rows) {
  if (found !== rows) throw new Error(`${found} of ${rows} keys found`);
  return found;
}
