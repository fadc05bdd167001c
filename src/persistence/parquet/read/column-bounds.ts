import type { FieldType, TimeUnit } from "../../../entity/field-type.ts";
import { FRACTION_DIGITS } from "../../../entity/values/timestamp.ts";
import type { Value } from "../../../query/bound.ts";
import { type FileMetaData, type LogicalType, PhysicalType, type Statistics, type TimeUnitUnion } from "../format/metadata.ts";
import type { Leaf } from "../format/schema-tree.ts";
import { logicalTypeOf } from "./column-plan.ts";

/** A value as queries have it, but text as its UTF-8 bytes: a bound of text may end within a character. */
export type Bound = Exclude<Value, string>;

/** What statistics say of a field in one row group. */
export interface ColumnBounds {
  readonly rows: number;
  /** undefined where nothing tells. */
  readonly nulls: number | undefined;
  /** No value is below; undefined where nothing tells. */
  readonly min: Bound | undefined;
  /** No value is above, but for NaN where there may be some; undefined where nothing tells. */
  readonly max: Bound | undefined;
  /** Whether there may be NaNs that the bounds do not count. */
  readonly nan: boolean;
}

/**
 * What the file says of a column in a row group, in the form of the field. Bounds are used where their order is certain: the
 * deprecated ones were compared as signed integers, which is right for signed integers and floats alone.
 * @param trusted the file is of a writer that gives no bounds where there is a NaN: Faun
 */
export function columnBounds(
  metadata: FileMetaData,
  rowGroup: number,
  leaf: Leaf,
  field: FieldType,
  trusted: boolean,
): ColumnBounds {
  const group = metadata.rowGroups[rowGroup];
  const rows = group.numRows;
  const statistics = group.columns[leaf.index].metaData?.statistics;
  const nulls = leaf.maxDefinition === 0 ? 0 : statistics?.nullCount;
  const floating = leaf.element.type === PhysicalType.FLOAT || leaf.element.type === PhysicalType.DOUBLE;
  const none = { rows, nulls, min: undefined, max: undefined, nan: true };
  if (statistics === undefined) return none;
  const logical = logicalTypeOf(leaf.element);
  const { minValue, maxValue } = orderedBounds(metadata, leaf, logical, statistics);
  const min = minValue === undefined ? undefined : boundOf(leaf, logical, field, minValue, false);
  const max = maxValue === undefined ? undefined : boundOf(leaf, logical, field, maxValue, true);
  // Some writers count NaNs in, wherever they stand.
  if (Number.isNaN(min) || Number.isNaN(max)) return none;
  return { rows, nulls, min, max, nan: floating && !(trusted && min !== undefined && max !== undefined) };
}

function orderedBounds(
  metadata: FileMetaData,
  { element, index }: Leaf,
  logical: LogicalType,
  statistics: Statistics,
): Statistics {
  const signed =
    (element.type === PhysicalType.INT32 || element.type === PhysicalType.INT64) && (logical.integer?.isSigned ?? true);
  const plain = signed || element.type === PhysicalType.FLOAT || element.type === PhysicalType.DOUBLE;
  if (metadata.columnOrders?.[index]?.typeOrder !== undefined || plain) {
    if (statistics.minValue !== undefined || statistics.maxValue !== undefined) return statistics;
  }
  if (!plain) return {};
  const { min: minValue, max: maxValue } = statistics;
  return { ...(minValue && { minValue }), ...(maxValue && { maxValue }) };
}

/** A bound as a value of the field; undefined where it cannot be made one. `up` rounds it up, else down. */
function boundOf({ element }: Leaf, logical: LogicalType, field: FieldType, bytes: Uint8Array, up: boolean): Bound | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (element.type) {
    case PhysicalType.BOOLEAN:
      return bytes.length === 1 && field.kind === "bool" ? bytes[0] !== 0 : undefined;
    case PhysicalType.FLOAT:
      return bytes.length === 4 && isFloat(field) ? view.getFloat32(0, true) : undefined;
    case PhysicalType.DOUBLE:
      return bytes.length === 8 && isFloat(field) ? view.getFloat64(0, true) : undefined;
    case PhysicalType.BYTE_ARRAY:
    case PhysicalType.FIXED_LEN_BYTE_ARRAY: {
      if (logical.decimal !== undefined) return ofInteger(bigEndian(bytes), logical, field, up);
      if (logical.float16 !== undefined) return undefined;
      const texts = field.kind === "utf8" || field.kind === "category" || field.kind === "enum";
      return texts || field.kind === "binary" ? bytes : undefined;
    }
    case PhysicalType.INT32:
    case PhysicalType.INT64: {
      const wide = element.type === PhysicalType.INT64;
      if (bytes.length !== (wide ? 8 : 4)) return undefined;
      const signed = logical.integer?.isSigned ?? true;
      if (wide) return ofInteger(signed ? view.getBigInt64(0, true) : view.getBigUint64(0, true), logical, field, up);
      return ofInteger(BigInt(signed ? view.getInt32(0, true) : view.getUint32(0, true)), logical, field, up);
    }
    default:
      return undefined;
  }
}

const isFloat = (field: FieldType): boolean => field.kind === "f32" || field.kind === "f64";

function ofInteger(value: bigint, logical: LogicalType, field: FieldType, up: boolean): Bound | undefined {
  const annotated = logical.timestamp !== undefined || logical.time !== undefined || logical.date !== undefined;
  switch (field.kind) {
    case "date":
      return logical.date === undefined ? undefined : Number(value);
    case "timestamp": {
      const from =
        logical.timestamp === undefined ? undefined : UNITS.find(([name]) => logical.timestamp?.unit[name] !== undefined);
      return from === undefined ? undefined : rescaled(value, FRACTION_DIGITS[field.unit] - FRACTION_DIGITS[from[1]], up);
    }
    case "decimal":
      return annotated ? undefined : rescaled(value, field.scale - (logical.decimal?.scale ?? 0), up);
    case "u64":
    case "i64":
      if (annotated || logical.decimal !== undefined) return undefined;
      return field.mode === "bigint" ? value : safeNumber(value);
    case "u8":
    case "u16":
    case "u32":
    case "i8":
    case "i16":
    case "i32":
    case "f32":
    case "f64":
      return annotated || logical.decimal !== undefined ? undefined : safeNumber(value);
    default:
      return undefined;
  }
}

const safeNumber = (value: bigint): number | undefined => (Number.isSafeInteger(Number(value)) ? Number(value) : undefined);

const UNITS: readonly (readonly [keyof TimeUnitUnion, TimeUnit])[] = [
  ["millis", "ms"],
  ["micros", "us"],
  ["nanos", "ns"],
];

function rescaled(value: bigint, digits: number, up: boolean): bigint {
  if (digits >= 0) return value * 10n ** BigInt(digits);
  const factor = 10n ** BigInt(-digits);
  const quotient = value / factor;
  const rest = value - quotient * factor;
  if (up) return rest > 0n ? quotient + 1n : quotient;
  return rest < 0n ? quotient - 1n : quotient;
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = bytes.length > 0 && bytes[0] >= 0x80 ? -1n : 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
