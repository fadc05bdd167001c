import type { FieldType } from "../../entity/field-type.ts";
import { describeType } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { dateFromTicks, ticksFromDate } from "../../entity/values/timestamp.ts";
import { TypeConversionError } from "../../errors.ts";
import type { Allocator } from "../allocator.ts";
import { type Bind, Codec } from "../codec.ts";
import type { FixedColumn } from "../fixed-column.ts";
import {
  type Int64Array,
  int64Column,
  loadSafeInteger,
  loadSafeIntegerSource,
  storeSafeInteger,
  storeSafeIntegerSource,
} from "./int64.ts";

type TimestampType = Extract<FieldType, { kind: "timestamp" }>;
type Timestamps = FixedColumn<Int64Array>;

/** 64-bit ticks, as a Date, a number or a bigint by the field's mode. */
export class TimestampCodec extends Codec<Timestamps> {
  readonly #type: TimestampType;

  constructor(schema: EntitySchema, field: FieldSpec, type: TimestampType) {
    super(schema, field);
    this.#type = type;
  }

  override makeColumn(allocator: Allocator, capacity: number, epoch: number): Timestamps {
    return int64Column("i64", allocator, capacity, epoch);
  }

  override load(column: Timestamps, row: number): Date | number | bigint {
    switch (this.#type.mode) {
      case "bigint":
        return column.values[row];
      case "number":
        return loadSafeInteger(column.words as Uint32Array, row, true);
      case "date": {
        const date = dateFromTicks(column.values[row], this.#type.unit);
        if (date === undefined) throw this.#notADate(column.values[row]);
        return date;
      }
    }
  }

  override store(column: Timestamps, row: number, value: unknown): void {
    if (this.#type.mode === "bigint") column.values[row] = value as bigint;
    else if (this.#type.mode === "number") storeSafeInteger(column.words as Uint32Array, row, value as number);
    else column.values[row] = ticksFromDate(value as Date, this.#type.unit) as bigint;
  }

  override storeEmpty(column: Timestamps, row: number): void {
    column.values[row] = 0n;
  }

  override loadSource(column: string, row: string, bind: Bind): string | null {
    if (this.#type.mode === "bigint") return `${column}.values[${row}]`;
    if (this.#type.mode === "number") return loadSafeIntegerSource(column, row, true);
    if (this.#type.unit !== "ms") return null;
    const toDate = (ticks: number): Date => {
      const date = new Date(ticks);
      if (Number.isNaN(date.getTime())) throw this.#notADate(ticks);
      return date;
    };
    return `${bind(toDate)}(${loadSafeIntegerSource(column, row, true)})`;
  }

  override storeSource(column: string, row: string, value: string, take: string): string | null {
    const checked = this.checkSource(value, take);
    if (this.#type.mode === "bigint") return `${checked} ${column}.values[${row}] = ${value};`;
    if (this.#type.mode === "number") return `${checked} ${storeSafeIntegerSource(column, row, value)}`;
    if (this.#type.unit !== "ms") return null;
    return `${checked} { const ms = ${value}.getTime(); ${storeSafeIntegerSource(column, row, "ms")} }`;
  }

  #notADate(ticks: number | bigint): TypeConversionError {
    const reason = `${ticks} is not a whole number of milliseconds that a Date can hold; declare the field with { mode: "bigint" }`;
    return new TypeConversionError(this.schema.name, this.field.column, describeType(this.#type), "Date", reason);
  }
}
