import { ColumnNotFoundError, describeValue } from "../errors.ts";
import { bindExpression } from "./bind-expression.ts";
import type { ArithmeticOp, ComparisonOp, DatePart, Expression, Literal, TextOp, TruncUnit } from "./expression.ts";
import { literalOf } from "./literal.ts";
import { describeExpression, type Scope } from "./scope.ts";
import type { ValueType } from "./value-type.ts";

/** The predicates that one run of a callback has built and not used yet. */
type Unused = Set<ColumnRef>;

/**
 * An expression as the callbacks of a query hold it: a column, or what was computed from one. Immutable. It has the
 * methods of every type, of which the compiler shows those of its own; the others are a QueryError.
 */
export class ColumnRef {
  /** The expression as plain data. */
  readonly expression: Expression;
  readonly scope: Scope;
  readonly type: ValueType;
  readonly #unused: Unused;

  /** @throws QueryError, ColumnNotFoundError where the expression makes no sense */
  constructor(expression: Expression, scope: Scope, unused: Unused) {
    this.expression = Object.freeze(expression);
    this.scope = scope;
    this.type = bindExpression(expression, scope).type;
    this.#unused = unused;
    if (this.type.kind === "bool" && expression.op !== "column") unused.add(this);
  }

  eq(other: unknown) {
    return this.#compare("eq", other);
  }
  ne(other: unknown) {
    return this.#compare("ne", other);
  }
  lt(other: unknown) {
    return this.#compare("lt", other);
  }
  le(other: unknown) {
    return this.#compare("le", other);
  }
  gt(other: unknown) {
    return this.#compare("gt", other);
  }
  ge(other: unknown) {
    return this.#compare("ge", other);
  }

  between(low: unknown, high: unknown) {
    return this.#make({ op: "between", args: [this.#use(), this.#operand(low, "between"), this.#operand(high, "between")] });
  }

  in(values: Iterable<unknown>) {
    return this.#among("in", values);
  }
  notIn(values: Iterable<unknown>) {
    return this.#among("notIn", values);
  }

  isNull() {
    return this.#make({ op: "isNull", args: [this.#use()] });
  }
  isNotNull() {
    return this.#make({ op: "isNotNull", args: [this.#use()] });
  }

  and(...others: unknown[]) {
    return this.#combine("and", others);
  }
  or(...others: unknown[]) {
    return this.#combine("or", others);
  }
  not() {
    return this.#make({ op: "not", args: [this.#use()] });
  }

  startsWith(text: unknown) {
    return this.#text("startsWith", text);
  }
  endsWith(text: unknown) {
    return this.#text("endsWith", text);
  }
  contains(text: unknown) {
    return this.#text("contains", text);
  }
  like(pattern: unknown, options?: { readonly escape?: string }) {
    return this.#text("like", pattern, options?.escape);
  }

  add(other: unknown) {
    return this.#arithmetic("add", other);
  }
  sub(other: unknown) {
    return this.#arithmetic("sub", other);
  }
  mul(other: unknown) {
    return this.#arithmetic("mul", other);
  }
  div(other: unknown) {
    return this.#arithmetic("div", other);
  }
  intDiv(other: unknown) {
    return this.#arithmetic("intDiv", other);
  }
  mod(other: unknown) {
    return this.#arithmetic("mod", other);
  }
  neg() {
    return this.#make({ op: "neg", args: [this.#use()] });
  }

  dateTrunc(unit: TruncUnit) {
    return this.#make({ op: "dateTrunc", args: [this.#use()], unit: this.#oneOf("dateTrunc", unit, UNITS) });
  }
  extract(part: DatePart) {
    return this.#make({ op: "extract", args: [this.#use()], part: this.#oneOf("extract", part, PARTS) });
  }

  /** The expression, as part of something that will be part of the query. @internal */
  take(scope: Scope): Expression {
    if (scope !== this.scope) {
      throw scope.error(`${describeExpression(this.expression)} was built for another query or step: build it in this callback`);
    }
    this.#unused.delete(this);
    return this.expression;
  }

  /** Notes that dropping this would drop a condition. @internal */
  watch(): this {
    if (this.type.kind === "bool") this.#unused.add(this);
    return this;
  }

  #use(): Expression {
    return this.take(this.scope);
  }

  #make(expression: Expression): ColumnRef {
    return new ColumnRef(expression, this.scope, this.#unused);
  }

  #operand(value: unknown, what: string): Expression {
    return value instanceof ColumnRef ? value.take(this.scope) : literalOf(value, this.type, this.#naming(what), this.scope);
  }

  #naming = (what: string) => `${describeExpression(this.expression)}.${what}`;

  #compare(op: ComparisonOp, other: unknown): ColumnRef {
    return this.#make({ op, args: [this.#use(), this.#operand(other, op)] });
  }

  #arithmetic(op: ArithmeticOp, other: unknown): ColumnRef {
    if (typeof other === "bigint" && this.type.kind === "decimal" && this.type.mode === "bigint") {
      throw this.scope.error(
        `${this.#naming(op)} takes the factor as text, such as "${other}": a bigint would not say whether it counts units`,
      );
    }
    return this.#make({ op, args: [this.#use(), this.#operand(other, op)] });
  }

  #among(op: "in" | "notIn", values: Iterable<unknown>): ColumnRef {
    if (typeof values === "string" || typeof values !== "object" || values === null || !(Symbol.iterator in values)) {
      throw this.scope.error(`${this.#naming(op)} takes an array or another iterable of constants, got ${describeValue(values)}`);
    }
    const literals: Literal[] = [];
    for (const value of values) literals.push(literalOf(value, this.type, this.#naming(op), this.scope));
    return this.#make({ op, args: [this.#use(), ...literals] });
  }

  #combine(op: "and" | "or", others: readonly unknown[]): ColumnRef {
    const args: Expression[] = [];
    for (const other of [this, ...others]) {
      if (!(other instanceof ColumnRef)) throw this.scope.error(`${op} takes predicates, got ${describeValue(other)}`);
      const expression = other.take(this.scope);
      // a.and(b).and(c) is one conjunction: loops that add conditions stay flat.
      if (expression.op === op) args.push(...expression.args);
      else args.push(expression);
    }
    return this.#make({ op, args });
  }

  #text(op: TextOp, text: unknown, quote?: string): ColumnRef {
    const args = [this.#use(), this.#operand(text, op)] as const;
    return this.#make(quote === undefined ? { op, args } : { op, args, escape: quote });
  }

  #oneOf<T extends string>(what: string, value: T, allowed: readonly T[]): T {
    if (allowed.includes(value)) return value;
    throw this.scope.error(
      `${this.#naming(what)} takes one of ${allowed.map((name) => JSON.stringify(name)).join(", ")}, got ${describeValue(value)}`,
    );
  }
}

const UNITS: readonly TruncUnit[] = [
  "year",
  "quarter",
  "month",
  "week",
  "day",
  "hour",
  "minute",
  "second",
  "millisecond",
  "microsecond",
];
const PARTS: readonly DatePart[] = [
  ...(["year", "quarter", "month", "week", "day", "dayOfWeek", "dayOfYear", "hour", "minute", "second", "epoch"] as const),
];

/**
 * Runs a callback over the columns of a step. What it builds must be used: `a && b` keeps b alone, which shows as a
 * predicate left over. `finish` takes what the callback gave and says what is part of the query.
 * `strict` counts a column of bools that was only named as left over too.
 */
export function runCallback<R, F>(
  scope: Scope,
  what: string,
  strict: boolean,
  callback: (columns: never) => R,
  finish: (result: R) => F,
): F {
  const unused: Unused = new Set();
  const finished = finish(callback(columnsOf(scope, unused, strict) as never));
  const [left] = unused;
  if (left !== undefined) {
    throw scope.error(
      `${what} built the predicate ${describeExpression(left.expression)} and did not use it: join predicates by .and(), .or() and .not(), as && and || keep only one side`,
    );
  }
  return finished;
}

function columnsOf(scope: Scope, unused: Unused, strict: boolean): object {
  const columns = Object.create(null) as Record<string, ColumnRef>;
  for (const { name } of scope.columns) {
    const get = () => {
      const column = new ColumnRef({ op: "column", name }, scope, unused);
      return strict ? column.watch() : column;
    };
    Object.defineProperty(columns, name, { get, enumerable: true });
  }
  return new Proxy(columns, {
    get: (target, name, receiver) => {
      if (typeof name === "symbol" || name in target) return Reflect.get(target, name, receiver);
      throw new ColumnNotFoundError(
        scope.entity,
        name,
        scope.columns.map((column) => column.name),
      );
    },
  });
}
