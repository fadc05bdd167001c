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
  const wanted = new Set(names);
  const keyed = options.keyed ?? true;
  const fields = schema.fields
    .filter((field) => wanted.has(field.name))
    .map((field, index) => Object.freeze({ ...field, index, key: field.key && keyed, defaultValue: undefined }));
  return new EntitySchema(schema.name, Object.freeze(fields), schema.shards);
}

/** Sets of fields of which the class is kept: there may be as many as subsets. */
const KEPT = 64;
const kept = new WeakMap<EntitySchema, Map<string, EntityClass<EntityRow>>>();

/** The class of {@link projectSchema}'s declaration: the same one for the same fields, as long as they are not too many. */
export function projectEntity(
  schema: EntitySchema,
  names: Iterable<string>,
  options: ProjectionOptions = {},
): EntityClass<EntityRow> {
  const classes = kept.get(schema) ?? new Map<string, EntityClass<EntityRow>>();
  kept.set(schema, classes);
  const wanted = new Set(names);
  const id = schema.fields.map(({ name }) => (wanted.has(name) ? "1" : "0")).join("") + (options.keyed ?? true);
  let projected = classes.get(id);
  if (projected === undefined) {
    projected = entityOf(projectSchema(schema, wanted, options)) as unknown as EntityClass<EntityRow>;
    if (classes.size >= KEPT) classes.clear();
    classes.set(id, projected);
  }
  return projected;
}
