import { schemaOf } from "../entity/entity.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityClass, EntityRow, FieldsOf } from "../entity/types.ts";
import { describeValue } from "../errors.ts";
import { AggregateCall, columnArgument, describeArgument, sortKey } from "./aggregate-functions.ts";
import { bindPlan, bindStep, entityScope, keepsRows } from "./bind.ts";
import type { BoundPlan, BoundStep } from "./bound.ts";
import { ColumnRef, runCallback } from "./column-ref.ts";
import type { ColumnsOf } from "./column-types.ts";
import type { Measure, Plan, Projection, SortKey, Step } from "./plan.ts";
import { planFromJson } from "./plan-json.ts";
import type { Query, UntypedQuery } from "./query-types.ts";
import { describeExpression, Scope } from "./scope.ts";

/**
 * A query of an entity's rows that is bound to no store: plain data, for any store or backend to answer.
 *
 * @example
 * const late = query(Order).where((o) => o.status.eq("Pending")).orderBy("orderTimestamp").limit(10);
 * orders.query(late).toArray();
 * @throws ValidationError if `entity` is no entity class
 */
export function query<T extends EntityRow>(entity: EntityClass<T>): Query<ColumnsOf<FieldsOf<T>>, T> {
  return QueryPlan.of(schemaOf(entity)) as unknown as Query<ColumnsOf<FieldsOf<T>>, T>;
}

/**
 * The query that JSON (text or parsed) describes, as `JSON.stringify(query)` wrote it; checked against the entity.
 * @throws QueryError, ColumnNotFoundError
 */
export function queryFromJson<T extends EntityRow>(entity: EntityClass<T>, json: unknown): UntypedQuery {
  return QueryPlan.over(schemaOf(entity), planFromJson(json)) as unknown as UntypedQuery;
}

export interface QueryState {
  readonly schema: EntitySchema;
  readonly steps: readonly Step[];
  readonly bound: readonly BoundStep[];
  /** What the next step sees. */
  readonly scope: Scope;
}

/** The steps of a query as they run; the interfaces in `query-types.ts` say what TypeScript knows of them. */
export class QueryPlan {
  readonly state: QueryState;
  #plan: Plan | null = null;

  constructor(state: QueryState) {
    this.state = state;
  }

  static of(schema: EntitySchema): QueryPlan {
    return new QueryPlan(emptyState(schema));
  }

  /** @throws QueryError, ColumnNotFoundError where the plan is none of this entity */
  static over(schema: EntitySchema, plan: Plan): QueryPlan {
    return new QueryPlan(stateOf(schema, plan));
  }

  get plan(): Plan {
    this.#plan ??= Object.freeze({ faun: 1, entity: this.state.schema.name, steps: Object.freeze(this.state.steps) });
    return this.#plan;
  }

  /** @internal */
  get bound(): BoundPlan {
    const { schema, steps, bound, scope } = this.state;
    return { plan: this.plan, schema, steps: bound, output: scope.columns, wholeRows: keepsRows(steps) };
  }

  equals(other: { readonly plan: Plan }): boolean {
    return sameData(this.plan, other.plan);
  }

  toJSON(): Plan {
    return this.plan;
  }

  where(predicate: (columns: never) => unknown): this {
    return this.#where("where", predicate);
  }

  having(predicate: (columns: never) => unknown): this {
    const grouped = this.state.steps.some(({ step }) => step === "aggregate");
    if (!grouped) throw this.#error("having stands behind aggregate: to filter rows, use where");
    return this.#where("having", predicate);
  }

  select(column: unknown, ...more: unknown[]): this {
    return this.#add({ step: "select", columns: this.#projections("select", column, more) });
  }

  distinct(): this {
    return this.#add({ step: "distinct" });
  }

  groupBy(key: unknown, ...more: unknown[]): { aggregate(measures: unknown): QueryPlan } {
    const by = this.#projections("groupBy", key, more);
    if (by.length === 0) throw this.#error("groupBy takes at least one key");
    // Wrong keys are told here and not first where they are used.
    bindStep({ step: "aggregate", by, measures: [] }, this.state.scope);
    const grouped = { aggregate: (measures: unknown) => this.#aggregate(by, measures) };
    // Groups have no rows to go on with, which JavaScript is told here and TypeScript by `GroupedQuery`.
    return new Proxy(grouped, {
      get: (target, name, receiver) => {
        const forRows = name in this && !(name in Object.prototype) && name !== "aggregate" && name !== "toJSON";
        if (forRows) throw this.#error(`aggregate stands behind groupBy, and says what of each group; got ${String(name)}`);
        return Reflect.get(target, name, receiver);
      },
    });
  }

  aggregate(measures: unknown): this {
    return this.#aggregate([], measures);
  }

  orderBy(key: unknown, direction: unknown = "asc", options: { nulls?: unknown } = {}): this {
    return this.#add({ step: "orderBy", keys: [this.#sortKey("orderBy", key, direction, options)] });
  }

  thenBy(key: unknown, direction: unknown = "asc", options: { nulls?: unknown } = {}): this {
    const before = this.state.steps.at(-1);
    if (before?.step !== "orderBy") throw this.#error("thenBy stands right behind orderBy");
    return this.#replace({ step: "orderBy", keys: [...before.keys, this.#sortKey("thenBy", key, direction, options)] });
  }

  limit(count: unknown): this {
    const rows = this.#rows("limit", count);
    const before = this.state.steps.at(-1);
    const joins = before?.step === "limit" && before.count === undefined;
    return joins
      ? this.#replace({ step: "limit", count: rows, offset: before.offset })
      : this.#add({ step: "limit", count: rows, offset: 0 });
  }

  offset(count: unknown): this {
    const offset = this.#rows("offset", count);
    const before = this.state.steps.at(-1);
    const joins = before?.step === "limit" && before.offset === 0;
    return joins ? this.#replace({ ...before, offset }) : this.#add({ step: "limit", offset });
  }

  /** The same kind of query with other steps. */
  protected derive(state: QueryState): QueryPlan {
    return new QueryPlan(state);
  }

  #where(what: string, predicate: unknown): this {
    const expression = this.#run(what, predicate, true, (result) => {
      if (result instanceof ColumnRef) return result.take(this.state.scope);
      throw this.#error(
        `${what} takes a callback that gives a predicate, such as (row) => row.status.eq("…"), got ${describeArgument(result)}`,
      );
    });
    return this.#add({ step: "where", predicate: expression });
  }

  #projections(what: string, first: unknown, more: readonly unknown[]): Projection[] {
    if (typeof first !== "function") {
      return [first, ...more].map((name) => {
        if (typeof name !== "string")
          throw this.#error(`${what} takes names of columns or a callback, got ${describeValue(name)}`);
        return { as: name, expr: columnArgument(name, what, this.state.scope) };
      });
    }
    if (more.length > 0)
      throw this.#error(`${what} takes names of columns or a callback, not both: name the columns in the callback's object`);
    return this.#run(what, first, false, (result) =>
      this.#entries(what, result, "(row) => ({ name: row.column })").map(([as, column]) => {
        if (column instanceof ColumnRef) return { as, expr: column.take(this.state.scope) };
        throw this.#error(`${what}: ${as} takes an expression over the row's columns, got ${describeArgument(column)}`);
      }),
    );
  }

  #aggregate(by: readonly Projection[], measures: unknown): this {
    const read = (result: unknown): Measure[] =>
      this.#entries("aggregate", result, '{ total: sum("…"), rows: count() }').map(([as, measure]) => {
        if (measure instanceof AggregateCall) return measure.measure(as, this.state.scope);
        throw this.#error(`aggregate: ${as} takes sum(…), count() or another aggregate function, got ${describeValue(measure)}`);
      });
    const list = typeof measures === "function" ? this.#run("aggregate", measures, true, read) : read(measures);
    return this.#add({ step: "aggregate", by, measures: list });
  }

  #entries(what: string, result: unknown, example: string): [string, unknown][] {
    const single = result instanceof ColumnRef || result instanceof AggregateCall || Array.isArray(result);
    if (typeof result === "object" && result !== null && !single) return Object.entries(result);
    const got = result instanceof ColumnRef ? describeExpression(result.expression) : describeArgument(result);
    throw this.#error(`${what} takes an object that names each column, such as ${example}, got ${got}`);
  }

  #sortKey(what: string, key: unknown, direction: unknown, options: { nulls?: unknown } | null): SortKey {
    const nulls = options?.nulls ?? "last";
    const read = (argument: unknown) => sortKey(argument, direction, nulls, what, this.state.scope);
    return typeof key === "function" ? this.#run(what, key, false, read) : read(key);
  }

  #rows(what: string, count: unknown): number {
    if (Number.isSafeInteger(count) && (count as number) >= 0) return (count as number) + 0;
    throw this.#error(`${what} takes a number of rows, an integer from 0, got ${describeValue(count)}`);
  }

  #run<F>(what: string, callback: unknown, strict: boolean, finish: (result: unknown) => F): F {
    if (typeof callback !== "function")
      throw this.#error(`${what} takes a callback over the columns, got ${describeValue(callback)}`);
    return runCallback(this.state.scope, what, strict, callback as (columns: never) => unknown, finish);
  }

  #add(step: Step): this {
    const { schema, steps, bound, scope } = this.state;
    const next = bindStep(Object.freeze(step), scope);
    return this.derive({ schema, steps: [...steps, step], bound: [...bound, next.step], scope: next.scope }) as this;
  }

  /** Only for steps that give the columns they take. */
  #replace(step: Step): this {
    const { schema, steps, bound, scope } = this.state;
    const next = bindStep(Object.freeze(step), scope);
    return this.derive({
      schema,
      steps: [...steps.slice(0, -1), step],
      bound: [...bound.slice(0, -1), next.step],
      scope,
    }) as this;
  }

  #error(message: string): Error {
    return this.state.scope.error(message);
  }
}

export const emptyState = (schema: EntitySchema): QueryState => ({ schema, steps: [], bound: [], scope: entityScope(schema) });

/** @throws QueryError, ColumnNotFoundError where the plan is none of this entity */
export function stateOf(schema: EntitySchema, plan: Plan): QueryState {
  const bound = bindPlan(plan, schema);
  return { schema, steps: plan.steps, bound: bound.steps, scope: new Scope(schema.name, bound.output) };
}

/** The plan of a query, or a plan that came as data, checked. @throws QueryError where it is neither */
export function planOf(query: unknown): Plan {
  if (query instanceof QueryPlan) return query.plan;
  return planFromJson(typeof query === "object" && query !== null && "plan" in query ? query.plan : query);
}

function sameData(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const [x, y] = [Object.entries(a), b as Record<string, unknown>];
  return x.length === Object.keys(b).length && x.every(([name, value]) => Object.hasOwn(y, name) && sameData(value, y[name]));
}
