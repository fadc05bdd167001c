import { isoFromDays } from "../../entity/values/date.ts";
import { textFromUnscaled } from "../../entity/values/decimal.ts";
import { dateFromTicks } from "../../entity/values/timestamp.ts";
import { QueryError } from "../../errors.ts";
import type { Value } from "../bound.ts";
import type { ValueType } from "../value-type.ts";
import { type BigArray, isValid, type Vector } from "./vector.ts";

/** Gives a computed value the form in which a field of the type reads: the opposite of what binding does to constants. */
export function toJs(type: ValueType): (value: Value) => unknown {
  switch (type.kind) {
    case "date":
      return (value) => isoFromDays(Number(value));
    case "decimal":
      return type.mode === "bigint" ? (value) => value : (value) => textFromUnscaled(value as bigint, type.scale);
    case "timestamp":
      if (type.mode === "bigint") return (value) => BigInt(value as bigint | number);
      if (type.mode === "number") return Number;
      return (value) => {
        const ms =
          typeof value === "number" && type.unit === "ms"
            ? new Date(value)
            : dateFromTicks(BigInt(value as bigint | number), type.unit);
        if (ms === undefined || Number.isNaN(ms.getTime())) {
          throw new QueryError(
            `${value} ${type.unit} since 1970 is not a whole number of milliseconds that a Date can hold; declare the field with { mode: "bigint" }`,
          );
        }
        return ms;
      };
    case "binary":
      return (value) => new Uint8Array(value as Uint8Array);
    case "bool":
      return Boolean;
    default:
      return (value) => value;
  }
}

/** The values of a result column, null where there is none. */
export function jsValues(type: ValueType, vector: Vector): unknown[] {
  const out = new Array<unknown>(vector.values.length);
  if (vector.kind === "code") {
    const { values, dictionary } = vector;
    for (let i = 0; i < out.length; i++) out[i] = isValid(vector, i) ? dictionary.values[values[i]] : null;
    return out;
  }
  const values = vector.values as Float64Array | BigArray | Uint8Array | string[] | Uint8Array[];
  const convert = toJs(type);
  for (let i = 0; i < out.length; i++) out[i] = isValid(vector, i) ? convert(values[i]) : null;
  return out;
}
