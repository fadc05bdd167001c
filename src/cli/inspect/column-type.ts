import { describeType, type FieldType, type TimeUnit } from "../../entity/field-type.ts";
import type { StoredField, StoredType } from "../../persistence/parquet/format/footer-metadata.ts";
import { type LogicalType, PhysicalType, type SchemaElement } from "../../persistence/parquet/format/metadata.ts";
import { logicalTypeOf } from "../../persistence/parquet/read/column-plan.ts";

/** The type of a stored field, in the modes in which no digit is lost. */
export function fieldTypeOf(stored: StoredType): FieldType {
  switch (stored.kind) {
    case "u64":
    case "i64":
      return { kind: stored.kind, mode: "bigint" };
    case "enum":
      return { ...stored, codes: "u32" };
    case "timestamp":
    case "decimal":
      return { ...stored, mode: "bigint" };
    case "category":
      return stored;
    default:
      return { kind: stored.kind } as FieldType;
  }
}

/** `enumOf("A", "B")`, `timestamp("ms")`, without key and nullability. */
export const describeStored = ({ type }: StoredField): string => describeType(fieldTypeOf(type));

/** The field type that values of a column are told in; null where no field has such values. */
export function nearestFieldType(element: SchemaElement): FieldType | null {
  const logical = logicalTypeOf(element);
  const { decimal, integer, timestamp } = logical;
  if (logical.time !== undefined || logical.float16 !== undefined || logical.unknown !== undefined) return null;
  if (decimal !== undefined) return { kind: "decimal", ...decimal, mode: "bigint" };
  if (timestamp !== undefined) {
    const timezone = timestamp.isAdjustedToUTC ? "UTC" : null;
    return { kind: "timestamp", unit: unitOf(timestamp.unit), timezone, mode: "bigint" };
  }
  switch (element.type) {
    case PhysicalType.BOOLEAN:
      return { kind: "bool" };
    case PhysicalType.INT32:
    case PhysicalType.INT64:
      // Whatever their width: as exact integers.
      return logical.date !== undefined
        ? { kind: "date" }
        : { kind: integer?.isSigned === false ? "u64" : "i64", mode: "bigint" };
    case PhysicalType.FLOAT:
      return { kind: "f32" };
    case PhysicalType.DOUBLE:
      return { kind: "f64" };
    case PhysicalType.BYTE_ARRAY:
    case PhysicalType.FIXED_LEN_BYTE_ARRAY:
      return { kind: isText(logical) ? "utf8" : "binary" };
    default:
      return null;
  }
}

const isText = ({ string, json, enum: value }: LogicalType): boolean => (string ?? json ?? value) !== undefined;

const unitOf = (unit: { millis?: object; micros?: object }): TimeUnit =>
  unit.millis !== undefined ? "ms" : unit.micros !== undefined ? "us" : "ns";

const PHYSICAL = Object.fromEntries(Object.entries(PhysicalType).map(([name, value]) => [value, name]));

/** As Parquet calls it: `INT64 (TIMESTAMP us UTC)`, `BYTE_ARRAY (STRING)`. */
export function describeElement(element: SchemaElement): string {
  const physical = PHYSICAL[element.type ?? -1] ?? `physical type ${element.type}`;
  const sized = element.type === PhysicalType.FIXED_LEN_BYTE_ARRAY ? `${physical}[${element.typeLength ?? 0}]` : physical;
  const logical = describeLogical(logicalTypeOf(element));
  return logical === null ? sized : `${sized} (${logical})`;
}

function describeLogical(logical: LogicalType): string | null {
  const { decimal, integer, timestamp, time } = logical;
  if (decimal !== undefined) return `DECIMAL ${decimal.precision}, ${decimal.scale}`;
  if (integer !== undefined) return `${integer.isSigned ? "INT" : "UINT"}_${integer.bitWidth}`;
  if (timestamp !== undefined) return `TIMESTAMP ${unitOf(timestamp.unit)}${timestamp.isAdjustedToUTC ? " UTC" : ""}`;
  if (time !== undefined) return `TIME ${unitOf(time.unit)}${time.isAdjustedToUTC ? " UTC" : ""}`;
  return Object.keys(logical)[0]?.toUpperCase() ?? null;
}
