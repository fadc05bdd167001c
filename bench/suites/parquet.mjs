import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
 * into what it holds rows in. Faun encodes and decodes on one thread here; polars and DuckDB use all there are.
 */
export default {
  name: "parquet",
  title: "Parquet files of orders",
  async run(h) {
    const folder = mkdtempSync(join(tmpdir(), "faun-bench-"));
    const duck = await (await DuckDBInstance.create(":memory:")).connect();
    try {
      for (const rows of [h.size(1_000_000)]) {
        const store = new Store(Order);
        store.addBatch(generated(rows));
        for (const compression of ["snappy", "zstd"]) await compare(h, { folder, duck, store, rows, compression });
      }
      await stalls(h, { folder, rows: h.size(5_000_000) });
    } finally {
      duck.closeSync();
      rmSync(folder, { recursive: true });
    }
  },
};

async function compare(h, { folder, duck, store, rows, compression }) {
  const label = `${rows.toLocaleString("en")} orders, ${compression}`;
  const path = (name) => join(folder, `${name}-${compression}.parquet`);
  await writeParquet(store.kernel, path("faun"), { compression });
  await duck.run(`CREATE OR REPLACE TABLE orders AS SELECT * FROM '${path("faun")}'`);
  const frame = polars.readIPCStream(Buffer.from(toArrowIPC(store)));

  const writers = {
    faun: () => writeParquet(store.kernel, path("faun"), { compression }),
    polars: () => frame.writeParquet(path("polars"), { compression }),
    DuckDB: () => duck.run(`COPY orders TO '${path("DuckDB")}' (FORMAT parquet, COMPRESSION ${compression})`),
    ...(compression === "snappy" && { "hyparquet-writer": () => writeWithHyparquet(store, path("hyparquet-writer")) }),
  };
  const written = await h.time({
    title: `Write ${label}`,
    unit: "ms",
    baseline: "faun",
    alternatives: writers,
    targets: { faun: { ratio: 1.2, of: "polars" } },
  });
  await h.time({
    title: `Read ${label}`,
    unit: "ms",
    baseline: "faun",
    targets: { faun: { ratio: 1.2, of: "polars" } },
    alternatives: {
      faun: () => readParquet(Order, path("faun")),
      polars: () => polars.readParquet(path("polars")),
      DuckDB: () => duck.run(`CREATE OR REPLACE TABLE read AS SELECT * FROM '${path("DuckDB")}'`),
    },
  });
  const sizes = Object.fromEntries(written.results.map(({ name }) => [name, statSync(path(name)).size / 1e6]));
  const { faun: _, ...others } = sizes;
  const smallest = Object.keys(others).reduce((a, b) => (others[a] <= others[b] ? a : b));
  h.values({
    title: `Size of ${label}`,
    unit: "MB",
    baseline: "faun",
    values: sizes,
    targets: { faun: { ratio: 1.05, of: smallest } },
  });
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
