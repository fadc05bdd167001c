import type { BoundExpression } from "../../../query/bound.ts";
import type { ComparisonOp } from "../../../query/expression.ts";
import type { ValueType } from "../../../query/value-type.ts";
import { dateTrunc, extract } from "./calendar.ts";
import { type Compiled, digitsOf, isFloat, MAX_SQL, NotCompiled, type Parameter, type Parameters, rangeOf } from "./compiled.ts";
import { arithmetic, asDecimal, negation } from "./numbers.ts";

const COMPARE: Readonly<Record<ComparisonOp, string>> = { eq: "=", ne: "<>", lt: "<", le: "<=", gt: ">", ge: ">=" };
const TEXT = { startsWith: "starts_with", endsWith: "suffix", contains: "contains" } as const;
const BOOL: ValueType = { kind: "bool" };

/** Makes SQL of bound expressions over the columns of one step. */
export class ExpressionCompiler {
  readonly #columns: readonly Compiled[];
  readonly #parameters: Parameters;

  constructor(columns: readonly Compiled[], parameters: Parameters) {
    this.#columns = columns;
    this.#parameters = parameters;
  }

  /** @throws NotCompiled */
  compile(expr: BoundExpression): Compiled {
    const compiled = this.#compile(expr);
    if (compiled.sql.length > MAX_SQL) throw new NotCompiled("a statement of this length");
    return compiled;
  }

  #compile(expr: BoundExpression): Compiled {
    switch (expr.op) {
      case "column":
        return this.#columns[expr.index] as Compiled;
      case "literal":
        return this.#literal(expr.type, expr.value);
      case "eq":
      case "ne":
      case "lt":
      case "le":
      case "gt":
      case "ge":
        return bool(this.#comparison(expr));
      case "between": {
        const x = this.compile(expr.args[0]);
        return bool(`(${plain(x)} BETWEEN ${this.#constant(x, expr.low)} AND ${this.#constant(x, expr.high)})`);
      }
      case "in":
      case "notIn": {
        const x = this.compile(expr.args[0]);
        const values = expr.values.map((value) => this.#constant(x, value)).join(", ");
        return bool(`(${plain(x)} ${expr.op === "in" ? "IN" : "NOT IN"} (${values}))`);
      }
      case "known":
        return bool(`(CASE WHEN ${this.compile(expr.args[0]).sql} IS NOT NULL THEN ${expr.value} END)`);
      case "isNull":
      case "isNotNull":
        return bool(`(${this.compile(expr.args[0]).sql} IS ${expr.op === "isNull" ? "NULL" : "NOT NULL"})`);
      case "not":
        return bool(`(NOT ${this.compile(expr.args[0]).sql})`);
      case "and":
      case "or":
        if (expr.args.length === 0) return bool(expr.op === "and" ? "true" : "false");
        return bool(`(${expr.args.map((arg) => this.compile(arg).sql).join(expr.op === "and" ? " AND " : " OR ")})`);
      case "neg":
        return negation(this.compile(expr.args[0]), expr.type);
      case "startsWith":
      case "endsWith":
      case "contains":
        return bool(`${TEXT[expr.op]}(${text(this.compile(expr.args[0]))}, ${text(this.compile(expr.args[1]))})`);
      case "like": {
        const [x, pattern] = expr.args.map((arg) => text(this.compile(arg)));
        if (expr.escape === null) return bool(`(${x} LIKE ${pattern})`);
        return bool(`(${x} LIKE ${pattern} ESCAPE ${this.#parameters.add({ kind: "utf8" }, expr.escape)})`);
      }
      case "dateTrunc":
        return dateTrunc(this.compile(expr.args[0]), expr.unit);
      case "extract":
        return extract(this.compile(expr.args[0]), expr.part, expr.type);
      default:
        return arithmetic(expr.op, this.compile(expr.args[0]), this.compile(expr.args[1]), expr.type);
    }
  }

  #literal(type: ValueType, value: Parameter["value"]): Compiled {
    if (value === null) return { sql: "CAST(NULL AS BOOLEAN)", type };
    const sql = this.#parameters.add(type, value);
    if (type.kind === "decimal") {
      const digits = Math.max(digitsOf([value as bigint, value as bigint]), type.scale + 1);
      return { sql, type, digits };
    }
    if (rangeOf(type) === undefined) return { sql, type };
    return { sql, type, range: [BigInt(value as bigint | number), BigInt(value as bigint | number)] };
  }

  /** A constant in the form of what it stands beside. */
  #constant(x: Compiled, value: NonNullable<Parameter["value"]>): string {
    return this.#parameters.add(isFloat(x.type) ? { kind: "f64" } : x.type, value);
  }

  #comparison(expr: Extract<BoundExpression, { op: ComparisonOp }>): string {
    const sign = COMPARE[expr.op];
    const a = this.compile(expr.args[0]);
    const right = expr.args[1];
    if (right.op === "literal" && right.value !== null && expr.comparison === "same")
      return `(${plain(a)} ${sign} ${this.#constant(a, right.value)})`;
    const b = this.compile(right);
    switch (expr.comparison) {
      case "same": {
        const [x, y] = [a.type, b.type];
        if (x.kind === "timestamp" && y.kind === "timestamp" && (x.timezone === null) !== (y.timezone === null))
          throw new NotCompiled("a zoned timestamp beside one without a zone");
        return `(${plain(a)} ${sign} ${plain(b)})`;
      }
      case "text":
        return `(${text(a)} ${sign} ${text(b)})`;
      default: {
        if (a.range !== undefined && b.range !== undefined) return `(${a.sql} ${sign} ${b.sql})`;
        if (a.type.kind !== "decimal" && b.type.kind !== "decimal")
          throw new NotCompiled(`a comparison of ${a.type.kind} with ${b.type.kind}`);
        const [x, y] = [asDecimal(a), asDecimal(b)];
        if (Math.max(x.digits - x.scale, y.digits - y.scale) + Math.max(x.scale, y.scale) > 38)
          throw new NotCompiled("a comparison of decimals that needs more than 38 digits");
        return `(${x.sql} ${sign} ${y.sql})`;
      }
    }
  }
}

const bool = (sql: string): Compiled => ({ sql, type: BOOL });

/** 32-bit floats are compared as the doubles they are. */
const plain = ({ sql, type }: Compiled): string => (type.kind === "f32" ? `CAST(${sql} AS DOUBLE)` : sql);

const text = ({ sql, type }: Compiled): string => (type.kind === "enum" ? `CAST(${sql} AS VARCHAR)` : sql);
