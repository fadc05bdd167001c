import type { FieldType } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { ValidationError } from "../../errors.ts";
import type { Binding, LogicalType } from "./binding.ts";
import { quoteName, quoteText } from "./identifiers.ts";

/** What DuckDB calls the types of fields, by kind. */
const PLAIN = {
  bool: "BOOLEAN",
  u8: "UTINYINT",
  u16: "USMALLINT",
  u32: "UINTEGER",
  u64: "UBIGINT",
  i8: "TINYINT",
  i16: "SMALLINT",
  i32: "INTEGER",
  i64: "BIGINT",
  f32: "FLOAT",
  f64: "DOUBLE",
  utf8: "VARCHAR",
  category: "VARCHAR",
  binary: "BLOB",
  date: "DATE",
} as const;

const TIMESTAMPS = { s: "TIMESTAMP_S", ms: "TIMESTAMP_MS", us: "TIMESTAMP", ns: "TIMESTAMP_NS" } as const;

/**
 * The DuckDB type of a field, as SQL writes it. A zone makes a TIMESTAMP WITH TIME ZONE, which counts microseconds; DuckDB
 * has none in nanoseconds, so those are TIMESTAMP_NS in UTC. Enums are ENUM, categories VARCHAR (DuckDB compresses them by
 * dictionary itself).
 */
export function sqlType(type: FieldType): string {
  switch (type.kind) {
    case "enum":
      return `ENUM(${type.values.map(quoteText).join(", ")})`;
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "timestamp":
      return isZoned(type) ? "TIMESTAMP WITH TIME ZONE" : TIMESTAMPS[type.unit];
    default:
      return PLAIN[type.kind];
  }
}

/** Stored as TIMESTAMP WITH TIME ZONE, in microseconds whatever the unit of the field is. */
export const isZoned = (type: FieldType): boolean => type.kind === "timestamp" && type.timezone !== null && type.unit !== "ns";

/** Bytes of a value in a vector of DuckDB; 16 for strings (see vectors.ts). */
export function valueWidth(type: FieldType): number {
  switch (type.kind) {
    case "bool":
    case "u8":
    case "i8":
      return 1;
    case "u16":
    case "i16":
      return 2;
    case "u32":
    case "i32":
    case "f32":
    case "date":
      return 4;
    case "u64":
    case "i64":
    case "f64":
    case "timestamp":
      return 8;
    case "utf8":
    case "category":
    case "binary":
      return 16;
    case "enum":
      return type.values.length <= 0xff ? 1 : type.values.length <= 0xffff ? 2 : 4;
    case "decimal":
      return type.precision <= 4 ? 2 : type.precision <= 9 ? 4 : type.precision <= 18 ? 8 : 16;
  }
}

/** The type of a field as the binding takes it. */
export function logicalType(binding: Binding, type: FieldType): LogicalType {
  switch (type.kind) {
    case "enum":
      return binding.create_enum_type(type.values);
    case "decimal":
      return binding.create_decimal_type(type.precision, type.scale);
    case "timestamp":
      return binding.create_logical_type(isZoned(type) ? binding.Type.TIMESTAMP_TZ : binding.Type[TIMESTAMPS[type.unit]]);
    default:
      return binding.create_logical_type(binding.Type[PLAIN[type.kind]]);
  }
}

/** A column as the DDL of a table declares it. */
export function columnDdl(field: FieldSpec): string {
  return `${quoteName(field.column)} ${sqlType(field.type)}${field.nullable ? "" : " NOT NULL"}`;
}

/** The columns of an entity, as a SELECT lists them. */
export const columnList = (schema: EntitySchema, alias = ""): string =>
  schema.fields.map((field) => `${alias}${quoteName(field.column)}`).join(", ");

/** @param of whose columns, for the message. @throws ValidationError where SQL could not tell two columns apart */
export function assertColumnNames(of: string, { fields }: EntitySchema): void {
  const seen = new Set<string>();
  for (const { name, column } of fields) {
    if (seen.has(column.toLowerCase()))
      throw new ValidationError({
        entity: of,
        field: name,
        value: column,
        expected: "column names that differ in more than case, as SQL sees them",
      });
    seen.add(column.toLowerCase());
  }
}
