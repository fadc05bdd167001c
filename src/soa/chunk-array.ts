import { BitColumn } from "../columns/bit-column.ts";
import { bitmapBytes } from "../columns/bitmap.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { FixedArray, FixedColumn } from "../columns/fixed-column.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import { VarColumn } from "../columns/var-column.ts";
import type { FieldKind } from "../entity/field-type.ts";
import type { KindOf } from "../entity/types.ts";

interface ArrayOfKind {
  bool: Uint8Array;
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  u64: BigUint64Array;
  i8: Int8Array;
  i16: Int16Array;
  i32: Int32Array;
  i64: BigInt64Array;
  f32: Float32Array;
  f64: Float64Array;
  utf8: Uint8Array;
  binary: Uint8Array;
  category: Uint8Array | Uint16Array | Uint32Array;
  enum: Uint8Array | Uint16Array;
  date: Int32Array;
  timestamp: BigInt64Array;
  decimal: BigUint64Array;
}

/** The typed array in which the values of a field lie. */
export type ChunkArray<D> = KindOf<D> extends infer K extends FieldKind ? ArrayOfKind[K] : never;

/** The first `rows` rows of a column as one typed array over its own bytes. */
export function rawValues(column: Column, rows: number): FixedArray {
  if (column instanceof BitColumn) return column.bits.subarray(0, bitmapBytes(rows));
  if (column instanceof VarColumn) {
    column.settle();
    return column.data.subarray(0, column.offsets[rows]);
  }
  const { values, stride } = column as FixedColumn;
  return values.subarray(0, rows * stride);
}

/** The rows of several columns in one array: that of the only column, else a copy. */
export function concatArrays(parts: readonly [Column, rows: number][], codec: Codec): FixedArray {
  if (parts.length === 1) return rawValues(...parts[0]);
  const rows = parts.reduce((sum, [, n]) => sum + n, 0);
  const all = codec.makeColumn(new HeapAllocator(), rows, 0);
  let at = 0;
  for (const [column, n] of parts) {
    all.copyRows(column, 0, at, n);
    at += n;
  }
  return rawValues(all, rows);
}
