import type { Codec } from "../../columns/codec.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import { capture, sameValue } from "./capture.ts";
import type { FieldValues } from "./operation.ts";

/**
 * Lets `change` work on an instance with the row's values that stands alone, and gives what it made different. The
 * instance as it is afterwards counts, or another one of the entity that `change` returns.
 * @param before the row's values by field index
 * @param own the same, for the draft to keep and change
 * @throws ValidationError for a value that is none of its field's, a changed key, or a function that is not done when it returns
 */
export function draftChanges(
  schema: EntitySchema,
  codecs: readonly Codec[],
  entity: EntityClass<EntityRow>,
  before: readonly unknown[],
  own: readonly unknown[],
  change: (draft: EntityRow) => unknown,
): FieldValues {
  const init: Record<string, unknown> = {};
  for (const { name, index } of schema.fields) init[name] = own[index];
  const draft = new (entity as unknown as new (init: object) => EntityRow)(init);
  const returned = change(draft);
  refuseThenable(schema, returned);
  const result = (returned instanceof (entity as unknown as abstract new () => object) ? returned : draft) as unknown as Record<
    string,
    unknown
  >;

  const changes: [number, unknown][] = [];
  for (const codec of codecs) {
    const { index, name, key } = codec.field;
    const value = codec.check(result[name]);
    if (sameValue(value, before[index])) continue;
    if (key) {
      throw new ValidationError({
        entity: schema.name,
        field: name,
        value,
        expected: "no change of the key: delete the row and add it under the new key",
      });
    }
    changes.push([index, capture(value)]);
  }
  if (changes.length === 0) refusePatch(schema, returned);
  return changes;
}

/** `(draft) => ({ total: 5 })` changes nothing, and whoever wrote it meant it to. */
function refusePatch(schema: EntitySchema, returned: unknown): void {
  if (typeof returned !== "object" || returned === null || Object.getPrototypeOf(returned) !== Object.prototype) return;
  const field = schema.fields.find(({ name }) => Object.hasOwn(returned, name));
  if (field === undefined) return;
  throw new ValidationError({
    entity: schema.name,
    field: field.name,
    value: returned,
    expected: "a function that changes the draft it is given; to set fields, give update() the patch itself",
  });
}

function refuseThenable(schema: EntitySchema, returned: unknown): void {
  if (typeof returned !== "object" || returned === null || typeof (returned as { then?: unknown }).then !== "function") return;
  // Its failure is nobody's business any more.
  (returned as PromiseLike<unknown>).then(undefined, () => {});
  throw new ValidationError({
    entity: schema.name,
    value: returned,
    expected: "a change that is done when the function returns: await what it needs before calling update(), not inside",
  });
}
