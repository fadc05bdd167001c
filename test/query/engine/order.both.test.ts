import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SortKey, Step } from "../../../src/query/plan.ts";
import { type BigTable, bigTable, column, compareValues, identity } from "./big-table.ts";
import { Engine } from "./run.ts";

const COLUMNS = [
  "tiny",
  "signed",
  "word",
  "wide",
  "safe",
  "float",
  "single",
  "status",
  "mood",
  "city",
  "street",
  "day",
  "at",
  "note",
];

const key = fc.record({
  name: fc.constantFrom(...COLUMNS),
  direction: fc.constantFrom<SortKey["direction"]>("asc", "desc"),
  nulls: fc.constantFrom<SortKey["nulls"]>("first", "last"),
});
const cut = fc.option(
  fc.record({ count: fc.constantFrom(0, 1, 10, 500, 65_536, 65_537, 100_000), offset: fc.constantFrom(0, 3, 65_536) }),
);

/** The place of each row's value among the distinct values of a column; -1 for null. */
function ranksOf({ rows }: BigTable, name: string): Int32Array {
  const distinct = new Map(rows.flatMap((row) => (row === null || row[name] === null ? [] : [[identity(row[name]), row[name]]])));
  const sorted = [...distinct].sort(([, a], [, b]) => compareValues(name, a, b));
  const ranks = new Map(sorted.map(([value], rank) => [value, rank]));
  return Int32Array.from(rows, (row) => (row === null || row[name] === null ? -1 : ranks.get(identity(row[name]))!));
}

describe.each([bigTable(65_536, true), bigTable(65_537, false), bigTable(2 * 65_536 + 37, true)])(
  "rows are in the order of a plain sort",
  (table) => {
    const ranks = new Map(COLUMNS.map((name) => [name, ranksOf(table, name)]));
    const there = table.rows.flatMap((row, i) => (row === null ? [] : [i]));
    test(`of ${table.rows.length} rows, ${there.length} of them there`, () => {
      const engines = table.stores.map((store) => new Engine(store));
      fc.assert(
        fc.property(fc.array(key, { minLength: 1, maxLength: 3 }), cut, (keys, limit) => {
          const by = keys.map(({ name, direction, nulls }) => {
            const rank = ranks.get(name)!;
            const [sign, empty] = [direction === "asc" ? 1 : -1, nulls === "first" ? -1 : 1];
            return (a: number, b: number): number => {
              if (rank[a]! < 0 || rank[b]! < 0) return (Number(rank[a]! < 0) - Number(rank[b]! < 0)) * empty;
              return (rank[a]! - rank[b]!) * sign;
            };
          });
          const expected = [...there].sort((a, b) => {
            for (const compare of by) {
              const order = compare(a, b);
              if (order !== 0) return order;
            }
            return a - b;
          });
          const end = limit === null ? expected.length : limit.offset + limit.count;
          const steps: Step[] = [
            { step: "orderBy", keys: keys.map(({ name, direction, nulls }) => ({ expr: column(name), direction, nulls })) },
          ];
          if (limit !== null) steps.push({ step: "limit", ...limit });
          for (const engine of engines) {
            const found = engine.positions(...steps);
            const wanted = expected.slice(limit?.offset ?? 0, end);
            expect(found.length).toBe(wanted.length);
            const wrong = found.findIndex((position, i) => position !== wanted[i]);
            expect(wrong < 0 ? null : { at: wrong, found: found[wrong], wanted: wanted[wrong] }).toBe(null);
          }
        }),
        { numRuns: 12 },
      );
    });
  },
);
