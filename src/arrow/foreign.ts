/**
 * Arrow data of whatever origin, as plain data: what apache-arrow objects, tables of other libraries and IPC bytes
 * are brought to before their columns are read. Nothing in it has been checked against anything else.
 */

import type { TimeUnit } from "../entity/field-type.ts";
import { ArrowError } from "../errors.ts";

export type ForeignType =
  | { readonly kind: "null" | "bool" }
  | { readonly kind: "int"; readonly bits: number; readonly signed: boolean }
  | { readonly kind: "float"; readonly bits: number }
  /** `offsets`: 32- or 64-bit offsets, or views. */
  | { readonly kind: "utf8"; readonly offsets: 32 | 64 | "view" }
  | { readonly kind: "binary"; readonly offsets: 32 | 64 | "view" }
  | { readonly kind: "fixedBinary"; readonly width: number }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number; readonly bits: number }
  | { readonly kind: "date"; readonly unit: "day" | "ms" }
  | { readonly kind: "timestamp"; readonly unit: TimeUnit; readonly timezone: string | null }
  | {
      readonly kind: "dictionary";
      readonly codes: { readonly bits: number; readonly signed: boolean };
      readonly values: ForeignType;
    }
  /** A type that no field can take. */
  | { readonly kind: "other"; readonly name: string };

/** A column of one batch. Buffers are bytes, of any alignment. */
export interface ForeignArray {
  readonly type: ForeignType;
  readonly length: number;
  /** Bit of the first row in `validity`, and in `values` of booleans; other buffers begin with the first row. */
  readonly bitOffset: number;
  /** null where every row is valid. */
  readonly validity: Uint8Array | null;
  /** Values, codes, the bytes of utf8 and binary, or views. */
  readonly values: Uint8Array;
  readonly offsets: Uint8Array | null;
  /** What views refer to. */
  readonly viewed: readonly Uint8Array[];
  /** The parts of a dictionary, in order; the same array for the same dictionary. */
  readonly dictionary: readonly ForeignArray[] | null;
}

export interface ForeignField {
  readonly name: string;
  readonly type: ForeignType;
}

export interface ForeignBatch {
  readonly fields: readonly ForeignField[];
  readonly length: number;
  /** One a field, made when asked for: columns that nobody reads may be of any form. */
  readonly column: (index: number) => ForeignArray;
}

export interface ForeignTable {
  /** Of tables without batches too; null where nothing tells. */
  readonly fields: readonly ForeignField[] | null;
  readonly batches: readonly ForeignBatch[];
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The bytes of a typed array; none for an absent one. @throws ArrowError for anything else */
export function bytesOf(buffer: unknown): Uint8Array {
  if (buffer === null || buffer === undefined) return NO_BYTES;
  if (!ArrayBuffer.isView(buffer))
    throw new ArrowError("a buffer of the Arrow data is no typed array; pass the table as IPC bytes");
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** The type as Arrow names it: "Uint64", "Timestamp<ms, UTC>", "Dictionary<Int32, Utf8>". */
export function describeForeign(type: ForeignType): string {
  switch (type.kind) {
    case "null":
      return "Null";
    case "bool":
      return "Bool";
    case "int":
      return `${type.signed ? "Int" : "Uint"}${type.bits}`;
    case "float":
      return `Float${type.bits}`;
    case "utf8":
    case "binary": {
      const name = type.kind === "utf8" ? "Utf8" : "Binary";
      return type.offsets === 32 ? name : type.offsets === 64 ? `Large${name}` : `${name}View`;
    }
    case "fixedBinary":
      return `FixedSizeBinary<${type.width}>`;
    case "decimal":
      return `Decimal${type.bits}<${type.precision}, ${type.scale}>`;
    case "date":
      return type.unit === "day" ? "Date32" : "Date64";
    case "timestamp":
      return `Timestamp<${type.unit}${type.timezone === null ? "" : `, ${type.timezone}`}>`;
    case "dictionary":
      return `Dictionary<${describeForeign({ kind: "int", ...type.codes })}, ${describeForeign(type.values)}>`;
    case "other":
      return type.name;
  }
}
