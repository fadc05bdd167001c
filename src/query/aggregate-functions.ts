import { describeValue, QueryError } from "../errors.ts";
import { ColumnRef } from "./column-ref.ts";
import type {
  BoolOperand,
  Numeric,
  NumericOperand,
  Operand,
  OrNull,
  QueryColumns,
  SumOf,
  ValueOfExpression,
} from "./column-types.ts";
import type { Expression } from "./expression.ts";
import type { AggregateFunction, Measure, SortKey } from "./plan.ts";
import type { Scope } from "./scope.ts";

export type Direction = "asc" | "desc";
/** Where nulls go: last in both directions unless said. */
export interface OrderOptions {
  readonly nulls?: "first" | "last";
}

declare const aggregate: unique symbol;

/**
 * One value computed from many rows: function `Fn` of `A`, the name of a column or an expression.
 * `Filtered`: it may be left without a row, and is null then.
 */
export interface Aggregate<Fn extends AggregateFunction, A, Filtered extends boolean = false> {
  readonly fn: Fn;
  readonly [aggregate]: { readonly of: A; readonly filtered: Filtered };
  /** Only rows for which this is true take part: `.aggregate((o) => ({ big: count().where(o.total.gt(100)) }))`. */
  where(predicate: BoolOperand): Aggregate<Fn, A, true>;
}

/** `first` and `last`, which go by an order. */
export interface OrderedAggregate<Fn extends AggregateFunction, A, Filtered extends boolean = false>
  extends Aggregate<Fn, A, Filtered> {
  where(predicate: BoolOperand): OrderedAggregate<Fn, A, true>;
  /** The order they go by, by name of a column or by an expression; once more for ties. */
  orderBy(key: string | Operand, direction?: Direction, options?: OrderOptions): OrderedAggregate<Fn, A, Filtered>;
}

/** Number of rows; given a column or an expression, of rows in which it is not null. */
export const count = <const A extends string | Operand | undefined = undefined>(of?: A): Aggregate<"count", A> =>
  call("count", of);
/** Number of distinct values; null is none. */
export const countDistinct = <const A extends string | Operand>(of: A): Aggregate<"countDistinct", A> =>
  call("countDistinct", of);
/** Sum of numbers: exact for integers and decimals; null of nothing. @throws QueryError when it leaves the range of its type */
export const sum = <const A extends string | NumericOperand>(of: A): Aggregate<"sum", A> => call("sum", of);
/** The least value; null of nothing. */
export const min = <const A extends string | Operand>(of: A): Aggregate<"min", A> => call("min", of);
/** The greatest value; null of nothing. */
export const max = <const A extends string | Operand>(of: A): Aggregate<"max", A> => call("max", of);
/** The mean, a double: for integers and decimals the exact sum, rounded once; null of nothing. */
export const avg = <const A extends string | NumericOperand>(of: A): Aggregate<"avg", A> => call("avg", of);
/** Standard deviation of a sample, a double; null of fewer than two values. */
export const stddev = <const A extends string | NumericOperand>(of: A): Aggregate<"stddev", A> => call("stddev", of);
/** The value in the first row by `.orderBy(…)`, null too. */
export const first = <const A extends string | Operand>(of: A): OrderedAggregate<"first", A> => call("first", of);
/** The value in the last row by `.orderBy(…)`, null too. */
export const last = <const A extends string | Operand>(of: A): OrderedAggregate<"last", A> => call("last", of);

/** What `aggregate` takes for a query with the columns `C`. */
export interface Aggregates<C> {
  readonly [as: string]: // Inline, where an alias would hide the names in messages.
    | Aggregate<
        "sum" | "avg" | "stddev",
        { [N in keyof C]: C[N] extends NumericOperand ? N : never }[keyof C] | NumericOperand,
        boolean
      >
    | Aggregate<"min" | "max" | "first" | "last" | "countDistinct", (keyof C & string) | Operand, boolean>
    | Aggregate<"count", (keyof C & string) | Operand | undefined, boolean>;
}

type ArgumentOf<A, C> = A extends keyof C ? C[A] : A;

/** The expression that an aggregate is to the steps behind it; null of nothing if `Empty` is. */
export type AggregateValue<M, C, Empty> =
  M extends Aggregate<infer Fn, infer A, infer Filtered>
    ? Fn extends "count" | "countDistinct"
      ? Numeric<"int">
      : Fn extends "stddev"
        ? Numeric<"float", null>
        : ValueOf<Fn, ArgumentOf<A, C>, Empty | (Filtered extends true ? null : never)>
    : never;

type ValueOf<Fn, E, Nulls> = Fn extends "sum"
  ? SumOf<E, Nulls>
  : Fn extends "avg"
    ? Numeric<"float", Extract<ValueOfExpression<E>, null> | Nulls>
    : OrNull<E, Nulls>;

/** The columns that `aggregate` gives, without the group keys. */
export type AggregateColumns<M, C extends QueryColumns, Empty> = { readonly [N in keyof M]: AggregateValue<M[N], C, Empty> };

interface OrderArgument {
  readonly key: unknown;
  readonly direction: Direction;
  readonly nulls: "first" | "last";
}

/** Kept apart from its interface, whose type parameters say what TypeScript needs to know. */
export class AggregateCall {
  readonly fn: AggregateFunction;
  readonly #of: unknown;
  readonly #filter: unknown;
  readonly #order: readonly OrderArgument[];

  constructor(fn: AggregateFunction, of: unknown, filter?: unknown, order: readonly OrderArgument[] = []) {
    this.fn = fn;
    this.#of = of;
    this.#filter = filter;
    this.#order = order;
  }

  where(predicate: unknown): AggregateCall {
    if (!(predicate instanceof ColumnRef)) {
      throw new QueryError(
        `${this.fn}().where takes a predicate over the columns of aggregate's callback, got ${describeValue(predicate)}`,
      );
    }
    if (this.#filter !== undefined) throw new QueryError(`${this.fn}().where was called before: join predicates by .and()`);
    return new AggregateCall(this.fn, this.#of, predicate, this.#order);
  }

  orderBy(key: unknown, direction: Direction = "asc", options: OrderOptions = {}): AggregateCall {
    return new AggregateCall(this.fn, this.#of, this.#filter, [
      ...this.#order,
      { key, direction, nulls: options.nulls ?? "last" },
    ]);
  }

  /** @throws QueryError for arguments that are neither names nor expressions of this scope */
  measure(as: string, scope: Scope): Measure {
    const what = `${as}: ${this.fn}`;
    return {
      as,
      fn: this.fn,
      ...(this.#of === undefined ? {} : { arg: columnArgument(this.#of, what, scope) }),
      ...(this.#filter === undefined ? {} : { filter: columnArgument(this.#filter, what, scope) }),
      ...(this.#order.length === 0
        ? {}
        : { orderBy: this.#order.map(({ key, direction, nulls }) => sortKey(key, direction, nulls, what, scope)) }),
    };
  }
}

function call<R>(fn: AggregateFunction, of: unknown): R {
  return new AggregateCall(fn, of) as unknown as R;
}

/** The expression that a name or a column expression stands for. */
export function columnArgument(argument: unknown, what: string, scope: Scope): Expression {
  if (argument instanceof ColumnRef) return argument.take(scope);
  if (typeof argument === "string") return Object.freeze({ op: "column", name: argument });
  throw scope.error(`${what} takes the name of a column or an expression, got ${describeArgument(argument)}`);
}

/** What stands where an expression over one row should, for messages. */
export const describeArgument = (argument: unknown): string =>
  argument instanceof AggregateCall
    ? `${argument.fn}(…), which is of many rows: give it to aggregate, and go on behind it`
    : describeValue(argument);

export function sortKey(key: unknown, direction: unknown, nulls: unknown, what: string, scope: Scope): SortKey {
  if (direction !== "asc" && direction !== "desc")
    throw scope.error(`${what} takes the direction "asc" or "desc", got ${describeValue(direction)}`);
  if (nulls !== "first" && nulls !== "last")
    throw scope.error(`${what} puts nulls "first" or "last", got ${describeValue(nulls)}`);
  return { expr: columnArgument(key, what, scope), direction, nulls };
}
