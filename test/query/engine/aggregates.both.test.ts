import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QueryError } from "../../../src/errors.ts";
import type { Expression } from "../../../src/query/expression.ts";
import type { AggregateFunction, Measure, Plan } from "../../../src/query/plan.ts";
import { type BigRow, bigTable, column, compareValues, identity, literal } from "./big-table.ts";
import { Engine } from "./run.ts";

type Test = (row: BigRow) => boolean;

interface Filter {
  readonly expr: Expression;
  readonly holds: Test;
}

const always: Filter = { expr: { op: "and", args: [] }, holds: () => true };
const among = (name: string, values: readonly string[]): Filter => ({
  expr: { op: "in", args: [column(name), ...values.map(literal)] },
  holds: (row) => values.includes(row[name] as string),
});
const between = (name: string, low: number, high: number): Filter => ({
  expr: { op: "between", args: [column(name), literal(low), literal(high)] },
  holds: (row) => row[name] !== null && (row[name] as number) >= low && (row[name] as number) <= high,
});
const FILTERS = [
  always,
  among("status", ["Delivered"]),
  among("city", ["Ulm", "\uFFEE"]),
  between("tiny", 100, 120),
  between("float", -50, 50),
  between("id", 65_500, 65_600),
  { expr: { op: "isNull", args: [column("mood")] }, holds: (row: BigRow) => row.mood === null } as Filter,
  between("id", -5, -1),
];

const GROUPS = [
  [],
  ["status"],
  ["mood"],
  ["city"],
  ["street"],
  ["code"],
  ["safe"],
  ["float"],
  ["at"],
  ["status", "mood"],
  ["tiny", "note"],
];

/** Sums whose every order gives the same: integers, and floats that are small multiples of 1/8. */
const SUMMED: [name: string, filter: Filter][] = [
  ...["tiny", "signed", "word", "code", "wide", "safe", "single"].map((name): [string, Filter] => [name, always]),
  ["float", between("float", 0.125, 150)],
];
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

const measure = fc.oneof(
  fc.constantFrom(...SUMMED).map(([name, filter]) => ({ fn: "sum" as AggregateFunction, name, filter })),
  fc
    .constantFrom(...SUMMED.filter(([name]) => name !== "wide" && name !== "safe"))
    .map(([name, filter]) => ({ fn: "avg" as AggregateFunction, name, filter })),
  fc.record({
    fn: fc.constantFrom<AggregateFunction>("min", "max", "count", "countDistinct"),
    name: fc.constantFrom(...COLUMNS),
    filter: fc.constantFrom(always, ...FILTERS),
  }),
);

type Wanted = typeof measure extends fc.Arbitrary<infer M> ? M : never;

/** The answer of a measure over some rows, in the plainest words. */
function answer({ fn, name, filter }: Wanted, rows: readonly BigRow[]): unknown {
  const values = rows.filter(filter.holds).flatMap((row) => (row[name] === null ? [] : [row[name]]));
  switch (fn) {
    case "count":
      return values.length;
    case "countDistinct":
      return new Set(values.map(identity)).size;
    case "min":
    case "max":
      return values.length === 0
        ? null
        : values.reduce((best, value) => {
            const order = compareValues(name, value, best);
            return (fn === "min" ? order < 0 : order > 0) ? value : best;
          });
    default: {
      if (values.length === 0) return null;
      if (typeof values[0] === "bigint") return (values as bigint[]).reduce((a, b) => a + b, 0n);
      if (name === "safe") {
        const sum = (values as number[]).reduce((a, b) => a + BigInt(b), 0n);
        return Number.isSafeInteger(Number(sum)) && BigInt(Number(sum)) === sum ? Number(sum) : "out of range";
      }
      const sum = (values as number[]).reduce((a, b) => a + b, 0);
      return fn === "avg" ? sum / values.length : sum;
    }
  }
}

const tables = [bigTable(65_535, true), bigTable(65_536, false), bigTable(65_537, true), bigTable(2 * 65_536 + 37, true)];

describe.each(tables)("aggregates are those of a plain loop", ({ stores, rows }) => {
  const there = rows.filter((row) => row !== null);
  test(`over ${rows.length} rows, ${there.length} of them there`, () => {
    const engines = stores.map((store) => new Engine(store));
    const question = fc.record({
      filter: fc.constantFrom(...FILTERS),
      by: fc.constantFrom(...GROUPS),
      measures: fc.array(measure, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(question, ({ filter, by, measures }) => {
        const groups = new Map<string, BigRow[]>(by.length === 0 ? [["", []]] : []);
        for (const row of there) {
          if (!filter.holds(row)) continue;
          const key = by.map((name) => identity(row[name])).join("|");
          const group = groups.get(key);
          if (group === undefined) groups.set(key, [row]);
          else group.push(row);
        }
        const expected = new Map(Array.from(groups, ([key, group]) => [key, measures.map((one) => answer(one, group))]));
        const steps: Plan["steps"] = [
          { step: "where", predicate: filter.expr },
          {
            step: "aggregate",
            by: by.map((name) => ({ as: name, expr: column(name) })),
            measures: measures.map(
              ({ fn, name, filter: own }, i): Measure => ({
                as: `m${i}`,
                fn,
                arg: column(name),
                ...(own === always ? {} : { filter: own.expr }),
              }),
            ),
          },
        ];
        for (const engine of engines) {
          if ([...expected.values()].some((values) => values.includes("out of range"))) {
            expect(() => engine.rows(...steps)).toThrow(QueryError);
            continue;
          }
          const found = engine.rows(...steps);
          expect(found.length).toBe(expected.size);
          for (const row of found) {
            const key = by.map((name) => identity(row[name])).join("|");
            const values = measures.map((_, i) => identity(row[`m${i}`]));
            expect([key, ...values]).toEqual([key, ...(expected.get(key) ?? []).map(identity)]);
          }
        }
      }),
      { numRuns: 15 },
    );
  });
});
