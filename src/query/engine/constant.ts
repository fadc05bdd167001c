import type { Value } from "../bound.ts";
import type { ValueType } from "../value-type.ts";
import { type Vector, vectorKind } from "./vector.ts";

/** One value, `count` times, in the form of its type. */
export function constantVector(type: ValueType, value: Value | null, count: number): Vector {
  const valid = value === null ? new Uint8Array(count) : null;
  switch (vectorKind(type)) {
    case "num":
      return { kind: "num", values: new Float64Array(count).fill(value === null ? 0 : Number(value)), valid };
    case "bool":
      return { kind: "bool", values: new Uint8Array(count).fill(value === true ? 1 : 0), valid };
    case "big":
      return {
        kind: "big",
        values: new Array<bigint>(count).fill(value === null ? 0n : BigInt(value as bigint | number)),
        valid,
      };
    case "text":
      return { kind: "text", values: new Array<string>(count).fill((value ?? "") as string), valid };
    case "bytes":
      return { kind: "bytes", values: new Array<Uint8Array>(count).fill((value ?? new Uint8Array(0)) as Uint8Array), valid };
    case "code": {
      const ordered = type.kind === "enum";
      const strings = ordered ? type.values : [(value ?? "") as string];
      const code = value === null ? 0 : strings.indexOf(value as string);
      return { kind: "code", values: new Uint32Array(count).fill(code), valid, dictionary: { values: strings, ordered } };
    }
  }
}
