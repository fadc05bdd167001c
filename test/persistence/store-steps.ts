import fc from "fast-check";
import type { PatchOf } from "faun";
import type { Order } from "../conformance/entities.ts";
import type { Fault, Trouble } from "./faulty-backend.ts";

/** Keys that steps are about: few, so that they meet. */
export const KEYS = 4;
const key = fc.integer({ min: 0, max: KEYS - 1 });
const seed = fc.integer({ min: 0, max: 1000 });

const call = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("add" as const), key, seed }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("addBatch" as const), keys: fc.array(key, { maxLength: 4 }), seed }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("addColumns" as const), keys: fc.array(key, { maxLength: 4 }), seed }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("patch" as const), key, seed }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("draft" as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("upsert" as const), key, seed }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("save" as const, "load" as const, "clear" as const) }) },
);
/** A call of the store. */
export type Call = typeof call extends fc.Arbitrary<infer C> ? C : never;

const step = fc.oneof(
  { weight: 30, arbitrary: call },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("turn" as const), turns: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("drain" as const, "compact" as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
/** Few or many: see `interludes`. */
export const steps = fc.oneof(
  fc.array(step, { minLength: 1, maxLength: 6, size: "max" }),
  fc.array(step, { minLength: 1, maxLength: 60 }),
);

/**
 * Calls that are made where the storage waits, or in answer to the outcome of another call: one list each time. Often
 * none: where much is asked, something always has what is pending looked at again, which heals what went wrong.
 */
export const interludes = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(call, { maxLength: 3 }) }),
  { maxLength: 24 },
);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>("none") },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fault>(
      "failed",
      "made, unknown",
      "not made, unknown",
      "made, foreign error",
      "not made, foreign error",
    ),
  },
);
export const trouble: fc.Arbitrary<Trouble> = fc.record({
  faults: fc.oneof(fc.constant([]), fc.array(fault, { maxLength: 12 })),
  delays: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }),
  silences: fc.oneof(
    fc.array(fc.boolean(), { maxLength: 8 }),
    fc.constantFrom(3, 6, 9).map((n) => new Array<boolean>(n).fill(true)),
  ),
  poison: fc.uniqueArray(key, { maxLength: 2 }).map((keys) => new Set(keys.map(BigInt))),
});

export function patchOf(seed: number): PatchOf<Order> {
  switch (seed % 5) {
    case 0:
      return { total: seed };
    case 1:
      return { note: seed % 2 === 0 ? null : `patched ${seed}`, status: "Delivered" };
    case 2:
      return { region: `patched ${seed % 4}`, placedAt: new Date(seed) };
    case 3:
      return { customer: "", total: seed, note: "x" };
    default:
      return {};
  }
}

/** Depends on what it finds, so that anything lost, doubled or never stored shows. */
export function draftChange(row: { total: number; note?: string | null | undefined; placedAt: Date; status: string }): void {
  row.total = (row.total * 3 + 1) % 1_000_003;
  if (row.status === "Pending") row.note = `${row.note ?? "-"}${row.total % 7}`.slice(-12);
  else row.placedAt = new Date(row.placedAt.getTime() + row.total);
}
