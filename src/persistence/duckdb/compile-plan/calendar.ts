import type { DatePart, TruncUnit } from "../../../query/expression.ts";
import type { ValueType } from "../../../query/value-type.ts";
import { sqlType } from "../column-types.ts";
import { quoteText } from "../identifiers.ts";
import { type Compiled, NotCompiled } from "./compiled.ts";

type Timestamp = Extract<ValueType, { kind: "timestamp" }>;

const WHOLE_DAYS: ReadonlySet<TruncUnit> = new Set(["year", "quarter", "month", "week", "day"]);

const PARTS: Readonly<Record<Exclude<DatePart, "epoch">, string>> = {
  year: "year",
  quarter: "quarter",
  month: "month",
  week: "week",
  day: "day",
  dayOfWeek: "dow",
  dayOfYear: "doy",
  hour: "hour",
  minute: "minute",
  second: "second",
};

/** Rounds a date or timestamp down in the zone of its field, and keeps its type. */
export function dateTrunc(x: Compiled, unit: TruncUnit): Compiled {
  const { type } = x;
  if (type.kind === "date") return { sql: `CAST(date_trunc('${unit}', ${x.sql}) AS DATE)`, type };
  const at = type as Timestamp;
  const zone = zoneOf(at);
  // Within a day some zones have an hour twice: which of them is meant is not the engine's to guess.
  if (zone !== null && !WHOLE_DAYS.has(unit)) throw new NotCompiled(`dateTrunc to the ${unit} in the zone ${at.timezone}`);
  const wall = `date_trunc('${unit}', ${wallClock(x, at, zone)})`;
  const utc = zone === null ? wall : `timezone('UTC', timezone(${zone}, ${wall}))`;
  if (at.unit === "ns") return { sql: `make_timestamp_ns(epoch_us(${utc}) * 1000)`, type };
  return { sql: at.timezone === null ? `CAST(${utc} AS ${sqlType(at)})` : `timezone('UTC', ${utc})`, type };
}

export function extract(x: Compiled, part: DatePart, type: ValueType): Compiled {
  const isDate = x.type.kind === "date";
  if (part === "epoch") {
    if (isDate) throw new NotCompiled("the epoch of a date");
    const { unit } = x.type as Timestamp;
    const ticks = {
      s: `epoch_us(${x.sql}) // 1000000`,
      ms: `epoch_ms(${x.sql})`,
      us: `epoch_us(${x.sql})`,
      ns: `epoch_ns(${x.sql})`,
    };
    const per = { s: "1", ms: "1e3", us: "1e6", ns: "1e9" };
    return { sql: `(CAST(${ticks[unit]} AS DOUBLE) / CAST(${per[unit]} AS DOUBLE))`, type };
  }
  const at = isDate ? x.sql : wallClock(x, x.type as Timestamp, zoneOf(x.type as Timestamp));
  return { sql: `date_part('${PARTS[part]}', ${at})`, type, range: [-300_000n, 300_000n] };
}

/** The zone as SQL writes it; null for none and UTC, where the wall clock is UTC's. */
function zoneOf({ timezone }: Timestamp): string | null {
  if (timezone === null || timezone === "UTC") return null;
  if (!/^[A-Za-z]/.test(timezone)) throw new NotCompiled(`calendars of the offset ${timezone}`);
  return quoteText(timezone);
}

/** A TIMESTAMP of what the clocks of the zone show. */
function wallClock({ sql }: Compiled, { unit, timezone }: Timestamp, zone: string | null): string {
  const utc =
    unit === "ns"
      ? `make_timestamp((epoch_ns(${sql}) - ((epoch_ns(${sql}) % 1000) + 1000) % 1000) // 1000)`
      : timezone === null
        ? `CAST(${sql} AS TIMESTAMP)`
        : `timezone('UTC', ${sql})`;
  return zone === null ? utc : `timezone(${zone}, timezone('UTC', ${utc}))`;
}
