import type { FieldType } from "../../entity/field-type.ts";
import type { Value } from "../bound.ts";
import type { ComparisonOp } from "../expression.ts";

/** How the values of a column lie in memory, as far as ranges go. */
export type RangeLayout = "narrow" | "wide" | "float";

/** low <= value <= high, or with `negated` the rows for which that is false; nulls are in neither. */
export interface Range {
  readonly layout: RangeLayout;
  /** bigints for `wide`, else numbers. */
  readonly low: number | bigint;
  readonly high: number | bigint;
  readonly negated: boolean;
}

/** What a comparison with a constant comes to: every value, none, or a range. */
export type RangeOutcome = Range | "all" | "none";

const DOMAIN: Partial<Record<FieldType["kind"], readonly [min: bigint, max: bigint]>> = {
  u8: [0n, 255n],
  u16: [0n, 65_535n],
  u32: [0n, 2n ** 32n - 1n],
  i8: [-128n, 127n],
  i16: [-32_768n, 32_767n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  date: [-(2n ** 31n), 2n ** 31n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  timestamp: [-(2n ** 63n), 2n ** 63n - 1n],
};

export function rangeLayout(type: FieldType): RangeLayout | null {
  if (type.kind === "f32" || type.kind === "f64") return "float";
  if (type.kind === "u64" || type.kind === "i64" || type.kind === "timestamp") return "wide";
  return DOMAIN[type.kind] === undefined ? null : "narrow";
}

/** `column op value` as a range of the column's own values. null where its type has none. */
export function comparisonRange(type: FieldType, op: ComparisonOp, value: Value): RangeOutcome | null {
  if (typeof value !== "number" && typeof value !== "bigint") return null;
  const layout = rangeLayout(type);
  if (layout === null) return null;
  return layout === "float" ? floatRange(op, Number(value)) : integerRange(type, layout, op, value);
}

export function betweenRange(type: FieldType, low: Value, high: Value): RangeOutcome | null {
  const from = comparisonRange(type, "ge", low);
  const to = comparisonRange(type, "le", high);
  if (from === null || to === null) return null;
  if (from === "none" || to === "none") return "none";
  if (from === "all") return to;
  if (to === "all") return from;
  return bothRanges(from, to);
}

/** What lies in both ranges; null where that is no range. */
export function bothRanges(a: Range, b: Range): Range | "none" | null {
  if (a.negated && b.negated) return null;
  if (a.negated) return bothRanges(b, a);
  let { low } = b;
  let { high } = a;
  if (b.negated) {
    // "More than" a double is "not up to" it, for NaN is greatest; with an upper bound it is a plain range.
    if (b.layout !== "float" || b.low !== Number.NEGATIVE_INFINITY) return null;
    if (b.high === Number.POSITIVE_INFINITY) return "none";
    low = nextUp(b.high as number);
  } else if (b.high < high) high = b.high;
  if (a.low > low) low = a.low;
  return low > high ? "none" : { layout: a.layout, low, high, negated: false };
}

function floatRange(op: ComparisonOp, value: number): RangeOutcome {
  const range = (low: number, high: number, negated: boolean): Range => ({ layout: "float", low, high, negated });
  const { NEGATIVE_INFINITY: min, POSITIVE_INFINITY: max } = Number;
  if (Number.isNaN(value)) {
    if (op === "eq" || op === "ge") return range(min, max, true);
    if (op === "ne" || op === "lt") return range(min, max, false);
    return op === "le" ? "all" : "none";
  }
  switch (op) {
    case "eq":
      return range(value, value, false);
    case "ne":
      return range(value, value, true);
    case "le":
      return range(min, value, false);
    case "gt":
      return range(min, value, true);
    case "lt":
      return value === min ? "none" : range(min, nextDown(value), false);
    case "ge":
      return value === min ? "all" : range(min, nextDown(value), true);
  }
}

function integerRange(type: FieldType, layout: RangeLayout, op: ComparisonOp, value: number | bigint): RangeOutcome {
  if (op === "ne") return negation(integerRange(type, layout, "eq", value));
  const [min, max] = DOMAIN[type.kind] as readonly [bigint, bigint];
  let low = min;
  let high = max;
  if (typeof value === "number" && !Number.isInteger(value)) {
    // NaN and Infinity are above every integer.
    if (op === "eq") return "none";
    if (!Number.isFinite(value)) return (op === "lt" || op === "le") === (value !== Number.NEGATIVE_INFINITY) ? "all" : "none";
    if (op === "lt" || op === "le") high = BigInt(Math.floor(value));
    else low = BigInt(Math.ceil(value));
  } else {
    const exact = BigInt(value);
    if (op === "eq" || op === "ge") low = exact;
    if (op === "eq" || op === "le") high = exact;
    if (op === "gt") low = exact + 1n;
    if (op === "lt") high = exact - 1n;
  }
  if (low < min) low = min;
  if (high > max) high = max;
  if (low > high) return "none";
  if (low === min && high === max) return "all";
  return layout === "wide"
    ? { layout, low, high, negated: false }
    : { layout, low: Number(low), high: Number(high), negated: false };
}

function negation(outcome: RangeOutcome): RangeOutcome {
  if (outcome === "all") return "none";
  return outcome === "none" ? "all" : { ...outcome, negated: !outcome.negated };
}

const bits = new DataView(new ArrayBuffer(8));

/** The next double above; of the greatest one, Infinity. */
export function nextUp(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  if (value === 0) return Number.MIN_VALUE;
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

export const nextDown = (value: number): number => -nextUp(-value);
