import type { EntityRow, FieldsOf } from "../entity/types.ts";
import type { Aggregates, Direction, OrderOptions } from "./aggregate-functions.ts";
import { BoundQuery } from "./bound-query.ts";
import type { BoolOperand, ColumnsOf, NumericNames, NumericOperand, Operand, QueryColumns } from "./column-types.ts";
import type { Plan } from "./plan.ts";
import { emptyState, planOf, stateOf } from "./query.ts";
import type { Flavour, Next, Query, SourceQuery } from "./query-types.ts";
import type { RowSource } from "./row-source.ts";

/** What rows are asked by. The methods begin a query over all rows; see `QuerySteps` and `Answers` for what each does. */
export abstract class Queryable<T extends EntityRow, B extends Exclude<Flavour, "plan">> {
  /** All rows, from which every query starts. */
  #rows: BoundQuery | null = null;

  /** The rows that queries are of: whenever they are opened, those of that moment. @internal */
  protected abstract querySource(): RowSource<T>;

  /** The rows that are asked, for SQL over them. @internal */
  get source(): RowSource {
    return this.querySource();
  }

  /** Answers a query that was built for no store, or the plan of one. @throws QueryError, ColumnNotFoundError where it is of another entity */
  query<C extends QueryColumns, R>(query: Query<C, R>): SourceQuery<C, R>;
  query(plan: Plan): SourceQuery<QueryColumns, Record<string, unknown>>;
  query(query: { readonly plan: Plan } | Plan): unknown {
    const source = this.querySource();
    return new BoundQuery(stateOf(source.schema, planOf(query)), source);
  }

  /** The rows for which a predicate is true: `.where((o) => o.status.eq("Delivered").and(o.total.gt(200)))`. */
  where(predicate: (columns: ColumnsOf<FieldsOf<T>>) => BoolOperand): Next<B, ColumnsOf<FieldsOf<T>>, T> {
    return this.#all().where(predicate) as Next<B, ColumnsOf<FieldsOf<T>>, T>;
  }

  /** Columns by name, or `(row) => ({ name: expression })`. */
  select<K extends keyof ColumnsOf<FieldsOf<T>> & string, S extends QueryColumns = Pick<ColumnsOf<FieldsOf<T>>, K>>(
    column: K | ((columns: ColumnsOf<FieldsOf<T>>) => S),
    ...more: K[]
  ) {
    return this.#all().select(column, ...more);
  }

  /** Each distinct row once. */
  distinct() {
    return this.#all().distinct();
  }

  /** Groups by columns, or by `(row) => ({ name: expression })`; `aggregate` follows. */
  groupBy<K extends keyof ColumnsOf<FieldsOf<T>> & string, G extends QueryColumns = Pick<ColumnsOf<FieldsOf<T>>, K>>(
    key: K | ((columns: ColumnsOf<FieldsOf<T>>) => G),
    ...more: K[]
  ) {
    return this.#all().groupBy(key, ...more);
  }

  /** One row over everything. */
  aggregate<const M extends Aggregates<ColumnsOf<FieldsOf<T>>>>(measures: M | ((columns: ColumnsOf<FieldsOf<T>>) => M)) {
    return this.#all().aggregate(measures);
  }

  /** The rows in an order. */
  orderBy(
    key: (keyof ColumnsOf<FieldsOf<T>> & string) | ((columns: ColumnsOf<FieldsOf<T>>) => Operand),
    direction?: Direction,
    options?: OrderOptions,
  ) {
    return this.#all().orderBy(key, direction, options);
  }

  /** The first rows. */
  limit(count: number) {
    return this.#all().limit(count);
  }

  /** The rows behind the first ones. */
  offset(count: number) {
    return this.#all().offset(count);
  }

  /** Sum of a column or an expression; null of nothing. @throws QueryError when it leaves the range of its type */
  sum<K extends NumericNames<ColumnsOf<FieldsOf<T>>>, E extends NumericOperand = ColumnsOf<FieldsOf<T>>[K] & NumericOperand>(
    of: K | ((columns: ColumnsOf<FieldsOf<T>>) => E),
  ) {
    return this.#all().sum(of);
  }

  min<K extends keyof ColumnsOf<FieldsOf<T>> & string, E extends Operand = ColumnsOf<FieldsOf<T>>[K] & Operand>(
    of: K | ((columns: ColumnsOf<FieldsOf<T>>) => E),
  ) {
    return this.#all().min(of);
  }

  max<K extends keyof ColumnsOf<FieldsOf<T>> & string, E extends Operand = ColumnsOf<FieldsOf<T>>[K] & Operand>(
    of: K | ((columns: ColumnsOf<FieldsOf<T>>) => E),
  ) {
    return this.#all().max(of);
  }

  /** The mean of a column or an expression, a double; null of nothing. */
  avg(of: NumericNames<ColumnsOf<FieldsOf<T>>> | ((columns: ColumnsOf<FieldsOf<T>>) => NumericOperand)): number | null {
    return this.#all().avg(of);
  }

  #all(): SourceQuery<ColumnsOf<FieldsOf<T>>, T> {
    if (this.#rows === null) {
      const source = this.querySource();
      this.#rows = new BoundQuery(emptyState(source.schema), source);
    }
    return this.#rows as unknown as SourceQuery<ColumnsOf<FieldsOf<T>>, T>;
  }
}
