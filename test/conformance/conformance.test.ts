import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArrowPersistence, type Capabilities } from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { FileStorage, MemoryStorage, ParquetPersistence } from "faun/parquet";
import { afterAll } from "vitest";
import { SimulatedDisk } from "../storage/simulated-disk.ts";
import { describeBackend } from "./backend.ts";

/** Every backend, each by a line: how one is made over an empty place, and what it is expected to be capable of. */
const folder = mkdtempSync(join(tmpdir(), "faun-conformance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const newPath = (extension: string) => join(folder, `${files++}.${extension}`);

const native: Capabilities = {
  mutations: "native",
  atomicCommit: true,
  expectedVersion: true,
  timeTravel: false,
  evolve: false,
  appendCost: "constant",
};

describeBackend("Arrow", (entity) => new ArrowPersistence(entity), native);
describeBackend("DuckDB in memory", (entity) => new DuckDBPersistence(entity), { ...native, appendCost: "linear" });
describeBackend("DuckDB in a file", (entity) => new DuckDBPersistence(entity, { path: newPath("duckdb") }), {
  ...native,
  appendCost: "linear",
});
describeBackend(
  "DuckDB with a primary key",
  (entity) => new DuckDBPersistence(entity, { path: newPath("duckdb"), primaryKey: true }),
  native,
);
describeBackend("Parquet in files", (entity) => new ParquetPersistence(entity, newPath("folder")), native);
describeBackend(
  "Parquet in memory, in small row groups",
  (entity) => new ParquetPersistence(entity, new MemoryStorage(), { rowGroupSize: 1000, compression: "uncompressed" }),
  native,
);
describeBackend(
  "Parquet on a simulated disk",
  (entity) => {
    const disk = new SimulatedDisk();
    return new ParquetPersistence(entity, new FileStorage("/data", { fileSystem: disk, lock: disk.lock }));
  },
  native,
);
