import { getBit } from "../columns/bitmap.ts";
import { loadSafeInteger, storeSafeInteger } from "../columns/codecs/int64.ts";
import { NUMBER_ARRAYS } from "../columns/codecs/number.ts";
import { type FixedArray, FixedColumn } from "../columns/fixed-column.ts";
import type { FieldType } from "../entity/field-type.ts";
import { expectation, INT_RANGE, MAX_UINT64 } from "../entity/validation.ts";
import { MAX_INT64, MIN_INT64 } from "../entity/values/timestamp.ts";
import type { ForeignType } from "./foreign.ts";
import { elementsOf, filled, freshColumn, type ReadColumn, type Span, type Target, validityOf } from "./span.ts";

type NumberType = Extract<FieldType, { kind: keyof typeof INT_RANGE | "u64" | "i64" | "f32" | "f64" }>;
type NumericForeign = Extract<ForeignType, { kind: "int" | "float" }>;

const BITS = { u8: 8, u16: 16, u32: 32, u64: 64, i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 } as const;

const SIGNED = { 8: Int8Array, 16: Int16Array, 32: Int32Array, 64: BigInt64Array } as const;
const UNSIGNED = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;
const FLOATS = { 16: Uint16Array, 32: Float32Array, 64: Float64Array } as const;

/** Integers and floats into a field of integers or floats. */
export function numberReader(target: Target, type: NumberType, from: NumericForeign): ReadColumn {
  const toFloat = type.kind === "f32" || type.kind === "f64";
  if (from.kind === "float" && toFloat && from.bits === BITS[type.kind])
    return (span) => adoptNumbers(target, type, span, () => {});
  if (from.kind === "int" && !toFloat && from.bits === BITS[type.kind]) {
    return (span) => adoptNumbers(target, type, span, integerCheck(target, type, from.signed));
  }
  return (span) => convertNumbers(target, type, from, span);
}

type Check = (values: FixedArray, words: Uint32Array | null, validity: Uint8Array | null, span: Span) => void;

function adoptNumbers(target: Target, type: NumberType, span: Span, check: Check): FixedColumn {
  const array = type.kind === "u64" ? BigUint64Array : type.kind === "i64" ? BigInt64Array : NUMBER_ARRAYS[type.kind];
  const values = elementsOf(target, span.array.values, array, span.from, span.rows);
  const validity = validityOf(target, span);
  const column = FixedColumn.adopt(values, 1, validity, span.rows);
  check(values, column.words, validity, span);
  return column;
}

/** What bit patterns of the right width must be refused: those of the other sign, and unsafe integers in number mode. */
function integerCheck(target: Target, type: NumberType, signed: boolean): Check {
  const toSigned = type.kind.startsWith("i");
  const safe = (type.kind === "u64" || type.kind === "i64") && type.mode === "number";
  const limit = 2 ** (BITS[type.kind] - 1);
  const refuse = (span: Span, i: number, value: unknown) => {
    throw misfit(target, span, i, value);
  };
  if (safe) {
    return (values, words, validity, span) => {
      for (let i = 0; i < span.rows; i++) {
        const value = loadSafeInteger(words as Uint32Array, i, signed);
        if ((!Number.isSafeInteger(value) || (value < 0 && !toSigned)) && (validity === null || getBit(validity, i)))
          refuse(span, i, asSigned(values[i], signed));
      }
    };
  }
  if (signed === toSigned) return () => {};
  // The first bit means a sign on one side and 2^(bits - 1) on the other.
  return (values, words, validity, span) => {
    for (let i = 0; i < span.rows; i++) {
      const first =
        words === null ? (values[i] as number) < 0 || (values[i] as number) >= limit : words[2 * i + 1] >= 0x8000_0000;
      if (first && (validity === null || getBit(validity, i))) refuse(span, i, ofOtherSign(values[i], signed, BITS[type.kind]));
    }
  };
}

const asSigned = (value: number | bigint, signed: boolean) =>
  typeof value === "bigint" && signed ? BigInt.asIntN(64, value) : value;

function ofOtherSign(value: number | bigint, signed: boolean, bits: number): bigint {
  return signed ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value));
}

function convertNumbers(target: Target, type: NumberType, from: NumericForeign, span: Span): FixedColumn {
  const { rows } = span;
  const validity = validityOf(target, span);
  const { number, value } = source(target, from, span);
  const accepts = accept(type);
  return filled(freshColumn<FixedColumn>(target, span, validity), (column) => {
    const { values, words } = column;
    const wide = type.kind === "u64" || type.kind === "i64";
    const takesNaN = from.kind === "float" && (type.kind === "f32" || type.kind === "f64");
    for (let i = 0; i < rows; i++) {
      if (validity !== null && !getBit(validity, i)) continue;
      const n = number(i);
      if (!accepts(n) && !(takesNaN && Number.isNaN(n))) throw misfit(target, span, i, value(i));
      if (!wide) values[i] = n;
      else if (Number.isSafeInteger(n)) storeSafeInteger(words as Uint32Array, i, n);
      else values[i] = BigInt(n);
    }
  });
}

/** Elements as numbers: `number` gives NaN for one that no double equals, `value` the element itself. */
function source(
  target: Target,
  from: NumericForeign,
  { array, from: first, rows }: Span,
): { number: (i: number) => number; value: (i: number) => unknown } {
  if (from.kind === "float") {
    const values = elementsOf<FixedArray>(target, array.values, FLOATS[from.bits as 16 | 32 | 64], first, rows) as Float64Array;
    const number = from.bits === 16 ? (i: number) => halfToNumber(values[i]) : (i: number) => values[i];
    return { number, value: number };
  }
  const arrays = from.signed ? SIGNED : UNSIGNED;
  const values = elementsOf<FixedArray>(target, array.values, arrays[from.bits as 8 | 16 | 32 | 64], first, rows);
  const value = (i: number) => values[i];
  if (from.bits !== 64) return { number: value as (i: number) => number, value };
  const words = new Uint32Array(values.buffer, values.byteOffset, rows * 2);
  const number = (i: number): number => {
    const n = loadSafeInteger(words, i, from.signed);
    return Number.isSafeInteger(n) || BigInt(n) === (values[i] as bigint) ? n : Number.NaN;
  };
  return { number, value };
}

/** Whether a field of this type holds `n` exactly. */
function accept(type: NumberType): (n: number) => boolean {
  switch (type.kind) {
    case "f64":
      return (n) => !Number.isNaN(n);
    case "f32":
      return (n) => Math.fround(n) === n;
    case "u64":
    case "i64": {
      if (type.mode === "number") return (n) => Number.isSafeInteger(n) && (n >= 0 || type.kind === "i64");
      const [min, max] = type.kind === "u64" ? [0n, MAX_UINT64] : [MIN_INT64, MAX_INT64];
      return (n) =>
        Number.isInteger(n) && (Number.isSafeInteger(n) ? n >= 0 || type.kind === "i64" : BigInt(n) >= min && BigInt(n) <= max);
    }
    default: {
      const [min, max] = INT_RANGE[type.kind];
      return (n) => Number.isInteger(n) && n >= min && n <= max;
    }
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 25) * (0x400 + fraction);
}

/** The error for a value that the field cannot hold. */
export function misfit(target: Target, span: Span, i: number, value: unknown): Error {
  return target.refusal(`row ${span.firstRow + i} holds ${String(value)}, expected ${expectation(target.field.type)}`);
}
