import type { DuckDBValue } from "@duckdb/node-api";
import type { TimeUnit } from "../../entity/field-type.ts";
import { base64FromBytes } from "../../entity/values/base64.ts";
import { isoFromDays } from "../../entity/values/date.ts";
import { textFromUnscaled } from "../../entity/values/decimal.ts";
import { dateFromTicks, isoFromTicks } from "../../entity/values/timestamp.ts";
import type { Api } from "./binding.ts";

/**
 * A value of a result, nothing of it lost. Integers to 32 bits and floats: number; wider integers: bigint; DECIMAL: text
 * such as "12.50"; DATE: "2024-02-29", "infinity" or "-infinity"; TIMESTAMP_S and TIMESTAMP_MS: Date; TIMESTAMP (also with
 * time zone) and TIMESTAMP_NS: bigint of microseconds or nanoseconds since 1970 UTC (2n ** 63n - 1n and its negative are
 * infinite); TIME, UUID, BIT: text as DuckDB writes it; BLOB: Uint8Array; ENUM: string; INTERVAL: { months, days, micros };
 * LIST and ARRAY: array; STRUCT: object; MAP: Map; UNION: { tag, value }.
 */
export type SqlResult =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly SqlResult[]
  | ReadonlyMap<SqlResult, SqlResult>
  | { readonly [name: string]: SqlResult };

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export function toSqlResult(api: Api, value: DuckDBValue): SqlResult {
  if (value === null || typeof value !== "object") return value;
  const inner = (each: DuckDBValue) => toSqlResult(api, each);
  if (value instanceof api.DuckDBDecimalValue) return textFromUnscaled(value.value, value.scale);
  if (value instanceof api.DuckDBDateValue) return value.isFinite ? isoFromDays(value.days) : infinite(value.days);
  if (value instanceof api.DuckDBTimestampSecondsValue) return dateFromTicks(value.seconds, "s") ?? value.seconds;
  if (value instanceof api.DuckDBTimestampMillisecondsValue) return dateFromTicks(value.millis, "ms") ?? value.millis;
  if (value instanceof api.DuckDBTimestampNanosecondsValue) return value.nanos;
  if (value instanceof api.DuckDBTimestampValue || value instanceof api.DuckDBTimestampTZValue) return value.micros;
  if (value instanceof api.DuckDBBlobValue) return new Uint8Array(value.bytes);
  if (value instanceof api.DuckDBIntervalValue) return { months: value.months, days: value.days, micros: value.micros };
  if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) return value.items.map(inner);
  if (value instanceof api.DuckDBMapValue) return new Map(value.entries.map((entry) => [inner(entry.key), inner(entry.value)]));
  if (value instanceof api.DuckDBUnionValue) return { tag: value.tag, value: inner(value.value) };
  if (value instanceof api.DuckDBVariantValue) return inner(value.value);
  if (value instanceof api.DuckDBStructValue) {
    const fields: [string, SqlResult][] = Object.entries(value.entries).map(([name, each]) => [name, inner(each)]);
    return Object.fromEntries(fields);
  }
  return String(value);
}

/**
 * As JSON can say it: integers that a number does not tell exactly as their digits, NaN and the infinities by name,
 * timestamps in ISO 8601 in full precision ("infinity" is one, too), bytes in base64, a MAP as an array of { key, value }.
 */
export function toJsonValue(api: Api, value: DuckDBValue): JsonValue {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== "object") return value;
  const inner = (each: DuckDBValue) => toJsonValue(api, each);
  if (value instanceof api.DuckDBTimestampSecondsValue) return isoOf(value, value.seconds, "s");
  if (value instanceof api.DuckDBTimestampMillisecondsValue) return isoOf(value, value.millis, "ms");
  if (value instanceof api.DuckDBTimestampNanosecondsValue) return isoOf(value, value.nanos, "ns");
  if (value instanceof api.DuckDBTimestampValue || value instanceof api.DuckDBTimestampTZValue)
    return isoOf(value, value.micros, "us");
  if (value instanceof api.DuckDBBlobValue) return base64FromBytes(value.bytes);
  if (value instanceof api.DuckDBIntervalValue) return { months: value.months, days: value.days, micros: inner(value.micros) };
  if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) return value.items.map(inner);
  if (value instanceof api.DuckDBMapValue)
    return value.entries.map((entry) => ({ key: inner(entry.key), value: inner(entry.value) }));
  if (value instanceof api.DuckDBUnionValue) return { tag: value.tag, value: inner(value.value) };
  if (value instanceof api.DuckDBVariantValue) return inner(value.value);
  if (value instanceof api.DuckDBStructValue) {
    const fields: [string, JsonValue][] = Object.entries(value.entries).map(([name, each]) => [name, inner(each)]);
    return Object.fromEntries(fields);
  }
  const plain = toSqlResult(api, value);
  return typeof plain === "string" ? plain : String(plain);
}

const infinite = (value: number | bigint): string => (value < 0 ? "-infinity" : "infinity");

const isoOf = (value: { isFinite: boolean }, ticks: bigint, unit: TimeUnit): string =>
  value.isFinite ? isoFromTicks(ticks, unit) : infinite(ticks);
