import { daysFromIso, isoFromDays } from "../../entity/values/date.ts";
import type { Allocator } from "../allocator.ts";
import { Codec } from "../codec.ts";
import { FixedColumn } from "../fixed-column.ts";

/** Calendar days as 32-bit days since 1970-01-01 (Arrow's date32). */
export class DateCodec extends Codec<FixedColumn<Int32Array>> {
  override makeColumn(allocator: Allocator, capacity: number, epoch: number): FixedColumn<Int32Array> {
    return new FixedColumn<Int32Array>(allocator, Int32Array, 1, capacity, epoch);
  }

  override load(column: FixedColumn<Int32Array>, row: number): string {
    return isoFromDays(column.values[row]);
  }

  override store(column: FixedColumn<Int32Array>, row: number, value: unknown): void {
    column.values[row] = daysFromIso(value as string) as number;
  }

  override storeEmpty(column: FixedColumn<Int32Array>, row: number): void {
    column.values[row] = 0;
  }
}
