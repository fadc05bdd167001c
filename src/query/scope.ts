import { ColumnNotFoundError, QueryError } from "../errors.ts";
import type { BoundColumn, BoundExpression } from "./bound.ts";
import type { Expression } from "./expression.ts";

/** The columns that expressions of one step can name. */
export class Scope {
  /** Name of the entity, for messages. */
  readonly entity: string;
  readonly columns: readonly BoundColumn[];
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Expressions are built from the leaves up and never change: what was bound once stays bound. */
  readonly #bound = new WeakMap<Expression, BoundExpression>();

  constructor(entity: string, columns: readonly BoundColumn[]) {
    this.entity = entity;
    this.columns = columns;
    this.#indexOf = new Map(columns.map((column, i) => [column.name, i]));
  }

  /** @throws ColumnNotFoundError naming the nearest column */
  column(name: string): BoundExpression {
    const index = this.#indexOf.get(name);
    if (index === undefined) {
      throw new ColumnNotFoundError(
        this.entity,
        name,
        this.columns.map((column) => column.name),
      );
    }
    const { type, nullable } = this.columns[index]!;
    return { op: "column", name, index, type, nullable };
  }

  cached(expression: Expression): BoundExpression | undefined {
    return this.#bound.get(expression);
  }

  remember(expression: Expression, bound: BoundExpression): BoundExpression {
    this.#bound.set(expression, bound);
    return bound;
  }

  error(message: string): QueryError {
    return new QueryError(`${this.entity}: ${message}`);
  }
}

/** An expression as messages show it, in the form of the builder; deep ones are cut. */
export function describeExpression(expression: Expression, depth = 2): string {
  if (expression.op === "column") return expression.name;
  if (expression.op === "literal") return describeLiteral(expression);
  if (depth === 0) return "…";
  const args = expression.args.map((arg) => describeExpression(arg, depth - 1));
  if (expression.op === "and" || expression.op === "or")
    return args.length === 0 ? `${expression.op}()` : `(${args.join(` ${expression.op} `)})`;
  const rest = args.slice(1, 4);
  if (args.length > 4) rest.push("…");
  if ("unit" in expression) rest.push(JSON.stringify(expression.unit));
  if ("part" in expression) rest.push(JSON.stringify(expression.part));
  return `${args[0]}.${expression.op}(${rest.join(", ")})`;
}

export function describeLiteral(literal: Expression & { op: "literal" }): string {
  switch (literal.type) {
    case "null":
      return "null";
    case "bigint":
      return `${literal.value}n`;
    case "string":
      return JSON.stringify(literal.value.length > 60 ? `${literal.value.slice(0, 60)}…` : literal.value);
    case "instant":
      return `the instant ${literal.value}`;
    case "binary":
      return "bytes";
    default:
      return String(literal.value);
  }
}
