import fc from "fast-check";
import { ArrowPersistence, BackendPersistence, PersistentStore } from "faun";
import { expect, test } from "vitest";
import { Order, Reading } from "../conformance/entities.ts";
import { FaultyBackend, noTrouble } from "./faulty-backend.ts";
import { StoreRun } from "./store-run.ts";
import { interludes, steps, trouble } from "./store-steps.ts";

/** More of them hunt for what few do not find. */
const TIMES = Number(process.env.FAUN_STORE_TIMES ?? 1);

test("without trouble, exactly what is valid is made, in order", async () => {
  const delays = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(steps, delays, interludes, async (all, delays, meanwhile) => {
      const run = new StoreRun(new ArrowPersistence(Order).backend, { steps: all, trouble: { ...noTrouble, delays }, meanwhile });
      await run.play(true);
    }),
    { numRuns: 150 * TIMES },
  );
});

test("over a storage that fails, refuses and delays, what was acknowledged is there once, what was rejected is not, and memory equals storage", async () => {
  await fc.assert(
    fc.asyncProperty(steps, trouble, interludes, interludes, async (all, trouble, meanwhile, inAnswer) => {
      await new StoreRun(new ArrowPersistence(Order).backend, { steps: all, trouble, meanwhile, inAnswer }).play(false);
    }),
    { numRuns: 400 * TIMES },
  );
});

test("the same for an entity without a key, whose rows keep their order", async () => {
  const call = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant("turn" as const));
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), trouble, async (calls, plan) => {
      const backend = new FaultyBackend(new ArrowPersistence(Reading).backend, { ...plan, poison: new Set() });
      const store = await PersistentStore.open(new BackendPersistence(Reading, backend));
      let next = 0;
      const asked: { values: number[]; outcome: Promise<unknown> }[] = [];
      for (const what of calls) {
        if (what === "turn") await new Promise((resolve) => setImmediate(resolve));
        else {
          const values = Array.from({ length: what }, () => next++);
          const rows = values.map((value) => ({ sensor: `s${value % 3}`, value }));
          const outcome = what === 1 ? store.add(rows[0]) : store.addBatch(rows);
          asked.push({
            values,
            outcome: outcome.then(
              () => undefined,
              (error: unknown) => error,
            ),
          });
        }
      }
      const expected: number[] = [];
      for (const { values, outcome } of asked) {
        const error = await outcome;
        if (error === undefined || backend.wasMade(error)) expected.push(...values);
      }
      for (let settled = false; !settled; )
        settled = await store.addBatch([]).then(
          () => true,
          () => false,
        );
      expect([...store].map((row) => row.value)).toEqual(expected);
      const stored = await new BackendPersistence(Reading, backend.inner).load();
      expect([...stored.rows()].map((row) => row.toObject())).toEqual([...store].map((row) => row.toObject()));
    }),
    { numRuns: 150 * TIMES },
  );
});
