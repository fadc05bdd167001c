import { entityOf } from "./entity.ts";
import { EntitySchema } from "./schema.ts";
import type { EntityClass, EntityRow } from "./types.ts";

/**
 * The declaration of some fields of an entity, in its order: of rows that carry a key and a few columns. Types, column
 * names, ids and the key are the same; defaults are left out, as such rows are always whole.
 */
export function projectSchema(schema: EntitySchema, names: Iterable<string>): EntitySchema {
  const kept = new Set(names);
  const fields = schema.fields
    .filter((field) => kept.has(field.name))
    .map((field, index) => Object.freeze({ ...field, index, defaultValue: undefined }));
  return new EntitySchema(schema.name, Object.freeze(fields), schema.shards);
}

/** The class of {@link projectSchema}'s declaration. */
export function projectEntity(schema: EntitySchema, names: Iterable<string>): EntityClass<EntityRow> {
  return entityOf(projectSchema(schema, names)) as unknown as EntityClass<EntityRow>;
}
