import type { FieldType } from "../../entity/field-type.ts";
import { decimalLimit } from "../../entity/values/decimal.ts";
import { dateFromTicks } from "../../entity/values/timestamp.ts";
import type { Value } from "../bound.ts";
import { comparisonRange } from "./range.ts";

/** Whether a field of the type can hold a value to be looked up. Others equal no row's, and a codec would refuse them. */
export function canBeStored(type: FieldType, value: Value): boolean {
  switch (type.kind) {
    case "utf8":
    case "category":
    case "enum":
      return (value as string).isWellFormed();
    case "decimal":
      return magnitude(value as bigint) < decimalLimit(type.precision);
    case "bool":
    case "binary":
      return true;
    case "timestamp":
      if (type.mode === "date" && dateFromTicks(BigInt(value as bigint), type.unit) === undefined) return false;
      return type.mode !== "number" || Number.isSafeInteger(Number(value));
    default:
      if (typeof value === "number" && !Number.isSafeInteger(value)) return false;
      return typeof comparisonRange(type, "eq", value) === "object";
  }
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
