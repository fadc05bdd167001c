import { describeType } from "../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../entity/schema.ts";
import { SchemaMismatchError } from "../errors.ts";

/** @throws SchemaMismatchError if rows of `found` are not rows of `expected`: other columns, types, keys or nulls */
export function assertSameSchema(expected: EntitySchema, found: EntitySchema): void {
  if (expected === found) return;
  const want = describeSchema(expected);
  const have = describeSchema(found);
  if (want !== have) throw new SchemaMismatchError(expected.name, `the columns ${want}`, have);
}

const describeSchema = (schema: EntitySchema) => schema.fields.map(describeField).join(", ");

function describeField({ column, type, nullable, key }: FieldSpec): string {
  const codes = type.kind === "category" || type.kind === "enum" ? ` over ${type.codes}` : "";
  return `${column} ${describeType(type)}${codes}${nullable ? ".nullable()" : ""}${key ? ".key()" : ""}`;
}
