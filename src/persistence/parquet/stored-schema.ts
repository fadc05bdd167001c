import { describeType, type FieldType } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { CorruptDataError, SchemaMismatchError } from "../../errors.ts";
import { fileSchemaOf } from "./format/file-schema.ts";
import { SCHEMA_KEY, type StoredSchema } from "./format/footer-metadata.ts";
import type { FileMetaData, SchemaElement } from "./format/metadata.ts";

/**
 * Holds the schema that Faun wrote into a file against the entity that is to be read from it: the same columns in the
 * same order, of the same types, keys and nulls. An enum may have got more values, or others in front: files hold its text.
 * The file's own columns must be those of that schema: readers would take others for what they are called.
 * @throws SchemaMismatchError saying what is different, CorruptDataError
 */
export function assertStoredSchema(metadata: FileMetaData, schema: EntitySchema, place: string): void {
  const stored = storedSchemaOf(metadata, place);
  const want = schema.fields.map((field) => describe(field));
  const have = stored.fields.map((field) => describe(field as FieldSpec));
  const differs = Math.max(want.length, have.length);
  for (let i = 0; i < differs; i++) {
    if (want[i] !== have[i])
      throw new SchemaMismatchError(
        schema.name,
        `${want[i] ?? "no further column"} as column ${i + 1} of ${place}`,
        have[i] ?? "none",
      );
  }
  for (const field of schema.fields) {
    const there = stored.fields[field.index].type;
    if (field.type.kind !== "enum" || there.kind !== "enum") continue;
    const { values } = field.type;
    const gone = there.values.filter((value) => !values.includes(value));
    if (gone.length > 0)
      throw new SchemaMismatchError(
        schema.name,
        `${field.column} of ${place} to be ${describeType(field.type)}`,
        `${describeType(there as FieldType)}: rows may have ${gone.map((value) => JSON.stringify(value)).join(", ")}`,
      );
  }
  if (!sameColumns(metadata.schema, schema))
    throw new CorruptDataError(`${place}: its footer has other columns than the schema in its metadata`);
}

/** Whether columns are stored as those of a file that is written now. @param ids whether their field ids count, too */
export function sameColumns(elements: readonly SchemaElement[], schema: EntitySchema, ids = false): boolean {
  const text = (columns: readonly SchemaElement[]) =>
    JSON.stringify(columns.slice(1).map(({ fieldId, ...column }) => sorted(ids ? { ...column, fieldId } : column)));
  return text(elements) === text(fileSchemaOf(schema).elements);
}

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, sorted(inner)]),
      )
    : value;

/** The schema that Faun wrote into a file. @throws CorruptDataError */
export function storedSchemaOf(metadata: FileMetaData, place: string): StoredSchema {
  const text = metadata.keyValueMetadata?.find(({ key }) => key === SCHEMA_KEY)?.value;
  try {
    const stored = JSON.parse(text ?? "") as StoredSchema;
    if (stored.format === 1 && Array.isArray(stored.fields)) return stored;
  } catch {}
  throw new CorruptDataError(`${place}: its footer has no schema of Faun's that this version knows`);
}

function describe({ column, type, nullable, key }: Pick<FieldSpec, "column" | "type" | "nullable" | "key">): string {
  return `${column} ${type.kind === "enum" ? "enumOf(…)" : describeType(type)}${nullable ? ".nullable()" : ""}${key ? ".key()" : ""}`;
}
