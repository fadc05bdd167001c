import type { FieldType } from "../../../entity/field-type.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import type { BoundColumn, BoundExpression, BoundPlan, BoundSortKey, BoundStep } from "../../../query/bound.ts";
import type { ValueType } from "../../../query/value-type.ts";
import { sqlType } from "../column-types.ts";
import { quoteName } from "../identifiers.ts";
import { type Compiled, MAX_SQL, NotCompiled, type Parameter, Parameters, rangeOf } from "./compiled.ts";
import { ExpressionCompiler } from "./expressions.ts";
import { compileMeasure, sortKey } from "./measures.ts";

/** A plan as one statement. */
export interface CompiledPlan {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
  /** Columns of the result, in order, each as its field type is stored. */
  readonly columns: readonly { readonly name: string; readonly type: FieldType; readonly nullable: boolean }[];
}

/**
 * Makes one statement of a plan over a table, which answers it as Faun's own engine does. Values are parameters.
 * @throws NotCompiled for what DuckDB would answer otherwise
 */
export function compilePlan({ schema, steps, output }: BoundPlan, table: string): CompiledPlan {
  const parameters = new Parameters();
  const name = parameters.newName();
  const columns = schema.fields.map((field) => columnOf(`${name}.${quoteName(field.column)}`, field.type));
  let stage = new Stage(`${table} AS ${name}`, columns, parameters, [], [`${name}.rowid`]);
  for (const step of steps) stage = stage.apply(step);
  const items = output.map(({ type }, i) => `CAST(${(stage.columns[i] as Compiled).sql} AS ${resultType(type)}) AS c${i}`);
  const sql = stage.select(items);
  if (sql.length > MAX_SQL) throw new NotCompiled("a statement of this length");
  return { ...parameters.number(sql), columns: output.map(resultColumn) };
}

/** A predicate over the rows of a table, for a WHERE. @throws NotCompiled */
export function compilePredicate(schema: EntitySchema, predicate: BoundExpression): CompiledPredicate {
  const parameters = new Parameters();
  const columns = schema.fields.map((field) => columnOf(quoteName(field.column), field.type));
  return parameters.number(new ExpressionCompiler(columns, parameters).compile(predicate).sql);
}

export interface CompiledPredicate {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

function columnOf(sql: string, type: ValueType): Compiled {
  const range = rangeOf(type);
  if (range !== undefined) return { sql, type, range };
  return type.kind === "decimal" ? { sql, type, digits: type.precision } : { sql, type };
}

/** The field whose columns hold a result: exact for every value of its type. */
export function storedType(type: ValueType): FieldType {
  if (type.kind === "integer")
    return type.mode === "number"
      ? { kind: "i64", mode: "number" }
      : { kind: "decimal", precision: 38, scale: 0, mode: "bigint" };
  return type.kind === "null" ? { kind: "bool" } : type;
}

const resultColumn = ({ name, type, nullable }: BoundColumn) => ({ name, type: storedType(type), nullable });

/** As `storedType`, in SQL; 128-bit integers lie in vectors as decimals of 38 digits do. */
const resultType = (type: ValueType): string =>
  type.kind === "integer" && type.mode === "bigint" ? "HUGEINT" : sqlType(storedType(type));

/** Sort keys, the most significant first. */
type Order = readonly { readonly key: Compiled; readonly by: Pick<BoundSortKey, "direction" | "nulls"> }[];

/** Rows of a source, with what steps ask of them as far as one SELECT can say it. */
class Stage {
  readonly source: string;
  readonly columns: readonly Compiled[];
  readonly #parameters: Parameters;
  readonly #conditions: readonly string[];
  readonly #order: Order;
  /** What tells rows that order alike in which order they come. */
  readonly #ties: readonly string[];
  readonly #limit: bigint | null;
  readonly #offset: bigint;

  constructor(
    source: string,
    columns: readonly Compiled[],
    parameters: Parameters,
    order: Order,
    ties: readonly string[],
    conditions: readonly string[] = [],
    limit: bigint | null = null,
    offset = 0n,
  ) {
    this.source = source;
    this.columns = columns;
    this.#parameters = parameters;
    this.#order = order;
    this.#ties = ties;
    this.#conditions = conditions;
    this.#limit = limit;
    this.#offset = offset;
  }

  apply(step: BoundStep): Stage {
    switch (step.step) {
      case "where": {
        const open = this.#uncut();
        const condition = open.#expressions().compile(step.predicate).sql;
        return open.#with({ conditions: [...open.#conditions, condition] });
      }
      case "select": {
        const expressions = this.#expressions();
        return this.#with({ columns: step.columns.map(({ expr }) => expressions.compile(expr)) });
      }
      case "orderBy": {
        const open = this.#uncut();
        const expressions = open.#expressions();
        const keys = step.keys.map((by) => ({ key: expressions.compile(by.expr), by }));
        return open.#with({ order: [...keys, ...open.#order] });
      }
      case "limit": {
        const offset = BigInt(step.offset);
        const left = this.#limit === null ? null : this.#limit > offset ? this.#limit - offset : 0n;
        const count = step.count === null ? null : BigInt(step.count);
        const limit = count === null ? left : left === null || count < left ? count : left;
        return this.#with({ limit, offset: this.#offset + offset });
      }
      case "distinct": {
        const open = this.#uncut();
        const items = open.columns.map(({ sql }, i) => `${sql} AS c${i}`);
        return open.#over(`SELECT DISTINCT ${items.join(", ")}${open.#from()}`, open.columns);
      }
      case "aggregate": {
        const open = this.#uncut();
        const expressions = open.#expressions();
        const by = step.by.map(({ expr }) => expressions.compile(expr));
        const order = [...open.#order.map(({ key, by: how }) => sortKey(key.sql, how)), ...open.#ties];
        const measures = step.measures.map((measure) => compileMeasure(measure, expressions, order));
        const all = [...by, ...measures];
        const items = all.map(({ sql }, i) => `${sql} AS c${i}`);
        const groups = by.length === 0 ? "" : ` GROUP BY ${by.map((_, i) => i + 1).join(", ")}`;
        return open.#over(`SELECT ${items.join(", ")}${open.#from()}${groups}`, all);
      }
    }
  }

  /** The rows in their order, as a statement. */
  select(items: readonly string[]): string {
    const keys = this.#order.map(({ key, by }) => sortKey(key.sql, by));
    const order = keys.length === 0 ? "" : ` ORDER BY ${[...keys, ...this.#ties].join(", ")}`;
    const limit = this.#limit === null ? "" : ` LIMIT ${this.#limit}`;
    const offset = this.#offset === 0n ? "" : ` OFFSET ${this.#offset}`;
    return `SELECT ${items.join(", ")}${this.#from()}${order}${limit}${offset}`;
  }

  #from(): string {
    return ` FROM ${this.source}${this.#conditions.length === 0 ? "" : ` WHERE ${this.#conditions.join(" AND ")}`}`;
  }

  #expressions(): ExpressionCompiler {
    return new ExpressionCompiler(this.columns, this.#parameters);
  }

  /** A stage that may take conditions and orders: one that is cut becomes the source of another. */
  #uncut(): Stage {
    if (this.#limit === null && this.#offset === 0n) return this;
    const items = this.columns.map(({ sql }, i) => `${sql} AS c${i}`);
    const keys = this.#order.map(({ key }, i) => `${key.sql} AS k${i}`);
    const ties = this.#ties.map((tie, i) => `${tie} AS t${i}`);
    const sql = this.select([...items, ...keys, ...ties]);
    return this.#over(sql, this.columns, this.#order, this.#ties.length);
  }

  /** Columns are named with their source: a bare name in ORDER BY would be that of a result. */
  #over(sql: string, columns: readonly Compiled[], order: Order = [], ties = 0): Stage {
    if (sql.length > MAX_SQL) throw new NotCompiled("a statement of this length");
    const name = this.#parameters.newName();
    return new Stage(
      `(${sql}) AS ${name}`,
      columns.map((column, i) => ({ ...column, sql: `${name}.c${i}` })),
      this.#parameters,
      order.map(({ key, by }, i) => ({ key: { ...key, sql: `${name}.k${i}` }, by })),
      Array.from({ length: ties }, (_, i) => `${name}.t${i}`),
    );
  }

  #with(change: {
    columns?: readonly Compiled[];
    order?: Order;
    conditions?: readonly string[];
    limit?: bigint | null;
    offset?: bigint;
  }): Stage {
    return new Stage(
      this.source,
      change.columns ?? this.columns,
      this.#parameters,
      change.order ?? this.#order,
      this.#ties,
      change.conditions ?? this.#conditions,
      change.limit === undefined ? this.#limit : change.limit,
      change.offset ?? this.#offset,
    );
  }
}
