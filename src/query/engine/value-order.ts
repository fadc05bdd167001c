import { compareBytes } from "../../columns/utf8.ts";
import type { Value } from "../bound.ts";
import type { ValueType } from "../value-type.ts";
import { compareNumbers } from "./number-order.ts";
import { compareText } from "./text-order.ts";
import { type CodeDictionary, type Vector, type VectorKind, vectorKind } from "./vector.ts";

/** The value at a row as a JavaScript value that {@link valueOrder} compares: enums as codes, other strings as they are. */
export function valueAt(vector: Vector, row: number): Value {
  if (vector.kind === "code")
    return vector.dictionary.ordered ? vector.values[row] : vector.dictionary.values[vector.values[row]];
  if (vector.kind === "bool") return vector.values[row] === 1;
  return vector.values[row];
}

/** How the values of a type order. */
export function valueOrder(type: ValueType): (a: Value, b: Value) => number {
  switch (vectorKind(type)) {
    case "bytes":
      return (a, b) => compareBytes(a as Uint8Array, b as Uint8Array);
    case "text":
      return (a, b) => compareText(a as string, b as string);
    case "code":
      return type.kind === "enum" ? (a, b) => (a as number) - (b as number) : (a, b) => compareText(a as string, b as string);
    case "bool":
      return (a, b) => Number(a) - Number(b);
    default:
      return (a, b) => compareNumbers(a as number | bigint, b as number | bigint);
  }
}

/** A vector of such values, null where there is none. */
export function vectorOf(type: ValueType, values: readonly (Value | null)[], dictionary: CodeDictionary | null): Vector {
  const valid = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 0 : 1)) : null;
  const kind: VectorKind = vectorKind(type);
  switch (kind) {
    case "num":
      return { kind, values: Float64Array.from(values, (value) => Number(value ?? 0)), valid };
    case "bool":
      return { kind, values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)), valid };
    case "big":
      return { kind, values: values.map((value) => (value ?? 0n) as bigint), valid };
    case "text":
      return { kind, values: values.map((value) => (value ?? "") as string), valid };
    case "bytes":
      return { kind, values: values.map((value) => (value ?? new Uint8Array(0)) as Uint8Array), valid };
    case "code": {
      const from = dictionary ?? { values: [], ordered: true };
      const codes = new Map(from.ordered ? [] : from.values.map((value, code) => [value as Value, code]));
      return {
        kind,
        values: Uint32Array.from(values, (value) => (from.ordered ? Number(value ?? 0) : (codes.get(value ?? "") ?? 0))),
        valid,
        dictionary: from,
      };
    }
  }
}
