/**
 * Points in time: an Int64 of ticks since 1970-01-01T00:00Z on one side, a Date or ISO 8601
 * text on the other. No conversion here drops a digit.
 */

import type { TimeUnit } from "../field-type.ts";
import { digits, isoFromDays, parseDay, two } from "./date.ts";

export const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

/** Digits after the decimal point of a second. */
export const FRACTION_DIGITS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 };
const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };

/** A Date reaches this many milliseconds either side of 1970. */
const MAX_DATE = 8_640_000_000_000_000n;

/** The first and last Date, in ms since 1970, whose ticks of `unit` an Int64 holds. */
export function dateRange(unit: TimeUnit): { min: number; max: number } {
  const perMs = PER_SECOND[unit] / 1000n;
  const max = perMs <= 1n ? MAX_DATE : smaller(MAX_INT64 / perMs, MAX_DATE);
  return { min: -Number(max), max: Number(max) };
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);

/** Ticks of a Date; undefined where it is invalid, falls between two ticks or beyond an Int64. */
export function ticksFromDate(date: Date, unit: TimeUnit): bigint | undefined {
  const ms = date.getTime();
  if (Number.isNaN(ms)) return undefined;
  if (unit === "s") return ms % 1000 === 0 ? BigInt(ms / 1000) : undefined;
  return withinInt64(BigInt(ms) * (PER_SECOND[unit] / 1000n));
}

/** The Date of a tick; undefined where a Date would drop a digit or does not reach. */
export function dateFromTicks(ticks: bigint, unit: TimeUnit): Date | undefined {
  let ms: bigint;
  if (unit === "s") ms = ticks * 1000n;
  else {
    const perMs = PER_SECOND[unit] / 1000n;
    if (ticks % perMs !== 0n) return undefined;
    ms = ticks / perMs;
  }
  return ms < -MAX_DATE || ms > MAX_DATE ? undefined : new Date(Number(ms));
}

/**
 * ISO 8601 in UTC with every digit the unit has: `2024-02-29T12:00:00.000Z` for ms. Exact over the
 * whole Int64; years beyond 0000-9999 carry a sign and at least six digits.
 */
export function isoFromTicks(ticks: bigint, unit: TimeUnit): string {
  const perSecond = PER_SECOND[unit];
  const perDay = perSecond * 86_400n;
  let rest = ticks % perDay;
  if (rest < 0n) rest += perDay;
  const days = Number((ticks - rest) / perDay);
  const seconds = Number(rest / perSecond);
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = unit === "s" ? "" : `.${String(rest % perSecond).padStart(FRACTION_DIGITS[unit], "0")}`;
  return `${isoFromDays(days)}T${time}${fraction}Z`;
}

const FORM = /^([+-]?\d+-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * Ticks of an ISO 8601 instant with `Z` or an offset such as `+02:00`; undefined where the text is
 * none, has a non-zero digit finer than the unit, or lies beyond an Int64.
 */
export function ticksFromIso(text: string, unit: TimeUnit): bigint | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const days = parseDay(match[1]);
  const [hour, minute, second] = [digits(match[2], 0, 2), digits(match[3], 0, 2), digits(match[4], 0, 2)];
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const given = match[5] ?? "";
  const size = FRACTION_DIGITS[unit];
  for (let i = size; i < given.length; i++) if (given.charCodeAt(i) !== 48) return undefined;
  const fraction = BigInt(given.slice(0, size).padEnd(size, "0") || "0");
  const offset = match[6] === undefined ? 0 : offsetSeconds(match[6], digits(match[7], 0, 2), digits(match[8], 0, 2));
  if (offset === undefined) return undefined;
  const seconds = BigInt(days) * 86_400n + BigInt(hour * 3600 + minute * 60 + second - offset);
  return withinInt64(seconds * PER_SECOND[unit] + fraction);
}

function offsetSeconds(sign: string, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  const seconds = hours * 3600 + minutes * 60;
  return sign === "-" ? -seconds : seconds;
}

function withinInt64(ticks: bigint): bigint | undefined {
  return ticks < MIN_INT64 || ticks > MAX_INT64 ? undefined : ticks;
}
