/**
 * Calendar days in the proleptic Gregorian calendar: a count of days since
 * 1970-01-01 on one side, ISO 8601 text on the other. Years beyond 0000-9999
 * carry a sign and at least six digits, as ECMAScript writes them.
 */

const DAYS_PER_400_YEARS = 146_097;
const DAYS_PER_CENTURY = 36_524;
const DAYS_PER_4_YEARS = 1_461;
/** From 0000-03-01, where the leap day is the last of its year, to 1970-01-01. */
const EPOCH = 719_468;
/** Days from 1 March to the first of each month, March first. */
const MONTH_START = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

export const MIN_DAYS = -0x8000_0000;
export const MAX_DAYS = 0x7fff_ffff;

/**
 * Days since 1970-01-01 of an ISO day; undefined where the text is none, the day does not
 * exist or lies beyond what an Int32 of days holds (-5877641-06-23 to +5881580-07-11).
 */
export function daysFromIso(text: string): number | undefined {
  const days = parseDay(text);
  return days === undefined || days < MIN_DAYS || days > MAX_DAYS ? undefined : days;
}

/** As {@link daysFromIso}, for years of up to twelve digits. */
export function parseDay(text: string): number | undefined {
  const end = text.length;
  if (end < 10 || text.charCodeAt(end - 3) !== 45 || text.charCodeAt(end - 6) !== 45) return undefined;
  const year = parseYear(text, end - 6);
  const month = digits(text, end - 5, end - 3);
  const day = digits(text, end - 2, end);
  if (year === undefined || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day);
}

/**
 * The ISO day, `YYYY-MM-DD` or `±YYYYYY-MM-DD`. Exact for any count of days below 2^52, and so
 * for every Int32.
 */
export function isoFromDays(days: number): string {
  const shifted = days + EPOCH;
  const cycle = Math.floor(shifted / DAYS_PER_400_YEARS);
  let rest = shifted - cycle * DAYS_PER_400_YEARS;
  // The last century and the last year of a cycle are a day longer, hence the caps.
  const century = Math.min(3, Math.floor(rest / DAYS_PER_CENTURY));
  rest -= century * DAYS_PER_CENTURY;
  const fourYears = Math.floor(rest / DAYS_PER_4_YEARS);
  rest -= fourYears * DAYS_PER_4_YEARS;
  const single = Math.min(3, Math.floor(rest / 365));
  rest -= single * 365;
  // No month is longer than 31 days: rest / 32 is the month or the one before.
  let month = rest >> 5;
  if (month < 11 && rest >= MONTH_START[month + 1]) month++;
  const day = rest - MONTH_START[month] + 1;
  const year = cycle * 400 + century * 100 + fourYears * 4 + single + (month >= 10 ? 1 : 0);
  return `${formatYear(year)}-${two(month >= 10 ? month - 9 : month + 3)}-${two(day)}`;
}

/** Two digits with a leading zero. */
export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The integer that the decimal digits text[from, to) write; NaN where one is no digit. */
export function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function parseYear(text: string, end: number): number | undefined {
  const sign = text.charCodeAt(0);
  if (sign !== 43 && sign !== 45) {
    if (end !== 4) return undefined;
    const year = digits(text, 0, end);
    return Number.isNaN(year) ? undefined : year;
  }
  if (end < 7 || end > 13) return undefined;
  const year = digits(text, 1, end);
  // More than six digits only where they are needed; there is no year minus zero.
  if (Number.isNaN(year) || (end > 7 && text.charCodeAt(1) === 48) || (sign === 45 && year === 0)) return undefined;
  return sign === 45 ? -year : year;
}

function formatYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const cycle = Math.floor(marchYear / 400);
  const inCycle = marchYear - cycle * 400;
  const leapDays = Math.floor(inCycle / 4) - Math.floor(inCycle / 100);
  return cycle * DAYS_PER_400_YEARS + inCycle * 365 + leapDays + MONTH_START[(month + 9) % 12] + day - 1 - EPOCH;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
