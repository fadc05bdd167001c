/** The proleptic Gregorian calendar in days since 1970-01-01, exact in doubles for every 64-bit count of seconds. */

const DAYS_PER_400_YEARS = 146_097;
/** From 0000-03-01, where a leap day ends its year, to 1970-01-01. */
const EPOCH = 719_468;

export interface CivilDate {
  year: number;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. */
  day: number;
}

export function civilFromDays(days: number): CivilDate {
  const shifted = days + EPOCH;
  const cycle = Math.floor(shifted / DAYS_PER_400_YEARS);
  const inCycle = shifted - cycle * DAYS_PER_400_YEARS;
  const leaps = Math.floor(inCycle / 1_460) - Math.floor(inCycle / 36_524) + Math.floor(inCycle / 146_096);
  const yearOfCycle = Math.floor((inCycle - leaps) / 365);
  const dayOfYear = inCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

export function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const cycle = Math.floor(marchYear / 400);
  const inCycle = marchYear - cycle * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return cycle * DAYS_PER_400_YEARS + inCycle * 365 + Math.floor(inCycle / 4) - Math.floor(inCycle / 100) + dayOfYear - EPOCH;
}

/** 0 (Sunday) to 6. */
export const dayOfWeek = (days: number): number => (((days + 4) % 7) + 7) % 7;

/** The Monday on or before a day. */
export const mondayOf = (days: number): number => days - ((dayOfWeek(days) + 6) % 7);

/** ISO 8601: the week belongs to the year of its Thursday. */
export function isoWeek(days: number): number {
  const thursday = mondayOf(days) + 3;
  const { year } = civilFromDays(thursday);
  return Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1;
}
