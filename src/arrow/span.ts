import type { Allocator } from "../columns/allocator.ts";
import { bitmapBytes, copyBits, countBits, getBit } from "../columns/bitmap.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { FixedArray, FixedArrayConstructor } from "../columns/fixed-column.ts";
import { describeType } from "../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../entity/schema.ts";
import { ArrowError, TypeConversionError } from "../errors.ts";
import { describeForeign, type ForeignArray, type ForeignType } from "./foreign.ts";

/** The field that a foreign column becomes. */
export class Target {
  readonly schema: EntitySchema;
  readonly field: FieldSpec;
  readonly codec: Codec;
  readonly nullable: boolean;
  /** Type of the foreign column, for messages. */
  readonly from: ForeignType;

  constructor(schema: EntitySchema, codec: Codec, from: ForeignType, nullable = codec.field.nullable) {
    this.schema = schema;
    this.field = codec.field;
    this.codec = codec;
    this.nullable = nullable;
    this.from = from;
  }

  refusal(reason: string): TypeConversionError {
    return new TypeConversionError(
      this.schema.name,
      this.field.column,
      describeForeign(this.from),
      describeType(this.field.type),
      reason,
    );
  }

  damage(reason: string): ArrowError {
    return new ArrowError(`${this.schema.name}: column ${JSON.stringify(this.field.column)} is damaged: ${reason}`);
  }
}

/** Some rows of a foreign column, to become a column of a chunk. */
export interface Span {
  readonly array: ForeignArray;
  /** First row within `array`. */
  readonly from: number;
  readonly rows: number;
  /** First row within the whole input, for messages. */
  readonly firstRow: number;
  /** Whether the column is to be part of the store, or only to be copied from. */
  readonly adopt: boolean;
  /** Where columns that cannot be adopted are made. */
  readonly allocator: Allocator;
  readonly epoch: number;
}

/** Gives the rows as a column: over the foreign bytes where it can be, else converted. @throws TypeConversionError, ArrowError */
export type ReadColumn = (span: Span) => Column;

/**
 * Validity of the rows from bit 0 on, null where all are valid. Copied only if it does not begin at a byte.
 * @throws TypeConversionError for a null where the field takes none
 */
export function validityOf(target: Target, span: Span): Uint8Array | null {
  const { array, from, rows } = span;
  if (array.validity === null) return null;
  const bits = bitsOf(target, array.validity, array.bitOffset + from, rows);
  if (countBits(bits, 0, rows) === rows) return null;
  if (!target.nullable) throw nullRefusal(target, span.firstRow + firstNull(bits));
  return bits;
}

export function nullRefusal(target: Target, row: number): TypeConversionError {
  return target.refusal(`row ${row} is null and the field is not nullable; declare it .nullable()`);
}

function firstNull(bits: Uint8Array): number {
  let i = 0;
  while (getBit(bits, i)) i++;
  return i;
}

/** Bits [from, from + rows) as a bitmap that begins with them; a view of `bytes` where `from` is the first bit of a byte. */
export function bitsOf(target: Target, bytes: Uint8Array, from: number, rows: number): Uint8Array {
  if (bitmapBytes(from + rows) > bytes.length) throw target.damage(`${from + rows} rows with a bitmap of ${bytes.length} bytes`);
  if ((from & 7) === 0) return bytes.subarray(from >>> 3, bitmapBytes(from + rows));
  const bits = new Uint8Array(bitmapBytes(rows));
  copyBits(bytes, from, bits, 0, rows);
  return bits;
}

/** `count` elements from element `from` on: a view of the bytes, or a copy where they are not aligned to the elements. */
export function elementsOf<A extends FixedArray>(
  target: Target,
  bytes: Uint8Array,
  array: FixedArrayConstructor,
  from: number,
  count: number,
): A {
  const size = array.BYTES_PER_ELEMENT;
  if ((from + count) * size > bytes.length)
    throw target.damage(`${from + count} elements of ${size} bytes in a buffer of ${bytes.length} bytes`);
  const start = bytes.byteOffset + from * size;
  if (start % size === 0) return new array(bytes.buffer, start, count) as A;
  const copy = bytes.slice(from * size, (from + count) * size);
  return new array(copy.buffer, copy.byteOffset, count) as A;
}

/** A new column for the rows of the span, whose validity is that of the span already. */
export function freshColumn<C extends Column>(
  { codec }: Target,
  { allocator, rows, epoch }: Span,
  validity: Uint8Array | null,
): C {
  const column = codec.makeColumn(allocator, rows, epoch) as C;
  if (validity !== null) {
    column.markRange(0, rows, false);
    copyBits(validity, 0, column.validity as Uint8Array, 0, rows);
  }
  return column;
}

/** Runs `fill` over a new column, which is given back where it throws. */
export function filled<C extends Column>(column: C, fill: (column: C) => void): C {
  try {
    fill(column);
  } catch (error) {
    column.release(true);
    throw error;
  }
  return column;
}
