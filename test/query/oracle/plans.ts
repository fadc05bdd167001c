import type { AggregateFunction, Measure, Plan, Projection, SortKey, Step } from "../../../src/query/plan.ts";
import type { Dataset } from "./dataset.ts";
import { type Column, Expressions, type Pair, quote } from "./expressions.ts";
import type { Random } from "./random.ts";
import type { Wire } from "./wire.ts";

/** A plan, the same question in SQL, and how their answers compare. */
export interface Question {
  readonly plan: Plan;
  readonly sql: string;
  /** Output of the plan; the SQL gives their values by name of their SQL column. */
  readonly columns: readonly Column[];
  /** The rows have one order only. */
  readonly ordered: boolean;
}

/** What the steps so far give, as a subquery. */
interface State {
  readonly sql: string;
  readonly columns: readonly Column[];
  /** SQL column that numbers the rows in their order. */
  readonly order: string | null;
}

/** One random plan, and the same after each of its steps: the shortest that fails says most. */
export function randomQuestions(rng: Random, dataset: Dataset): Question[] {
  return new PlanGenerator(rng, dataset).run();
}

/** Where -0 and 0 count as one value, Faun answers 0; DuckDB answers the one it met first, and a quotient by it shows that. */
const positiveZero = ({ sql, type }: Pick<Pair, "sql" | "type">) => (type.k === "float" ? `(${sql} + 0)` : sql);

class PlanGenerator {
  readonly #rng: Random;
  readonly #steps: Step[] = [];
  readonly #questions: Question[] = [];
  #state: State;
  #names = 0;

  constructor(rng: Random, dataset: Dataset) {
    this.#rng = rng;
    this.#state = {
      sql: "SELECT * FROM data",
      order: null,
      columns: dataset.fields.map((field, i) => ({
        name: field.name,
        expr: { op: "column", name: field.name },
        sql: `f${i}`,
        type: field.wire,
        calendar: field.calendar,
        dyadic: field.dyadic,
        field,
        unique: field.unique,
      })),
    };
  }

  run(): Question[] {
    const rng = this.#rng;
    const length = rng.pick([1, 1, 2, 2, 3, 3, 4, 5]);
    for (let i = 0; i < length; i++) this.#step(i === 0);
    return this.#questions;
  }

  #step(first: boolean): void {
    const rng = this.#rng;
    const exact = this.#exact().length > 0;
    const kinds = [
      ...(exact ? ["where", "where", "where", "aggregate", "aggregate", "orderBy"] : []),
      "select",
      ...(this.#exact().length === this.#state.columns.length ? ["distinct"] : []),
      ...(this.#state.order !== null ? ["limit", "limit", "limit"] : []),
    ] as const;
    const kind = first && rng.chance(0.6) ? "where" : rng.pick(kinds);
    if (kind === "where") this.#where();
    else if (kind === "select") this.#select();
    else if (kind === "distinct") this.#distinct();
    else if (kind === "aggregate") this.#aggregate();
    else if (kind === "orderBy") this.#orderBy();
    else this.#limit();
  }

  /** Columns that can be computed with. */
  #exact(): Column[] {
    return this.#state.columns.filter((column) => column.tolerance === undefined && column.quotient === undefined);
  }

  #expressions(): Expressions {
    return new Expressions(this.#rng, this.#state.columns);
  }

  #where(): void {
    const predicate = this.#expressions().predicate();
    this.#next(
      { step: "where", predicate: predicate.expr },
      { ...this.#state, sql: `${this.#from("*")} WHERE ${predicate.sql}` },
    );
  }

  #select(): void {
    const rng = this.#rng;
    const projections: Projection[] = [];
    const columns: Column[] = [];
    const items: string[] = [];
    const hidden: string[] = [];
    const wanted = rng.int(1, 5);
    const names = new Set<string>();
    for (let i = 0; i < wanted; i++) {
      const source = this.#state.columns;
      const computed = this.#exact().length > 0 && rng.chance(0.4);
      const value: Pair = computed
        ? rng.chance(0.2)
          ? this.#expressions().predicate(1)
          : this.#expressions().value(2)
        : rng.pick(source);
      const kept = value as Partial<Column>;
      const name = kept.name !== undefined && rng.chance(0.7) ? kept.name : this.#name();
      if (names.has(name)) continue;
      names.add(name);
      const sql = this.#id();
      projections.push({ as: name, expr: value.expr });
      items.push(`${value.sql} AS ${sql}`);
      columns.push({ ...value, name, sql, expr: { op: "column", name }, unique: kept.unique ?? false });
      for (const id of hiddenOf(kept)) if (!hidden.includes(id)) hidden.push(id);
    }
    const order = this.#state.order === null ? [] : [this.#state.order];
    const sql = this.#from([...items, ...hidden, ...order].join(", "));
    this.#next({ step: "select", columns: projections }, { ...this.#state, columns, sql });
  }

  #distinct(): void {
    const items = this.#state.columns.map((column) => `${positiveZero(column)} AS ${column.sql}`).join(", ");
    const columns = this.#state.columns.map((column) => ({
      ...column,
      unique: column.unique || this.#state.columns.length === 1,
    }));
    this.#next({ step: "distinct" }, { columns, order: null, sql: this.#from(`DISTINCT ${items}`) });
  }

  /** Keys that leave no two rows equal. */
  #totalKeys(lead: number): { keys: SortKey[]; sql: string } | undefined {
    const rng = this.#rng;
    const exact = this.#exact();
    const unique = exact.filter((column) => column.unique);
    if (unique.length === 0 && exact.length < this.#state.columns.length) return undefined;
    const values: Pair[] = Array.from({ length: lead }, () => (rng.chance(0.7) ? rng.pick(exact) : this.#expressions().value(1)));
    values.push(...(unique.length > 0 ? [rng.pick(unique)] : rng.shuffle(exact)));
    return this.#sortKeys(values);
  }

  #sortKeys(values: readonly Pair[]): { keys: SortKey[]; sql: string } {
    const rng = this.#rng;
    const keys = values.map(
      (value): SortKey => ({
        expr: value.expr,
        direction: rng.pick(["asc", "desc"]),
        nulls: rng.chance(0.7) ? "last" : "first",
      }),
    );
    const sql = values.map(({ sql }, i) => `${sql} ${keys[i]?.direction} NULLS ${keys[i]?.nulls}`).join(", ");
    return { keys, sql };
  }

  #orderBy(): void {
    const rng = this.#rng;
    // What was in order before stays so among equals.
    const total =
      this.#state.order !== null && rng.chance(0.5) ? this.#sortKeys([rng.pick(this.#exact())]) : this.#totalKeys(rng.int(0, 2));
    if (total === undefined) return;
    const order = this.#id();
    const after = this.#state.order === null ? "" : `, ${this.#state.order}`;
    const columns = [...this.#visible(), ...this.#hidden()].join(", ");
    const sql = this.#from(`${columns}, row_number() OVER (ORDER BY ${total.sql}${after}) AS ${order}`);
    this.#next({ step: "orderBy", keys: total.keys }, { ...this.#state, order, sql });
    if (rng.chance(0.6)) this.#limit();
  }

  #limit(): void {
    const rng = this.#rng;
    const offset = rng.chance(0.5) ? 0 : rng.pick([0, 1, 3, 20, 1000]);
    const count = rng.chance(0.15) ? undefined : rng.pick([0, 1, 1, 2, 5, 10, 40, 1024]);
    const sql = `${this.#from("*")} ORDER BY ${this.#state.order} ${count === undefined ? "" : `LIMIT ${count}`} OFFSET ${offset}`;
    this.#next({ step: "limit", offset, ...(count === undefined ? {} : { count }) }, { ...this.#state, sql });
  }

  #aggregate(): void {
    const rng = this.#rng;
    const by: Projection[] = [];
    const measures: Measure[] = [];
    const columns: Column[] = [];
    const items: string[] = [];
    const groups = rng.pick([0, 1, 1, 1, 2, 3]);
    for (let i = 0; i < groups; i++) {
      const value = rng.chance(0.75) ? rng.pick(this.#exact()) : this.#expressions().value(1);
      const kept = (value as Partial<Column>).name;
      const as = kept !== undefined && !columns.some(({ name }) => name === kept) ? kept : this.#name();
      const sql = this.#id();
      by.push({ as, expr: value.expr });
      items.push(`${positiveZero(value)} AS ${sql}`);
      columns.push({ ...value, name: as, sql, expr: { op: "column", name: as }, unique: groups === 1 });
    }
    const keys = items.map((_, i) => String(i + 1));
    for (let i = rng.int(groups === 0 ? 1 : 0, 4); i > 0; i--) this.#measure(measures, columns, items);
    if (items.length === 0) return;
    const sql = `${this.#from(items.join(", "))}${keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")}`}`;
    this.#next({ step: "aggregate", by, measures }, { columns, order: null, sql });
  }

  /** Adds a measure; false where there is none of its kind. */
  #measure(measures: Measure[], columns: Column[], items: string[]): boolean {
    const rng = this.#rng;
    const functions: AggregateFunction[] = [
      "count",
      "countDistinct",
      "sum",
      "sum",
      "min",
      "max",
      "avg",
      "avg",
      "stddev",
      "first",
      "last",
    ];
    const fn = rng.pick(functions);
    const filter = rng.chance(0.25) ? this.#expressions().predicate(1) : undefined;
    const where = filter === undefined ? "" : ` FILTER (WHERE ${filter.sql})`;
    const as = this.#name();
    const add = (sql: string, type: Wire, more: Partial<Column> & Partial<Measure>) => {
      const id = this.#id();
      items.push(`${sql} AS ${id}`);
      const { arg, orderBy, ...known } = more;
      columns.push({
        name: as,
        expr: { op: "column", name: as },
        sql: id,
        type,
        calendar: true,
        dyadic: false,
        unique: false,
        ...known,
      });
      measures.push({
        as,
        fn,
        ...(arg === undefined ? {} : { arg }),
        ...(filter === undefined ? {} : { filter: filter.expr }),
        ...(orderBy === undefined ? {} : { orderBy }),
      });
      return true;
    };
    const hide = (sql: string) => {
      const id = this.#id();
      items.push(`${sql} AS ${id}`);
      return id;
    };
    const count: Wire = { k: "int", mode: "number" };
    if (fn === "count" && rng.chance(0.5)) return add(`CAST(count(*)${where} AS HUGEINT)`, count, {});
    const value = rng.chance(0.7) ? rng.pick(this.#exact()) : this.#expressions().value(1);
    const arg = value.expr;
    const { type, sql, calendar, dyadic } = value;
    if (fn === "count") return add(`CAST(count(${sql})${where} AS HUGEINT)`, count, { arg });
    if (fn === "countDistinct") return add(`CAST(count(DISTINCT ${sql})${where} AS HUGEINT)`, count, { arg });
    if (fn === "min" || fn === "max") {
      return add(positiveZero({ type, sql: `${fn}(${sql})${where}` }), type, { arg, calendar, dyadic });
    }
    if (fn === "first" || fn === "last") {
      const total = this.#totalKeys(rng.int(0, 1));
      if (total === undefined) return false;
      return add(`${fn}(${sql} ORDER BY ${total.sql})${where}`, type, { arg, orderBy: total.keys, calendar, dyadic });
    }
    const finite = `CASE WHEN isfinite(${sql}) THEN ${sql} END`;
    // A rounding error of n additions, with room for another order of them.
    const error = `4.0 * 2.2204460492503131e-16 * count(${sql})${where} * sum(abs(${finite}))${where}`;
    if (fn === "sum") {
      if (type.k === "int") {
        const sum = `sum(${sql})${where}`;
        return add(type.mode === "number" ? `safe(${sum})` : sum, type, { arg, dyadic: true });
      }
      if (type.k === "dec") return add(`dec38(sum(${sql})${where})`, { ...type, digits: 38 }, { arg });
      if (type.k === "float")
        return add(`sum(${sql})${where}`, type, { arg, ...(dyadic ? { dyadic } : { tolerance: hide(error) }) });
    }
    if (fn === "avg") {
      if (type.k === "int" || type.k === "dec") {
        const scale = type.k === "dec" ? type.scale : 0;
        const quotient = { sum: hide(`sum(${sql})${where}`), count: hide(`CAST(count(${sql})${where} AS HUGEINT)`), scale };
        return add("NULL", { k: "float" }, { arg, quotient });
      }
      if (type.k === "float") {
        const tolerance = hide(`4e-16 * abs(avg(${finite})${where}) + ${error} / greatest(count(${sql})${where}, 1)`);
        return add(`avg(${sql})${where}`, type, { arg, tolerance });
      }
    }
    if (fn === "stddev" && (type.k === "int" || type.k === "float" || type.k === "dec")) {
      const x = type.k === "float" ? sql : type.k === "int" ? `i2d(${sql})` : `(i2d(${sql}) / 1e${type.scale})`;
      const safe = `CASE WHEN abs(${x}) < 1e150 THEN ${x} END`;
      // Undefined beyond finite values: not a number, whichever way it is computed.
      const bad = `bool_or(NOT isfinite(${x}))${where}`;
      const result = `CASE WHEN count(${x})${where} < 2 THEN NULL WHEN ${bad} THEN 'NaN'::DOUBLE ELSE stddev_samp(${safe})${where} END`;
      const tolerance = hide(`sqrt(1e-15 * count(${x})${where}) * coalesce(sqrt(avg(${safe} * ${safe})${where}), 0)`);
      return add(result, { k: "float" }, { arg, tolerance });
    }
    return false;
  }

  #next(step: Step, state: State): void {
    this.#steps.push(step);
    this.#state = state;
    const plan: Plan = { faun: 1, entity: "oracle", steps: [...this.#steps] };
    const columns = [...this.#visible(), ...this.#hidden(), ...(state.order === null ? [] : [state.order])];
    const ordered = state.order !== null;
    const sql = `SELECT ${[...new Set(columns)].join(", ")} FROM (${state.sql}) AS result${ordered ? ` ORDER BY ${state.order}` : ""}`;
    this.#questions.push({ plan, sql, columns: state.columns, ordered });
  }

  #visible(): string[] {
    return this.#state.columns.map(({ sql }) => sql);
  }

  #hidden(): string[] {
    return [...new Set(this.#state.columns.flatMap(hiddenOf))];
  }

  #from(items: string): string {
    return `SELECT ${items} FROM (${this.#state.sql}) AS t`;
  }

  #id(): string {
    return quote(`c${this.#names++}`);
  }

  #name(): string {
    return `${this.#rng.pick(["x", "Total", "n°"])}${this.#names++}`;
  }
}

const hiddenOf = ({ tolerance, quotient }: Partial<Column>): string[] => [
  ...(tolerance === undefined ? [] : [tolerance]),
  ...(quotient === undefined ? [] : [quotient.sum, quotient.count]),
];
