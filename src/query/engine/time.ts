import type { TimeUnit } from "../../entity/field-type.ts";
import { MAX_DAYS, MIN_DAYS } from "../../entity/values/date.ts";
import { MAX_INT64, MIN_INT64 } from "../../entity/values/timestamp.ts";
import { QueryError } from "../../errors.ts";
import type { DatePart, TruncUnit } from "../expression.ts";
import type { ValueType } from "../value-type.ts";
import { civilFromDays, dayOfWeek, daysFromCivil, isoWeek, mondayOf } from "./calendar.ts";
import { type TimeZone, timeZone } from "./time-zone.ts";
import { type BigArray, isValid, type NumVector, type Vector } from "./vector.ts";

export const TICKS_PER_SECOND: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

const SECONDS: Partial<Record<TruncUnit, number>> = { hour: 3600, minute: 60, second: 1, millisecond: 1e-3, microsecond: 1e-6 };

/** An instant by its day and the ticks since that day began; both are exact as doubles in every unit. */
interface Instant {
  day: number;
  tick: number;
}

/** Reads and writes the instants of one type, dates as the instants at which they begin. */
class Instants {
  readonly perSecond: number;
  readonly perDay: number;
  readonly zone: TimeZone | null;
  readonly #type: ValueType;

  constructor(type: ValueType) {
    this.#type = type;
    this.perSecond = type.kind === "timestamp" ? TICKS_PER_SECOND[type.unit] : 1;
    this.perDay = type.kind === "timestamp" ? this.perSecond * 86_400 : 1;
    this.zone = type.kind === "timestamp" ? timeZone(type.timezone) : null;
  }

  fromNumber(ticks: number, into: Instant): void {
    into.day = Math.floor(ticks / this.perDay);
    into.tick = ticks - into.day * this.perDay;
    // The quotient may have been rounded up to the next whole.
    if (into.tick < 0) {
      into.day--;
      into.tick += this.perDay;
    }
  }

  fromBigint(ticks: bigint, into: Instant): void {
    const perDay = BigInt(this.perDay);
    let tick = ticks % perDay;
    if (tick < 0n) tick += perDay;
    into.day = Number((ticks - tick) / perDay);
    into.tick = Number(tick);
  }

  toNumber({ day, tick }: Instant): number {
    const ticks = day * this.perDay + tick;
    const fits = this.#type.kind === "date" ? ticks >= MIN_DAYS && ticks <= MAX_DAYS : Number.isSafeInteger(ticks);
    if (!fits) throw this.#out();
    return ticks;
  }

  toBigint({ day, tick }: Instant): bigint {
    const ticks = BigInt(day) * BigInt(this.perDay) + BigInt(tick);
    if (ticks < MIN_INT64 || ticks > MAX_INT64) throw this.#out();
    return ticks;
  }

  /** Seconds between UTC and the zone's wall clock. */
  offset({ day, tick }: Instant): number {
    return this.zone === null ? 0 : this.zone.offsetAt(day * 86_400 + Math.floor(tick / this.perSecond));
  }

  /** Moves an instant by seconds. */
  shift(at: Instant, seconds: number): void {
    if (seconds === 0) return;
    at.tick += seconds * this.perSecond;
    const days = Math.floor(at.tick / this.perDay);
    at.day += days;
    at.tick -= days * this.perDay;
  }

  #out(): QueryError {
    return new QueryError(`dateTrunc: the result leaves the range of what a ${this.#type.kind} can hold`);
  }
}

/** Rounds down to the begin of a unit by the wall clock of the type's zone; the type stays. */
export function dateTrunc(type: ValueType, unit: TruncUnit): (vector: Vector) => Vector {
  const instants = new Instants(type);
  const seconds = SECONDS[unit];
  const ticks = seconds === undefined ? 0 : Math.round(seconds * instants.perSecond);
  // Finer than the type, or smaller than a day where there are only days.
  if (seconds !== undefined && (ticks < 1 || type.kind === "date")) return (vector) => vector;
  const truncate = seconds === undefined ? wholeDays(instants, unit) : wholeTicks(instants, ticks);
  const at: Instant = { day: 0, tick: 0 };
  return (vector) => {
    if (vector.kind === "num") {
      const values = new Float64Array(vector.values.length);
      for (let i = 0; i < values.length; i++) {
        if (!isValid(vector, i)) continue;
        instants.fromNumber(vector.values[i], at);
        truncate(at);
        values[i] = instants.toNumber(at);
      }
      return { kind: "num", values, valid: vector.valid };
    }
    const from = vector.values as BigArray;
    const values = new BigInt64Array(from.length);
    for (let i = 0; i < values.length; i++) {
      if (!isValid(vector, i)) continue;
      instants.fromBigint(from[i], at);
      truncate(at);
      values[i] = instants.toBigint(at);
    }
    return { kind: "big", values, valid: vector.valid };
  };
}

/** Hours and less: the wall clock is cut, and what it differs from UTC by stays that of the instant. */
function wholeTicks(instants: Instants, ticks: number): (at: Instant) => void {
  return (at) => {
    const offset = instants.offset(at);
    instants.shift(at, offset);
    at.tick -= at.tick % ticks;
    instants.shift(at, -offset);
  };
}

/** Days and more begin at the first instant of a day in the zone, be it midnight or, where a clock skips that, later. */
function wholeDays(instants: Instants, unit: TruncUnit): (at: Instant) => void {
  // Rows in order of time mostly share their day with the one before.
  let day = Number.NaN;
  let first = 0;
  return (at) => {
    instants.shift(at, instants.offset(at));
    if (at.day !== day) {
      day = at.day;
      first = firstDay(day, unit);
    }
    at.day = first;
    at.tick = 0;
    if (instants.zone === null) return;
    instants.shift(at, -offsetAtMidnight(instants.zone, at.day * 86_400));
  };
}

/** What the wall clock differs from UTC by when it first shows `midnight`, or when it skips it. */
function offsetAtMidnight(zone: TimeZone, midnight: number): number {
  const before = zone.offsetAt(midnight - 86_400);
  const after = zone.offsetAt(midnight + 86_400);
  // The greater offset belongs to the earlier instant.
  for (const offset of [Math.max(before, after), Math.min(before, after)])
    if (zone.offsetAt(midnight - offset) === offset) return offset;
  return before;
}

function firstDay(day: number, unit: TruncUnit): number {
  if (unit === "day") return day;
  if (unit === "week") return mondayOf(day);
  const { year, month } = civilFromDays(day);
  if (unit === "month") return daysFromCivil(year, month, 1);
  if (unit === "quarter") return daysFromCivil(year, month - ((month - 1) % 3), 1);
  return daysFromCivil(year, 1, 1);
}

/** A part of an instant by the wall clock of the type's zone. */
export function extract(type: ValueType, part: DatePart): (vector: Vector) => NumVector {
  const instants = new Instants(type);
  const at: Instant = { day: 0, tick: 0 };
  const read = part === "epoch" ? null : PARTS[part];
  return (vector) => {
    const from = vector.values as BigArray | Float64Array;
    const values = new Float64Array(from.length);
    for (let i = 0; i < values.length; i++) {
      if (!isValid(vector, i)) continue;
      const ticks = from[i];
      if (read === null) {
        values[i] = type.kind === "date" ? Number(ticks) * 86_400 : Number(ticks) / instants.perSecond;
        continue;
      }
      if (typeof ticks === "bigint") instants.fromBigint(ticks, at);
      else instants.fromNumber(ticks, at);
      instants.shift(at, instants.offset(at));
      values[i] = read(at.day, Math.floor(at.tick / instants.perSecond));
    }
    return { kind: "num", values, valid: vector.valid };
  };
}

const PARTS: Readonly<Record<Exclude<DatePart, "epoch">, (day: number, second: number) => number>> = {
  year: (day) => civilFromDays(day).year,
  quarter: (day) => Math.floor((civilFromDays(day).month - 1) / 3) + 1,
  month: (day) => civilFromDays(day).month,
  week: (day) => isoWeek(day),
  day: (day) => civilFromDays(day).day,
  dayOfWeek: (day) => dayOfWeek(day),
  dayOfYear: (day) => day - daysFromCivil(civilFromDays(day).year, 1, 1) + 1,
  hour: (_, second) => Math.floor(second / 3600),
  minute: (_, second) => Math.floor(second / 60) % 60,
  second: (_, second) => second % 60,
};
