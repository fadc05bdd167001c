import fc from "fast-check";
import { Entity, type Field, u32 } from "faun";
import { schemaOf } from "../../src/entity/entity.ts";
import type { FieldKind } from "../../src/entity/field-type.ts";
import { everyType, valuesOf } from "./arbitrary.ts";

type AnyField = Field<FieldKind, unknown, never>;

const nullables = Object.entries(everyType as unknown as Record<string, AnyField>).map(
  ([name, field]) => [`${name}OrNull`, field.nullable()] as const,
);
const fields = { ...everyType, ...Object.fromEntries(nullables) } as unknown as Record<string, AnyField>;

/** Every type of field, once nullable and once not. */
export class Every extends Entity("every", { id: u32().key(), ...fields }) {}

/** The fields of a row of it, but for its key. */
export const everyRow = fc.record(
  Object.fromEntries(
    schemaOf(Every)
      .fields.filter(({ key }) => !key)
      .map(({ name, type, nullable }) => [name, nullable ? fc.option(valuesOf(type), { freq: 2 }) : valuesOf(type)]),
  ),
);
