import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Expression } from "../../../src/query/expression.ts";
import type { Plan } from "../../../src/query/plan.ts";
import { type BigRow, bigTable, column, compareValues, literal } from "./big-table.ts";
import { Engine } from "./run.ts";

/** A chunk that takes another row, a full one, one with a row behind it, and more with rows deleted. */
const tables = [bigTable(65_535, false), bigTable(65_536, true), bigTable(65_537, false), bigTable(2 * 65_536 + 37, true)];

const OPS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
const COLUMNS = [
  "tiny",
  "signed",
  "word",
  "code",
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

type Truth = boolean | null;
interface Condition {
  readonly expr: Expression;
  readonly holds: (row: BigRow) => Truth;
}

const HOLDS = {
  eq: (order: number) => order === 0,
  ne: (order: number) => order !== 0,
  lt: (order: number) => order < 0,
  le: (order: number) => order <= 0,
  gt: (order: number) => order > 0,
  ge: (order: number) => order >= 0,
};

/** Constants are values of the column itself, so that borders are hit, or numbers next to them. */
const constantOf = (name: string): fc.Arbitrary<unknown> =>
  fc.nat(999).map((at) => {
    const values = tables[0]?.rows.slice(0, 5000).flatMap((row) => (row?.[name] === null ? [] : [row?.[name]])) ?? [];
    return values[at % values.length];
  });

const comparison: fc.Arbitrary<Condition> = fc.constantFrom(...COLUMNS).chain((name) =>
  fc
    .record({ op: fc.constantFrom(...OPS), value: constantOf(name), near: fc.constantFrom(0, 0, 0.5, -1, 1) })
    .map(({ op, value, near }) => {
      const constant = typeof value === "number" ? value + near : value;
      return {
        expr: { op, args: [column(name), literal(constant)] } as Expression,
        holds: (row: BigRow) => (row[name] === null ? null : HOLDS[op](compareValues(name, row[name], constant))),
      };
    }),
);

const between: fc.Arbitrary<Condition> = fc.constantFrom(...COLUMNS).chain((name) =>
  fc.tuple(constantOf(name), constantOf(name)).map(([low, high]) => ({
    expr: { op: "between", args: [column(name), literal(low), literal(high)] } as Expression,
    holds: (row: BigRow) =>
      row[name] === null ? null : compareValues(name, row[name], low) >= 0 && compareValues(name, row[name], high) <= 0,
  })),
);

const among: fc.Arbitrary<Condition> = fc.constantFrom(...COLUMNS).chain((name) =>
  fc
    .tuple(fc.constantFrom("in" as const, "notIn" as const), fc.array(constantOf(name), { minLength: 1, maxLength: 4 }))
    .map(([op, values]) => ({
      expr: { op, args: [column(name), ...values.map(literal)] } as Expression,
      holds: (row: BigRow) =>
        row[name] === null ? null : values.some((value) => compareValues(name, row[name], value) === 0) === (op === "in"),
    })),
);

const nullness: fc.Arbitrary<Condition> = fc.constantFrom(...COLUMNS).chain((name) =>
  fc.constantFrom("isNull" as const, "isNotNull" as const).map((op) => ({
    expr: { op, args: [column(name)] } as Expression,
    holds: (row: BigRow) => (row[name] === null) === (op === "isNull"),
  })),
);

const simple = fc.oneof({ weight: 4, arbitrary: comparison }, between, among, nullness);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: simple },
  fc
    .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(simple, { minLength: 2, maxLength: 3 }))
    .map(([op, parts]) => ({
      expr: { op, args: parts.map(({ expr }) => expr) } as Expression,
      holds: (row: BigRow) => {
        const truths = parts.map(({ holds }) => holds(row));
        if (truths.includes(op === "or")) return op === "or";
        return truths.includes(null) ? null : op === "and";
      },
    })),
  simple.map(({ expr, holds }) => ({
    expr: { op: "not", args: [expr] } as Expression,
    holds: (row: BigRow) => {
      const truth = holds(row);
      return truth === null ? null : !truth;
    },
  })),
);

describe.each(tables)("a filter finds the rows that a plain loop finds", ({ stores, rows }) => {
  test(`of ${rows.length}, ${stores[0]!.size} of them there`, () => {
    const engines = stores.map((store) => new Engine(store));
    fc.assert(
      fc.property(condition, ({ expr, holds }) => {
        const expected: number[] = [];
        for (const [i, row] of rows.entries()) if (row !== null && holds(row) === true) expected.push(i);
        const where: Plan["steps"][number] = { step: "where", predicate: expr };
        for (const engine of engines) {
          const found = engine.positions(where);
          expect(found.length).toBe(expected.length);
          for (let k = 0; k < found.length; k++) if (found[k] !== expected[k]) expect(found[k]).toBe(expected[k]);
          const [counted] = engine.rows(where, { step: "aggregate", by: [], measures: [{ as: "n", fn: "count" }] });
          expect(counted?.n).toBe(expected.length);
        }
      }),
      { numRuns: 40 },
    );
  });
});
