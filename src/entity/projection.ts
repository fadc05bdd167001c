import { entityOf } from "./entity.ts";
import { EntitySchema } from "./schema.ts";
import type { EntityClass, EntityRow } from "./types.ts";

export interface ProjectionOptions {
  /** Whether the key is still one (default): a kernel then indexes it. */
  keyed?: boolean;
}

/**
 * The declaration of some fields of an entity, in its order: of rows that carry a key and a few columns. Types, column
 * names, ids and the key are the same; defaults are left out, as such rows are always whole.
 */
export function projectSchema(schema: EntitySchema, names: Iterable<string>, options: ProjectionOptions = {}): EntitySchema {
  const kept = new Set(names);
  const keyed = options.keyed ?? true;
  const fields = schema.fields
    .filter((field) => kept.has(field.name))
    .map((field, index) => Object.freeze({ ...field, index, key: field.key && keyed, defaultValue: undefined }));
  return new EntitySchema(schema.name, Object.freeze(fields), schema.shards);
}

/** The class of {@link projectSchema}'s declaration. */
export function projectEntity(
  schema: EntitySchema,
  names: Iterable<string>,
  options?: ProjectionOptions,
): EntityClass<EntityRow> {
  return entityOf(projectSchema(schema, names, options)) as unknown as EntityClass<EntityRow>;
}
