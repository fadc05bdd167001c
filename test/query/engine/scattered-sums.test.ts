import fc from "fast-check";
import { expect, test } from "vitest";
import { Entity, f64, Store, sum, u32 } from "../../../src/index.ts";
import { MANY_GROUPS, ScatteredSums } from "../../../src/query/engine/scattered-sums.ts";

const FACTOR = 2_654_435_761;
const INVERSE = 244_002_641;

test("adds each group's rows in their order, however they are spread and handed over", () => {
  const GROUPS = 3 * 65_536 + 7;
  fc.assert(
    fc.property(
      fc.integer(),
      fc.constantFrom(1, 5, 65_536, GROUPS),
      fc.array(fc.record({ count: fc.constantFrom(0, 1, 999, 65_536, 150_000), chosen: fc.boolean() }), { maxLength: 4 }),
      (seed, groupsUsed, batches) => {
        let state = seed | 1;
        const next = () => {
          state = Math.imul(state, 1_664_525) + 1_013_904_223;
          return (state >>> 8) / 2 ** 24;
        };
        const expected = new Float64Array(GROUPS);
        const sums = new Float64Array(GROUPS);
        const scattered = new ScatteredSums(sums);
        const first = GROUPS - groupsUsed;
        for (const { count, chosen } of batches) {
          const values = Float64Array.from({ length: count * (chosen ? 2 : 1) }, () => next() * 1e6 - 5e5);
          const groups = Uint32Array.from({ length: count }, () => first + Math.floor(next() * groupsUsed));
          const rows = chosen ? Uint32Array.from({ length: count }, (_, i) => 2 * i + 1) : null;
          for (let i = 0; i < count; i++) expected[groups[i]!]! += values[rows === null ? i : rows[i]!]!;
          scattered.add(values, rows, count, groups);
        }
        scattered.finish();
        expect(Buffer.compare(new Uint8Array(sums.buffer), new Uint8Array(expected.buffer))).toBe(0);
      },
    ),
    { numRuns: 12 },
  );
});

test("groups by the million are summed as a loop over the rows sums them", () => {
  class Reading extends Entity("readings", { sensor: u32(), other: u32(), value: f64(), maybe: f64().nullable() }) {}
  const rows = MANY_GROUPS + 100_000;
  const sensor = Uint32Array.from({ length: rows }, (_, i) => 5 + ((Math.imul(i, 7_919) >>> 0) % (MANY_GROUPS + 50_000)));
  const value = Float64Array.from({ length: rows }, (_, i) => (i % 1000) / 7);
  // As keys whose range is too wide to be addressed: numbers of a hash table, which grows. The factor is odd, and has an inverse.
  const other = sensor.map((s) => Math.imul(s, FACTOR));
  const store = new Store(Reading);
  const maybe = Array.from(value, (v, i) => (i % 3 === 0 ? null : v));
  store.addColumns({ sensor, other, value, maybe });
  const totals = new Float64Array(MANY_GROUPS + 60_000);
  const somes = new Float64Array(totals.length).fill(Number.NaN);
  const seen = new Uint8Array(totals.length);
  for (let i = 0; i < rows; i++) {
    const s = sensor[i]!;
    seen[s] = 1;
    totals[s]! += value[i]!;
    if (i % 3 !== 0) somes[s] = (Number.isNaN(somes[s]) ? 0 : somes[s]!) + value[i]!;
  }
  const groups = seen.reduce((n, one) => n + one, 0);
  for (const key of ["sensor", "other"] as const) {
    const table = store
      .groupBy(key)
      .aggregate({ total: sum("value"), some: sum("maybe") })
      .toArrow();
    const [keys, total, some] = [key, "total", "some"].map((name) => table.getChild(name)!);
    expect(table.numRows).toBe(groups);
    let wrong = 0;
    for (let i = 0; i < groups; i++) {
      const found = keys!.get(i) as number;
      const s = key === "sensor" ? found : Math.imul(found, INVERSE) >>> 0;
      if (total!.get(i) !== totals[s] || !Object.is(some!.get(i) ?? Number.NaN, somes[s])) wrong++;
    }
    expect(wrong).toBe(0);
  }
});
