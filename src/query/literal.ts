import { base64FromBytes } from "../entity/values/base64.ts";
import { textFromUnscaled } from "../entity/values/decimal.ts";
import { isoFromTicks } from "../entity/values/timestamp.ts";
import { describeValue } from "../errors.ts";
import { withinInt64 } from "./bind-literal.ts";
import type { Literal } from "./expression.ts";
import type { Scope } from "./scope.ts";
import type { ValueType } from "./value-type.ts";

/**
 * A JavaScript value as a constant, read as values of `beside` are: ticks beside a timestamp whose mode is number or
 * bigint, units beside a decimal whose mode is bigint. @throws QueryError for what is no constant
 */
export function literalOf(value: unknown, beside: ValueType, what: string, scope: Scope): Literal {
  switch (typeof value) {
    case "boolean":
      return { op: "literal", type: "bool", value };
    case "string":
      return { op: "literal", type: "string", value };
    case "number":
      if (beside.kind === "timestamp" && beside.mode === "number" && Number.isSafeInteger(value))
        return instant(BigInt(value), beside.unit);
      return { op: "literal", type: "number", value: writable(value) };
    case "bigint":
      if (beside.kind === "timestamp" && beside.mode === "bigint" && withinInt64(value)) return instant(value, beside.unit);
      if (beside.kind === "decimal" && beside.mode === "bigint") {
        return { op: "literal", type: "string", value: textFromUnscaled(value, beside.scale) };
      }
      return { op: "literal", type: "bigint", value: String(value) };
  }
  if (value === null || value === undefined) {
    throw scope.error(`${what} of ${value}: nothing is equal to, less or greater than null; use isNull() or isNotNull()`);
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) return instant(BigInt(value.getTime()), "ms");
  if (value instanceof Uint8Array) return { op: "literal", type: "binary", value: base64FromBytes(value) };
  throw scope.error(`${what} takes a constant or an expression, got ${describeValue(value)}`);
}

function writable(value: number): number | "NaN" | "Infinity" | "-Infinity" | "-0" {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity");
}

const instant = (ticks: bigint, unit: "s" | "ms" | "us" | "ns"): Literal => ({
  op: "literal",
  type: "instant",
  value: isoFromTicks(ticks, unit),
});
