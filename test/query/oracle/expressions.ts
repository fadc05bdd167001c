import type { FieldType, TimeUnit } from "../../../src/entity/field-type.ts";
import { isoFromDays } from "../../../src/entity/values/date.ts";
import { textFromUnscaled } from "../../../src/entity/values/decimal.ts";
import { isoFromTicks } from "../../../src/entity/values/timestamp.ts";
import type { ComparisonOp, DatePart, Expression, Literal, TruncUnit } from "../../../src/query/expression.ts";
import { randomValue } from "./dataset.ts";
import type { Random } from "./random.ts";
import { toWire, type Wire, type WireValue } from "./wire.ts";

/** An expression for Faun, the same in SQL, and what the generator must know about it. */
export interface Pair {
  readonly expr: Expression;
  readonly sql: string;
  readonly type: Wire;
  /** Within the calendar of both. */
  readonly calendar: boolean;
  /** Sums of it are exact in any order. */
  readonly dyadic: boolean;
}

/** A column that a step sees. */
export interface Column extends Pair {
  readonly name: string;
  /** Its field, where it is one: for values that occur. */
  readonly field?: { readonly type: FieldType; readonly pool: readonly unknown[] };
  readonly unique: boolean;
  /** Not for further computing: differs from the oracle's by rounding, within the value of this SQL column. */
  readonly tolerance?: string;
  /** Hidden SQL columns whose exact quotient it is, rounded once. */
  readonly quotient?: { readonly sum: string; readonly count: string; readonly scale: number };
}

/** Functions that the SQL of expressions calls. */
export const MACROS = [
  // Sign of int - double, exactly; NaN is greatest.
  `CREATE MACRO cmp_id(x, d) AS CASE WHEN x IS NULL OR d IS NULL THEN NULL WHEN isnan(d) OR d >= 1e38 THEN -1 WHEN d <= -1e38 THEN 1
     WHEN x < CAST(floor(d) AS HUGEINT) THEN -1 WHEN x > CAST(floor(d) AS HUGEINT) THEN 1 WHEN d > floor(d) THEN -1 ELSE 0 END`,
  // int to double, rounded once where it fits 64 bits.
  `CREATE MACRO i2d(x) AS CASE WHEN x BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST(CAST(x AS BIGINT) AS DOUBLE)
     WHEN x BETWEEN 0 AND 18446744073709551615 THEN CAST(CAST(x AS UBIGINT) AS DOUBLE) ELSE CAST(x AS DOUBLE) END`,
  "CREATE MACRO safe(x) AS CASE WHEN x NOT BETWEEN -9007199254740991 AND 9007199254740991 THEN error('Out of Range: safe integer') ELSE x END",
  `CREATE MACRO dec38(x) AS CASE WHEN x NOT BETWEEN -99999999999999999999999999999999999999 AND 99999999999999999999999999999999999999
     THEN error('Out of Range: decimal') ELSE x END`,
  "CREATE MACRO fdiv(x, n) AS (x - ((x % n) + n) % n) // n",
];

export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The SQL of a constant of the oracle. */
export function constant(value: WireValue): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `from_hex('${Buffer.from(value).toString("hex")}')`;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `CAST('${value}' AS HUGEINT)`;
  if (typeof value === "number") return `CAST('${Object.is(value, -0) ? "-0.0" : value}' AS DOUBLE)`;
  // SQL text cannot hold NUL.
  return `(${value
    .split("\u0000")
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join(" || chr(0) || ")})`;
}

/** The constant for Faun. */
export function literal(value: WireValue, type: Wire, rng: Random): Literal {
  if (value === null) return { op: "literal", type: "null" };
  switch (type.k) {
    case "bool":
      return { op: "literal", type: "bool", value: value as boolean };
    case "int":
      if (type.mode === "number") return numberLiteral(Number(value));
      return { op: "literal", type: "bigint", value: String(value) };
    case "float":
      return numberLiteral(value as number);
    case "text":
      return { op: "literal", type: "string", value: value as string };
    case "enum":
      return { op: "literal", type: "string", value: type.values[Number(value)] as string };
    case "binary":
      return { op: "literal", type: "binary", value: Buffer.from(value as Uint8Array).toString("base64") };
    case "date":
      return { op: "literal", type: "string", value: isoFromDays(Number(value)) };
    case "ts":
      return { op: "literal", type: "instant", value: isoFromTicks(value as bigint, type.unit) };
    case "dec": {
      const text = textFromUnscaled(value as bigint, type.scale);
      // Trailing zeros do not matter.
      return { op: "literal", type: "string", value: type.scale > 0 && rng.chance(0.5) ? text.replace(/\.?0+$/, "") : text };
    }
  }
}

function numberLiteral(value: number): Literal {
  if (Object.is(value, -0)) return { op: "literal", type: "number", value: "-0" };
  if (Number.isFinite(value)) return { op: "literal", type: "number", value };
  return { op: "literal", type: "number", value: String(value) as "NaN" | "Infinity" | "-Infinity" };
}

const COMPARE: Readonly<Record<ComparisonOp, string>> = { eq: "=", ne: "<>", lt: "<", le: "<=", gt: ">", ge: ">=" };
const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };
const DIGITS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 };

/** Generates expressions over the columns of a step. */
export class Expressions {
  readonly #rng: Random;
  readonly #columns: readonly Column[];

  constructor(rng: Random, columns: readonly Column[]) {
    this.#rng = rng;
    this.#columns = columns.filter((column) => column.tolerance === undefined && column.quotient === undefined);
  }

  /** A predicate. */
  predicate(depth = 2): Pair {
    const rng = this.#rng;
    if (depth > 0 && rng.chance(0.4)) {
      const op = rng.pick(["and", "or", "and", "or", "not"] as const);
      if (op === "not") {
        const inner = this.predicate(depth - 1);
        return bool({ op, args: [inner.expr] }, `(NOT ${inner.sql})`);
      }
      const parts = Array.from({ length: rng.chance(0.1) ? 1 : rng.int(2, 3) }, () => this.predicate(depth - 1));
      return bool(
        { op, args: parts.map((part) => part.expr) },
        `(${parts.map((part) => part.sql).join(` ${op.toUpperCase()} `)})`,
      );
    }
    return this.#test();
  }

  #test(): Pair {
    const rng = this.#rng;
    const value = this.value(1);
    if (rng.chance(0.08)) {
      const op = rng.pick(["isNull", "isNotNull"] as const);
      return bool({ op, args: [value.expr] }, `(${value.sql} IS ${op === "isNull" ? "" : "NOT "}NULL)`);
    }
    if (value.type.k === "bool" && rng.chance(0.4)) return value;
    if ((value.type.k === "text" || value.type.k === "enum") && rng.chance(0.4)) return this.#textTest(value);
    if (rng.chance(0.2)) {
      const [low, high] = [this.#constantOf(value), this.#constantOf(value)];
      return bool(
        { op: "between", args: [value.expr, low.expr, high.expr] },
        `(${value.sql} BETWEEN ${low.sql} AND ${high.sql})`,
      );
    }
    if (rng.chance(0.2)) {
      const op = rng.pick(["in", "notIn"] as const);
      const items = Array.from({ length: rng.int(1, 4) }, () => this.#constantOf(value));
      const sql = `(${value.sql} ${op === "in" ? "" : "NOT "}IN (${items.map((item) => item.sql).join(", ")}))`;
      return bool({ op, args: [value.expr, ...items.map((item) => item.expr as Literal)] }, sql);
    }
    const op = rng.pick(["eq", "ne", "lt", "le", "gt", "ge"] as const);
    const other = rng.chance(0.3) ? this.#comparable(value) : undefined;
    const right = other ?? this.#constantOf(value);
    const sql = compare(op, value, right);
    if (sql === "") throw new Error(`no SQL to compare ${JSON.stringify(value)} with ${JSON.stringify(right)}`);
    return bool({ op, args: [value.expr, right.expr] }, sql);
  }

  #textTest(value: Pair): Pair {
    const rng = this.#rng;
    const op = rng.pick(["startsWith", "endsWith", "contains", "like", "like"] as const);
    const text = textSql(value);
    const words = ["", "a", "b", "ab", "é", "e", "😀", "Delta", "lt", "value 1", "%", "_", "S", "\u0301", "ped", "0"];
    if (op !== "like") {
      const name = { startsWith: "starts_with", endsWith: "suffix", contains: "contains" }[op];
      const others = this.#columns.filter((column) => column.type.k === "text" || column.type.k === "enum");
      if (others.length > 0 && rng.chance(0.2)) {
        const other = rng.pick(others);
        return bool({ op, args: [value.expr, other.expr] }, `${name}(${text}, ${textSql(other)})`);
      }
      const word = rng.pick(words);
      return bool(
        { op, args: [value.expr, { op: "literal", type: "string", value: word }] },
        `${name}(${text}, ${constant(word)})`,
      );
    }
    const parts = Array.from({ length: rng.int(0, 4) }, () =>
      rng.pick(["%", "_", "a", "b", "%", "e", "é", "l", "1", "\\", "!%", "!_", "!!"]),
    );
    const quoting = rng.chance(0.4) ? "!" : undefined;
    const pattern = parts.filter((part) => quoting !== undefined || !part.startsWith("!")).join("");
    const args = [value.expr, { op: "literal", type: "string", value: pattern }] as const;
    if (quoting === undefined) return bool({ op, args }, `(${text} LIKE ${constant(pattern)})`);
    return bool({ op, args, escape: quoting }, `(${text} LIKE ${constant(pattern)} ESCAPE '!')`);
  }

  /** A value of any type. */
  value(depth: number): Pair {
    const rng = this.#rng;
    if (depth > 0 && rng.chance(0.3)) {
      const computed = rng.chance(0.6) ? this.#arithmetic(depth - 1) : this.#calendar();
      if (computed !== undefined) return computed;
    }
    return rng.pick(this.#columns);
  }

  #arithmetic(depth: number): Pair | undefined {
    const rng = this.#rng;
    const numeric = (pair: Pair) => pair.type.k === "int" || pair.type.k === "float" || pair.type.k === "dec";
    const candidates = this.#columns.filter(numeric);
    if (candidates.length === 0) return undefined;
    const left = depth > 0 && rng.chance(0.3) ? (this.#arithmetic(depth - 1) ?? rng.pick(candidates)) : rng.pick(candidates);
    if (rng.chance(0.1)) return negated(left);
    const right = rng.chance(0.5) ? rng.pick(candidates) : this.#operand(left);
    const op = rng.pick(["add", "sub", "mul", "div", "intDiv", "mod"] as const);
    return arithmetic(op, left, right);
  }

  /** A small constant to compute with. */
  #operand(left: Pair): Pair {
    const rng = this.#rng;
    const type: Wire = left.type.k === "dec" && rng.chance(0.5) ? { k: "int", mode: "bigint" } : left.type;
    const n = BigInt(rng.int(-3, 12));
    if (type.k === "float") return pair(literal(Number(n) / 4, type, rng), constant(Number(n) / 4), type, true, true);
    if (type.k === "dec") {
      const small: Wire = { ...type, digits: type.scale + 2 };
      const value = n * 10n ** BigInt(type.scale > 0 ? type.scale - 1 : 0);
      // All places are written: they count towards those of a product.
      const expr: Literal = { op: "literal", type: "string", value: textFromUnscaled(value, type.scale) };
      return pair(expr, constant(value), small, true, true);
    }
    return pair(literal(n, type, rng), constant(n), type, true, true);
  }

  #calendar(): Pair | undefined {
    const rng = this.#rng;
    const times = this.#columns.filter(({ type, calendar }) => calendar && (type.k === "date" || type.k === "ts"));
    if (times.length === 0) return undefined;
    return rng.chance(0.5) ? truncated(rng.pick(times), rng) : extracted(rng.pick(times), rng);
  }

  /** A constant to compare with: mostly one that occurs. */
  #constantOf(value: Pair): Pair {
    const rng = this.#rng;
    const { type } = value;
    const field = (value as Partial<Column>).field;
    const js =
      field !== undefined && rng.chance(0.7)
        ? rng.pick(field.pool)
        : field !== undefined && rng.chance(0.5)
          ? randomValue(rng, field.type, value.calendar, value.dyadic)
          : undefined;
    if (js !== undefined && js !== null) {
      // Integers also beside fractions, floats beside integers: exact in both directions.
      if (type.k === "int" && type.mode === "number" && rng.chance(0.1)) {
        const half = Number(js) + 0.5;
        if (half % 1 !== 0) return pair(numberLiteral(half), constant(half), { k: "float" }, true, true);
      }
      const wire = toWire(js, type);
      return pair(literal(wire, type, rng), constant(wire), type, value.calendar, value.dyadic);
    }
    const wire = defaultConstant(type, rng);
    return pair(literal(wire, type, rng), constant(wire), type, true, true);
  }

  /** Another column that this value can be compared with. */
  #comparable(value: Pair): Pair | undefined {
    const others = this.#columns.filter((column) => compare("lt", value, column) !== "");
    return others.length === 0 ? undefined : this.#rng.pick(others);
  }
}

const pair = (expr: Expression, sql: string, type: Wire, calendar: boolean, dyadic: boolean): Pair => ({
  expr,
  sql,
  type,
  calendar,
  dyadic,
});

const bool = (expr: Expression, sql: string): Pair => pair(expr, sql, { k: "bool" }, true, false);

const textSql = ({ sql, type }: Pair) =>
  type.k === "enum" ? `([${type.values.map(constant).join(", ")}])[CAST(${sql} AS INTEGER) + 1]` : sql;

function defaultConstant(type: Wire, rng: Random): WireValue {
  switch (type.k) {
    case "bool":
      return rng.chance(0.5);
    case "int":
      return BigInt(rng.int(-5, 40));
    case "float":
      return rng.int(-40, 40) / 4;
    case "text":
      return rng.pick(["", "a", "ab", "é", "value 2"]);
    case "enum":
      return BigInt(rng.int(0, type.values.length - 1));
    case "binary":
      return Uint8Array.of(rng.int(0, 255));
    case "date":
      return BigInt(rng.int(-10, 20_000));
    case "ts":
      return BigInt(rng.int(0, 1_700_000_000)) * PER_SECOND[type.unit];
    case "dec":
      return type.digits > type.scale ? BigInt(rng.int(-5, 9)) * 10n ** BigInt(type.scale) : BigInt(rng.int(-5, 9));
  }
}

/** The SQL of a comparison, or "" where the oracle cannot tell exactly. */
function compare(op: ComparisonOp, a: Pair, b: Pair): string {
  const sign = COMPARE[op];
  const [x, y] = [a.type, b.type];
  if (x.k === "int" && y.k === "float") return `(cmp_id(${a.sql}, ${b.sql}) ${sign} 0)`;
  if (x.k === "float" && y.k === "int") return `(0 ${sign} cmp_id(${b.sql}, ${a.sql}))`;
  if (x.k === "dec" || y.k === "dec") {
    const [p, q] = [asDecimal(x), asDecimal(y)];
    if (p === undefined || q === undefined) return "";
    const scale = Math.max(p.scale, q.scale);
    if (Math.max(p.digits - p.scale, q.digits - q.scale) + scale > 38) return "";
    return `(${scaled(a.sql, scale - p.scale)} ${sign} ${scaled(b.sql, scale - q.scale)})`;
  }
  if (x.k !== y.k) return "";
  if (x.k === "ts" && y.k === "ts") {
    // A time without zone is no instant.
    if ((x.zone === null) !== (y.zone === null)) return "";
    const digits = Math.max(DIGITS[x.unit], DIGITS[y.unit]);
    return `(${scaled(a.sql, digits - DIGITS[x.unit])} ${sign} ${scaled(b.sql, digits - DIGITS[y.unit])})`;
  }
  if (x.k === "enum" && y.k === "enum" && JSON.stringify(x) !== JSON.stringify(y)) {
    return op === "eq" || op === "ne" ? `(${textSql(a)} ${sign} ${textSql(b)})` : "";
  }
  return `(${a.sql} ${sign} ${b.sql})`;
}

type Decimal = Wire & { k: "dec" };

/** An integer counts as a decimal without fraction. */
function asDecimal(type: Wire): Decimal | undefined {
  if (type.k === "dec") return type;
  return type.k === "int" ? { k: "dec", digits: 20, scale: 0, mode: "string" } : undefined;
}

const scaled = (sql: string, digits: number) => (digits === 0 ? sql : `(${sql} * CAST('1${"0".repeat(digits)}' AS HUGEINT))`);

function checked(sql: string, type: Wire): string {
  if (type.k === "dec") return `dec38(${sql})`;
  return type.k === "int" && type.mode === "number" ? `safe(${sql})` : sql;
}

function negated(value: Pair): Pair {
  const expr: Expression = { op: "neg", args: [value.expr] };
  return pair(expr, `(-${value.sql})`, value.type, true, value.dyadic);
}

type Arithmetic = "add" | "sub" | "mul" | "div" | "intDiv" | "mod";
const OPERATOR: Readonly<Record<Arithmetic, string>> = { add: "+", sub: "-", mul: "*", div: "/", intDiv: "//", mod: "%" };

/** Undefined where the oracle cannot tell exactly. */
function arithmetic(op: Arithmetic, a: Pair, b: Pair): Pair | undefined {
  const expr: Expression = { op, args: [a.expr, b.expr] };
  const [x, y] = [a.type, b.type];
  const operator = OPERATOR[op];
  if (x.k === "int" && y.k === "int") {
    if (op === "div") return pair(expr, `(i2d(${a.sql}) / i2d(${b.sql}))`, { k: "float" }, true, false);
    const type: Wire = { k: "int", mode: x.mode === "bigint" || y.mode === "bigint" ? "bigint" : "number" };
    return pair(expr, checked(`(${a.sql} ${operator} ${b.sql})`, type), type, true, true);
  }
  if (x.k === "dec" || y.k === "dec") {
    const [p, q] = [asDecimal(x), asDecimal(y)];
    if (p === undefined || q === undefined || op === "div" || op === "intDiv") return undefined;
    const mode = [x, y].every((type) => type.k !== "dec" || type.mode === "bigint") ? "bigint" : "string";
    if (op === "mul") {
      const [digits, scale] = [p.digits + q.digits, p.scale + q.scale];
      if (digits > 38 || scale > 38) return undefined;
      const type: Wire = { k: "dec", digits, scale, mode };
      return pair(expr, checked(`(${a.sql} * ${b.sql})`, type), type, true, true);
    }
    const scale = Math.max(p.scale, q.scale);
    const digits = Math.max(p.digits - p.scale, q.digits - q.scale) + 1 + scale;
    if (digits > 38) return undefined;
    const type: Wire = { k: "dec", digits, scale, mode };
    const sql = `(${scaled(a.sql, scale - p.scale)} ${operator} ${scaled(b.sql, scale - q.scale)})`;
    return pair(expr, checked(sql, type), type, true, true);
  }
  if (op === "intDiv") return undefined;
  const double = ({ sql, type }: Pair) => (type.k === "int" ? `i2d(${sql})` : sql);
  const dyadic = (op === "add" || op === "sub") && a.dyadic && b.dyadic && x.k === "float" && y.k === "float";
  return pair(expr, `(${double(a)} ${operator} ${double(b)})`, { k: "float" }, true, dyadic);
}

const TRUNC_DATE: readonly TruncUnit[] = ["year", "quarter", "month", "week", "day"];
const TRUNC_TIME: readonly TruncUnit[] = [...TRUNC_DATE, "hour", "minute", "second", "millisecond", "microsecond"];
const PARTS: Readonly<Record<Exclude<DatePart, "epoch">, string>> = {
  year: "year",
  quarter: "quarter",
  month: "month",
  week: "week",
  day: "day",
  dayOfWeek: "dow",
  dayOfYear: "doy",
  hour: "hour",
  minute: "minute",
  second: "second",
};

/** A TIMESTAMP of the wall clock of the field's zone. */
function wallClock({ sql, type }: Pair): string {
  if (type.k !== "ts") return `CAST(DATE '1970-01-01' + CAST(${sql} AS INTEGER) AS TIMESTAMP)`;
  const micros = type.unit === "ns" ? `fdiv(${sql}, 1000)` : scaled(sql, 6 - DIGITS[type.unit]);
  const utc = `make_timestamp(CAST(${micros} AS BIGINT))`;
  return type.zone === null || type.zone === "UTC" ? utc : `timezone('${type.zone}', CAST(${utc} AS TIMESTAMPTZ))`;
}

function truncated(value: Pair, rng: Random): Pair {
  const { type } = value;
  if (type.k !== "ts") {
    const unit = rng.pick(TRUNC_DATE);
    const sql = `CAST(datediff('day', DATE '1970-01-01', CAST(date_trunc('${unit}', ${wallClock(value)}) AS DATE)) AS HUGEINT)`;
    return pair({ op: "dateTrunc", args: [value.expr], unit }, sql, type, true, true);
  }
  const local = type.zone !== null && type.zone !== "UTC";
  // Within a day of a zone, an hour may come twice; the oracle cannot tell which one is meant.
  const unit = rng.pick(local ? TRUNC_DATE : TRUNC_TIME);
  const wall = `date_trunc('${unit}', ${wallClock(value)})`;
  const micros = `CAST(epoch_us(${local ? `timezone('${type.zone}', ${wall})` : wall}) AS HUGEINT)`;
  const sql =
    type.unit === "ns" ? `(${micros} * 1000)` : type.unit === "us" ? micros : `fdiv(${micros}, ${10 ** (6 - DIGITS[type.unit])})`;
  return pair({ op: "dateTrunc", args: [value.expr], unit }, type.mode === "number" ? `safe(${sql})` : sql, type, true, true);
}

function extracted(value: Pair, rng: Random): Pair {
  const { type } = value;
  const parts = Object.keys(PARTS) as (keyof typeof PARTS)[];
  if (type.k === "ts" && rng.chance(0.1)) {
    const sql = `(i2d(${value.sql}) / ${PER_SECOND[type.unit]}::DOUBLE)`;
    return pair({ op: "extract", args: [value.expr], part: "epoch" }, sql, { k: "float" }, true, false);
  }
  const part = rng.pick(type.k === "ts" ? parts : parts.slice(0, 7));
  const sql = `CAST(date_part('${PARTS[part]}', ${wallClock(value)}) AS HUGEINT)`;
  return pair({ op: "extract", args: [value.expr], part }, sql, { k: "int", mode: "number" }, true, true);
}
