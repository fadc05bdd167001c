/** Writes commit after commit to a file, and tells of each when it begins and when it is stored, until it is killed. */
import { writeSync } from "node:fs";
import { SoA } from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { Batch, rowsOf } from "./kill-entity.ts";

const persistence = new DuckDBPersistence(Batch, { path: process.argv[2] as string, threads: 1 });
const [state] = await persistence.sql<{
  n: number | null;
  next: number | null;
}>`SELECT max(commit) AS n, max(id) + 1 AS next FROM batches`;
let next = Number(state?.next ?? 0);
for (let n = Number(state?.n ?? 0) + 1; ; n++) {
  writeSync(1, `begin ${n}\n`);
  const soa = new SoA(Batch);
  soa.addBatch(rowsOf(n, next));
  next += soa.size;
  if (n % 7 === 0) await persistence.save(soa);
  else await persistence.append(soa);
  writeSync(1, `stored ${n}\n`);
}
