import type { FieldType } from "../../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../../entity/schema.ts";
import { ConvertedType, type LogicalType, PhysicalType, Repetition, type SchemaElement, type TimeUnitUnion } from "./metadata.ts";

/** A column of a file that Faun writes. */
export interface FileColumn {
  readonly field: FieldSpec;
  /** A {@link PhysicalType}. */
  readonly physicalType: number;
  /** Bytes of a value in a page; 0 for booleans and byte arrays. */
  readonly width: number;
}

/** An entity's schema as its files have it. */
export interface FileSchema {
  readonly schema: EntitySchema;
  /** The schema's list of nodes: the root, and a leaf for each field. */
  readonly elements: readonly SchemaElement[];
  /** One a field, in the order of the declaration. */
  readonly columns: readonly FileColumn[];
}

const schemas = new WeakMap<EntitySchema, FileSchema>();

/**
 * How the fields of an entity are stored: REQUIRED or OPTIONAL leaves below the root, with field ids and logical types.
 *
 * | field | physical type | logical type |
 * | --- | --- | --- |
 * | bool | BOOLEAN | |
 * | u8 to u32, i8 to i32; u64, i64 | INT32; INT64 | INTEGER |
 * | f32, f64 | FLOAT, DOUBLE | |
 * | utf8, category, enum | BYTE_ARRAY | STRING |
 * | binary | BYTE_ARRAY | |
 * | date | INT32 | DATE |
 * | timestamp | INT64 | TIMESTAMP, adjusted to UTC where the field has a zone |
 * | decimal | INT32 to 9 digits, INT64 to 18, else FIXED_LEN_BYTE_ARRAY | DECIMAL |
 *
 * Parquet knows no seconds: a timestamp in seconds is stored in milliseconds. Floats are stored by their bits: -0, and
 * which NaN it is, come back.
 */
export function fileSchemaOf(schema: EntitySchema): FileSchema {
  let file = schemas.get(schema);
  if (file === undefined) {
    const columns = schema.fields.map(fileColumn);
    const root: SchemaElement = { name: "schema", numChildren: columns.length };
    file = { schema, elements: [root, ...columns.map(leafElement)], columns };
    schemas.set(schema, file);
  }
  return file;
}

function fileColumn(field: FieldSpec): FileColumn {
  const physicalType = physicalTypeOf(field.type);
  return { field, physicalType, width: widthOf(physicalType, field.type) };
}

function physicalTypeOf(type: FieldType): number {
  switch (type.kind) {
    case "bool":
      return PhysicalType.BOOLEAN;
    case "u64":
    case "i64":
    case "timestamp":
      return PhysicalType.INT64;
    case "f32":
      return PhysicalType.FLOAT;
    case "f64":
      return PhysicalType.DOUBLE;
    case "utf8":
    case "binary":
    case "category":
    case "enum":
      return PhysicalType.BYTE_ARRAY;
    case "decimal":
      if (type.precision <= 9) return PhysicalType.INT32;
      return type.precision <= 18 ? PhysicalType.INT64 : PhysicalType.FIXED_LEN_BYTE_ARRAY;
    default:
      return PhysicalType.INT32;
  }
}

function widthOf(physicalType: number, type: FieldType): number {
  switch (physicalType) {
    case PhysicalType.INT32:
    case PhysicalType.FLOAT:
      return 4;
    case PhysicalType.INT64:
    case PhysicalType.DOUBLE:
      return 8;
    case PhysicalType.FIXED_LEN_BYTE_ARRAY:
      return decimalBytes((type as Extract<FieldType, { kind: "decimal" }>).precision);
    default:
      return 0;
  }
}

/** The fewest bytes whose two's complement holds every number of `precision` digits. */
function decimalBytes(precision: number): number {
  const largest = 10n ** BigInt(precision);
  let bytes = 1;
  while (2n ** BigInt(8 * bytes - 1) < largest) bytes++;
  return bytes;
}

function leafElement({ field, physicalType, width }: FileColumn): SchemaElement {
  return {
    type: physicalType,
    ...(physicalType === PhysicalType.FIXED_LEN_BYTE_ARRAY && { typeLength: width }),
    repetitionType: field.nullable ? Repetition.OPTIONAL : Repetition.REQUIRED,
    name: field.column,
    fieldId: field.id,
    ...annotation(field.type),
  };
}

const INT_CONVERTED = {
  u8: ConvertedType.UINT_8,
  u16: ConvertedType.UINT_16,
  u32: ConvertedType.UINT_32,
  u64: ConvertedType.UINT_64,
  i8: ConvertedType.INT_8,
  i16: ConvertedType.INT_16,
  i32: ConvertedType.INT_32,
  i64: ConvertedType.INT_64,
} as const;

const UNITS = { s: { millis: {} }, ms: { millis: {} }, us: { micros: {} }, ns: { nanos: {} } } as const satisfies Record<
  string,
  TimeUnitUnion
>;

type Annotation = Pick<SchemaElement, "convertedType" | "scale" | "precision" | "logicalType">;

function annotation(type: FieldType): Annotation {
  switch (type.kind) {
    case "bool":
    case "f32":
    case "f64":
    case "binary":
      return {};
    case "utf8":
    case "category":
    case "enum":
      return { convertedType: ConvertedType.UTF8, logicalType: { string: {} } };
    case "date":
      return { convertedType: ConvertedType.DATE, logicalType: { date: {} } };
    case "decimal": {
      const { precision, scale } = type;
      return { convertedType: ConvertedType.DECIMAL, precision, scale, logicalType: { decimal: { precision, scale } } };
    }
    case "timestamp": {
      const isAdjustedToUTC = type.timezone !== null;
      const logicalType: LogicalType = { timestamp: { isAdjustedToUTC, unit: UNITS[type.unit] } };
      // The old annotations mean UTC, and know no nanoseconds.
      if (!isAdjustedToUTC || type.unit === "ns") return { logicalType };
      return { convertedType: type.unit === "us" ? ConvertedType.TIMESTAMP_MICROS : ConvertedType.TIMESTAMP_MILLIS, logicalType };
    }
    default: {
      const logicalType: LogicalType = {
        integer: { bitWidth: Number(type.kind.slice(1)), isSigned: type.kind.startsWith("i") },
      };
      return { convertedType: INT_CONVERTED[type.kind], logicalType };
    }
  }
}
