import type { Expression } from "./expression.ts";

/** An output column: what it is called and how it is computed. */
export interface Projection {
  readonly as: string;
  readonly expr: Expression;
}

export interface SortKey {
  readonly expr: Expression;
  readonly direction: "asc" | "desc";
  /** Where nulls go; last in both directions unless said. */
  readonly nulls: "first" | "last";
}

export type AggregateFunction = "count" | "countDistinct" | "sum" | "min" | "max" | "avg" | "stddev" | "first" | "last";

export interface Measure {
  readonly as: string;
  readonly fn: AggregateFunction;
  /** Absent for a count of rows. */
  readonly arg?: Expression;
  /** Only rows for which this is true take part. */
  readonly filter?: Expression;
  /** The order that first and last go by: required for them, refused for the others. */
  readonly orderBy?: readonly SortKey[];
}

/**
 * One step of a plan: takes rows, gives rows. Each sees the columns that the step before it gave, the first one
 * those of the entity, by field name. `where` after `aggregate` is SQL's HAVING. `orderBy` orders what follows it, up to
 * the next step that does not keep order (aggregate, distinct).
 */
export type Step =
  | { readonly step: "where"; readonly predicate: Expression }
  | { readonly step: "select"; readonly columns: readonly Projection[] }
  | { readonly step: "distinct" }
  /** Without `by`: one row over everything, also over nothing. */
  | { readonly step: "aggregate"; readonly by: readonly Projection[]; readonly measures: readonly Measure[] }
  | { readonly step: "orderBy"; readonly keys: readonly SortKey[] }
  /** `count` absent: all rows behind the offset. Both are integers >= 0. */
  | { readonly step: "limit"; readonly count?: number; readonly offset: number };

/** A query as plain data: JSON, and all that a backend needs to answer it. */
export interface Plan {
  /** Version of this form. */
  readonly faun: 1;
  /** Name of the entity whose rows it asks. */
  readonly entity: string;
  readonly steps: readonly Step[];
}
