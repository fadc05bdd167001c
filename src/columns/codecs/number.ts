import type { FloatKind, IntKind } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import type { Allocator } from "../allocator.ts";
import { Codec } from "../codec.ts";
import { type FixedArrayConstructor, FixedColumn } from "../fixed-column.ts";

type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

export const NUMBER_ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const satisfies Record<IntKind | FloatKind, FixedArrayConstructor>;

/** Integers up to 32 bits and floats: a JavaScript number, stored as it is. */
export class NumberCodec extends Codec<FixedColumn<NumberArray>> {
  readonly #kind: IntKind | FloatKind;

  constructor(schema: EntitySchema, field: FieldSpec, kind: IntKind | FloatKind) {
    super(schema, field);
    this.#kind = kind;
  }

  override makeColumn(allocator: Allocator, capacity: number, epoch: number): FixedColumn<NumberArray> {
    return new FixedColumn(allocator, NUMBER_ARRAYS[this.#kind], 1, capacity, epoch);
  }

  override load(column: FixedColumn<NumberArray>, row: number): number {
    return column.values[row];
  }

  override store(column: FixedColumn<NumberArray>, row: number, value: unknown): void {
    column.values[row] = value as number;
  }

  override storeEmpty(column: FixedColumn<NumberArray>, row: number): void {
    column.values[row] = 0;
  }

  override loadSource(column: string, row: string): string {
    return `${column}.values[${row}]`;
  }

  override storeSource(column: string, row: string, value: string, take: string): string {
    return `${this.checkSource(value, take)} ${column}.values[${row}] = ${value};`;
  }
}
