import { ValidationError } from "../errors.ts";
import { constructorOf } from "./construct.ts";
import { declare, type EntityOptions } from "./declaration.ts";
import { initFromJson } from "./json.ts";
import { installRowMethods } from "./row-methods.ts";
import { EntitySchema } from "./schema.ts";
import type { EntityBase, EntityClass, EntityRow, Fields } from "./types.ts";

/** Where a class carries its declaration at run time. */
const SCHEMA = Symbol("faun.schema");

/**
 * Declares an entity: gives the class to extend, whose constructor validates and whose rows have
 * one property per field.
 *
 * An instance that stands alone holds its values as plain data properties: it prints, spreads and compares
 * like an object literal, and what is written to it later is checked when it is stored. Names of columns are the
 * snake_case of the fields' (`snakeCase`) unless `.column()` says otherwise. TypeScript's `isolatedDeclarations`
 * cannot describe `extends Entity(…)`: leave it off where entities are exported.
 *
 * @param name Name of the entity in messages and storage.
 * @param fields Field name to field, in the order of the columns.
 * @param options `shards`: shards of a ShardedStore that is not told otherwise, 1 to 1024, default 1.
 * @throws ValidationError where the declaration is not sound, naming the entity and the field.
 *
 * @example
 * class Order extends Entity("orders", { orderId: u64().key(), total: f64() }) {
 *   get isHighValue() { return this.total > 200; }
 * }
 */
export function Entity<const F extends Fields>(name: string, fields: F, options?: EntityOptions): EntityBase<F> {
  return entityOf(declare(name, fields, options)) as unknown as EntityBase<F>;
}

/** The class to extend of a declaration that is data already. */
export function entityOf(schema: EntitySchema): new (init: unknown) => object {
  const base = constructorOf(schema);
  installRowMethods(base.prototype, schema);
  Object.defineProperty(base, "name", { value: schema.name, configurable: true });
  Object.defineProperty(base, SCHEMA, { value: schema });
  Object.defineProperty(base, "fromJSON", { value: fromJSON, writable: true, configurable: true });
  return base;
}

/** The declaration of an entity class, or of a class that extends one. Throws ValidationError for anything else. */
export function schemaOf<T extends EntityRow>(entity: EntityClass<T>): EntitySchema {
  const declared: unknown = typeof entity === "function" ? (entity as unknown as { [SCHEMA]?: unknown })[SCHEMA] : undefined;
  if (declared instanceof EntitySchema) return declared;
  const expected = "an entity class: one that extends Entity(name, fields)";
  throw new ValidationError({ entity: "entity class", value: entity, expected });
}

function fromJSON<T extends EntityRow>(this: EntityClass<T>, json: unknown): T {
  const construct = this as unknown as new (init: Record<string, unknown>) => T;
  return new construct(initFromJson(schemaOf(this), json));
}
