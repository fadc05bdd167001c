import type { TimeUnit } from "../entity/field-type.ts";
import type { ForeignType } from "./foreign.ts";

/** Numbers of types, as in Arrow's flatbuffers; libraries in JavaScript use the same, and -1 for dictionaries. */
export const TypeId = {
  Dictionary: -1,
  Null: 1,
  Int: 2,
  Float: 3,
  Binary: 4,
  Utf8: 5,
  Bool: 6,
  Decimal: 7,
  Date: 8,
  Time: 9,
  Timestamp: 10,
  Interval: 11,
  List: 12,
  Struct: 13,
  Union: 14,
  FixedSizeBinary: 15,
  FixedSizeList: 16,
  Map: 17,
  Duration: 18,
  LargeBinary: 19,
  LargeUtf8: 20,
  LargeList: 21,
  RunEndEncoded: 22,
  BinaryView: 23,
  Utf8View: 24,
  ListView: 25,
  LargeListView: 26,
} as const;

const NAMES = new Map<number, string>(Object.entries(TypeId).map(([name, id]) => [id, name]));
const UNITS: readonly TimeUnit[] = ["s", "ms", "us", "ns"];

/** What a type may carry besides its number, in the spellings of apache-arrow, of other libraries and of the flatbuffers. */
export interface TypeProperties {
  readonly typeId?: unknown;
  readonly bitWidth?: unknown;
  readonly isSigned?: unknown;
  readonly signed?: unknown;
  readonly precision?: unknown;
  readonly scale?: unknown;
  readonly unit?: unknown;
  readonly timezone?: unknown;
  readonly byteWidth?: unknown;
  readonly stride?: unknown;
  readonly indices?: TypeProperties;
  readonly dictionary?: TypeProperties;
}

/** The type that an object describes by structure. Those that no field can take, and broken ones, are "other". */
export function foreignType(type: TypeProperties | null | undefined): ForeignType {
  switch (type?.typeId) {
    case TypeId.Null:
      return { kind: "null" };
    case TypeId.Bool:
      return { kind: "bool" };
    case TypeId.Int: {
      const bits = type.bitWidth;
      if (bits === 8 || bits === 16 || bits === 32 || bits === 64)
        return { kind: "int", bits, signed: (type.isSigned ?? type.signed) === true };
      break;
    }
    case TypeId.Float:
      if (type.precision === 0 || type.precision === 1 || type.precision === 2)
        return { kind: "float", bits: 16 << type.precision };
      break;
    case TypeId.Utf8:
      return { kind: "utf8", offsets: 32 };
    case TypeId.LargeUtf8:
      return { kind: "utf8", offsets: 64 };
    case TypeId.Utf8View:
      return { kind: "utf8", offsets: "view" };
    case TypeId.Binary:
      return { kind: "binary", offsets: 32 };
    case TypeId.LargeBinary:
      return { kind: "binary", offsets: 64 };
    case TypeId.BinaryView:
      return { kind: "binary", offsets: "view" };
    case TypeId.FixedSizeBinary: {
      const width = type.byteWidth ?? type.stride;
      if (Number.isInteger(width) && (width as number) >= 0) return { kind: "fixedBinary", width: width as number };
      break;
    }
    case TypeId.Decimal: {
      const { precision, scale, bitWidth: bits = 128 } = type;
      if (
        Number.isInteger(precision) &&
        Number.isInteger(scale) &&
        Math.abs(scale as number) <= 76 &&
        (bits === 32 || bits === 64 || bits === 128 || bits === 256)
      ) {
        return { kind: "decimal", precision: precision as number, scale: scale as number, bits };
      }
      break;
    }
    case TypeId.Date:
      if (type.unit === 0 || type.unit === 1) return { kind: "date", unit: type.unit === 0 ? "day" : "ms" };
      break;
    case TypeId.Timestamp: {
      const unit = UNITS[type.unit as number];
      if (unit !== undefined)
        return {
          kind: "timestamp",
          unit,
          timezone: typeof type.timezone === "string" && type.timezone !== "" ? type.timezone : null,
        };
      break;
    }
    case TypeId.Dictionary: {
      const codes = foreignType(type.indices);
      const values = foreignType(type.dictionary);
      if (codes.kind === "int" && values.kind !== "dictionary") return { kind: "dictionary", codes, values };
      break;
    }
  }
  return {
    kind: "other",
    name: typeof type?.typeId === "number" ? (NAMES.get(type.typeId) ?? `type ${type.typeId}`) : "unknown",
  };
}
