import fc from "fast-check";
import { category, decimal, Entity, enumOf, type Field, timestamp, u32, utf8 } from "faun";
import type { FieldKind } from "../../../src/entity/field-type.ts";
import { everyType, valuesOf } from "../../entity/arbitrary.ts";

export type AnyField = Field<FieldKind, unknown, never>;

/** One field of every type, and of every form that DuckDB keeps one in. */
export const plain = {
  ...everyType,
  long: utf8(),
  tinyDecimal: decimal(4, 2),
  bigDecimal: decimal(18, 4),
  narrow: category({ codes: "u8" }),
  enumOf256: enumOf(...(Array.from({ length: 256 }, (_, i) => `v${i}`) as [string, ...string[]])),
  zonedSeconds: timestamp("s", { timezone: "Asia/Tokyo" }),
  zonedMicros: timestamp("us", { timezone: "UTC" }),
  zonedNanos: timestamp("ns", { timezone: "America/New_York" }),
} as unknown as Record<string, AnyField>;

const nullable = Object.fromEntries(Object.entries(plain).map(([name, field]) => [name, field.nullable()])) as Record<
  string,
  AnyField
>;

export class Plain extends Entity("plain", { id: u32().key(), ...plain }) {}
export class Nullable extends Entity("nullable", { id: u32().key(), ...nullable }) {}

const arbitraryOf = (name: string, field: AnyField): fc.Arbitrary<unknown> => {
  if (name === "long") return fc.string({ unit: "grapheme", minLength: 10, maxLength: 400 });
  return valuesOf(field.type);
};

/** Rows without their key; nulls among them where asked for. */
export const rowsOf = (orNull: boolean, maxLength = 40, minLength = 0): fc.Arbitrary<Record<string, unknown>[]> =>
  fc.array(
    fc.record(
      Object.fromEntries(
        Object.entries(plain).map(([name, field]) => {
          const values = arbitraryOf(name, field);
          return [name, orNull ? fc.option(values, { freq: 2 }) : values];
        }),
      ),
    ),
    { minLength, maxLength },
  );
