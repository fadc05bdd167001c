import type { Allocator } from "../allocator.ts";
import { Codec } from "../codec.ts";
import { VarColumn } from "../var-column.ts";

export class BinaryCodec extends Codec<VarColumn> {
  override makeColumn(allocator: Allocator, capacity: number, epoch: number): VarColumn {
    return new VarColumn(allocator, capacity, epoch);
  }

  /** A copy, in memory that is not shared: writing to it changes no column. */
  override load(column: VarColumn, row: number): Uint8Array {
    return new Uint8Array(column.bytesAt(row));
  }

  override store(column: VarColumn, row: number, value: unknown): void {
    column.append(row, value as Uint8Array);
  }

  override storeEmpty(column: VarColumn, row: number): void {
    column.endRow(row, column.offsets[row]);
  }

  protected override restore(column: VarColumn, row: number, value: unknown): void {
    column.patch(row, new Uint8Array(value as Uint8Array));
  }

  protected override restoreEmpty(column: VarColumn, row: number): void {
    column.patch(row, new Uint8Array(0));
  }
}
