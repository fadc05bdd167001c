import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { schemaOf } from "../../src/entity/entity.ts";
import { ColumnNotFoundError, QueryError } from "../../src/errors.ts";
import { bindPlan } from "../../src/query/bind.ts";
import type { BoundExpression } from "../../src/query/bound.ts";
import type { Expression } from "../../src/query/expression.ts";
import type { Plan, Step } from "../../src/query/plan.ts";
import { Mixed } from "./entities.ts";

const schema = schemaOf(Mixed);
const plan = (...steps: Step[]): Plan => ({ faun: 1, entity: "mixed", steps });
const column = (name: string): Expression => ({ op: "column", name });
const number = (value: number | "NaN" | "Infinity" | "-Infinity" | "-0"): Expression => ({
  op: "literal",
  type: "number",
  value,
});
const bigint = (value: bigint): Expression => ({ op: "literal", type: "bigint", value: String(value) });
const text = (value: string): Expression => ({ op: "literal", type: "string", value });
const instant = (value: string): Expression => ({ op: "literal", type: "instant", value });

/** The bound form of an expression over `mixed`. */
function bind(expr: Expression): BoundExpression {
  const bound = bindPlan(plan({ step: "select", columns: [{ as: "x", expr }] }), schema).steps[0]!;
  if (bound.step !== "select") throw new Error("no select");
  return bound.columns[0]!.expr;
}

/** A bound expression in short: `byte ge 3`. */
function show(expr: BoundExpression): string {
  switch (expr.op) {
    case "column":
      return expr.name;
    case "literal":
      return typeof expr.value === "bigint" ? `${expr.value}n` : JSON.stringify(expr.value);
    case "known":
      return `${expr.value} unless ${show(expr.args[0])} is null`;
    case "between":
      return `${show(expr.args[0])} in [${expr.low}, ${expr.high}]`;
    case "in":
    case "notIn":
      return `${show(expr.args[0])} ${expr.op} {${expr.values.join(", ")}}`;
    default:
      return expr.args.map(show).join(` ${expr.op} `);
  }
}

const compare = (op: "eq" | "ne" | "lt" | "le" | "gt" | "ge", a: Expression, b: Expression) => show(bind({ op, args: [a, b] }));

describe("a constant takes the form of the column it is compared with", () => {
  test.each([
    ["eq", "byte", number(3), "byte eq 3"],
    ["gt", "byte", number(2.5), "byte ge 3"],
    ["ge", "byte", number(2.5), "byte ge 3"],
    ["lt", "byte", number(2.5), "byte le 2"],
    ["le", "byte", number(-0.5), "false unless byte is null"],
    ["eq", "byte", number(2.5), "false unless byte is null"],
    ["ne", "byte", number(2.5), "true unless byte is null"],
    ["gt", "byte", number(300), "false unless byte is null"],
    ["lt", "byte", bigint(256n), "true unless byte is null"],
    ["lt", "byte", number("NaN"), "true unless byte is null"],
    ["gt", "byte", number("-Infinity"), "true unless byte is null"],
    ["eq", "byte", number("-0"), "byte eq 0"],
    ["eq", "big", number(3), "big eq 3n"],
    ["gt", "big", number(2 ** 63), "false unless big is null"],
    ["ge", "big", number(-(2 ** 63)), "big ge -9223372036854775808n"],
    ["gt", "id", number(-1), "true unless id is null"],
    ["eq", "safe", bigint(2n ** 53n), "false unless safe is null"],
    ["eq", "double", bigint(2n ** 53n + 1n), "false unless double is null"],
    ["gt", "double", bigint(2n ** 53n + 1n), "double ge 9007199254740994"],
    ["lt", "double", bigint(2n ** 53n + 1n), "double le 9007199254740992"],
    ["eq", "double", bigint(2n ** 53n + 2n), "double eq 9007199254740994"],
    ["eq", "single", number(0.1), "false unless single is null"],
    ["lt", "single", number(0.1), `single le ${previousFloat(Math.fround(0.1))}`],
    ["gt", "single", number(0.1), `single ge ${Math.fround(0.1)}`],
    ["gt", "single", number(1e39), "single ge null"],
    ["eq", "price", number(12), "price eq 1200n"],
    ["eq", "price", text("12.5"), "price eq 1250n"],
    ["gt", "price", text("12.505"), "price ge 1251n"],
    ["lt", "price", text("-12.505"), "price le -1251n"],
    ["lt", "price", text("100000000"), "true unless price is null"],
    ["eq", "cents", bigint(3n), "cents eq 30000n"],
    ["lt", "at", instant("2024-02-29T12:00:00.500Z"), "at le 1709208000n"],
    ["eq", "at", instant("2024-02-29T12:00:00.000Z"), "at eq 1709208000n"],
    ["eq", "nanos", instant("1970-01-01T00:00:00.000000001Z"), "nanos eq 1n"],
    ["lt", "nanos", instant("9999-01-01T00:00:00Z"), "true unless nanos is null"],
    ["eq", "day", text("1970-01-02"), "day eq 1"],
    ["ge", "state", text("off"), 'state ge "off"'],
  ] as const)("%s of %s", (op, name, literal, expected) => {
    expect(compare(op, column(name), literal)).toBe(expected);
  });

  test("from the left as from the right", () => {
    expect(compare("lt", number(2.5), column("byte"))).toBe("byte ge 3");
    expect(compare("eq", text("on"), column("state"))).toBe('state eq "on"');
  });

  test("between becomes one node, or what remains of it", () => {
    const between = (name: string, low: Expression, high: Expression) =>
      show(bind({ op: "between", args: [column(name), low, high] }));
    expect(between("byte", number(1.5), number(7.5))).toBe("byte in [2, 7]");
    expect(between("byte", number(-3), number(7))).toBe("true unless byte is null and byte le 7");
    expect(between("byte", number(1), column("safe"))).toBe("byte ge 1 and byte le safe");
    expect(between("nanos", instant("1970-01-01T00:00:00Z"), instant("1970-01-01T00:00:01Z"))).toBe("nanos in [0, 1000000000]");
  });

  test("in keeps what can be found, once", () => {
    const among = (op: "in" | "notIn", name: string, ...values: Expression[]) =>
      show(bind({ op, args: [column(name), ...values] as never }));
    expect(among("in", "byte", number(1), number(1), number(2.5), bigint(7n), number(900))).toBe("byte in {1, 7}");
    expect(among("in", "double", number("NaN"), number("NaN"), number("-0"), number(0))).toBe("double in {NaN, 0}");
    expect(among("notIn", "byte", number(2.5))).toBe("true unless byte is null");
    expect(among("in", "maybe")).toBe("false");
    expect(among("notIn", "maybe")).toBe("true");
  });

  test("integers against any double: as mathematics has it", () => {
    const ops = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
    const holds = (op: (typeof ops)[number], a: number, b: number) =>
      ({ eq: a === b, ne: a !== b, lt: a < b || Number.isNaN(b), le: a <= b || Number.isNaN(b), gt: a > b, ge: a >= b })[op];
    const doubles = fc.oneof(fc.double(), fc.double({ min: -2, max: 258 }), fc.integer({ min: -2, max: 258 }));
    fc.assert(
      fc.property(fc.constantFrom(...ops), fc.integer({ min: 0, max: 255 }), doubles, (op, x, constant) => {
        const value = Object.is(constant, -0) ? "-0" : Number.isFinite(constant) ? constant : (String(constant) as "NaN");
        const bound = bind({ op, args: [column("byte"), number(value)] });
        const found =
          bound.op === "known"
            ? bound.value
            : holds(
                bound.op as "eq",
                x,
                ("args" in bound && bound.args[1]?.op === "literal" && (bound.args[1].value as number)) as number,
              );
        expect(found).toBe(holds(op, x, constant));
      }),
      { numRuns: 2000 },
    );
  });
});

function previousFloat(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]!--;
  return new Float32Array(bits.buffer)[0]!;
}

describe("types of what is computed", () => {
  const typeOf = (op: "add" | "mul" | "div" | "mod" | "intDiv", a: Expression, b: Expression) => {
    const { type, nullable } = bind({ op, args: [a, b] });
    const words =
      type.kind === "integer"
        ? `integer ${type.mode}`
        : type.kind === "decimal"
          ? `decimal ${type.scale} ${type.mode}`
          : type.kind;
    return nullable ? `${words} or null` : words;
  };
  test.each([
    ["add", column("byte"), column("safe"), "integer number"],
    ["add", column("byte"), column("big"), "integer bigint"],
    ["add", column("byte"), number(2), "integer number"],
    ["add", column("byte"), number(2.5), "f64"],
    ["add", column("byte"), bigint(2n), "integer bigint"],
    ["add", column("big"), number(2), "f64"],
    ["add", column("single"), column("single"), "f64"],
    ["mul", column("price"), column("cents"), "decimal 6 string"],
    ["mul", column("cents"), column("cents"), "decimal 8 bigint"],
    ["mul", column("cents"), column("byte"), "decimal 4 bigint"],
    ["add", column("price"), column("cents"), "decimal 4 string"],
    ["mul", column("price"), text("1.125"), "decimal 5 string"],
    ["mul", column("price"), number(2), "f64"],
    ["div", column("byte"), column("byte"), "f64"],
    ["div", column("price"), column("price"), "f64"],
    ["mod", column("byte"), column("byte"), "integer number or null"],
    ["mod", column("byte"), number(3), "integer number"],
    ["mod", column("byte"), number(0), "integer number or null"],
    ["mod", column("double"), column("double"), "f64"],
    ["intDiv", column("big"), bigint(3n), "integer bigint"],
    ["add", column("maybe"), column("byte"), "integer number or null"],
  ] as const)("%s", (op, a, b, expected) => {
    expect(typeOf(op, a, b)).toBe(expected);
  });

  test.each([
    ["byte", "double", "same"],
    ["byte", "safe", "same"],
    ["big", "id", "same"],
    ["big", "double", "mixed"],
    ["price", "double", "mixed"],
    ["price", "cents", "units"],
    ["price", "big", "units"],
    ["price", "byte", "mixed"],
    ["at", "nanos", "units"],
    ["text", "label", "same"],
    ["state", "text", "text"],
    ["state", "other", "text"],
  ])("%s beside %s compares as %s", (a, b, expected) => {
    expect(bind({ op: "eq", args: [column(a), column(b)] })).toMatchObject({ comparison: expected, type: { kind: "bool" } });
  });

  test("measures", () => {
    const measure = (fn: "sum" | "min" | "avg" | "count" | "stddev", arg: string, grouped: boolean) => {
      const by = grouped ? [{ as: "k", expr: column("state") }] : [];
      const step = bindPlan(plan({ step: "aggregate", by, measures: [{ as: "x", fn, arg: column(arg) }] }), schema).output.at(
        -1,
      )!;
      return `${step.type.kind}${step.nullable ? " or null" : ""}`;
    };
    expect(measure("sum", "byte", true)).toBe("integer");
    expect(measure("sum", "byte", false)).toBe("integer or null");
    expect(measure("sum", "maybe", true)).toBe("integer or null");
    expect(measure("sum", "single", true)).toBe("f64");
    expect(measure("sum", "price", true)).toBe("decimal");
    expect(measure("min", "state", true)).toBe("enum");
    expect(measure("avg", "big", true)).toBe("f64");
    expect(measure("stddev", "big", true)).toBe("f64 or null");
    expect(measure("count", "maybe", false)).toBe("integer");
  });
});

describe("refuses, and says what would be right:", () => {
  const where = (predicate: Expression) => plan({ step: "where", predicate });
  const eq = (a: Expression, b: Expression): Expression => ({ op: "eq", args: [a, b] });
  test.each<[string, Plan, RegExp]>([
    ["a plan of another entity", { faun: 1, entity: "orders", steps: [] }, /asks the entity "orders", and this is "mixed"/],
    ["null by eq", where(eq(column("maybe"), { op: "literal", type: "null" })), /nothing is equal.*maybe\.isNull\(\)/],
    ["null in in", where({ op: "in", args: [column("maybe"), { op: "literal", type: "null" }] }), /isNull/],
    ["text for a number", where(eq(column("byte"), text("3"))), /mixed: byte compares with a number or a bigint, got "3"/],
    [
      "an unknown enum value",
      where(eq(column("state"), text("offf"))),
      /one of "on", "off" \(did you mean "off"\?\), got "offf"/,
    ],
    ["a day that does not exist", where(eq(column("day"), text("2023-02-29"))), /existing day/],
    ["a double for a decimal", where(eq(column("price"), number(19.99))), /write "19.99"/],
    ["columns of two kinds", where(eq(column("byte"), column("text"))), /eq cannot compare byte \(u8\) with text \(utf8\)/],
    ["an order between enums", where({ op: "lt", args: [column("state"), column("other")] }), /no common order/],
    ["two constants", where(eq(number(1), number(1))), /two constants/],
    ["a number as predicate", where(column("byte")), /where takes predicates.*got byte \(u8\)/],
    ["and of a number", where({ op: "and", args: [column("flag"), column("byte")] }), /and takes predicates/],
    [
      "arithmetic on text",
      where(eq({ op: "add", args: [column("text"), number(1)] }, number(1))),
      /add takes numbers, got text \(utf8\)/,
    ],
    ["intDiv of doubles", where(eq({ op: "intDiv", args: [column("double"), number(1)] }, number(1))), /intDiv takes integers/],
    ["too many decimal places", plan({ step: "select", columns: [{ as: "x", expr: deep("cents", 10) }] }), /40 decimal places/],
    [
      "text operators on numbers",
      where({ op: "startsWith", args: [column("byte"), text("1")] }),
      /startsWith takes text, got byte \(u8\)/,
    ],
    ["a pattern from a column", where({ op: "like", args: [column("text"), column("label")] }), /constant pattern/],
    ["an escape of two characters", where({ op: "like", args: [column("text"), text("a")], escape: "!!" }), /one character/],
    ["an escape before nothing", where({ op: "like", args: [column("text"), text("a!")], escape: "!" }), /before the end/],
    [
      "hours of a date",
      plan({ step: "select", columns: [{ as: "x", expr: { op: "extract", args: [column("day")], part: "hour" } }] }),
      /no hour/,
    ],
    ["limit -1", plan({ step: "limit", count: -1, offset: 0 }), /limit takes a number of rows, an integer from 0, got -1/],
    [
      "two columns of a name",
      plan({
        step: "select",
        columns: [
          { as: "x", expr: column("byte") },
          { as: "x", expr: column("big") },
        ],
      }),
      /two columns the name "x"/,
    ],
    ["no columns", plan({ step: "select", columns: [] }), /at least one column/],
    [
      "sum of text",
      plan({ step: "aggregate", by: [], measures: [{ as: "s", fn: "sum", arg: column("text") }] }),
      /s: sum takes numbers, got text/,
    ],
    ["sum of nothing", plan({ step: "aggregate", by: [], measures: [{ as: "s", fn: "sum" }] }), /s: sum takes a column/],
    [
      "first without an order",
      plan({ step: "aggregate", by: [], measures: [{ as: "f", fn: "first", arg: column("text") }] }),
      /f: first needs an order/,
    ],
    [
      "sum with an order",
      plan({
        step: "aggregate",
        by: [],
        measures: [
          { as: "s", fn: "sum", arg: column("byte"), orderBy: [{ expr: column("byte"), direction: "asc", nulls: "last" }] },
        ],
      }),
      /does not depend on an order/,
    ],
    ["an aggregate of nothing", plan({ step: "aggregate", by: [], measures: [] }), /at least one measure/],
    ["what overflows any stack", where(nested(600)), /500 levels/],
  ])("%s", (_, wrong, message) => {
    expect(() => bindPlan(wrong, schema)).toThrow(QueryError);
    expect(() => bindPlan(wrong, schema)).toThrow(message);
  });

  test("an unknown column, naming the nearest", () => {
    const error = caught(() => bindPlan(where(eq(column("bite"), number(1))), schema));
    expect(error).toBeInstanceOf(ColumnNotFoundError);
    expect(error).toMatchObject({ columnName: "bite", message: expect.stringContaining('did you mean "byte"?') });
  });

  test("a column that a step before left out", () => {
    const select: Step = { step: "select", columns: [{ as: "b", expr: column("byte") }] };
    expect(() => bindPlan(plan(select, { step: "where", predicate: eq(column("byte"), number(1)) }), schema)).toThrow(
      ColumnNotFoundError,
    );
    expect(bindPlan(plan(select, { step: "where", predicate: eq(column("b"), number(1)) }), schema).output).toEqual([
      { name: "b", type: { kind: "u8" }, nullable: false },
    ]);
  });
});

function deep(name: string, times: number): Expression {
  let expr = column(name);
  for (let i = 1; i < times; i++) expr = { op: "mul", args: [expr, column(name)] };
  return expr;
}

function nested(levels: number): Expression {
  let expr: Expression = column("flag");
  for (let i = 0; i < levels; i++) expr = { op: "not", args: [expr] };
  return expr;
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
