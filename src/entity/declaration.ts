import { ValidationError } from "../errors.ts";
import { Field } from "./fields.ts";
import { assertOptions } from "./options.ts";
import { EntitySchema, type FieldSpec } from "./schema.ts";
import { snakeCase } from "./snake-case.ts";

export interface EntityOptions {
  /** Shards of a `ShardedStore` that is not told otherwise: 1 to 1024, default 1. */
  shards?: number;
}

const MAX_SHARDS = 1024;

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Members of a row or of any object, which a field would hide. */
const RESERVED: ReadonlySet<string> = new Set([
  "toObject",
  "toJSON",
  "with",
  "prototype",
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/** Checks a declaration and makes it data. Throws ValidationError naming the entity and the field at fault. */
export function declare(name: unknown, fields: unknown, options: unknown): EntitySchema {
  if (typeof name !== "string" || name.length === 0 || !name.isWellFormed()) {
    throw new ValidationError({ entity: "Entity()", value: name, expected: "a name: a non-empty, well-formed string" });
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields) || fields instanceof Field) {
    throw new ValidationError({ entity: name, value: fields, expected: "an object of fields such as { id: u64().key() }" });
  }
  const entries: [string, unknown][] = Object.entries(fields);
  if (entries.length === 0) throw new ValidationError({ entity: name, expected: "at least one field" });
  const specs = entries.map(([field, declared], index) => specOf(name, field, declared, index));
  refuseSecondKey(name, specs);
  refuseDuplicates(name, specs, "column", "give one of them another with .column()");
  refuseDuplicates(name, specs, "id", "fields without .id() have their position, counted from 1");
  return new EntitySchema(name, Object.freeze(specs), shardsOf(name, options));
}

function specOf(entity: string, name: string, declared: unknown, index: number): FieldSpec {
  if (!IDENTIFIER.test(name)) {
    throw new ValidationError({
      entity,
      field: name,
      expected: "a field name that is an identifier; .column() can name the column freely",
    });
  }
  if (RESERVED.has(name)) {
    throw new ValidationError({ entity, field: name, expected: "another field name, as every row has a member of this one" });
  }
  if (!(declared instanceof Field)) {
    const hint = typeof declared === "function" ? "; are the parentheses missing?" : "";
    throw new ValidationError({
      entity,
      field: name,
      value: declared,
      expected: `a field such as u64() or utf8().nullable()${hint}`,
    });
  }
  const { options, type } = declared;
  return Object.freeze({
    name,
    column: options.column ?? snakeCase(name),
    id: options.id ?? index + 1,
    index,
    type,
    nullable: options.nullable,
    key: options.key,
    indexed: options.indexed,
    defaultValue: options.defaultValue,
  });
}

function refuseSecondKey(entity: string, specs: readonly FieldSpec[]): void {
  const [first, second] = specs.filter((spec) => spec.key);
  if (second === undefined) return;
  throw new ValidationError({ entity, field: second.name, expected: `one key at most, and ${first.name} is it already` });
}

function refuseDuplicates(entity: string, specs: readonly FieldSpec[], what: "column" | "id", advice: string): void {
  const taken = new Map<string | number, FieldSpec>();
  for (const spec of specs) {
    const first = taken.get(spec[what]);
    if (first !== undefined) {
      const expected = `${what === "id" ? "an" : "a"} ${what} of its own, but ${first.name} has ${JSON.stringify(spec[what])} too; ${advice}`;
      throw new ValidationError({ entity, field: spec.name, expected });
    }
    taken.set(spec[what], spec);
  }
}

function shardsOf(entity: string, options: unknown): number {
  if (options === undefined) return 1;
  assertOptions<EntityOptions>(entity, options, { shards: true });
  const { shards = 1 } = options;
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_SHARDS) {
    throw new ValidationError({ entity, value: shards, expected: `shards: an integer from 1 to ${MAX_SHARDS}` });
  }
  return shards;
}
