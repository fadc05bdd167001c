import type { BoundMeasure, BoundSortKey } from "../../../query/bound.ts";
import { type Compiled, INEXACT, INT128, isFloat, NotCompiled, SAFE } from "./compiled.ts";
import type { ExpressionCompiler } from "./expressions.ts";
import { asDouble, checked } from "./numbers.ts";

/** A sort key as SQL. */
export const sortKey = (sql: string, { direction, nulls }: Pick<BoundSortKey, "direction" | "nulls">): string =>
  `${sql} ${direction === "asc" ? "ASC" : "DESC"} NULLS ${nulls === "first" ? "FIRST" : "LAST"}`;

/**
 * A measure as SQL, within an aggregation.
 * @param order how rows come that order alike
 */
export function compileMeasure(measure: BoundMeasure, expressions: ExpressionCompiler, order: readonly string[]): Compiled {
  const { fn, type } = measure;
  const filter = measure.filter === null ? "" : ` FILTER (WHERE ${expressions.compile(measure.filter).sql})`;
  const x = measure.arg === null ? null : expressions.compile(measure.arg);
  if (x === null) return { sql: `count(*)${filter}`, type, range: [0n, SAFE] };
  const value = isFloat(x.type) ? asDouble(x) : x.sql;
  switch (fn) {
    case "count":
      return { sql: `count(${x.sql})${filter}`, type, range: [0n, SAFE] };
    case "countDistinct":
      return { sql: `count(DISTINCT ${x.sql})${filter}`, type, range: [0n, SAFE] };
    case "sum":
      if (type.kind === "decimal") return { sql: `sum(${value})${filter}`, type, digits: 38 };
      if (type.kind === "f64") return { sql: `sum(${value})${filter}`, type };
      return checked(`sum(${value})${filter}`, type, INT128);
    case "min":
    case "max":
      return { ...x, sql: `${fn}(${x.sql})${filter}`, type };
    case "avg":
      return { sql: average(x, value, filter), type };
    case "stddev":
      return { sql: deviation(asDouble(x), filter), type };
    default: {
      const keys = measure.orderBy.map((key) => sortKey(expressions.compile(key.expr).sql, key));
      return { ...x, sql: `${fn}(${x.sql} ORDER BY ${[...keys, ...order].join(", ")})${filter}`, type };
    }
  }
}

/** Exact sums divided once; where that takes more digits than a double has, the engine does not know the answer. */
function average({ range, type, digits }: Compiled, value: string, filter: string): string {
  if (isFloat(type)) return `avg(${value})${filter}`;
  const sum = `sum(${value})${filter}`;
  const count = `count(${value})${filter}`;
  if (range !== undefined) {
    return `CASE WHEN ${sum} BETWEEN -${SAFE} AND ${SAFE} THEN CAST(CAST(${sum} AS BIGINT) AS DOUBLE) / CAST(${count} AS DOUBLE)
      WHEN ${sum} IS NOT NULL THEN CAST(error('${INEXACT}') AS DOUBLE) END`;
  }
  if (type.kind !== "decimal" || type.scale > 6 || (digits ?? 38) > 32)
    throw new NotCompiled("the average of decimals of these digits");
  // The sum and the divisor both in units of the last place: integers that doubles hold.
  const unit = 10n ** BigInt(type.scale);
  const most = SAFE / unit;
  return `CASE WHEN ${sum} BETWEEN -${most / unit} AND ${most / unit} AND ${count} < ${most} THEN
      CAST(CAST(${sum} * CAST(${unit} AS DECIMAL(${type.scale + 1},0)) AS BIGINT) AS DOUBLE) / CAST(${count} * ${unit} AS DOUBLE)
      WHEN ${sum} IS NOT NULL THEN CAST(error('${INEXACT}') AS DOUBLE) END`;
}

/** Of the sample. What is not finite makes it NaN; squares that no double holds are left to whoever can. */
function deviation(x: string, filter: string): string {
  return `CASE WHEN count(${x})${filter} < 2 THEN NULL
    WHEN bool_or(NOT isfinite(${x}))${filter} THEN CAST('NaN' AS DOUBLE)
    WHEN bool_or(abs(${x}) > 1e150)${filter} THEN CAST(error('${INEXACT}') AS DOUBLE)
    ELSE stddev_samp(CASE WHEN abs(${x}) <= 1e150 THEN ${x} END)${filter} END`;
}
