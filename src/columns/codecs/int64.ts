import type { Int64Kind } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import type { Allocator } from "../allocator.ts";
import { Codec } from "../codec.ts";
import { FixedColumn } from "../fixed-column.ts";

export type Int64Array = BigUint64Array | BigInt64Array;
type Words = Uint32Array;

const TWO_32 = 4_294_967_296;

/** Writes a safe integer as 64-bit two's complement, without a bigint. */
export function storeSafeInteger(words: Words, row: number, value: number): void {
  const low = value >>> 0;
  words[2 * row] = low;
  words[2 * row + 1] = (value - low) / TWO_32;
}

/** The 64-bit integer at `row` as a number: exact within ±2^53. */
export function loadSafeInteger(words: Words, row: number, signed: boolean): number {
  const high = words[2 * row + 1];
  return (signed ? high | 0 : high) * TWO_32 + words[2 * row];
}

/** Source text of {@link loadSafeInteger}. */
export const loadSafeIntegerSource = (column: string, row: string, signed: boolean): string =>
  `((${column}.words[2 * ${row} + 1]${signed ? " | 0" : ""}) * ${TWO_32} + ${column}.words[2 * ${row}])`;

/** Source text of {@link storeSafeInteger}; `value` is a variable. */
export const storeSafeIntegerSource = (column: string, row: string, value: string): string =>
  `{ const w = ${column}.words, low = ${value} >>> 0; w[2 * ${row}] = low; w[2 * ${row} + 1] = (${value} - low) / ${TWO_32}; }`;

/** u64 and i64 as bigints. */
export class BigIntCodec extends Codec<FixedColumn<Int64Array>> {
  readonly #kind: Int64Kind;

  constructor(schema: EntitySchema, field: FieldSpec, kind: Int64Kind) {
    super(schema, field);
    this.#kind = kind;
  }

  override makeColumn(allocator: Allocator, capacity: number, epoch: number): FixedColumn<Int64Array> {
    return int64Column(this.#kind, allocator, capacity, epoch);
  }

  override load(column: FixedColumn<Int64Array>, row: number): bigint {
    return column.values[row];
  }

  override store(column: FixedColumn<Int64Array>, row: number, value: unknown): void {
    column.values[row] = value as bigint;
  }

  override storeEmpty(column: FixedColumn<Int64Array>, row: number): void {
    column.values[row] = 0n;
  }

  override loadSource(column: string, row: string): string {
    return `${column}.values[${row}]`;
  }

  override storeSource(column: string, row: string, value: string, take: string): string {
    return `${this.checkSource(value, take)} ${column}.values[${row}] = ${value};`;
  }
}

/** u64 and i64 as safe integers. */
export class SafeIntegerCodec extends Codec<FixedColumn<Int64Array>> {
  readonly #kind: Int64Kind;

  constructor(schema: EntitySchema, field: FieldSpec, kind: Int64Kind) {
    super(schema, field);
    this.#kind = kind;
  }

  override makeColumn(allocator: Allocator, capacity: number, epoch: number): FixedColumn<Int64Array> {
    return int64Column(this.#kind, allocator, capacity, epoch);
  }

  override load(column: FixedColumn<Int64Array>, row: number): number {
    return loadSafeInteger(column.words as Words, row, this.#kind === "i64");
  }

  override store(column: FixedColumn<Int64Array>, row: number, value: unknown): void {
    storeSafeInteger(column.words as Words, row, value as number);
  }

  override storeEmpty(column: FixedColumn<Int64Array>, row: number): void {
    column.values[row] = 0n;
  }

  override loadSource(column: string, row: string): string {
    return loadSafeIntegerSource(column, row, this.#kind === "i64");
  }

  override storeSource(column: string, row: string, value: string, take: string): string {
    return `${this.checkSource(value, take)} ${storeSafeIntegerSource(column, row, value)}`;
  }
}

export function int64Column(kind: Int64Kind, allocator: Allocator, capacity: number, epoch: number): FixedColumn<Int64Array> {
  return new FixedColumn(allocator, kind === "u64" ? BigUint64Array : BigInt64Array, 1, capacity, epoch);
}
