import type { FieldKind, IntKind } from "./field-type.ts";
import type { Field, FieldFlag } from "./fields.ts";

/** Where an entity class and its rows carry the type of their declaration. */
export declare const schema: unique symbol;

/** Any field declaration. */
export type AnyField = Field<FieldKind, unknown, FieldFlag>;

/** The declaration of an entity: field name to field. */
export type Fields = { readonly [name: string]: AnyField };

/** The JavaScript value of a field. */
export type ValueOf<D> = D extends Field<FieldKind, infer V, FieldFlag> ? V : never;
export type KindOf<D> = D extends Field<infer K, unknown, FieldFlag> ? K : never;
export type FlagsOf<D> = D extends Field<FieldKind, unknown, infer G> ? G : never;

/** Names of the fields of `F` that carry the flag `G`. */
export type NamesWith<F extends Fields, G extends FieldFlag> = {
  [K in keyof F]: G extends FlagsOf<F[K]> ? K : never;
}[keyof F];

/** One object type of an intersection. The conditional keeps this alias out of messages: they show the fields. */
type Flatten<T> = T extends infer O ? { [K in keyof O]: O[K] } : never;

// Fields are picked by `as` rather than by a union of names: messages then list them in the order of declaration.

/** `K` where the field `D` carries the flag `G`. */
type If<D, G extends FieldFlag, K> = G extends FlagsOf<D> ? K : never;
/** `K` where it does not. */
type Unless<D, G extends FieldFlag, K> = G extends FlagsOf<D> ? never : K;
type IfOptional<D, K> = If<D, "nullable", K> | If<D, "default", K>;
type UnlessOptional<D, K> = Unless<D, "nullable", Unless<D, "default", K>>;

/** What a row reads: every field, keys read-only. */
export type Row<F extends Fields> = Flatten<
  { readonly [K in keyof F as If<F[K], "key", K>]: ValueOf<F[K]> } & {
    -readonly [K in keyof F as Unless<F[K], "key", K>]: ValueOf<F[K]>;
  }
>;

/** What a row is made from: nullable and defaulted fields may be absent. */
export type Init<F extends Fields> = Flatten<
  { -readonly [K in keyof F as UnlessOptional<F[K], K>]: ValueOf<F[K]> } & {
    -readonly [K in keyof F as IfOptional<F[K], K>]?: ValueOf<F[K]> | undefined;
  }
>;

/** What may be changed of a stored row: anything but its key. */
export type Patch<F extends Fields> = Flatten<{ -readonly [K in keyof F as Unless<F[K], "key", K>]?: ValueOf<F[K]> }>;

/** What every row has besides its fields, whether it stands alone or views a stored row. */
// `any` is the one default under which every entity's rows are an EntityRow: Fields would demand index signatures of them.
// biome-ignore lint/suspicious/noExplicitAny: see above; it never reaches a value's type
export interface EntityRow<F extends Fields = any> {
  readonly [schema]: F;
  /** The fields as a plain object. O(fields). */
  toObject(): Row<F>;
  /**
   * The fields as JSON values: 64-bit integers and decimals as decimal strings, timestamps as ISO 8601 in
   * full precision, binary as base64, floats that JSON cannot write as "NaN", "Infinity", "-Infinity", "-0".
   */
  toJSON(): JsonRow<F>;
  /** A copy that stands alone, with these fields changed; undefined changes nothing. Validated; the key may change. */
  with(patch: Partial<Init<F>>): this;
}

/** The JSON form of a row. */
export type JsonRow<F extends Fields> = { [K in keyof F]: JsonValueOf<F[K]> };

/** The JSON form of a field's value. */
export type JsonValueOf<D> = JsonOf<KindOf<D>, ValueOf<D>> | Extract<ValueOf<D>, null>;

/** JSON has no NaN, no infinities and no -0: they are written as these strings. */
type JsonOf<K extends FieldKind, V> = K extends "bool"
  ? boolean
  : K extends "f32" | "f64"
    ? number | "NaN" | "Infinity" | "-Infinity" | "-0"
    : K extends IntKind
      ? number
      : K extends "enum"
        ? NonNullable<V>
        : string;

/** The class that `Entity()` gives, to be extended. */
export interface EntityBase<F extends Fields> {
  new (init: Init<F>): Row<F> & EntityRow<F>;
  readonly [schema]: F;
  /** The row that `toJSON` wrote, losslessly; also takes its text. @throws SerializationError, ValidationError */
  fromJSON<T extends EntityRow>(this: EntityClass<T>, json: unknown): T;
}

/** A class that extends an `Entity()`. */
export interface EntityClass<T extends EntityRow> {
  new (init: InitOf<T>): T;
  readonly name: string;
  readonly [schema]: T[typeof schema];
}

export type FieldsOf<T extends EntityRow> = T[typeof schema];
export type InitOf<T extends EntityRow> = Init<T[typeof schema]>;
export type RowOf<T extends EntityRow> = Row<T[typeof schema]>;
export type PatchOf<T extends EntityRow> = Patch<T[typeof schema]>;

/** The type of the key of `T`; never where it declares none. */
export type Key<T extends EntityRow> = ValueOf<FieldsOf<T>[NamesWith<FieldsOf<T>, "key">]>;

/** The arguments of a method that takes a key: for an entity without one, a message in the type. */
export type KeyArg<T extends EntityRow> = [NamesWith<FieldsOf<T>, "key">] extends [never]
  ? [error: "this entity declares no .key()"]
  : [key: Key<T>];
