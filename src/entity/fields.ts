import { ValidationError } from "../errors.ts";
import type { CodeKind, FieldKind, FieldType, FloatKind, Int64Kind, IntKind, TimeUnit } from "./field-type.ts";
import { assertOptions } from "./options.ts";

declare const typeInfo: unique symbol;

/** What a field declares besides its type. */
export interface FieldOptions {
  readonly nullable: boolean;
  readonly key: boolean;
  readonly indexed: boolean;
  readonly column: string | undefined;
  readonly id: number | undefined;
  readonly defaultValue: (() => unknown) | undefined;
}

const PLAIN: FieldOptions = {
  nullable: false,
  key: false,
  indexed: false,
  column: undefined,
  id: undefined,
  defaultValue: undefined,
};

export type FieldFlag = "nullable" | "default" | "key" | "index";

/**
 * A field declaration. Immutable: every method gives a new one.
 * `Kind` is the column type, `Value` what TypeScript reads and writes, `Flags` what was declared about it.
 */
export class Field<out Kind extends FieldKind, out Value, out Flags extends FieldFlag = never> {
  declare readonly [typeInfo]: { kind: Kind; value: Value; flags: Flags };
  readonly type: FieldType;
  readonly options: FieldOptions;

  constructor(type: FieldType, options: FieldOptions = PLAIN) {
    this.type = type;
    this.options = options;
  }

  /** Allows null. The field becomes optional when constructing; absent means null unless it has a default. */
  nullable(): Field<Kind, Value | null, Flags | "nullable">;
  nullable(...given: unknown[]): Field<Kind, Value | null, Flags | "nullable"> {
    takesNothing("nullable", given);
    if (this.options.key) throw declarationError("a key that is not nullable", undefined);
    return this.#with({ nullable: true });
  }

  /**
   * Value for an absent field, or a function called anew for each row (`() => new Date()`).
   * It is validated when it is used.
   */
  default(value: Value | (() => Value)): Field<Kind, Value, Flags | "default"> {
    const make = typeof value === "function" ? (value as () => Value) : () => value;
    return this.#with({ defaultValue: make });
  }

  /** Name of the column in Arrow, Parquet and SQL. Without it: the field's name in snake_case. */
  column(name: string): Field<Kind, Value, Flags> {
    if (typeof name !== "string" || name.length === 0 || !name.isWellFormed()) {
      throw declarationError("a column name: a non-empty, well-formed string", name);
    }
    return this.#with({ column: name });
  }

  /** Stable id of the field (1 to 2^31 - 1), by default its position from 1. Give ids once fields are reordered or removed. */
  id(id: number): Field<Kind, Value, Flags> {
    if (!Number.isInteger(id) || id < 1 || id > 0x7fff_ffff) {
      throw declarationError("a field id: an integer from 1 to 2147483647", id);
    }
    return this.#with({ id });
  }

  /** The primary key: unique, never null, read-only once stored. One field of an entity at most. Not for f32, f64. */
  key(): Field<Kind, Value, Flags | "key">;
  key(...given: unknown[]): Field<Kind, Value, Flags | "key"> {
    takesNothing("key", given);
    if (this.options.nullable) throw declarationError("a key that is not nullable", undefined);
    if (this.type.kind === "f32" || this.type.kind === "f64") {
      throw declarationError("a key of a type with exact equality (not f32 or f64)", undefined);
    }
    return this.#with({ key: true });
  }

  /**
   * A secondary index: queries find the rows with a value (`eq`, `in`) or in a range (`lt`, `le`, `gt`, `ge`, `between`)
   * without scanning; of utf8, binary and decimal fields only those with a value. Not for bool.
   *
   * Nothing is kept up on writes: the first query that can use it sorts each chunk, O(rows), and a chunk whose field was
   * written is scanned for some queries and then sorted anew. Takes 2 bytes a row (6 for utf8, binary and decimal) from
   * then on. Chunks of fewer than 1,024 rows are scanned, and so is what `kernel.chunks()` or `rawArray()` handed out.
   * @throws ValidationError for a bool field
   */
  index(): Field<Kind, Value, Flags | "index">;
  index(...given: unknown[]): Field<Kind, Value, Flags | "index"> {
    takesNothing("index", given);
    if (this.type.kind === "bool") throw declarationError("an index of a type with more than two values (not bool)", undefined);
    return this.#with({ indexed: true });
  }

  #with(change: Partial<FieldOptions>): Field<Kind, never, never> {
    return new Field(this.type, { ...this.options, ...change });
  }
}

/** A field of a type that needs no more to be said. */
const plain =
  <K extends IntKind | FloatKind | "bool" | "utf8" | "binary" | "date", V>(kind: K): (() => Field<K, V>) =>
  (...given: unknown[]) => {
    takesNothing(kind, given);
    return new Field<K, V>({ kind } as FieldType);
  };

const int = <K extends IntKind>(kind: K) => plain<K, number>(kind);
const float = <K extends FloatKind>(kind: K) => plain<K, number>(kind);

/** true or false. One bit a row. */
export const bool = plain<"bool", boolean>("bool");
/** Integer from 0 to 255. */
export const u8 = int("u8");
/** Integer from 0 to 65,535. */
export const u16 = int("u16");
/** Integer from 0 to 4,294,967,295. */
export const u32 = int("u32");
/** Integer from -128 to 127. */
export const i8 = int("i8");
/** Integer from -32,768 to 32,767. */
export const i16 = int("i16");
/** Integer from -2,147,483,648 to 2,147,483,647. */
export const i32 = int("i32");
/** IEEE 754 single precision. A number with more digits is rounded to it, as in a Float32Array. */
export const f32 = float("f32");
/** IEEE 754 double precision. */
export const f64 = float("f64");

/**
 * Integer from 0 to 2^64 - 1: a bigint, or with `{ mode: "number" }` a safe integer (to 2^53 - 1).
 */
export function u64(options?: { mode?: "bigint" }): Field<"u64", bigint>;
export function u64(options: { mode: "number" }): Field<"u64", number>;
export function u64(options?: { mode?: "bigint" | "number" }): Field<"u64", bigint> | Field<"u64", number> {
  return int64("u64", options);
}

/**
 * Integer from -2^63 to 2^63 - 1: a bigint, or with `{ mode: "number" }` a safe integer (±(2^53 - 1)).
 */
export function i64(options?: { mode?: "bigint" }): Field<"i64", bigint>;
export function i64(options: { mode: "number" }): Field<"i64", number>;
export function i64(options?: { mode?: "bigint" | "number" }): Field<"i64", bigint> | Field<"i64", number> {
  return int64("i64", options);
}

function int64<K extends Int64Kind>(kind: K, options?: { mode?: "bigint" | "number" }): Field<K, never> {
  if (options !== undefined) assertOptions<{ mode?: unknown }>(`${kind}()`, options, { mode: true });
  return new Field({ kind, mode: oneOf("mode", options?.mode ?? "bigint", ["bigint", "number"]) });
}

/** Unicode text. Lone surrogates are refused, as UTF-8 cannot hold them. */
export const utf8 = plain<"utf8", string>("utf8");

/** Bytes. What is read is a copy: changing it changes no column. */
export const binary = plain<"binary", Uint8Array>("binary");

/**
 * Text with few distinct values: stored once each, a code a row. `codes` bounds how many
 * distinct values fit (256, 65,536 or 2^32) and sets the bytes a row (1, 2 or 4; default 4).
 */
export function category(options?: { codes?: CodeKind }): Field<"category", string> {
  if (options !== undefined) assertOptions<{ codes?: CodeKind }>("category()", options, { codes: true });
  return new Field({ kind: "category", codes: oneOf("codes", options?.codes ?? "u32", ["u8", "u16", "u32"]) });
}

/**
 * One of the given strings: stored as a code of 1 byte (2 from 257 values on), ordered as declared.
 */
export function enumOf<const V extends readonly [string, ...string[]]>(...values: V): Field<"enum", V[number]> {
  if (values.length === 0) throw declarationError("at least one enum value", undefined);
  for (const value of values) {
    if (typeof value !== "string" || !value.isWellFormed())
      throw declarationError("enum values that are well-formed strings", value);
  }
  if (new Set(values).size !== values.length) {
    throw declarationError(
      "distinct enum values",
      values.find((v, i) => values.indexOf(v) !== i),
    );
  }
  if (values.length > 65_536) throw declarationError("at most 65,536 enum values", values.length);
  return new Field({ kind: "enum", codes: values.length <= 256 ? "u8" : "u16", values: Object.freeze([...values]) });
}

/** A calendar day from -5877641-06-23 to +5881580-07-11; an ISO string such as "2024-02-29". */
export const date = plain<"date", string>("date");

export interface TimestampOptions<M extends "date" | "number" | "bigint"> {
  /** IANA zone or offset, kept with the column ("UTC", "Europe/Berlin", "+02:00"). Values are instants in UTC either way. */
  timezone?: string;
  /** JavaScript value: a Date, a number or a bigint of ticks. Default: Date for s and ms, bigint for us and ns. */
  mode?: M;
}

/**
 * A point in time in ticks of `unit` since 1970-01-01T00:00Z. No mode loses a digit silently:
 * a Date with milliseconds is refused by a column of seconds, a number beyond 2^53 everywhere.
 */
export function timestamp(unit: "s" | "ms", options?: TimestampOptions<"date">): Field<"timestamp", Date>;
export function timestamp(unit: "us" | "ns", options?: TimestampOptions<"bigint">): Field<"timestamp", bigint>;
export function timestamp(unit: TimeUnit, options: TimestampOptions<"date"> & { mode: "date" }): Field<"timestamp", Date>;
export function timestamp(unit: TimeUnit, options: TimestampOptions<"number"> & { mode: "number" }): Field<"timestamp", number>;
export function timestamp(unit: TimeUnit, options: TimestampOptions<"bigint"> & { mode: "bigint" }): Field<"timestamp", bigint>;
export function timestamp(
  unit: TimeUnit,
  options: TimestampOptions<"date" | "number" | "bigint"> = {},
): Field<"timestamp", never> {
  oneOf("unit", unit, ["s", "ms", "us", "ns"]);
  assertOptions<TimestampOptions<never>>("timestamp()", options, { timezone: true, mode: true });
  const mode = oneOf("mode", options.mode ?? (unit === "s" || unit === "ms" ? "date" : "bigint"), ["date", "number", "bigint"]);
  const timezone = options.timezone ?? null;
  if (timezone !== null && !isTimeZone(timezone))
    throw declarationError('a time zone such as "UTC", "Europe/Berlin" or "+02:00"', timezone);
  return new Field({ kind: "timestamp", unit, timezone, mode });
}

/**
 * Exact decimal number of up to `precision` digits (1 to 38), `scale` of them after the point:
 * a string such as "12.50", or with `{ mode: "bigint" }` the value times 10^scale.
 */
export function decimal(precision: number, scale: number, options?: { mode?: "string" }): Field<"decimal", string>;
export function decimal(precision: number, scale: number, options: { mode: "bigint" }): Field<"decimal", bigint>;
export function decimal(
  precision: number,
  scale: number,
  options?: { mode?: "string" | "bigint" },
): Field<"decimal", string> | Field<"decimal", bigint> {
  if (!Number.isInteger(precision) || precision < 1 || precision > 38)
    throw declarationError("a decimal precision from 1 to 38", precision);
  if (!Number.isInteger(scale) || scale < 0 || scale > precision)
    throw declarationError(`a decimal scale from 0 to the precision (${precision})`, scale);
  if (options !== undefined) assertOptions<{ mode?: unknown }>("decimal()", options, { mode: true });
  return new Field<"decimal", never>({
    kind: "decimal",
    precision,
    scale,
    mode: oneOf("mode", options?.mode ?? "string", ["string", "bigint"]),
  });
}

function isTimeZone(zone: unknown): boolean {
  if (typeof zone !== "string") return false;
  if (/^[+-]\d\d:\d\d$/.test(zone)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function oneOf<T extends string>(what: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) throw declarationError(`${what} ${allowed.map((a) => `"${a}"`).join(" or ")}`, value);
  return value;
}

function takesNothing(name: string, given: readonly unknown[]): void {
  if (given.length > 0) throw declarationError(`${name}() without arguments`, given[0]);
}

function declarationError(expected: string, value: unknown): ValidationError {
  return new ValidationError(
    value === undefined ? { entity: "field declaration", expected } : { entity: "field declaration", expected, value },
  );
}
