import { compareBytes, encodeUtf8 } from "../../../columns/utf8.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import type { BoundExpression, Value } from "../../../query/bound.ts";
import { compareNumbers } from "../../../query/engine/number-order.ts";
import type { ComparisonOp } from "../../../query/expression.ts";
import type { Footer } from "../format/read-footer.ts";
import type { Leaf } from "../format/schema-tree.ts";
import { type Bound, type ColumnBounds, columnBounds } from "./column-bounds.ts";

/** What a predicate may give for some row, as bits. */
const TRUE = 1;
const FALSE = 2;
const NULL = 4;
const ANY = TRUE | FALSE | NULL;

/**
 * Whether rows of a row group may match: false only where the statistics rule it out. O(size of the predicate). What a
 * footer of others says of minima and maxima is believed.
 * @param where a predicate bound to `schema`
 * @param leaves the column of each field of `schema`; null where the file has none
 */
export function mayMatch(
  where: BoundExpression,
  schema: EntitySchema,
  leaves: readonly (Leaf | null)[],
  { metadata, checked }: Footer,
  rowGroup: number,
): boolean {
  if (metadata.rowGroups[rowGroup].numRows === 0) return false;
  const bounds = new Map<number, ColumnBounds | null>();
  const boundsOf = (index: number): ColumnBounds | null => {
    let known = bounds.get(index);
    if (known === undefined) {
      const leaf = leaves[index];
      known = leaf === null ? null : columnBounds(metadata, rowGroup, leaf, schema.fields[index].type, checked);
      bounds.set(index, known);
    }
    return known;
  };
  return (outcomes(where, boundsOf) & TRUE) !== 0;
}

type BoundsOf = (index: number) => ColumnBounds | null;

function outcomes(expr: BoundExpression, boundsOf: BoundsOf): number {
  switch (expr.op) {
    case "literal":
      return expr.value === null ? NULL : expr.value === true ? TRUE : FALSE;
    case "column":
      return compared("eq", expr, true, boundsOf);
    case "and":
      return expr.args.map((arg) => outcomes(arg, boundsOf)).reduce(and, TRUE);
    case "or":
      return not(expr.args.map((arg) => not(outcomes(arg, boundsOf))).reduce(and, TRUE));
    case "not":
      return not(outcomes(expr.args[0], boundsOf));
    case "isNull":
    case "isNotNull":
      return nullness(expr.args[0], boundsOf, expr.op === "isNull");
    case "known":
      return NULL | (expr.value ? TRUE : FALSE);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const [left, right] = expr.args;
      if (expr.comparison !== "same" || right.op !== "literal") return ANY;
      return right.value === null ? NULL : compared(expr.op, left, right.value, boundsOf);
    }
    case "between":
      return and(compared("ge", expr.args[0], expr.low, boundsOf), compared("le", expr.args[0], expr.high, boundsOf));
    case "in":
      return among(expr.args[0], expr.values, boundsOf);
    case "notIn":
      return not(among(expr.args[0], expr.values, boundsOf));
    case "startsWith": {
      const [text, prefix] = expr.args;
      if (text.op !== "column" || prefix.op !== "literal" || typeof prefix.value !== "string") return ANY;
      return startsWith(boundsOf(text.index), encodeUtf8(prefix.value));
    }
    default:
      return ANY;
  }
}

/** What two of these give together: each pair of outcomes may meet. */
function and(a: number, b: number): number {
  const all = a | b;
  return (a & b & TRUE) | (all & FALSE) | (all & NULL && (a & (TRUE | NULL)) !== 0 && (b & (TRUE | NULL)) !== 0 ? NULL : 0);
}

const not = (a: number): number => (a & NULL) | (a & TRUE ? FALSE : 0) | (a & FALSE ? TRUE : 0);

function nullness(expr: BoundExpression, boundsOf: BoundsOf, isNull: boolean): number {
  const bounds = expr.op === "column" ? boundsOf(expr.index) : null;
  if (bounds?.nulls === undefined) return TRUE | FALSE;
  const some = bounds.nulls > 0 ? (isNull ? TRUE : FALSE) : 0;
  const others = bounds.nulls < bounds.rows ? (isNull ? FALSE : TRUE) : 0;
  return some | others;
}

/** What null rows give, and whether there are others. */
const nullsOf = ({ nulls, rows }: ColumnBounds): { readonly mask: number; readonly only: boolean } => ({
  mask: nulls === 0 ? 0 : NULL,
  only: nulls === rows,
});

function among(expr: BoundExpression, values: readonly Value[], boundsOf: BoundsOf): number {
  const each = values.map((value) => compared("eq", expr, value, boundsOf));
  const any = each.reduce((a, b) => a | b, 0);
  // A row that equals one of several does not equal the others: false only where every single one can be.
  return (any & ~FALSE) | each.reduce((a, b) => a & b, FALSE);
}

/** What comparing a column to a constant may give. */
function compared(op: ComparisonOp, expr: BoundExpression, value: Value, boundsOf: BoundsOf): number {
  const bounds = expr.op === "column" ? boundsOf(expr.index) : null;
  if (bounds === null) return ANY;
  const { mask, only } = nullsOf(bounds);
  if (only) return mask;
  if (expr.type.kind === "enum") return mask | comparedEnum(op, expr.type.values, value as string, bounds);
  const constant: Bound = typeof value === "string" ? encodeUtf8(value) : value;
  const low = bounds.min === undefined ? undefined : compare(bounds.min, constant);
  // NaN is the greatest: where there may be some, no maximum holds.
  const nan = bounds.nan && typeof constant === "number";
  const high = nan || bounds.max === undefined ? undefined : compare(bounds.max, constant);
  const below = low === undefined || low < 0;
  const above = high === undefined || high > 0;
  // Without a NaN within the bounds, one may still be equal to a constant NaN: it is then neither below nor above.
  const between = (low === undefined || low <= 0) && (bounds.max === undefined || compare(bounds.max, constant) >= 0);
  const equal = between || (nan && Number.isNaN(constant));
  return mask | verdicts(op, below, equal, above);
}

/** What an operator may give of values below, equal to and above the constant. */
function verdicts(op: ComparisonOp, below: boolean, equal: boolean, above: boolean): number {
  switch (op) {
    case "eq":
      return (equal ? TRUE : 0) | (below || above ? FALSE : 0);
    case "ne":
      return (below || above ? TRUE : 0) | (equal ? FALSE : 0);
    case "lt":
      return (below ? TRUE : 0) | (equal || above ? FALSE : 0);
    case "le":
      return (below || equal ? TRUE : 0) | (above ? FALSE : 0);
    case "gt":
      return (above ? TRUE : 0) | (below || equal ? FALSE : 0);
    case "ge":
      return (above || equal ? TRUE : 0) | (below ? FALSE : 0);
  }
}

/** An enum is ordered by its declaration, statistics by bytes: what remains is which of its values there can be. */
function comparedEnum(op: ComparisonOp, values: readonly string[], value: string, { min, max }: ColumnBounds): number {
  const position = values.indexOf(value);
  let possible = 0;
  values.forEach((text, i) => {
    const bytes = encodeUtf8(text);
    if ((min !== undefined && compare(min, bytes) > 0) || (max !== undefined && compare(max, bytes) < 0)) return;
    possible |= verdicts(op, i < position, i === position, i > position);
  });
  return possible;
}

function startsWith(bounds: ColumnBounds | null, prefix: Uint8Array): number {
  if (bounds === null) return ANY;
  const { mask, only } = nullsOf(bounds);
  if (only) return mask;
  const { min, max } = bounds;
  const tooLow = max instanceof Uint8Array && compareBytes(max, prefix) < 0;
  const tooHigh = min instanceof Uint8Array && compareBytes(min.subarray(0, prefix.length), prefix) > 0;
  return mask | (tooLow || tooHigh ? FALSE : TRUE | FALSE);
}

function compare(a: Bound, b: Bound): number {
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array);
  if (typeof a === "boolean") return Number(a) - Number(b);
  return compareNumbers(a, b as number | bigint);
}
