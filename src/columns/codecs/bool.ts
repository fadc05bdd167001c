import type { Allocator } from "../allocator.ts";
import { BitColumn } from "../bit-column.ts";
import { clearBit, getBit, setBit } from "../bitmap.ts";
import { Codec } from "../codec.ts";

export class BoolCodec extends Codec<BitColumn> {
  override makeColumn(allocator: Allocator, capacity: number, epoch: number): BitColumn {
    return new BitColumn(allocator, capacity, epoch);
  }

  override load(column: BitColumn, row: number): boolean {
    return getBit(column.bits, row);
  }

  override store(column: BitColumn, row: number, value: unknown): void {
    value ? setBit(column.bits, row) : clearBit(column.bits, row);
  }

  override storeEmpty(column: BitColumn, row: number): void {
    clearBit(column.bits, row);
  }

  override loadSource(column: string, row: string): string {
    return `((${column}.bits[${row} >>> 3] >>> (${row} & 7) & 1) === 1)`;
  }

  override storeSource(column: string, row: string, value: string, take: string): string {
    const [byte, bit] = [`${column}.bits[${row} >>> 3]`, `1 << (${row} & 7)`];
    return `${this.checkSource(value, take)} if (${value}) ${byte} |= ${bit}; else ${byte} &= ~(${bit});`;
  }
}
