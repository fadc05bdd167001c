import type { ForeignType } from "../../../arrow/foreign.ts";
import type { FieldType, TimeUnit } from "../../../entity/field-type.ts";
import { ConvertedType, type LogicalType, PhysicalType, type SchemaElement, type TimeUnitUnion } from "../format/metadata.ts";

/** How the stored values of a column become elements of a buffer. */
export type Layout =
  | { readonly kind: "bits" }
  /** `width`: bytes of a stored value, 0 where each tells its own. `size`: bytes of an element. */
  | { readonly kind: "fixed"; readonly convert: Conversion; readonly width: number; readonly size: number }
  | { readonly kind: "bytes" }
  /** Text as codes into the distinct strings of the chunk. */
  | { readonly kind: "codes" };

/**
 * From stored values to elements: as they are; 32-bit integers to fewer bits; integers or big-endian bytes to 128-bit
 * little-endian ones; days and nanoseconds of INT96 to 64-bit ticks.
 */
export type Conversion = "none" | "u8" | "i8" | "u16" | "i16" | "int32To128" | "int64To128" | "bytesTo128" | TicksOf96;
export type TicksOf96 = `int96-${TimeUnit}`;

/** How a column of a file is decoded for a field. Plain data: it may go to a worker. */
export interface ColumnPlan {
  /** What the decoded column is, in Arrow's types. */
  readonly type: ForeignType;
  readonly layout: Layout;
  /** The highest definition level: 0 for REQUIRED, 1 for OPTIONAL. */
  readonly maxDefinition: number;
}

/** Bytes that a row takes in memory; of codes those of a small dictionary, of text, which has no width, none. */
export function widthOf({ layout }: ColumnPlan): number {
  switch (layout.kind) {
    case "bits":
      return 1 / 8;
    case "fixed":
      return layout.size;
    case "codes":
      return 1;
    case "bytes":
      return 0;
  }
}

const fixed = (type: ForeignType, convert: Conversion, width: number, size: number): Decoding => ({
  type,
  layout: { kind: "fixed", convert, width, size },
});

type Decoding = Pick<ColumnPlan, "type" | "layout">;

/** How values of this element are decoded for a field of this type. Types that no field takes are "other". */
export function decodingOf(element: SchemaElement, field: FieldType): Decoding {
  const logical = logicalTypeOf(element);
  const other = (name: string): Decoding => ({ type: { kind: "other", name }, layout: { kind: "bytes" } });
  if (logical.unknown !== undefined) {
    // Whatever is laid out there, it is only held against there being nothing.
    const { typeLength: width = 0 } = element;
    if (element.type === PhysicalType.FIXED_LEN_BYTE_ARRAY) return fixed({ kind: "null" }, "none", width, width);
    return { ...physical(element, {}, field), type: { kind: "null" } };
  }
  if (logical.time !== undefined) return other("Time");
  if (logical.list !== undefined || logical.map !== undefined) return other("List or Map");
  return physical(element, logical, field);
}

function physical(element: SchemaElement, logical: LogicalType, field: FieldType): Decoding {
  const width = element.typeLength ?? 0;
  const { decimal, integer, timestamp } = logical;
  switch (element.type) {
    case PhysicalType.BOOLEAN:
      return { type: { kind: "bool" }, layout: { kind: "bits" } };
    case PhysicalType.INT32:
      if (decimal !== undefined) return fixed(decimal128(decimal), "int32To128", 4, 16);
      if (logical.date !== undefined) return fixed({ kind: "date", unit: "day" }, "none", 4, 4);
      if (integer !== undefined && (integer.bitWidth === 8 || integer.bitWidth === 16)) {
        const bits = integer.bitWidth;
        const type = { kind: "int", bits, signed: integer.isSigned } as const;
        return fixed(type, `${integer.isSigned ? "i" : "u"}${bits}`, 4, bits / 8);
      }
      return fixed({ kind: "int", bits: 32, signed: integer?.isSigned ?? true }, "none", 4, 4);
    case PhysicalType.INT64: {
      if (decimal !== undefined) return fixed(decimal128(decimal), "int64To128", 8, 16);
      const unit = timestamp === undefined ? undefined : unitOf(timestamp.unit);
      if (timestamp !== undefined && unit !== undefined) {
        const timezone = timestamp.isAdjustedToUTC ? "UTC" : null;
        return fixed({ kind: "timestamp", unit, timezone }, "none", 8, 8);
      }
      return fixed({ kind: "int", bits: 64, signed: integer?.isSigned ?? true }, "none", 8, 8);
    }
    case PhysicalType.INT96: {
      // Years beyond 2262 fit in no nanoseconds of 64 bits, but they do in what the field counts.
      const unit = field.kind === "timestamp" ? field.unit : "ns";
      return fixed({ kind: "timestamp", unit, timezone: null }, `int96-${unit}`, 12, 8);
    }
    case PhysicalType.FLOAT:
      return fixed({ kind: "float", bits: 32 }, "none", 4, 4);
    case PhysicalType.DOUBLE:
      return fixed({ kind: "float", bits: 64 }, "none", 8, 8);
    case PhysicalType.BYTE_ARRAY:
      return byteArray(logical, field);
    case PhysicalType.FIXED_LEN_BYTE_ARRAY:
      if (decimal !== undefined && width <= 16) return fixed(decimal128(decimal), "bytesTo128", width, 16);
      if (logical.float16 !== undefined && width === 2) return fixed({ kind: "float", bits: 16 }, "none", 2, 2);
      if (element.convertedType === ConvertedType.INTERVAL)
        return { type: { kind: "other", name: "Interval" }, layout: { kind: "bytes" } };
      if (decimal !== undefined) break;
      return fixed({ kind: "fixedBinary", width }, "none", width, width);
  }
  return { type: { kind: "other", name: `physical type ${element.type}` }, layout: { kind: "bytes" } };
}

function byteArray(logical: LogicalType, field: FieldType): Decoding {
  if (logical.decimal !== undefined) return fixed(decimal128(logical.decimal), "bytesTo128", 0, 16);
  const coded = field.kind === "enum" || field.kind === "category";
  const named = logical.string !== undefined || logical.json !== undefined || logical.enum !== undefined;
  // Writers of long ago did not say which byte arrays are text: the field does.
  if (named || (logical.bson === undefined && (coded || field.kind === "utf8")))
    return { type: { kind: "utf8", offsets: 32 }, layout: { kind: coded ? "codes" : "bytes" } };
  return { type: { kind: "binary", offsets: 32 }, layout: { kind: "bytes" } };
}

const decimal128 = ({ precision, scale }: { precision: number; scale: number }): ForeignType => ({
  kind: "decimal",
  precision,
  scale,
  bits: 128,
});

function unitOf(unit: TimeUnitUnion): TimeUnit | undefined {
  if (unit.millis !== undefined) return "ms";
  if (unit.micros !== undefined) return "us";
  return unit.nanos === undefined ? undefined : "ns";
}

/** The logical type, also of files that only know its forerunner. */
export function logicalTypeOf(element: SchemaElement): LogicalType {
  if (element.logicalType !== undefined && Object.keys(element.logicalType).length > 0) return element.logicalType;
  const integer = (bitWidth: number, isSigned: boolean): LogicalType => ({ integer: { bitWidth, isSigned } });
  const instant = (unit: TimeUnitUnion) => ({ isAdjustedToUTC: true, unit });
  switch (element.convertedType) {
    case ConvertedType.UTF8:
      return { string: {} };
    case ConvertedType.ENUM:
      return { enum: {} };
    case ConvertedType.JSON:
      return { json: {} };
    case ConvertedType.BSON:
      return { bson: {} };
    case ConvertedType.DATE:
      return { date: {} };
    case ConvertedType.DECIMAL:
      return { decimal: { scale: element.scale ?? 0, precision: element.precision ?? 38 } };
    case ConvertedType.TIMESTAMP_MILLIS:
      return { timestamp: instant({ millis: {} }) };
    case ConvertedType.TIMESTAMP_MICROS:
      return { timestamp: instant({ micros: {} }) };
    case ConvertedType.TIME_MILLIS:
      return { time: instant({ millis: {} }) };
    case ConvertedType.TIME_MICROS:
      return { time: instant({ micros: {} }) };
    case ConvertedType.MAP:
    case ConvertedType.MAP_KEY_VALUE:
      return { map: {} };
    case ConvertedType.LIST:
      return { list: {} };
    case ConvertedType.UINT_8:
      return integer(8, false);
    case ConvertedType.UINT_16:
      return integer(16, false);
    case ConvertedType.UINT_32:
      return integer(32, false);
    case ConvertedType.UINT_64:
      return integer(64, false);
    case ConvertedType.INT_8:
      return integer(8, true);
    case ConvertedType.INT_16:
      return integer(16, true);
    case ConvertedType.INT_32:
      return integer(32, true);
    case ConvertedType.INT_64:
      return integer(64, true);
    default:
      return {};
  }
}
