import type { Allocator } from "../allocator.ts";
import { Codec } from "../codec.ts";
import { encodeUtf8, maxUtf8Bytes, readUtf8, writeUtf8 } from "../utf8.ts";
import { VarColumn } from "../var-column.ts";

export class Utf8Codec extends Codec<VarColumn> {
  override makeColumn(allocator: Allocator, capacity: number, epoch: number): VarColumn {
    return new VarColumn(allocator, capacity, epoch);
  }

  override load(column: VarColumn, row: number): string {
    const bytes = column.bytesAt(row);
    return readUtf8(bytes, 0, bytes.length);
  }

  override store(column: VarColumn, row: number, value: unknown): void {
    const text = value as string;
    const start = column.reserve(row, maxUtf8Bytes(text));
    column.endRow(row, writeUtf8(text, column.data, start));
  }

  override storeEmpty(column: VarColumn, row: number): void {
    column.endRow(row, column.offsets[row]);
  }

  protected override restore(column: VarColumn, row: number, value: unknown): void {
    column.patch(row, encodeUtf8(value as string));
  }

  protected override restoreEmpty(column: VarColumn, row: number): void {
    column.patch(row, new Uint8Array(0));
  }
}
