import type { EntitySchema, FieldSpec } from "../../../entity/schema.ts";
import { SchemaMismatchError } from "../../../errors.ts";
import type { Leaf } from "../format/schema-tree.ts";

/**
 * The column of a file for each field of an entity: by column name, else by the field's name; null where there is none and
 * the field has a default or is nullable. Other columns of the file, nested ones too, are of no interest.
 * @param place begins the messages of errors: the file
 * @throws SchemaMismatchError
 */
export function fileColumns(schema: EntitySchema, leaves: readonly Leaf[], place: string): (Leaf | null)[] {
  return schema.fields.map((field) => columnOf(schema, field, leaves, place));
}

function columnOf(schema: EntitySchema, field: FieldSpec, leaves: readonly Leaf[], place: string): Leaf | null {
  const named = (name: string) => leaves.filter(({ path }) => path[0] === name);
  // A name that is another field's column is that field's.
  const byField = schema.byColumn(field.name) === undefined ? field.name : field.column;
  const byColumn = named(field.column);
  const found = byColumn.length > 0 ? byColumn : named(byField);
  const wanted = `${place} to have a column ${JSON.stringify(field.column)} for the field ${field.name}`;
  if (found.length === 0) {
    if (field.nullable || field.defaultValue !== undefined) return null;
    const names = [...new Set(leaves.map(({ path }) => path[0]))];
    throw new SchemaMismatchError(schema.name, wanted, names.length === 0 ? "none" : `the columns ${names.join(", ")}`);
  }
  const [leaf] = found;
  if (leaf.path.length > 1 || leaf.maxRepetition > 0)
    throw new SchemaMismatchError(
      schema.name,
      `${wanted} of single values`,
      "a nested one, of groups or lists, which are not read",
    );
  if (found.length > 1) throw new SchemaMismatchError(schema.name, `${wanted}, one`, `${found.length} of that name`);
  return leaf;
}
