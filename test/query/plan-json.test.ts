import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FaunError, QueryError } from "../../src/errors.ts";
import { avg, count, last, sum } from "../../src/query/aggregate-functions.ts";
import { planFromJson } from "../../src/query/plan-json.ts";
import { query, queryFromJson } from "../../src/query/query.ts";
import { Mixed } from "./entities.ts";

const mixed = query(Mixed);
const queries = {
  empty: mixed,
  constants: mixed.where((m) =>
    m.double
      .in([Number.NaN, -0, 1.5])
      .or(
        m.big.between(-1n, 2n ** 62n),
        m.price.gt("12.50"),
        m.cents.le(3n),
        m.day.ne("2024-02-29"),
        m.at.lt(new Date(0)),
        m.nanos.ge(7n),
      )
      .and(
        m.flag,
        m.maybe.isNotNull().not(),
        m.text.like("a!%%", { escape: "!" }),
        m.label.startsWith(m.text),
        m.state.notIn(["on"]),
      ),
  ),
  computed: mixed.select((m) => ({
    a: m.byte.add(m.safe).sub(1).mul(m.byte).neg(),
    b: m.big.intDiv(3n).mod(7n),
    c: m.double.div(m.single),
    d: m.ticks.dateTrunc("month"),
    e: m.day.extract("dayOfWeek"),
  })),
  grouped: mixed
    .groupBy((m) => ({ month: m.at.dateTrunc("month"), state: m.state }))
    .aggregate((m) => ({
      n: count().where(m.flag),
      s: sum(m.byte.mul(m.safe)),
      v: avg("double"),
      l: last("text").orderBy(m.at, "desc", { nulls: "first" }),
    }))
    .having((r) => r.n.gt(1))
    .orderBy("s", "desc")
    .thenBy("month")
    .offset(5)
    .limit(10),
  distinct: mixed.select("state", "label").distinct().offset(3),
};

describe("a plan read from its own JSON is the same plan", () => {
  test.each(Object.entries(queries))("%s", (_, built) => {
    const text = JSON.stringify(built);
    const back = queryFromJson(Mixed, text);
    expect(back.plan).toEqual(built.plan);
    expect(back.equals(built)).toBe(true);
    expect(built.equals(back)).toBe(true);
    expect(JSON.stringify(back)).toBe(text);
    expect(queryFromJson(Mixed, JSON.parse(text)).equals(built)).toBe(true);
  });

  test("and another than any other", () => {
    const all = Object.values(queries);
    for (const a of all) for (const b of all) expect(a.equals(b)).toBe(a === b);
  });

  test("and goes on from there", () => {
    const back = queryFromJson(Mixed, JSON.stringify(queries.distinct));
    expect(back.orderBy("state").plan.steps).toHaveLength(4);
    expect(() => back.orderBy("byte")).toThrow(/no column "byte"/);
  });

  test("whatever is changed in the JSON afterwards", () => {
    const json = JSON.parse(JSON.stringify(queries.constants));
    const back = queryFromJson(Mixed, json);
    json.steps[0].predicate.args.length = 0;
    expect(back.equals(queries.constants)).toBe(true);
  });
});

describe("what is no plan is refused with its place:", () => {
  const where = (predicate: unknown) => ({ faun: 1, entity: "mixed", steps: [{ step: "where", predicate }] });
  test.each<[string, unknown, string]>([
    ["text that is not JSON", "{", "the plan is not JSON"],
    ["null", null, "the plan: expected an object, got null"],
    ["an array", [], "the plan: expected an object, got an array of 0"],
    ["another version", { faun: 2, entity: "mixed", steps: [] }, "(faun): expected 1, got 2"],
    ["no steps", { faun: 1, entity: "mixed" }, "steps: expected an array, got undefined"],
    [
      "an unknown step",
      { faun: 1, entity: "mixed", steps: [{ step: "join" }] },
      'steps[0].step: expected one of "where", "select"',
    ],
    [
      "an unknown property",
      { faun: 1, entity: "mixed", steps: [], limit: 1 },
      'unknown property "limit"; there are faun, entity, steps',
    ],
    ["an unknown op", where({ op: "eval", args: [] }), "steps[0].predicate.op: expected one of"],
    ["an op of the prototype", where({ op: "toString", args: [] }), "steps[0].predicate.op: expected one of"],
    [
      "too few arguments",
      where({ op: "eq", args: [] }),
      "steps[0].predicate.args: expected 2 arguments of eq, got an array of 0",
    ],
    ["a deep mistake", where({ op: "not", args: [{ op: "column" }] }), "steps[0].predicate.args[0].name: expected a string"],
    [
      "a column in in",
      where({
        op: "in",
        args: [
          { op: "column", name: "a" },
          { op: "column", name: "b" },
        ],
      }),
      "in takes constants",
    ],
    ["a literal of no type", where({ op: "literal", type: "function", value: "x" }), "type: expected one of"],
    ["an infinite number", where({ op: "literal", type: "number", value: "infinite" }), "value: expected a number"],
    [
      "limit -1",
      { faun: 1, entity: "mixed", steps: [{ step: "limit", count: -1, offset: 0 }] },
      "steps[0].count: expected a number of rows, an integer from 0, got -1",
    ],
    [
      "no offset",
      { faun: 1, entity: "mixed", steps: [{ step: "limit", count: 1 }] },
      "steps[0].offset: expected a number of rows",
    ],
    [
      "a direction",
      {
        faun: 1,
        entity: "mixed",
        steps: [{ step: "orderBy", keys: [{ expr: { op: "column", name: "byte" }, direction: "up", nulls: "last" }] }],
      },
      'steps[0].keys[0].direction: expected one of "asc", "desc", got "up"',
    ],
    ["lone surrogates", where({ op: "column", name: "\ud800" }), "a string without lone surrogates"],
    ["another entity", { faun: 1, entity: "orders", steps: [] }, 'asks the entity "orders"'],
    [
      "a bigint that is none",
      where({
        op: "eq",
        args: [
          { op: "column", name: "big" },
          { op: "literal", type: "bigint", value: "1e9" },
        ],
      }),
      "expected decimal digits of an integer",
    ],
    [
      "bytes that are none",
      {
        faun: 1,
        entity: "mixed",
        steps: [{ step: "select", columns: [{ as: "x", expr: { op: "literal", type: "binary", value: "?" } }] }],
      },
      "bytes as base64",
    ],
    [
      "an instant that is none",
      where({
        op: "eq",
        args: [
          { op: "column", name: "at" },
          { op: "literal", type: "instant", value: "noon" },
        ],
      }),
      "ISO 8601 instant",
    ],
  ])("%s", (_, json, message) => {
    expect(() => queryFromJson(Mixed, json)).toThrow(QueryError);
    expect(() => queryFromJson(Mixed, json)).toThrow(message);
  });

  test("a plan nested deeper than any stack", () => {
    const text = `${'{"op":"not","args":['.repeat(5000)}{"op":"column","name":"flag"}${"]}".repeat(5000)}`;
    expect(() => planFromJson(`{"faun":1,"entity":"mixed","steps":[{"step":"where","predicate":${text}}]}`)).toThrow(
      /400 levels/,
    );
  });

  test("whatever it is, by a FaunError", () => {
    const plans = Object.values(queries).map((built) => JSON.parse(JSON.stringify(built)));
    fc.assert(
      fc.property(fc.constantFrom(...plans), fc.nat(), fc.jsonValue({ maxDepth: 3 }), (plan, seed, replacement) => {
        const mutated = structuredClone(plan);
        mutate(mutated, seed, replacement);
        try {
          expect(queryFromJson(Mixed, mutated).plan.entity).toBe("mixed");
        } catch (error) {
          expect(error).toBeInstanceOf(FaunError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Replaces one node of a JSON tree, chosen by `seed`. */
function mutate(json: object, seed: number, replacement: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const name of Object.keys(node)) {
      places.push([node as Record<string, unknown>, name]);
      walk((node as Record<string, unknown>)[name]);
    }
  };
  walk(json);
  const [node, name] = places[seed % places.length]!;
  node[name] = replacement;
}
