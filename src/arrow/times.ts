import { getBit } from "../columns/bitmap.ts";
import { loadSafeInteger, storeSafeInteger } from "../columns/codecs/int64.ts";
import { FixedColumn } from "../columns/fixed-column.ts";
import type { FieldType, TimeUnit } from "../entity/field-type.ts";
import { MAX_DAYS, MIN_DAYS } from "../entity/values/date.ts";
import { dateFromTicks, FRACTION_DIGITS, MAX_INT64, MIN_INT64 } from "../entity/values/timestamp.ts";
import type { ForeignType } from "./foreign.ts";
import { misfit } from "./numbers.ts";
import { elementsOf, filled, freshColumn, type ReadColumn, type Span, type Target, validityOf } from "./span.ts";

type TimestampType = Extract<FieldType, { kind: "timestamp" }>;
type Words = Uint32Array;

const DAY_MS = 86_400_000;
/** A Date reaches this many milliseconds either side of 1970. */
const MAX_DATE = 8_640_000_000_000_000;

/** Timestamps of any unit into a field of timestamps. Zones do not matter: the ticks stay, the zone is the field's. */
export function timestampReader(
  target: Target,
  type: TimestampType,
  from: Extract<ForeignType, { kind: "timestamp" }>,
): ReadColumn {
  const check = tickCheck(type);
  const plain = plainHighWords(type);
  return (span) => {
    const ticks = elementsOf<BigInt64Array>(target, span.array.values, BigInt64Array, span.from, span.rows);
    const validity = validityOf(target, span);
    const verify = (column: FixedColumn): void => {
      if (check === null) return;
      const values = column.values as BigInt64Array;
      if (withinHighWords(column.words as Words, span.rows, plain)) return;
      for (let i = 0; i < span.rows; i++) {
        if (!check(values, column.words as Words, i) && (validity === null || getBit(validity, i)))
          throw misfit(target, span, i, `${ticks[i]} ${from.unit}`);
      }
    };
    if (from.unit === type.unit) {
      const column = FixedColumn.adopt(ticks, 1, validity, span.rows);
      verify(column);
      return column;
    }
    return filled(freshColumn<FixedColumn>(target, span, validity), (column) => {
      rescale(target, span, validity, ticks, from.unit, type.unit, column);
      verify(column);
    });
  };
}

function rescale(
  target: Target,
  span: Span,
  validity: Uint8Array | null,
  ticks: BigInt64Array,
  from: TimeUnit,
  to: TimeUnit,
  column: FixedColumn,
): void {
  const digits = FRACTION_DIGITS[to] - FRACTION_DIGITS[from];
  const factor = 10 ** Math.abs(digits);
  const bigFactor = BigInt(factor);
  const source = new Uint32Array(ticks.buffer, ticks.byteOffset, ticks.length * 2);
  const words = column.words as Words;
  const values = column.values as BigInt64Array;
  for (let i = 0; i < span.rows; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    const n = loadSafeInteger(source, i, true);
    const scaled = digits > 0 ? n * factor : n / factor;
    if (Number.isSafeInteger(n) && Number.isSafeInteger(scaled)) {
      storeSafeInteger(words, i, scaled);
      continue;
    }
    const exact = digits > 0 ? ticks[i] * bigFactor : ticks[i] / bigFactor;
    if (digits < 0 && ticks[i] % bigFactor !== 0n) {
      throw target.refusal(
        `row ${span.firstRow + i} holds ${ticks[i]} ${from}, which is no whole number of ${to}; declare the field as timestamp("${from}")`,
      );
    }
    if (exact < MIN_INT64 || exact > MAX_INT64)
      throw target.refusal(`row ${span.firstRow + i} holds ${ticks[i]} ${from}, which in ${to} is beyond 64 bits`);
    values[i] = exact;
  }
}

/** Whether the ticks at a row are a value of the field; null where all are. */
function tickCheck({ mode, unit }: TimestampType): ((values: BigInt64Array, words: Words, i: number) => boolean) | null {
  if (mode === "bigint") return null;
  if (mode === "number") return (_, words, i) => Number.isSafeInteger(loadSafeInteger(words, i, true));
  // Rounding to a double keeps order, and both bounds are doubles.
  if (unit === "ms") return (_, words, i) => Math.abs(loadSafeInteger(words, i, true)) <= MAX_DATE;
  if (unit === "s") return (_, words, i) => Math.abs(loadSafeInteger(words, i, true)) <= MAX_DATE / 1000;
  const perMs = unit === "us" ? 1000 : 1_000_000;
  return (values, words, i) => {
    const n = loadSafeInteger(words, i, true);
    return Number.isSafeInteger(n) ? n % perMs === 0 : dateFromTicks(values[i], unit) !== undefined;
  };
}

/** Ticks whose high words lie in [-plain, plain) are values of the field, whatever their low words; 0 where that says nothing. */
function plainHighWords({ mode, unit }: TimestampType): number {
  if (mode === "number") return 2 ** 21;
  if (mode === "date" && unit === "ms") return Math.floor(MAX_DATE / 2 ** 32);
  if (mode === "date" && unit === "s") return Math.floor(MAX_DATE / 1000 / 2 ** 32);
  return 0;
}

function withinHighWords(words: Words, rows: number, bound: number): boolean {
  if (bound === 0) return false;
  let most = 0;
  for (let i = 1; i < 2 * rows; i += 2) {
    const high = words[i] | 0;
    most |= high < 0 ? ~high : high;
  }
  return most < bound;
}

/** Days, or milliseconds that are whole days, into a field of dates. */
export function dateReader(target: Target, from: Extract<ForeignType, { kind: "date" }>): ReadColumn {
  if (from.unit === "day") {
    return (span) => {
      const days = elementsOf<Int32Array>(target, span.array.values, Int32Array, span.from, span.rows);
      return FixedColumn.adopt(days, 1, validityOf(target, span), span.rows);
    };
  }
  return (span) => {
    const ticks = elementsOf<BigInt64Array>(target, span.array.values, BigInt64Array, span.from, span.rows);
    const words = new Uint32Array(ticks.buffer, ticks.byteOffset, ticks.length * 2);
    const validity = validityOf(target, span);
    return filled(freshColumn<FixedColumn<Int32Array>>(target, span, validity), ({ values }) => {
      for (let i = 0; i < span.rows; i++) {
        if (validity !== null && !getBit(validity, i)) continue;
        const days = loadSafeInteger(words, i, true) / DAY_MS;
        if (!Number.isInteger(days) || days < MIN_DAYS || days > MAX_DAYS || BigInt(days) * BigInt(DAY_MS) !== ticks[i]) {
          throw target.refusal(
            `row ${span.firstRow + i} holds ${ticks[i]} ms, which is no whole day within ${MIN_DAYS} to ${MAX_DAYS}`,
          );
        }
        values[i] = days;
      }
    });
  };
}
