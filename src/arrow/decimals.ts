import { getBit } from "../columns/bitmap.ts";
import { loadInt128, storeInt128 } from "../columns/codecs/decimal.ts";
import { type FixedArray, FixedColumn } from "../columns/fixed-column.ts";
import type { FieldType, IntKind } from "../entity/field-type.ts";
import { expectation, INT_RANGE, MAX_UINT64 } from "../entity/validation.ts";
import { decimalLimit } from "../entity/values/decimal.ts";
import { MAX_INT64, MIN_INT64 } from "../entity/values/timestamp.ts";
import type { ForeignType } from "./foreign.ts";
import { elementsOf, filled, freshColumn, type ReadColumn, type Span, type Target, validityOf } from "./span.ts";

type DecimalType = Extract<FieldType, { kind: "decimal" }>;
export type IntegerType = Extract<FieldType, { kind: IntKind | "u64" | "i64" }>;
type Unscaled = (i: number) => bigint;

/** Decimals of any width and scale, and integers, into a field of decimals. */
export function decimalReader(
  target: Target,
  type: DecimalType,
  from: Extract<ForeignType, { kind: "decimal" | "int" }>,
): ReadColumn {
  const limit = decimalLimit(type.precision);
  const scale = from.kind === "decimal" ? from.scale : 0;
  const misfit = (span: Span, i: number, value: bigint) =>
    target.refusal(
      `row ${span.firstRow + i} holds ${value}${scale === 0 ? "" : ` x 10^${-scale}`}, which is not exactly a decimal of ${type.precision} digits, ${type.scale} of them after the point`,
    );
  if (from.kind === "decimal" && from.bits === 128 && scale === type.scale) {
    return (span) => {
      const values = elementsOf<BigUint64Array>(target, span.array.values, BigUint64Array, span.from * 2, span.rows * 2);
      const validity = validityOf(target, span);
      const column = FixedColumn.adopt(values, 2, validity, span.rows);
      const words = column.words as Uint32Array;
      for (let i = 0; i < span.rows; i++) {
        if (type.precision >= 19 && fitsInt64(words, i)) continue;
        const value = loadInt128(values, i);
        if ((value >= limit || value <= -limit) && (validity === null || getBit(validity, i))) throw misfit(span, i, value);
      }
      return column;
    };
  }
  const shift = type.scale - scale;
  const factor = 10n ** BigInt(Math.abs(shift));
  return (span) => {
    const unscaled = from.kind === "decimal" ? decimals(target, from.bits, span) : integers(target, from, span);
    const validity = validityOf(target, span);
    return filled(freshColumn<FixedColumn<BigUint64Array>>(target, span, validity), ({ values }) => {
      for (let i = 0; i < span.rows; i++) {
        if (validity !== null && !getBit(validity, i)) continue;
        const value = unscaled(i);
        const scaled = shift >= 0 ? value * factor : value / factor;
        if ((shift < 0 && value % factor !== 0n) || scaled >= limit || scaled <= -limit) throw misfit(span, i, value);
        storeInt128(values, i, scaled);
      }
    });
  };
}

/** Decimals that are whole numbers into a field of integers, as Spark and others store integers that they have no type for. */
export function wholeDecimalReader(
  target: Target,
  type: IntegerType,
  from: Extract<ForeignType, { kind: "decimal" }>,
): ReadColumn {
  const [min, max] = rangeOf(type);
  const factor = 10n ** BigInt(Math.abs(from.scale));
  const wide = type.kind === "u64" || type.kind === "i64";
  return (span) => {
    const unscaled = decimals(target, from.bits, span);
    const validity = validityOf(target, span);
    return filled(freshColumn<FixedColumn>(target, span, validity), ({ values }) => {
      for (let i = 0; i < span.rows; i++) {
        if (validity !== null && !getBit(validity, i)) continue;
        const stored = unscaled(i);
        const value = from.scale >= 0 ? stored / factor : stored * factor;
        if ((from.scale > 0 && stored % factor !== 0n) || value < min || value > max)
          throw target.refusal(
            `row ${span.firstRow + i} holds ${stored}${from.scale === 0 ? "" : ` x 10^${-from.scale}`}, expected ${expectation(type)}`,
          );
        values[i] = wide ? value : Number(value);
      }
    });
  };
}

function rangeOf(type: IntegerType): readonly [bigint, bigint] {
  if (type.kind !== "u64" && type.kind !== "i64") {
    const [min, max] = INT_RANGE[type.kind];
    return [BigInt(min), BigInt(max)];
  }
  if (type.mode === "number") {
    const safe = BigInt(Number.MAX_SAFE_INTEGER);
    return [type.kind === "u64" ? 0n : -safe, safe];
  }
  return type.kind === "u64" ? [0n, MAX_UINT64] : [MIN_INT64, MAX_INT64];
}

/** The upper half only repeats the sign of the lower one. */
function fitsInt64(words: Uint32Array, i: number): boolean {
  const sign = words[4 * i + 1] >= 0x8000_0000 ? 0xffff_ffff : 0;
  return words[4 * i + 2] === sign && words[4 * i + 3] === sign;
}

function decimals(target: Target, bits: number, { array, from, rows }: Span): Unscaled {
  if (bits === 32) {
    const values = elementsOf<Int32Array>(target, array.values, Int32Array, from, rows);
    return (i) => BigInt(values[i]);
  }
  if (bits === 64) {
    const values = elementsOf<BigInt64Array>(target, array.values, BigInt64Array, from, rows);
    return (i) => values[i];
  }
  const words = bits / 64;
  const values = elementsOf<BigUint64Array>(target, array.values, BigUint64Array, from * words, rows * words);
  return (i) => {
    let value = BigInt.asIntN(64, values[i * words + words - 1]);
    for (let word = words - 2; word >= 0; word--) value = (value << 64n) | values[i * words + word];
    return value;
  };
}

const SIGNED = { 8: Int8Array, 16: Int16Array, 32: Int32Array, 64: BigInt64Array } as const;
const UNSIGNED = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;

function integers(
  target: Target,
  { bits, signed }: Extract<ForeignType, { kind: "int" }>,
  { array, from, rows }: Span,
): Unscaled {
  const values = elementsOf<FixedArray>(target, array.values, (signed ? SIGNED : UNSIGNED)[bits as 8 | 16 | 32 | 64], from, rows);
  return (i) => BigInt(values[i]);
}
