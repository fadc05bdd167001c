import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PersistentStore, Store } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { openDisk, openPeers } from "../durable/peers.mjs";
import { Order, order } from "../orders.mjs";
import { columnsOf } from "../scan/orders.mjs";

/** Adds that are on disk when their promise resolves: what one costs, how many there are a second, and opening them again. */
export default {
  name: "durable",
  title: "Durable adds of orders",
  async run(h) {
    const folder = mkdtempSync(join(tmpdir(), "faun-bench-"));
    try {
      await whateverIsStored(h, folder);
      for (const callers of [1, 16, 1000]) await concurrently(h, folder, callers);
      await gathered(h, folder);
      await ingested(h, folder);
      await reopened(h, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const openIn = (folder, options) => PersistentStore.open(new ParquetPersistence(Order, folder, options));
const count = (n) => n.toLocaleString("en-US");

/** What a durable add costs must not depend on what is there. */
async function whateverIsStored(h, folder) {
  const sizes = [10_000, 10_000_000].map((rows) => h.size(rows));
  const adds = h.size(500);
  for (const durability of ["sync", "os"]) {
    const stores = [];
    for (const rows of sizes) {
      const path = join(folder, `stored-${rows}`);
      if (durability === "sync") await saveOrders(path, rows);
      stores.push(await openIn(path, { durability }));
    }
    const [few, many] = sizes.map((rows) => `${count(rows)} stored`);
    await h.time({
      title: durability === "sync" ? "Add an order and wait until it is synced" : 'The same at durability "os", without the sync',
      unit: "us/row",
      rows: adds,
      rounds: 15,
      baseline: few,
      targets: { [many]: { ratio: 1.2 } },
      alternatives: Object.fromEntries(
        stores.map((store, i) => {
          const next = ordersAfter(store.size);
          const add = async (rows) => {
            for (const row of rows) await store.add(row);
          };
          return [`${count(sizes[i])} stored`, { setup: () => next(adds), run: add }];
        }),
      ),
    });
    for (const store of stores) await store.close();
  }
  for (const rows of sizes) rmSync(join(folder, `stored-${rows}`), { recursive: true });
}

/** Rows of one run: of the slow ones, as many as take about a second. */
const ROWS = {
  1: { faun: 300, disk: 300, "better-sqlite3": 300, DuckDB: 100, "LanceDB (never syncs)": 20 },
  16: { faun: 5_000, disk: 300, "better-sqlite3": 300, DuckDB: 200, "LanceDB (never syncs)": 32 },
  1000: { faun: 200_000, disk: 300, "better-sqlite3": 1_000, DuckDB: 1_000, "LanceDB (never syncs)": 50 },
};

/** Each caller adds an order, waits until it is durable, and adds the next. */
async function concurrently(h, folder, callers) {
  const rows = ROWS[callers];
  const disk = await openDisk(folder);
  const peers = await openPeers(join(folder, `peers-${callers}`));
  const store = await openIn(join(folder, `faun-${callers}`));
  const next = ordersAfter(0);
  const alternative = (name, add) => {
    const own = h.size(rows[name]);
    return {
      rows: own,
      setup: () => next(own),
      run: async (all) => {
        let at = 0;
        const caller = async (_, i) => {
          while (at < all.length) await add(all[at++], i);
        };
        await Promise.all(Array.from({ length: Math.min(callers, own) }, caller));
      },
    };
  };
  const synced = Object.keys(peers).filter((name) => !name.startsWith("LanceDB"));
  await h.time({
    title: `Add orders from ${count(callers)} concurrent caller${callers > 1 ? "s" : ""}, each waiting until its own is durable`,
    unit: "us/row",
    baseline: "faun",
    rounds: callers === 1000 ? 5 : 7,
    warmup: 1,
    targets: callers === 1000 ? { faun: { value: 2, ratio: 0.2, of: synced, either: true } } : {},
    alternatives: {
      faun: alternative("faun", (row) => store.add(row)),
      "fdatasync of 4 KB, one after the other": alternative("disk", () => disk.add()),
      ...Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, alternative(name, peer.add)])),
    },
  });
  await store.close();
  await disk.close();
  for (const peer of Object.values(peers)) await peer.close();
  rmSync(join(folder, `peers-${callers}`), { recursive: true });
  rmSync(join(folder, `faun-${callers}`), { recursive: true });
}

/** The same for who gathers rows by hand: one durable commit for every thousand. */
async function gathered(h, folder) {
  const lots = 20;
  const peers = await openPeers(join(folder, "peers-lots"));
  const store = await openIn(join(folder, "faun-lots"));
  const next = ordersAfter(0);
  const alternative = (addAll, own = h.size(lots * 1000)) => ({
    rows: own,
    setup: () => next(own),
    run: async (all) => {
      for (let at = 0; at < all.length; at += 1000) await addAll(all.slice(at, at + 1000));
    },
  });
  await h.time({
    title: "Add orders a thousand at a time, each thousand durable before the next",
    unit: "us/row",
    baseline: "faun addBatch",
    warmup: 1,
    alternatives: {
      "faun addBatch": alternative((rows) => store.addBatch(rows)),
      ...Object.fromEntries(Object.entries(peers).map(([name, peer]) => [`${name}, a transaction`, alternative(peer.addAll)])),
    },
  });
  await store.close();
  for (const peer of Object.values(peers)) await peer.close();
  rmSync(join(folder, "peers-lots"), { recursive: true });
  rmSync(join(folder, "faun-lots"), { recursive: true });
}

const MEGABYTE = 2 ** 20;

/** A stream is taken in: what the process holds besides the rows in memory must not grow with them. */
async function ingested(h, folder) {
  const rows = h.size(5_000_000);
  const store = await openIn(join(folder, "ingest"));
  const beside = [];
  let highest = 0;
  const began = performance.now();
  await store.ingest(stream(rows), {
    onProgress: ({ rows: done }) => {
      const { heapUsed, external } = process.memoryUsage();
      highest = Math.max(highest, (heapUsed + external - store.inMemoryStats().totalBytes) / MEGABYTE);
      if (done % (rows / 5) !== 0) return;
      beside.push([`highest up to ${count(done)} rows`, highest]);
      highest = 0;
    },
  });
  const seconds = (performance.now() - began) / 1000;
  const inMemory = store.inMemoryStats().totalBytes / MEGABYTE;
  h.values({ title: `Ingest ${count(rows)} orders`, unit: "us/row", values: { faun: (seconds * 1e6) / rows } });
  const [[first]] = beside;
  h.values({
    title: `Memory of the process besides the rows themselves (${Math.round(inMemory)} MB in the end), while ingesting`,
    unit: "MB",
    baseline: first,
    values: Object.fromEntries(beside),
    targets: { [beside.at(-1)[0]]: { ratio: 1.5 } },
  });
  await store.close();
  rmSync(join(folder, "ingest"), { recursive: true });
}

async function* stream(rows) {
  for (let i = 0; i < rows; i++) yield order(i);
}

const LOGGED = 65_536;

/** Opening rows again, with a log that was not yet folded: of batches, and of single rows. */
async function reopened(h, folder) {
  const rows = h.size(5_000_000);
  const logged = h.size(LOGGED);
  const path = (name) => join(folder, `reopen-${name}`);
  const names = {
    checkpoint: "the checkpoint alone",
    batches: `and a log of ${count(logged)} rows in commits of 1,000`,
    singles: `and a log of ${count(logged)} rows in commits of 1`,
  };
  await saveOrders(path("checkpoint"), rows);
  for (const [name, size] of [
    ["batches", 1000],
    ["singles", 1],
  ]) {
    const working = path("working");
    cpSync(path("checkpoint"), working, { recursive: true });
    const store = await openIn(working, { durability: "os", foldRows: 2 ** 31 - 1 });
    for (let at = 0; at < logged; at += size) await store.addBatch(ordersFrom(rows + at, Math.min(size, logged - at)));
    // As a killed process leaves it: closing folds the log into the file.
    cpSync(working, path(name), { recursive: true });
    await store.close();
    rmSync(working, { recursive: true });
  }
  const reopen = (name) => async () => {
    const store = await openIn(path(name));
    const expected = name === "checkpoint" ? rows : rows + logged;
    if (store.size !== expected) throw new Error(`${store.size} of ${expected} rows are there`);
    await store.close();
  };
  await h.time({
    title: `Open ${count(rows)} stored orders`,
    unit: "ms",
    baseline: names.checkpoint,
    rounds: 5,
    targets: { [names.batches]: { ratio: 1.3 }, [names.singles]: { ratio: 1.3 } },
    alternatives: Object.fromEntries(Object.entries(names).map(([name, label]) => [label, reopen(name)])),
  });
}

async function saveOrders(path, rows) {
  const store = new Store(Order);
  store.addColumns(columnsOf(rows));
  const persistence = new ParquetPersistence(Order, path);
  await persistence.save(store.kernel);
  await persistence.close();
}

/** Gives so many orders, each time those that follow. */
function ordersAfter(first) {
  let next = first;
  return (rows) => {
    next += rows;
    return ordersFrom(next - rows, rows);
  };
}

const ordersFrom = (first, rows) => Array.from({ length: rows }, (_, i) => order(first + i));
