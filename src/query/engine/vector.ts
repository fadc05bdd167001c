import { QueryError } from "../../errors.ts";
import type { ValueType } from "../value-type.ts";

export type BigArray = BigInt64Array | BigUint64Array | bigint[];

interface Validity {
  /** One byte a row, 1 for a value and 0 for null; null while every row has a value. What stands under a null is any value. */
  readonly valid: Uint8Array | null;
}

/** Numbers to 2^53 and doubles: integers to 32 bits, floats, days, number-mode 64-bit integers, timestamps that a double holds. */
export interface NumVector extends Validity {
  readonly kind: "num";
  readonly values: Float64Array;
}

/** bigint-mode integers, timestamps in ticks, decimals as value times 10^scale. */
export interface BigVector extends Validity {
  readonly kind: "big";
  readonly values: BigArray;
}

export interface BoolVector extends Validity {
  readonly kind: "bool";
  /** 0 or 1. */
  readonly values: Uint8Array;
}

export interface TextVector extends Validity {
  readonly kind: "text";
  readonly values: string[];
}

/** Enums and categories as codes. */
export interface CodeVector extends Validity {
  readonly kind: "code";
  readonly values: Uint32Array;
  readonly dictionary: CodeDictionary;
}

export interface BytesVector extends Validity {
  readonly kind: "bytes";
  readonly values: Uint8Array[];
}

/** The strings behind codes. */
export interface CodeDictionary {
  readonly values: readonly string[];
  /** Codes order as their values do: an enum's order is that of its declaration. */
  readonly ordered: boolean;
}

/** The values of an expression for some rows, in the form in which it is computed. */
export type Vector = NumVector | BigVector | BoolVector | TextVector | CodeVector | BytesVector;
export type VectorKind = Vector["kind"];

/** The form in which values of a type are computed. A bare null is a number that is never there. */
export function vectorKind(type: ValueType): VectorKind {
  switch (type.kind) {
    case "bool":
      return "bool";
    case "u64":
    case "i64":
    case "integer":
      return type.mode === "number" ? "num" : "big";
    case "timestamp":
      // Dates reach 8.64e15 ms either way, which a double holds.
      return type.mode === "number" || (type.mode === "date" && (type.unit === "s" || type.unit === "ms")) ? "num" : "big";
    case "decimal":
      return "big";
    case "utf8":
      return "text";
    case "category":
    case "enum":
      return "code";
    case "binary":
      return "bytes";
    default:
      return "num";
  }
}

export const isValid = (vector: Vector, row: number): boolean => vector.valid === null || vector.valid[row] === 1;

/** Valid where both are. */
export function bothValid(a: Uint8Array | null, b: Uint8Array | null): Uint8Array | null {
  if (a === null || b === null) return a ?? b;
  const both = new Uint8Array(a.length);
  for (let i = 0; i < a.length; i++) both[i] = a[i] & b[i];
  return both;
}

/** The rows at `at` of a vector, in that order. */
export function gather(vector: Vector, at: Uint32Array): Vector {
  const n = at.length;
  let valid: Uint8Array | null = null;
  if (vector.valid !== null) {
    valid = new Uint8Array(n);
    for (let i = 0; i < n; i++) valid[i] = vector.valid[at[i]];
  }
  switch (vector.kind) {
    case "num": {
      const values = new Float64Array(n);
      for (let i = 0; i < n; i++) values[i] = vector.values[at[i]];
      return { kind: "num", values, valid };
    }
    case "bool": {
      const values = new Uint8Array(n);
      for (let i = 0; i < n; i++) values[i] = vector.values[at[i]];
      return { kind: "bool", values, valid };
    }
    case "code": {
      const values = new Uint32Array(n);
      for (let i = 0; i < n; i++) values[i] = vector.values[at[i]];
      return { kind: "code", values, valid, dictionary: vector.dictionary };
    }
    case "big":
      return { kind: "big", values: gatherBig(vector.values, at), valid };
    case "text": {
      const values = new Array<string>(n);
      for (let i = 0; i < n; i++) values[i] = vector.values[at[i]];
      return { kind: "text", values, valid };
    }
    case "bytes": {
      const values = new Array<Uint8Array>(n);
      for (let i = 0; i < n; i++) values[i] = vector.values[at[i]];
      return { kind: "bytes", values, valid };
    }
  }
}

function gatherBig(values: BigArray, at: Uint32Array): BigArray {
  const n = at.length;
  if (Array.isArray(values)) {
    const out = new Array<bigint>(n);
    for (let i = 0; i < n; i++) out[i] = values[at[i]];
    return out;
  }
  const out = values instanceof BigUint64Array ? new BigUint64Array(n) : new BigInt64Array(n);
  const from = wordsOf(values);
  const to = wordsOf(out);
  for (let i = 0; i < n; i++) {
    to[2 * i] = from[2 * at[i]];
    to[2 * i + 1] = from[2 * at[i] + 1];
  }
  return out;
}

/** The bytes of 64-bit elements as words, low word first. */
export const wordsOf = (values: BigInt64Array | BigUint64Array | Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length * 2);

/** Vectors of one type, one behind the other. `type` says what no rows at all give. */
export function concat(parts: readonly Vector[], type: ValueType): Vector {
  if (parts.length === 1) return parts[0];
  const length = parts.reduce((rows, part) => rows + part.values.length, 0);
  const valid = concatValid(parts, length);
  switch (parts[0]?.kind ?? vectorKind(type)) {
    case "num": {
      const values = new Float64Array(length);
      place(parts, (part, at) => values.set((part as NumVector).values, at));
      return { kind: "num", values, valid };
    }
    case "bool": {
      const values = new Uint8Array(length);
      place(parts, (part, at) => values.set((part as BoolVector).values, at));
      return { kind: "bool", values, valid };
    }
    case "code": {
      const values = new Uint32Array(length);
      place(parts, (part, at) => values.set((part as CodeVector).values, at));
      const dictionary = (parts[0] as CodeVector | undefined)?.dictionary ?? { values: [], ordered: true };
      return { kind: "code", values, valid, dictionary };
    }
    case "big":
      return { kind: "big", values: concatBig(parts as readonly BigVector[], length), valid };
    case "text":
      return { kind: "text", values: (parts as readonly TextVector[]).flatMap((part) => part.values), valid };
    case "bytes":
      return { kind: "bytes", values: (parts as readonly BytesVector[]).flatMap((part) => part.values), valid };
  }
}

/** Rows [from, to) of a vector, over its own memory where that is one array of bytes. */
export function slice(vector: Vector, from: number, to: number): Vector {
  const valid = vector.valid?.subarray(from, to) ?? null;
  switch (vector.kind) {
    case "num":
      return { kind: "num", values: vector.values.subarray(from, to), valid };
    case "bool":
      return { kind: "bool", values: vector.values.subarray(from, to), valid };
    case "code":
      return { ...vector, values: vector.values.subarray(from, to), valid };
    case "big":
      return {
        kind: "big",
        values: Array.isArray(vector.values) ? vector.values.slice(from, to) : vector.values.subarray(from, to),
        valid,
      };
    case "text":
      return { kind: "text", values: vector.values.slice(from, to), valid };
    case "bytes":
      return { kind: "bytes", values: vector.values.slice(from, to), valid };
  }
}

export function concatWords(parts: readonly Uint32Array[], length: number): Uint32Array {
  const all = new Uint32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function concatBig(parts: readonly BigVector[], length: number): BigArray {
  const unsigned = parts.every((part) => part.values instanceof BigUint64Array);
  if (parts.length > 0 && (unsigned || parts.every((part) => part.values instanceof BigInt64Array))) {
    const values = unsigned ? new BigUint64Array(length) : new BigInt64Array(length);
    place(parts, (part, at) => (values as BigInt64Array).set(part.values as BigInt64Array, at));
    return values;
  }
  return parts.flatMap((part) => (Array.isArray(part.values) ? part.values : Array.from(part.values)));
}

function concatValid(parts: readonly Vector[], length: number): Uint8Array | null {
  if (parts.every((part) => part.valid === null)) return null;
  const valid = new Uint8Array(length);
  place(parts, (part, at) => (part.valid === null ? valid.fill(1, at, at + part.values.length) : valid.set(part.valid, at)));
  return valid;
}

function place(parts: readonly Vector[], put: (part: Vector, at: number) => void): void {
  let at = 0;
  for (const part of parts) {
    put(part, at);
    at += part.values.length;
  }
}

/** Numbers of either form as doubles; a bigint is rounded to the nearest. */
export function toDoubles(vector: Vector): Float64Array {
  if (vector.kind === "num") return vector.values;
  if (vector.kind !== "big") throw new QueryError(`a ${vector.kind} value is no number`);
  const { values } = vector;
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(values[i]);
  return out;
}

/** Integers of either form as bigints. A null among numbers may stand for anything: it becomes 0. */
export function toBigs(vector: Vector): BigArray {
  if (vector.kind === "big") return vector.values;
  if (vector.kind !== "num") throw new QueryError(`a ${vector.kind} value is no integer`);
  const { values } = vector;
  const out = new Array<bigint>(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Number.isInteger(values[i]) ? BigInt(values[i]) : 0n;
  return out;
}

/** Strings of utf8, category or enum. */
export function toTexts(vector: Vector): string[] {
  if (vector.kind === "text") return vector.values;
  if (vector.kind !== "code") throw new QueryError(`a ${vector.kind} value is no text`);
  const { values, dictionary } = vector;
  const out = new Array<string>(values.length);
  for (let i = 0; i < out.length; i++) out[i] = dictionary.values[values[i]];
  return out;
}
