import type { FieldType } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { textFromUnscaled, unscaledFromText } from "../../entity/values/decimal.ts";
import type { Allocator } from "../allocator.ts";
import { Codec } from "../codec.ts";
import { FixedColumn } from "../fixed-column.ts";

type DecimalType = Extract<FieldType, { kind: "decimal" }>;
type Decimals = FixedColumn<BigUint64Array>;

/** Reads a 128-bit two's complement integer from its low and high half. */
export const loadInt128 = (values: BigUint64Array, row: number): bigint =>
  (BigInt.asIntN(64, values[2 * row + 1]) << 64n) | values[2 * row];

export function storeInt128(values: BigUint64Array, row: number, value: bigint): void {
  values[2 * row] = value;
  values[2 * row + 1] = value >> 64n;
}

/** Decimals as 128-bit integers counting units of 10^-scale (Arrow's decimal128). */
export class DecimalCodec extends Codec<Decimals> {
  readonly #type: DecimalType;

  constructor(schema: EntitySchema, field: FieldSpec, type: DecimalType) {
    super(schema, field);
    this.#type = type;
  }

  override makeColumn(allocator: Allocator, capacity: number, epoch: number): Decimals {
    return new FixedColumn<BigUint64Array>(allocator, BigUint64Array, 2, capacity, epoch);
  }

  override load(column: Decimals, row: number): string | bigint {
    const unscaled = loadInt128(column.values, row);
    return this.#type.mode === "bigint" ? unscaled : textFromUnscaled(unscaled, this.#type.scale);
  }

  override store(column: Decimals, row: number, value: unknown): void {
    const { mode, precision, scale } = this.#type;
    storeInt128(
      column.values,
      row,
      mode === "bigint" ? (value as bigint) : (unscaledFromText(value as string, precision, scale) as bigint),
    );
  }

  override storeEmpty(column: Decimals, row: number): void {
    storeInt128(column.values, row, 0n);
  }
}
