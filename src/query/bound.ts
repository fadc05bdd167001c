import type { FieldType } from "../entity/field-type.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { ArithmeticOp, ComparisonOp, DatePart, TextOp, TruncUnit } from "./expression.ts";
import type { AggregateFunction, Plan } from "./plan.ts";
import type { TypedValue, ValueType } from "./value-type.ts";

/**
 * A plan bound to an entity: names are resolved, every node has its type, constants are in the form of what they
 * stand beside. Whatever could be wrong with the question was refused on the way; what remains to fail is
 * arithmetic that leaves its range.
 */
export interface BoundPlan {
  readonly plan: Plan;
  readonly schema: EntitySchema;
  /** One for each step of the plan. */
  readonly steps: readonly BoundStep[];
  readonly output: readonly BoundColumn[];
  /**
   * Only where, orderBy and limit: the answer is rows of the entity as they are, and `output` is its fields.
   */
  readonly wholeRows: boolean;
}

/** A column that a step gives to the next. */
export interface BoundColumn extends TypedValue {
  readonly name: string;
}

/**
 * A value as expressions work with it, by type: bool → boolean; integers to 32 bits, floats, number-mode 64-bit and
 * `integer` number → number; bigint-mode 64-bit and `integer` bigint → bigint; utf8, category, enum → string; binary →
 * Uint8Array; date → days since 1970 as a number; timestamp, in every mode → ticks of its unit as a bigint; decimal, in
 * every mode → the value times 10^scale as a bigint.
 */
export type Value = boolean | number | bigint | string | Uint8Array;

/**
 * How the operands of a comparison compare.
 * - `same`: both are of one form and order (see {@link Value}): numbers as doubles (exact for every number form, -0 = 0,
 *   NaN greatest and equal to itself), bigints, booleans, days, bytes, strings by UTF-8 bytes; timestamps of one unit,
 *   decimals of one scale, enums of one declaration (ordered by it).
 * - `units`: timestamps of two units, or decimals of two scales (an integer counts as scale 0): exact.
 * - `mixed`: a number against a bigint or a decimal: exact, NaN greatest.
 * - `text`: strings of which at least one is an enum: only eq and ne, by their text.
 *
 * Beside a constant it is always `same`, and the constant is the right operand: see `bind-comparison.ts`.
 */
export type Comparison = "same" | "units" | "mixed" | "text";

export interface BoundLiteral extends TypedValue {
  readonly op: "literal";
  readonly value: Value | null;
}

export type BoundExpression = TypedValue &
  (
    | {
        readonly op: "column";
        readonly name: string;
        /** Position among the columns this step is given; in front of the first step that makes new ones, the field's index. */
        readonly index: number;
      }
    | { readonly op: "literal"; readonly value: Value | null }
    | { readonly op: ComparisonOp; readonly args: readonly [BoundExpression, BoundExpression]; readonly comparison: Comparison }
    /** low <= value <= high, both bounds constants in the form of the value; comparison is `same`. */
    | { readonly op: "between"; readonly args: readonly [BoundExpression]; readonly low: Value; readonly high: Value }
    /** `values` are distinct, in the form of the operand; comparison is `same`. There is at least one. */
    | { readonly op: "in" | "notIn"; readonly args: readonly [BoundExpression]; readonly values: readonly Value[] }
    /** `value` where the argument is not null, else null: what remains of a comparison that no value of the type decides. */
    | { readonly op: "known"; readonly args: readonly [BoundExpression]; readonly value: boolean }
    | { readonly op: "isNull" | "isNotNull" | "not" | "neg"; readonly args: readonly [BoundExpression] }
    /** Any number of arguments, none too: true for `and`, false for `or`. */
    | { readonly op: "and" | "or"; readonly args: readonly BoundExpression[] }
    /** Text is utf8, category or enum. For `like` the second argument is a literal, valid with its escape. */
    | { readonly op: TextOp; readonly args: readonly [BoundExpression, BoundExpression]; readonly escape: string | null }
    /**
     * The result's type tells how to compute: f64 in doubles (each operand converted first), `integer` exactly
     * (number or bigint by mode), decimal exactly (operands rescaled: integers are scale 0).
     */
    | { readonly op: ArithmeticOp; readonly args: readonly [BoundExpression, BoundExpression] }
    | { readonly op: "dateTrunc"; readonly args: readonly [BoundExpression]; readonly unit: TruncUnit }
    /** A number-mode `integer`; f64 for epoch. */
    | { readonly op: "extract"; readonly args: readonly [BoundExpression]; readonly part: DatePart }
  );

export interface BoundProjection {
  readonly as: string;
  readonly expr: BoundExpression;
}

export interface BoundSortKey {
  readonly expr: BoundExpression;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
}

/** `type` and `nullable` are those of the result. */
export interface BoundMeasure extends TypedValue {
  readonly as: string;
  readonly fn: AggregateFunction;
  /** null for a count of rows. */
  readonly arg: BoundExpression | null;
  readonly filter: BoundExpression | null;
  /** Not empty for first and last, empty for the others. */
  readonly orderBy: readonly BoundSortKey[];
}

export type BoundStep =
  | { readonly step: "where"; readonly predicate: BoundExpression }
  | { readonly step: "select"; readonly columns: readonly BoundProjection[] }
  | { readonly step: "distinct" }
  | { readonly step: "aggregate"; readonly by: readonly BoundProjection[]; readonly measures: readonly BoundMeasure[] }
  /** Stable: rows that compare equal keep the order they came in. */
  | { readonly step: "orderBy"; readonly keys: readonly BoundSortKey[] }
  /** `count` null: all rows behind the offset. */
  | { readonly step: "limit"; readonly count: number | null; readonly offset: number };

/** The type that a decimal computation gives: as many digits as there are. */
export const decimalResult = (scale: number, mode: "string" | "bigint"): FieldType => ({
  kind: "decimal",
  precision: 38,
  scale,
  mode,
});

export const isNumeric = (type: ValueType): boolean => NUMERIC.has(type.kind);

const NUMERIC: ReadonlySet<string> = new Set([
  "u8",
  "u16",
  "u32",
  "i8",
  "i16",
  "i32",
  "u64",
  "i64",
  "integer",
  "f32",
  "f64",
  "decimal",
]);
