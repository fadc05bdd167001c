import { ArrowPersistence, type Capabilities } from "faun";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { describeBackend } from "../../conformance/backend.ts";

const native: Capabilities = {
  mutations: "native",
  atomicCommit: true,
  expectedVersion: true,
  timeTravel: false,
  evolve: false,
  appendCost: "constant",
};

describeBackend("Arrow", (entity) => new ArrowPersistence(entity), native);
describeBackend("Parquet in memory", (entity) => new ParquetPersistence(entity, new MemoryStorage()), native);
