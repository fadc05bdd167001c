import type { ValueType } from "../../../query/value-type.ts";
import type { Binding, DuckValue } from "../binding.ts";
import { isZoned, logicalType } from "../column-types.ts";
import { MICROS } from "../column-writer.ts";
import { NotCompiled, type Parameter } from "./compiled.ts";

/** A constant of a plan as the engine takes it, of the type of the column it stands beside. @throws NotCompiled */
export function bindParameter(binding: Binding, { type, value }: Parameter): DuckValue {
  if (value === null) return binding.create_null_value();
  switch (type.kind) {
    case "bool":
      return binding.create_bool(value as boolean);
    case "u8":
      return binding.create_uint8(value as number);
    case "u16":
      return binding.create_uint16(value as number);
    case "u32":
      return binding.create_uint32(value as number);
    case "i8":
      return binding.create_int8(value as number);
    case "i16":
      return binding.create_int16(value as number);
    case "i32":
      return binding.create_int32(value as number);
    case "u64":
      return binding.create_uint64(BigInt(value as bigint | number));
    case "i64":
      return binding.create_int64(BigInt(value as bigint | number));
    case "integer":
      return type.mode === "number" ? binding.create_int64(BigInt(value as number)) : binding.create_hugeint(value as bigint);
    case "f32":
    case "f64":
      return binding.create_double(value as number);
    case "utf8":
    case "category":
      return binding.create_varchar(value as string);
    case "enum":
      return binding.create_enum_value(logicalType(binding, type), type.values.indexOf(value as string));
    case "binary":
      return binding.create_blob(new Uint8Array(value as Uint8Array));
    case "date":
      if (Math.abs(value as number) >= INFINITE_DAYS) throw new NotCompiled("a date that DuckDB takes for infinite");
      return binding.create_date({ days: value as number });
    case "timestamp":
      return timestamp(binding, type, value as bigint);
    case "decimal":
      return binding.create_decimal({ width: type.precision, scale: type.scale, value: value as bigint });
    case "null":
      return binding.create_null_value();
  }
}

/** DuckDB's infinity. */
const INFINITE_DAYS = 2 ** 31 - 1;
const INFINITE_TICKS = 2n ** 63n - 1n;

function timestamp(binding: Binding, type: Extract<ValueType, { kind: "timestamp" }>, ticks: bigint): DuckValue {
  // Timestamps of coarser units are turned into microseconds on the way.
  const micros = ticks * BigInt(type.unit === "ns" ? 1 : MICROS[type.unit]);
  if (micros >= INFINITE_TICKS || micros <= -INFINITE_TICKS)
    throw new NotCompiled("an instant that microseconds of 64 bits do not reach");
  if (isZoned(type)) {
    return binding.create_timestamp_tz({ micros });
  }
  switch (type.unit) {
    case "s":
      return binding.create_timestamp_s({ seconds: ticks });
    case "ms":
      return binding.create_timestamp_ms({ millis: ticks });
    case "us":
      return binding.create_timestamp({ micros: ticks });
    case "ns":
      return binding.create_timestamp_ns({ nanos: ticks });
  }
}
