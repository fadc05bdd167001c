import { ValidationError } from "../../errors.ts";
import type { Binding, DuckValue, LogicalType } from "./binding.ts";

/**
 * What a parameter of a statement can be. Integers go as 64-bit ones, other numbers as doubles, bigints in the smallest
 * type from 64 bits that has them, a Date as a TIMESTAMP in UTC. Arrays are lists of one kind of value.
 */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly (boolean | null)[]
  | readonly (number | null)[]
  | readonly (bigint | null)[]
  | readonly (string | null)[];

const INT64 = 2n ** 63n;
const INT128 = 2n ** 127n;

/** @throws ValidationError naming the parameter, for what is none of these */
export function bindParameters(binding: Binding, what: string, values: readonly unknown[]): DuckValue[] {
  return values.map((value, i) => {
    const bound = scalar(binding, value) ?? (Array.isArray(value) ? list(binding, value) : undefined);
    if (bound !== undefined) return bound;
    throw new ValidationError({
      entity: what,
      value,
      expected: `parameter $${i + 1}: null, a boolean, number, bigint of 128 bits, well-formed string, valid Date, Uint8Array, or an array of one of the first kinds`,
    });
  });
}

function scalar(binding: Binding, value: unknown): DuckValue | undefined {
  switch (typeof value) {
    case "boolean":
      return binding.create_bool(value);
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? binding.create_int64(BigInt(value))
        : binding.create_double(value);
    case "bigint":
      if (value >= -INT64 && value < INT64) return binding.create_int64(value);
      if (value >= 0n && value < 2n * INT64) return binding.create_uint64(value);
      return value >= -INT128 && value < INT128 ? binding.create_hugeint(value) : undefined;
    case "string":
      return value.isWellFormed() ? binding.create_varchar(value) : undefined;
  }
  if (value === null) return binding.create_null_value();
  if (value instanceof Date) {
    const ms = value.getTime();
    return Number.isNaN(ms) ? undefined : binding.create_timestamp({ micros: BigInt(ms) * 1000n });
  }
  if (value instanceof Uint8Array) return binding.create_blob(new Uint8Array(value));
  return undefined;
}

function list(binding: Binding, values: readonly unknown[]): DuckValue | undefined {
  const present = values.filter((value) => value !== null);
  const kinds = new Set(present.map((value) => typeof value));
  if (kinds.size > 1) return undefined;
  const { Type } = binding;
  const make = (type: number, of: (value: never) => DuckValue | undefined): DuckValue | undefined => {
    const items = values.map((value) => (value === null ? binding.create_null_value() : of(value as never)));
    const child: LogicalType = binding.create_logical_type(type);
    return items.includes(undefined) ? undefined : binding.create_list_value(child, items as DuckValue[]);
  };
  switch ([...kinds][0]) {
    case undefined:
      return make(Type.INTEGER, () => undefined);
    case "boolean":
      return make(Type.BOOLEAN, (value) => binding.create_bool(value));
    case "number":
      return present.every((value) => Number.isSafeInteger(value))
        ? make(Type.BIGINT, (value) => binding.create_int64(BigInt(value)))
        : make(Type.DOUBLE, (value) => binding.create_double(value));
    case "bigint":
      return make(Type.HUGEINT, (value: bigint) =>
        value >= -INT128 && value < INT128 ? binding.create_hugeint(value) : undefined,
      );
    case "string":
      return make(Type.VARCHAR, (value: string) => (value.isWellFormed() ? binding.create_varchar(value) : undefined));
    default:
      return undefined;
  }
}
