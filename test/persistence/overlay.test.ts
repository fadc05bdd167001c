import fc from "fast-check";
import { ArrowPersistence, type Change, CorruptDataError, FaunError, Store, toRecordBatches } from "faun";
import { describe, expect, test } from "vitest";
import { schemaOf } from "../../src/entity/entity.ts";
import type { EntityClass, EntityRow } from "../../src/entity/types.ts";
import { ChangeReader, gatherChanges } from "../../src/persistence/change-steps.ts";
import { type HasBelow, Overlay } from "../../src/persistence/overlay/overlay.ts";
import { Order, type OrderInit, order, orders, rowsChange, soaOf, updateChange } from "../conformance/entities.ts";

const entity = Order as unknown as EntityClass<EntityRow>;
const schema = schemaOf(Order);
const BELOW = 40;

/** An overlay over orders 0 to 39 in three batches, and how a commit goes on top of it. */
function overBase() {
  const below = [orders(0, 20), orders(20, 1), orders(21, 19)].flatMap((rows) => toRecordBatches(soaOf(rows)));
  const overlay = new Overlay(entity, schema);
  const reader = new ChangeReader(entity, schema);
  const asked: unknown[] = [];
  const hasBelow: HasBelow = (key) => {
    asked.push(key);
    return (key as bigint) < BigInt(BELOW);
  };
  return {
    overlay,
    below,
    asked,
    async commit(changes: readonly Change[]) {
      const steps = (await gatherChanges(schema, changes, {})).map((change) => reader.read(change));
      const open = new Set(overlay.unsettled(steps));
      overlay.check(steps, hasBelow);
      overlay.apply(steps, hasBelow);
      return open;
    },
    rows: async (view = overlay.view()) => rowsIn(await all(view.over(below))),
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const rowsIn = (batches: Parameters<typeof Store.fromArrow>[1]) =>
  JSON.parse(JSON.stringify([...Store.fromArrow(Order, batches)])) as unknown[];

const deletion = (ids: readonly number[]): Change => {
  const rows = toRecordBatches(soaOf(ids.map((id) => order(id)))).map((batch) => batch.selectAt([0]));
  return { kind: "delete", keys: () => rows as never };
};

const id = fc.integer({ min: 0, max: BELOW + 20 });
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 6 });
const variant =
  (seed: number) =>
  (i: number): OrderInit =>
    order(i, { total: seed, note: seed % 2 === 0 ? null : `n${seed}` });
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(ids, fc.nat(99)).map(([keys, seed]) => rowsChange("append", keys.map(variant(seed)))) },
  { weight: 3, arbitrary: fc.tuple(ids, fc.nat(99)).map(([keys, seed]) => rowsChange("upsert", keys.map(variant(seed)))) },
  {
    weight: 3,
    arbitrary: fc.tuple(ids, fc.nat(99)).map(([keys, seed]) => updateChange(["total", "note"], keys.map(variant(seed)))),
  },
  { weight: 3, arbitrary: ids.map(deletion) },
  { weight: 1, arbitrary: fc.constant<Change>({ kind: "clear" }) },
);

describe("an overlay", () => {
  test("makes of the rows below what changes made to the rows themselves make", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), async (commits) => {
        const over = overBase();
        const direct = new ArrowPersistence(Order);
        await direct.save(soaOf(orders(0, BELOW)));
        for (const changes of commits) {
          const held = over.overlay.view();
          const before = await over.rows(held);
          const ours = await over.commit(changes).then(() => null, codeOf);
          const theirs = await direct.backend.commit(changes).then(() => null, codeOf);
          expect(ours).toBe(theirs);
          const expected = rowsIn(toRecordBatches(await direct.load()));
          expect(await over.rows()).toEqual(expected);
          expect(over.overlay.countOver(BELOW)).toBe(expected.length);
          // A view stays as it was.
          expect(await over.rows(held)).toEqual(before);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("asks below only for keys it does not know itself", async () => {
    const over = overBase();
    expect(await over.commit([rowsChange("append", orders(100, 3))])).toEqual(new Set([100n, 101n, 102n]));
    over.asked.length = 0;
    expect(await over.commit([updateChange(["total"], orders(101, 2)), deletion([100])])).toEqual(new Set());
    expect(over.asked).toEqual([]);
    expect(await over.commit([deletion([7])])).toEqual(new Set([7n]));
    expect(await over.commit([rowsChange("append", [order(7)])])).toEqual(new Set());
  });

  test("passes batches on that nothing touched", async () => {
    const over = overBase();
    await over.commit([deletion([3]), updateChange(["total"], [order(20, { total: -1 })]), rowsChange("append", [order(60)])]);
    const view = over.overlay.view();
    const batches = await all(view.over(over.below));
    expect(batches).toHaveLength(4);
    expect(batches[2]).toBe(over.below[2]);
    expect(batches[0]).not.toBe(over.below[0]);
    expect(view.changes([schema.field("total").index])).toBe(true);
    expect(view.changes([schema.field("note").index])).toBe(false);
  });

  test("gives some of the fields where only those are there", async () => {
    const over = overBase();
    await over.commit([
      updateChange(["total", "note"], [order(2, { total: -1, note: "new" })]),
      rowsChange("append", [order(60)]),
    ]);
    const fields = ["orderId", "total"];
    const some = over.below.map((batch) => batch.selectAt(fields.map((name) => schema.field(name).index)) as never);
    const batches = await all(over.overlay.view().over(some, fields));
    expect(batches.every((batch) => batch.schema.fields.map(({ name }) => name).join() === "order_id,total")).toBe(true);
    const totals = batches.flatMap((batch) => [...(batch.getChild("total") as Iterable<number>)]);
    expect(totals[2]).toBe(-1);
    expect(totals).toHaveLength(BELOW + 1);
    expect(totals.at(-1)).toBe(order(60).total);
  });
});

function codeOf(error: unknown): string {
  if (error instanceof FaunError && !(error instanceof CorruptDataError)) return error.code;
  throw error;
}
