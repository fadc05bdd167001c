import type { Table } from "apache-arrow";
import type { ToArrowOptions } from "../arrow/table.ts";
import type { EntityRow, PatchOf } from "../entity/types.ts";
import type { AggregateColumns, Aggregates, Direction, OrderOptions } from "./aggregate-functions.ts";
import type {
  BoolOperand,
  Numeric,
  NumericNames,
  NumericOperand,
  Operand,
  OrNull,
  QueryColumns,
  RowOfColumns,
  SumOf,
  ValueOfExpression,
} from "./column-types.ts";
import type { Plan } from "./plan.ts";

/** What a query is of: nothing yet ("plan"), rows that can be read ("source"), or rows as they lie in a store ("rows"). */
export type Flavour = "plan" | "source" | "rows";

/** What follows a step: rows that were ordered, cut or computed are none that update and delete could mean. */
type After<B extends Flavour> = B extends "rows" ? "source" : B;

/** The query behind a step, of the same flavour. */
export type Next<B extends Flavour, C extends QueryColumns, R> = B extends "plan"
  ? Query<C, R>
  : B extends "rows"
    ? R extends EntityRow
      ? RowsQuery<C, R>
      : SourceQuery<C, R>
    : SourceQuery<C, R>;

/**
 * The steps of a query. Immutable: each gives a new query, which sees the columns that this one gives.
 * `C` are the columns, `R` the rows it answers.
 */
export interface QuerySteps<B extends Flavour, C extends QueryColumns, R> {
  /** The query as plain data. */
  readonly plan: Plan;
  /** Whether the other is the same question, step by step. */
  equals(other: { readonly plan: Plan }): boolean;
  /** The plan: what JSON.stringify writes. `queryFromJson` reads it. */
  toJSON(): Plan;

  /**
   * Keeps the rows for which the predicate is true (not false, not null). Join conditions by .and(), .or() and .not():
   * && is a QueryError, and || cannot be caught, as JavaScript does not even build its right side.
   */
  where(predicate: (columns: C) => BoolOperand): Next<B, C, R>;
  /** `where` behind `aggregate`, by the name SQL gives it. */
  having(predicate: (columns: C) => BoolOperand): Next<B, C, R>;
  /** Columns by name, or `(row) => ({ name: expression })`: renamed and computed ones too. */
  select<K extends keyof C & string, S extends QueryColumns = Pick<C, K>>(
    column: K | ((columns: C) => S),
    ...more: K[]
  ): Next<After<B>, S, RowOfColumns<S>>;
  /** Each distinct row once, in no promised order. Null equals null here, NaN NaN, and -0 is 0. */
  distinct(): Next<After<B>, C, RowOfColumns<C>>;
  /** Groups by columns, or by `(row) => ({ name: expression })`; `aggregate` follows. The order of groups is not promised. */
  groupBy<K extends keyof C & string, G extends QueryColumns = Pick<C, K>>(
    key: K | ((columns: C) => G),
    ...more: K[]
  ): GroupedQuery<After<B>, C, G>;
  /** One row over everything, over nothing too. */
  aggregate<const M extends Aggregates<C>>(
    measures: M | ((columns: C) => M),
  ): Next<After<B>, AggregateColumns<M, C, null>, RowOfColumns<AggregateColumns<M, C, null>>>;
  /** Orders the rows; those that compare equal keep their order. */
  orderBy(
    key: (keyof C & string) | ((columns: C) => Operand),
    direction?: Direction,
    options?: OrderOptions,
  ): Next<After<B>, C, R>;
  /** Adds a key to the `orderBy` just before. */
  thenBy(
    key: (keyof C & string) | ((columns: C) => Operand),
    direction?: Direction,
    options?: OrderOptions,
  ): Next<After<B>, C, R>;
  /** The first `count` rows, behind those that an `offset` beside it skips, whichever of the two is called first. */
  limit(count: number): Next<After<B>, C, R>;
  /** Skips rows. */
  offset(count: number): Next<After<B>, C, R>;
}

/** Group keys and measures beside each other. */
export type Grouped<C extends QueryColumns, G, M> = G & AggregateColumns<M, C, never> extends infer D extends QueryColumns
  ? { readonly [N in keyof D]: D[N] }
  : never;

/** Rows in groups, before it is said what of each. `G` are the group keys. */
export interface GroupedQuery<B extends Flavour, C extends QueryColumns, G extends QueryColumns> {
  /** One row a group: its keys, and these measures, by object or by `(row) => ({ … })`. */
  aggregate<const M extends Aggregates<C>>(
    measures: M | ((columns: C) => M),
  ): Next<B, Grouped<C, G, M>, RowOfColumns<Grouped<C, G, M>>>;
}

/** A query that is bound to nothing: plain data, for any store or backend of its entity. */
export interface Query<C extends QueryColumns, R> extends QuerySteps<"plan", C, R> {}

/** What answers a query. Every call runs it anew. */
export interface Answers<C extends QueryColumns, R> extends Iterable<R> {
  /** The rows: plain objects, or views of stored rows where nothing was selected, computed or made distinct. */
  toArray(): R[];
  /** The rows as columns: one array of values each. */
  toColumns(): { readonly [N in keyof C]: ValueOfExpression<C[N]>[] };
  toArrow(options?: ToArrowOptions): Table;
  /** The first row; undefined where there is none. */
  first(): R | undefined;
  /** Number of rows. */
  count(): number;
  /** Whether there is a row. */
  exists(): boolean;
  /** Sum of a column or an expression; null of nothing. @throws QueryError when it leaves the range of its type */
  sum<K extends NumericNames<C>, E extends NumericOperand = C[K] & NumericOperand>(
    of: K | ((columns: C) => E),
  ): ValueOfExpression<SumOf<E, null>>;
  min<K extends keyof C & string, E extends Operand = C[K]>(of: K | ((columns: C) => E)): ValueOfExpression<OrNull<E, null>>;
  max<K extends keyof C & string, E extends Operand = C[K]>(of: K | ((columns: C) => E)): ValueOfExpression<OrNull<E, null>>;
  avg(of: NumericNames<C> | ((columns: C) => NumericOperand)): ValueOfExpression<Numeric<"float", null>>;
  /** In words, what runs: steps, chunks pruned, kernels, rows to scan, index used. Runs nothing. */
  explain(): string;
}

/** A query over rows that are there. */
export interface SourceQuery<C extends QueryColumns, R> extends QuerySteps<"source", C, R>, Answers<C, R> {}

/** The rows of a store for which a predicate holds, to be asked or changed. */
export interface RowsQuery<C extends QueryColumns, T extends EntityRow> extends QuerySteps<"rows", C, T>, Answers<C, T> {
  /** Row indices in row order, valid until the next compaction. Of a ShardedStore: ask each shard. */
  rowIndices(): Uint32Array<ArrayBuffer>;
  /** Changes these fields in every row; checked first, then written. @returns the number of rows. @throws ValidationError */
  update(patch: PatchOf<T>): number;
  /** Deletes the rows. @returns their number */
  delete(): number;
}

/** A query whose columns only its JSON knew. */
export interface UntypedQuery extends Query<QueryColumns, Record<string, unknown>> {}
