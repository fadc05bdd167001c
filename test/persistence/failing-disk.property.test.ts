import fc from "fast-check";
import { BackendPersistence } from "faun";
import { expect, test } from "vitest";
import { schemaOf } from "../../src/entity/entity.ts";
import type { EntityClass, EntityRow } from "../../src/entity/types.ts";
import { LoggedBackend } from "../../src/persistence/log/logged-backend.ts";
import { ParquetFormat } from "../../src/persistence/parquet/parquet-format.ts";
import { writeSettings } from "../../src/persistence/parquet/write/options.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { Order } from "../conformance/entities.ts";
import { type Fault, type OperationKind, randomOf, SimulatedDisk } from "../storage/simulated-disk.ts";
import { noTrouble } from "./faulty-backend.ts";
import { StoreRun } from "./store-run.ts";
import { interludes, steps } from "./store-steps.ts";

const TIMES = Number(process.env.FAUN_STORE_TIMES ?? 1);

/** What writing takes. Reading does not fail here: the test reads, too. */
const WRITING: ReadonlySet<OperationKind> = new Set(["create", "write", "truncate", "sync", "rename", "unlink", "mkdir", "copy"]);

const fault = fc.constantFrom<Fault>(
  { code: "EIO" },
  { code: "EIO", done: true },
  { code: "ENOSPC" },
  { code: "ENOSPC", wrote: 9 },
  { short: 5 },
);
/** By the operation that goes wrong. */
const faults = fc.oneof(
  fc.array(fc.tuple(fc.nat(40), fault), { maxLength: 6 }),
  fc.array(fc.tuple(fc.nat(300), fault), { maxLength: 60 }),
);

/** Small limits, so that a few rows are folded. */
function backendOn(disk: SimulatedDisk): LoggedBackend {
  const format = new ParquetFormat(writeSettings(schemaOf(Order), { compression: "uncompressed", rowGroupSize: 2 }));
  return new LoggedBackend(
    Order as unknown as EntityClass<EntityRow>,
    new FileStorage("/data", { fileSystem: disk, lock: disk.lock }),
    format,
    {
      log: true,
      durability: "sync",
      interval: 1000,
      foldRows: 3,
      foldBytes: 2 ** 30,
      readOnly: false,
      includeLog: false,
      onDamage: "refuse",
    },
  );
}

test("over a disk that fails again and again, what was acknowledged is there once, what was rejected is not, and a crash changes nothing of it", async () => {
  await fc.assert(
    fc.asyncProperty(steps, faults, interludes, fc.nat(), async (all, faults, meanwhile, seed) => {
      const disk = new SimulatedDisk();
      const inner = backendOn(disk);
      const run = new StoreRun(inner, { steps: all, trouble: noTrouble, meanwhile });
      const byOperation = new Map(faults);
      let operations = 0;
      const { onCommit } = run.backend;
      run.backend.onCommit = (changes) => {
        disk.onOperation = ({ kind }) => {
          const fault = WRITING.has(kind) ? byOperation.get(operations++) : undefined;
          // Who makes a file and is told that it failed has no file to close.
          return kind === "create" && fault !== undefined ? { code: "EIO" } : fault;
        };
        return onCommit(changes);
      };
      await run.play(false);
      for (const after of [disk.kill(), disk.crash(randomOf(seed)), disk.crash(randomOf(seed + 1))]) {
        const rows = await new BackendPersistence(Order, backendOn(after)).load();
        expect([...rows.rows()].map((row) => row.toObject())).toEqual(run.memory);
      }
      disk.onOperation = () => undefined;
      await inner.close();
      expect(disk.openFiles).toEqual([]);
    }),
    { numRuns: 100 * TIMES },
  );
});
