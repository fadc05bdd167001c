import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { Store, toArrowIPC } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import polars from "nodejs-polars";
import { longestStall } from "../event-loop.mjs";
import { Order, order } from "../orders.mjs";
import { readParquet, writeParquet } from "../parquet-file.mjs";

/**
 * Writing and reading a file of orders against nodejs-polars, DuckDB and hyparquet-writer: the same rows, each out of and
 * into what it holds rows in, with the threads it takes. ParquetPersistence also syncs what it writes and replaces the file
 * at once, verifies what it reads and indexes its keys; "faun, one thread" are its parts without that.
 */
export default {
  name: "parquet",
  title: "Parquet files of orders",
  async run(h) {
    const folder = mkdtempSync(join(tmpdir(), "faun-bench-"));
    const duck = await (await DuckDBInstance.create(":memory:")).connect();
    try {
      for (const nominal of [1_000_000, 5_000_000]) {
        const rows = h.size(nominal);
        const store = new Store(Order);
        store.addBatch(generated(rows));
        const rounds = nominal > 1_000_000 ? 3 : 7;
        for (const compression of ["snappy", "zstd"]) await compare(h, { folder, duck, store, rows, rounds, compression });
        if (nominal > 1_000_000) await appends(h, { folder, store, rows });
      }
      const rows = h.size(5_000_000);
      await stalls(h, { folder, rows });
      memory(h, { folder: join(folder, "stalls"), rows });
    } finally {
      duck.closeSync();
      rmSync(folder, { recursive: true });
    }
  },
};

async function compare(h, { folder, duck, store, rows, rounds, compression }) {
  const label = `${rows.toLocaleString("en")} orders, ${compression}`;
  const path = (name) => join(folder, `${name}-${compression}.parquet`);
  await writeParquet(store.kernel, path("faun"), { compression });
  await duck.run(`CREATE OR REPLACE TABLE orders AS SELECT * FROM '${path("faun")}'`);
  const frame = polars.readIPCStream(Buffer.from(toArrowIPC(store)));
  const persistence = new ParquetPersistence(Order, join(folder, `persistence-${compression}`), { compression });
  await persistence.save(store.kernel);

  const writers = {
    ParquetPersistence: () => persistence.save(store.kernel),
    "faun, one thread": () => writeParquet(store.kernel, path("faun"), { compression }),
    polars: () => frame.writeParquet(path("polars"), { compression }),
    DuckDB: () => duck.run(`COPY orders TO '${path("DuckDB")}' (FORMAT parquet, COMPRESSION ${compression})`),
    ...(compression === "snappy" && { "hyparquet-writer": () => writeWithHyparquet(store, path("hyparquet-writer")) }),
  };
  const written = await h.time({
    title: `Write ${label}`,
    unit: "ms",
    baseline: "ParquetPersistence",
    rounds,
    alternatives: writers,
    targets: { ParquetPersistence: { ratio: 1.2, of: "polars" } },
  });
  await h.time({
    title: `Read ${label}`,
    unit: "ms",
    baseline: "ParquetPersistence",
    rounds,
    targets: { ParquetPersistence: { ratio: 1.2, of: "polars" } },
    alternatives: {
      ParquetPersistence: () => persistence.load(),
      "faun, one thread": () => readParquet(Order, path("faun")),
      polars: () => polars.readParquet(path("polars")),
      DuckDB: () => duck.run(`CREATE OR REPLACE TABLE read AS SELECT * FROM '${path("DuckDB")}'`),
    },
  });
  const { totalBytes } = await persistence.memoryStats();
  await persistence.close();
  const others = {};
  for (const { name } of written.results)
    if (name !== "ParquetPersistence" && !name.startsWith("faun")) others[name] = statSync(path(name)).size / 1e6;
  const smallest = Object.keys(others).reduce((a, b) => (others[a] <= others[b] ? a : b));
  h.values({
    title: `Size of ${label}`,
    unit: "MB",
    baseline: "ParquetPersistence",
    values: { ParquetPersistence: totalBytes / 1e6, ...others },
    targets: { ParquetPersistence: { ratio: 1.05, of: smallest } },
  });
}

const APPENDED = 10_000;

/** A small append to a large file, written into the file, against saving it all; and counting by the footer alone. */
async function appends(h, { folder, store, rows }) {
  const persistence = new ParquetPersistence(Order, join(folder, "appends"));
  await persistence.save(store.kernel);
  let next = rows;
  const more = () => {
    const few = new Store(Order);
    few.addBatch(Array.from({ length: APPENDED }, () => order(next++)));
    return few;
  };
  await h.time({
    title: `${APPENDED.toLocaleString("en")} orders more in a file of ${rows.toLocaleString("en")}`,
    unit: "ms",
    baseline: "save all",
    rounds: 3,
    alternatives: {
      "save all": () => persistence.save(store.kernel),
      "append, and fold it into the file": {
        setup: more,
        run: async (few) => {
          await persistence.append(few);
          await persistence.backend.maintain("checkpoint");
        },
      },
      "append, durable in the log": { setup: more, run: (few) => persistence.append(few) },
    },
    targets: { "append, and fold it into the file": { ratio: 0.25, of: "save all" } },
  });
  await persistence.close();
  const reader = new ParquetPersistence(Order, join(folder, "appends"), { readOnly: true });
  await h.time({
    title: `Count ${rows.toLocaleString("en")} stored orders by the footer`,
    unit: "ms",
    baseline: "count",
    alternatives: { count: () => reader.count() },
    targets: { count: { value: 5 } },
  });
  await reader.close();
}

const STALL_RUNS = 5;

/** How long saving and loading hold up the event loop, beside the same time with nothing to do. */
async function stalls(h, { folder, rows }) {
  const store = new Store(Order);
  store.addBatch(generated(rows));
  const persistence = new ParquetPersistence(Order, join(folder, "stalls"));
  const longest = { save: [], load: [], idle: [] };
  for (let run = 0; run < STALL_RUNS; run++) {
    const began = performance.now();
    longest.save.push(await longestStall(() => persistence.save(store.kernel)));
    longest.load.push(await longestStall(() => persistence.load()));
    const idle = performance.now() - began;
    longest.idle.push(await longestStall(() => new Promise((resolve) => setTimeout(resolve, idle / 2))));
  }
  await persistence.close();
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  h.values({
    title: `Longest stall of the event loop, ${rows.toLocaleString("en")} orders, median of ${STALL_RUNS} runs' longest`,
    unit: "ms",
    baseline: "idle",
    values: Object.fromEntries(Object.entries(longest).map(([name, values]) => [name, median(values)])),
    targets: { save: { value: 100 }, load: { value: 100 } },
  });
}

/** What loading the stored orders and saving them takes in memory, beside the orders themselves. */
function memory(h, { folder, rows }) {
  const script = fileURLToPath(new URL("../parquet-memory.mjs", import.meta.url));
  const { load, save } = JSON.parse(execFileSync(process.execPath, ["--expose-gc", script, folder], { encoding: "utf8" }));
  h.values({
    title: `Memory above the data at most, ${rows.toLocaleString("en")} orders`,
    unit: "MB",
    baseline: "load",
    values: { load: load / 1e6, save: save / 1e6 },
    targets: { load: { value: 150 }, save: { value: 150 } },
  });
}

/** It takes arrays of values, enums as strings. */
function writeWithHyparquet(store, path) {
  const { kernel } = store;
  const columns = kernel.schema.fields.map(({ name, column, type }) => {
    const codes = kernel.rawArray(name);
    if (type.kind === "enum") return { name: column, data: Array.from(codes, (code) => type.values[code]), type: "STRING" };
    if (type.kind === "timestamp")
      return { name: column, data: Array.from(codes, (ticks) => new Date(Number(ticks))), type: "TIMESTAMP" };
    if (type.kind === "u64")
      return { name: column, data: new BigInt64Array(codes.buffer, codes.byteOffset, codes.length), type: "INT64" };
    return {
      name: column,
      data: type.kind === "u32" ? new Int32Array(codes) : codes,
      type: type.kind === "u32" ? "INT32" : "DOUBLE",
    };
  });
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData: columns })));
}

function* generated(rows) {
  for (let i = 0; i < rows; i++) yield order(i);
}
