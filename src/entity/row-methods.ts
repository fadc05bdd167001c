import { ValidationError } from "../errors.ts";
import { jsonCodec } from "./json.ts";
import type { EntitySchema } from "./schema.ts";
import { normaliser, unknownField } from "./validation.ts";

type Values = Record<string, unknown>;

/**
 * Puts `toObject`, `toJSON` and `with` on a class's prototype. They read `this[field]`, so that
 * they serve an instance that stands alone and the view of a stored row alike.
 */
export function installRowMethods(prototype: object, schema: EntitySchema): void {
  const writers = schema.fields.map((field) => ({ name: field.name, write: jsonWriter(schema, field.name) }));

  const methods = {
    toObject(this: Values): Values {
      const out: Values = {};
      for (const { name } of schema.fields) out[name] = this[name];
      return out;
    },

    toJSON(this: Values): Values {
      const out: Values = {};
      for (const { name, write } of writers) out[name] = write(this[name]);
      return out;
    },

    with(this: Values, patch: unknown): object {
      if (typeof patch !== "object" || patch === null || Array.isArray(patch)) {
        throw new ValidationError({ entity: schema.name, value: patch, expected: "an object with the fields to change" });
      }
      const changes = patch as Values;
      for (const name in changes) if (!schema.has(name)) throw unknownField(schema, name);
      const init: Values = {};
      for (const { name } of schema.fields) init[name] = changes[name] === undefined ? this[name] : changes[name];
      return new (this.constructor as new (init: Values) => object)(init);
    },
  };

  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

/** An instance that stands alone is a plain object and may have been given anything: what is written is checked. */
function jsonWriter(schema: EntitySchema, name: string): (value: unknown) => unknown {
  const field = schema.field(name);
  const normalise = normaliser(schema, field);
  const codec = jsonCodec(field.type);
  if (codec === null) return normalise;
  return (value) => {
    const held = normalise(value);
    return held === null ? null : codec.encode(held);
  };
}
