import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  Schema,
  Timestamp,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from "apache-arrow";
import { schemaOf } from "../entity/entity.ts";
import type { EntitySchema, FieldSpec } from "../entity/schema.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";

/** Metadata key of a field's stable id; Parquet writers turn it into the column's field_id. */
export const FIELD_ID = "PARQUET:field_id";
/** Metadata key, on the schema, of the entity's name. */
export const ENTITY = "faun.entity";

/**
 * The Arrow schema of an entity: one field a column, named as the column, nullable as declared, its stable id in the
 * metadata under "PARQUET:field_id"; the entity's name is in the schema's metadata under "faun.entity".
 *
 * Enums and categories are dictionaries of Utf8 over Uint8, Uint16 or Uint32 codes. An enum's is marked as ordered,
 * for it orders by declaration (pandas reads it as an ordered categorical); a category's is not.
 * @throws ValidationError if `entity` is no entity class
 */
export function arrowSchema<T extends EntityRow>(entity: EntityClass<T>): Schema {
  return arrowSchemaOf(schemaOf(entity));
}

/** The column names of an entity in Arrow, in order. @throws ValidationError if `entity` is no entity class */
export function arrowFieldNames<T extends EntityRow>(entity: EntityClass<T>): string[] {
  return schemaOf(entity).fields.map((field) => field.column);
}

/** The Arrow types of an entity's columns, in order. @throws ValidationError if `entity` is no entity class */
export function arrowFieldTypes<T extends EntityRow>(entity: EntityClass<T>): DataType[] {
  return arrowSchema(entity).fields.map((field) => field.type as DataType);
}

/**
 * A schema that is its own result where `assign` would change nothing: a record batch assigns its schema the fields
 * that it has, which otherwise costs most of the time that a table takes to make.
 */
class SharedSchema extends Schema {
  // biome-ignore lint/suspicious/noExplicitAny: apache-arrow's own signature
  override assign(...parts: any[]): Schema {
    const fields: unknown = parts.length === 1 ? parts[0] : undefined;
    const same =
      Array.isArray(fields) && fields.length === this.fields.length && fields.every((field, i) => field === this.fields[i]);
    return same ? this : super.assign(...parts);
  }
}

// One object an entity: batches of one schema compare at once, and dictionary types keep their ids.
const schemas = new WeakMap<EntitySchema, Schema>();

/** The Arrow schema of a declaration. Always the same object: not to be changed. */
export function arrowSchemaOf(declared: EntitySchema): Schema {
  let schema = schemas.get(declared);
  if (schema === undefined) {
    const fields = declared.fields.map(
      (field) => new Field(field.column, arrowType(field), field.nullable, new Map([[FIELD_ID, String(field.id)]])),
    );
    schema = new SharedSchema(fields, new Map([[ENTITY, declared.name]]));
    schemas.set(declared, schema);
  }
  return schema;
}

const UNITS = { s: TimeUnit.SECOND, ms: TimeUnit.MILLISECOND, us: TimeUnit.MICROSECOND, ns: TimeUnit.NANOSECOND } as const;
const CODES = { u8: Uint8, u16: Uint16, u32: Uint32 } as const;

function arrowType(field: FieldSpec): DataType {
  const { type } = field;
  switch (type.kind) {
    case "bool":
      return new Bool();
    case "u8":
      return new Uint8();
    case "u16":
      return new Uint16();
    case "u32":
      return new Uint32();
    case "u64":
      return new Uint64();
    case "i8":
      return new Int8();
    case "i16":
      return new Int16();
    case "i32":
      return new Int32();
    case "i64":
      return new Int64();
    case "f32":
      return new Float32();
    case "f64":
      return new Float64();
    case "utf8":
      return new Utf8();
    case "binary":
      return new Binary();
    case "category":
    case "enum":
      // The id ties the batches of a stream to their dictionary: it must be distinct in the schema and stay the same.
      return new Dictionary(new Utf8(), new CODES[type.codes](), field.id, type.kind === "enum");
    case "date":
      return new DateDay();
    case "timestamp":
      return new Timestamp(UNITS[type.unit], type.timezone);
    case "decimal":
      return new Decimal(type.scale, type.precision, 128);
  }
}
