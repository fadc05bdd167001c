import type { FieldKind, IntKind } from "../entity/field-type.ts";
import type { Field, FieldFlag } from "../entity/fields.ts";
import type { Fields } from "../entity/types.ts";
import type { DatePart, Expression, TruncUnit } from "./expression.ts";

/** Where an expression carries its kind and the type of its value. Types only: nothing of it exists at run time. */
export declare const kind: unique symbol;
export declare const value: unique symbol;

/**
 * What an expression computes with. `int` is a number, `bigint` a bigint, `decimal` and `unscaled` are decimals
 * read as a string and as a bigint of units.
 */
export type NumericKind = "int" | "float" | "bigint" | "decimal" | "unscaled";
export type ExpressionKind = NumericKind | "bool" | "text" | "binary" | "date" | "timestamp";

/** Any expression: of kind `K`, with values `V`. */
export interface Operand<out K extends ExpressionKind = ExpressionKind, out V = unknown> {
  readonly [kind]: K;
  readonly [value]: V;
  /** The expression as plain data. */
  readonly expression: Expression;
}

// Interfaces of their own, so that messages name them.
export interface NumericOperand extends Operand<NumericKind> {}
export interface IntegerOperand extends Operand<"int" | "bigint"> {}
export interface TextOperand extends Operand<"text"> {}
export interface BoolOperand extends Operand<"bool"> {}
export interface BinaryOperand extends Operand<"binary"> {}
export interface DateOperand extends Operand<"date"> {}
export interface TimestampOperand extends Operand<"timestamp"> {}

/** The columns that a step of a query sees, by name. */
export interface QueryColumns {
  readonly [name: string]: Operand;
}

/** The JavaScript value of an expression. */
export type ValueOfExpression<E> = E extends Operand<ExpressionKind, infer V> ? V : never;

type KindOfExpression<E> = E extends Operand<infer K> ? K : never;

/** null if the value of `O`, an expression, can be null; constants never are. */
type NullIn<O> = O extends Operand<ExpressionKind, infer V> ? Extract<V, null> : never;

/** `L` are the constants and `X` the expressions it compares with. null compares with nothing: see isNull. */
interface Comparable<K extends ExpressionKind, V, L, X> extends Operand<K, V> {
  /** Equal. NaN equals itself, -0 equals 0. */
  eq<O extends L | X>(other: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  /** Not equal; null beside null, as every comparison is. */
  ne<O extends L | X>(other: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  /** Less than. Text by its UTF-8 bytes, enums as declared, NaN greatest. */
  lt<O extends L | X>(other: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  le<O extends L | X>(other: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  gt<O extends L | X>(other: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  ge<O extends L | X>(other: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  /** low <= value <= high. */
  between<A extends L | X, B extends L | X>(low: A, high: B): BoolExpression<boolean | Extract<V, null> | NullIn<A> | NullIn<B>>;
  /** Equal to one of these constants; of none, false. */
  in(values: Iterable<L>): BoolExpression<boolean | Extract<V, null>>;
  /** Equal to none of these constants; of none, true. */
  notIn(values: Iterable<L>): BoolExpression<boolean | Extract<V, null>>;
  isNull(): BoolExpression<boolean>;
  isNotNull(): BoolExpression<boolean>;
}

/** true, false or null: a predicate, or a column of bools. */
export interface BoolExpression<V> extends Comparable<"bool", V, boolean, BoolOperand> {
  /** Three-valued: false if one is false, else null if one is null. */
  and<O extends BoolOperand>(...others: O[]): BoolExpression<V | NullIn<O>>;
  /** Three-valued: true if one is true, else null if one is null. */
  or<O extends BoolOperand>(...others: O[]): BoolExpression<V | NullIn<O>>;
  /** null stays null. */
  not(): BoolExpression<V>;
}

/** Text of a utf8 or category field, or of an enum field, whose values are `V`. */
export interface TextExpression<V> extends Comparable<"text", V, Exclude<V, null>, TextOperand> {
  startsWith<O extends string | TextOperand>(prefix: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  endsWith<O extends string | TextOperand>(suffix: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  contains<O extends string | TextOperand>(part: O): BoolExpression<boolean | Extract<V, null> | NullIn<O>>;
  /** `%` stands for any characters, `_` for one. To mean them as they are, name an escape character. */
  like(pattern: string, options?: { readonly escape?: string }): BoolExpression<boolean | Extract<V, null>>;
}

/** Bytes, ordered as unsigned numbers. */
export interface BinaryExpression<V> extends Comparable<"binary", V, Uint8Array, BinaryOperand> {}

export type DayUnit = "year" | "quarter" | "month" | "week" | "day";
type DayPart = Exclude<DatePart, "hour" | "minute" | "second">;

/** Part of a date or timestamp; a number, `epoch` with its fraction. */
type PartOf<P extends DatePart, V> = P extends "epoch" ? Numeric<"float", Extract<V, null>> : Numeric<"int", Extract<V, null>>;

/** A calendar day; constants are ISO strings. */
export interface DateExpression<V> extends Comparable<"date", V, string, DateOperand> {
  /** The first day of its year, quarter, month or week (Monday). */
  dateTrunc(unit: DayUnit): DateExpression<V>;
  extract<P extends DayPart>(part: P): PartOf<P, V>;
}

/** An instant; constants are Dates, or what the field reads. Its parts are those of the field's zone. */
export interface TimestampExpression<V> extends Comparable<"timestamp", V, Date | Exclude<V, null>, TimestampOperand> {
  /** The first instant of its year … microsecond in the field's zone; weeks begin on Monday. */
  dateTrunc(unit: TruncUnit): TimestampExpression<V>;
  extract<P extends DatePart>(part: P): PartOf<P, V>;
}

/** The JavaScript value of each kind of number. */
interface NumberOf {
  int: number;
  float: number;
  bigint: bigint;
  decimal: string;
  unscaled: bigint;
}

/** Constants that compare with each kind of number. Beside `unscaled` a bigint counts its units. */
interface ConstantOf {
  int: number | bigint;
  float: number | bigint;
  bigint: number | bigint;
  decimal: string | number | bigint;
  unscaled: string | bigint;
}

/** Constants that each kind of number computes with. */
interface FactorOf {
  int: number | bigint;
  float: number | bigint;
  bigint: number | bigint;
  decimal: string | number | bigint;
  unscaled: string;
}

/** The kind of `O` beside a number of kind `K`: a constant number is an integer beside one if it is whole. */
type KindBeside<K extends NumericKind, O> =
  O extends Operand<infer X>
    ? Extract<X, NumericKind>
    : O extends bigint
      ? "bigint"
      : O extends string
        ? K extends "unscaled"
          ? "unscaled"
          : "decimal"
        : O extends number
          ? K extends "int"
            ? number extends O
              ? "int" | "float"
              : `${O}` extends `${bigint}`
                ? "int"
                : "float"
            : "float"
          : never;

type Wider<U> = "float" extends U
  ? "float"
  : "decimal" extends U
    ? "decimal"
    : "unscaled" extends U
      ? "unscaled"
      : "bigint" extends U
        ? "bigint"
        : "int";

/** The kind of a sum of kinds `A` and `B`. */
type Computed<A extends NumericKind, B extends NumericKind> = A extends unknown
  ? B extends unknown
    ? Wider<A | B>
    : never
  : never;

/** null where the divisor may be 0 and the result is exact. */
type NullByZero<K extends NumericKind, O> = K extends "float"
  ? never
  : O extends Operand | string
    ? null
    : 0 extends O
      ? null
      : 0n extends O
        ? null
        : never;

/** An expression of numbers of kind `K` that can be null if `N` is. */
export type Numeric<K extends NumericKind, N = never> = [K] extends ["int" | "bigint"]
  ? IntegerExpression<K, NumberOf[K] | Extract<N, null>>
  : NumericExpression<K, NumberOf[K] | Extract<N, null>>;

type Result<K extends NumericKind, V, O> = Numeric<Computed<K, KindBeside<K, O>>, Extract<V, null> | NullIn<O>>;

/** A number. Integers and decimals compute exactly, or fail with a QueryError where the result is too large. */
export interface NumericExpression<K extends NumericKind, V> extends Comparable<K, V, ConstantOf[K], NumericOperand> {
  add<const O extends FactorOf[K] | NumericOperand>(other: O): Result<K, V, O>;
  sub<const O extends FactorOf[K] | NumericOperand>(other: O): Result<K, V, O>;
  mul<const O extends FactorOf[K] | NumericOperand>(other: O): Result<K, V, O>;
  /** A double, for integers and decimals too. By 0: Infinity, -Infinity or NaN. */
  div<const O extends FactorOf[K] | NumericOperand>(other: O): Numeric<"float", Extract<V, null> | NullIn<O>>;
  /** The remainder, with the sign of the dividend. By 0: null for integers and decimals, NaN for floats. */
  mod<const O extends FactorOf[K] | NumericOperand>(
    other: O,
  ): Numeric<Computed<K, KindBeside<K, O>>, Extract<V, null> | NullIn<O> | NullByZero<Computed<K, KindBeside<K, O>>, O>>;
  /** The number with its sign turned. */
  neg(): Numeric<K, Extract<V, null>>;
}

/** An integer. */
export interface IntegerExpression<K extends NumericKind, V> extends NumericExpression<K, V> {
  /** The quotient without its fraction (toward 0); null by 0. */
  intDiv<const O extends bigint | number | IntegerOperand>(
    other: O,
  ): Numeric<Computed<K, KindBeside<K, O>>, Extract<V, null> | NullIn<O> | NullByZero<Computed<K, KindBeside<K, O>>, O>>;
}

/** The expression of kind `K` with values `V`. */
export type ExpressionOf<K extends ExpressionKind, V> = [K] extends [NumericKind]
  ? Numeric<K, Extract<V, null>>
  : [K] extends ["bool"]
    ? BoolExpression<V>
    : [K] extends ["text"]
      ? TextExpression<V>
      : [K] extends ["date"]
        ? DateExpression<V>
        : [K] extends ["timestamp"]
          ? TimestampExpression<V>
          : BinaryExpression<V>;

type KindOfField<K extends FieldKind, V> = K extends IntKind
  ? "int"
  : K extends "f32" | "f64"
    ? "float"
    : K extends "u64" | "i64"
      ? bigint extends V
        ? "bigint"
        : "int"
      : K extends "decimal"
        ? bigint extends V
          ? "unscaled"
          : "decimal"
        : K extends "utf8" | "category" | "enum"
          ? "text"
          : Extract<K, ExpressionKind>;

/** A field as queries see it. */
export type ColumnOfField<D> = D extends Field<infer K, infer V, FieldFlag> ? ExpressionOf<KindOfField<K, V>, V> : never;

// The conditionals keep these aliases out of messages: they show the columns.

/** The columns of an entity as queries see them: what the callback of a first `where` is given. */
export type ColumnsOf<F extends Fields> = F extends infer D ? { readonly [N in keyof D]: ColumnOfField<D[N]> } : never;

/** The rows that a query with these columns answers. */
export type RowOfColumns<C> = C extends infer D ? { -readonly [N in keyof D]: ValueOfExpression<D[N]> } : never;

/** Names of the columns of `C` that hold numbers. */
export type NumericNames<C> = { [N in keyof C]: C[N] extends NumericOperand ? N : never }[keyof C] & string;

/** An expression with the values of `E`, and null if `N` is. */
export type OrNull<E, N> = ExpressionOf<KindOfExpression<E>, ValueOfExpression<E> | Extract<N, null>>;

/** The sum of values of `E`. */
export type SumOf<E, N> = Numeric<Extract<KindOfExpression<E>, NumericKind>, NullIn<E> | Extract<N, null>>;
