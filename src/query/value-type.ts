import type { FieldType } from "../entity/field-type.ts";

/**
 * The type of an expression once bound. Columns have their field's type; what is computed from integers is
 * an `integer`: a number within ±(2^53 - 1) from number-mode operands only, a bigint within ±(2^127 - 1) as soon as one
 * operand is a bigint. Leaving the range is a QueryError, never a wrong digit.
 */
export type ValueType =
  | FieldType
  | { readonly kind: "integer"; readonly mode: "number" | "bigint" }
  /** The type of a bare null. */
  | { readonly kind: "null" };

export interface TypedValue {
  readonly type: ValueType;
  readonly nullable: boolean;
}
