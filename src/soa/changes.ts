import type { Codec } from "../columns/codec.ts";
import type { EntitySchema } from "../entity/schema.ts";
import { unknownField } from "../entity/validation.ts";
import { ValidationError } from "../errors.ts";

/** What is to be written over a row: field indices and checked values. */
export type Changes = readonly (readonly [field: number, value: unknown])[];

/** Writes a patch out as changes; fields that are undefined are left as they are. @throws ValidationError for unknown fields, the key, and wrong values. */
export function patchChanges(schema: EntitySchema, codecs: readonly Codec[], patch: Readonly<Record<string, unknown>>): Changes {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) {
    throw new ValidationError({ entity: schema.name, value: patch, expected: "an object with the fields to change" });
  }
  const changes: [number, unknown][] = [];
  for (const name of Object.keys(patch)) {
    if (!schema.has(name)) throw unknownField(schema, name);
    if (patch[name] === undefined) continue;
    const field = schema.field(name);
    if (field.key)
      throw new ValidationError({
        entity: schema.name,
        field: name,
        value: patch[name],
        expected: "no change of the key: delete the row and add it under the new key",
      });
    changes.push([field.index, codecs[field.index].check(patch[name])]);
  }
  return changes;
}

/** Every field of a row but its key, as changes. @throws ValidationError for wrong values */
export function rowChanges(codecs: readonly Codec[], row: Readonly<Record<string, unknown>>): Changes {
  const changes: [number, unknown][] = [];
  for (const codec of codecs) if (!codec.field.key) changes.push([codec.field.index, codec.take(row[codec.field.name])]);
  return changes;
}
