import { civilFromDays, daysFromCivil } from "./calendar.ts";

/** Seconds to add to UTC for the wall clock of a zone, at UTC seconds since 1970. */
export interface TimeZone {
  offsetAt(utcSeconds: number): number;
}

const zones = new Map<string, TimeZone>();

/** null for wall-clock times and UTC. `name` was accepted by the declaration of a field. */
export function timeZone(name: string | null): TimeZone | null {
  if (name === null || name === "UTC" || name === "Etc/UTC") return null;
  let zone = zones.get(name);
  if (zone === undefined) {
    const fixed = /^([+-])(\d\d):(\d\d)$/.exec(name);
    zone =
      fixed === null
        ? new NamedZone(name)
        : fixedZone((fixed[1] === "-" ? -60 : 60) * (Number(fixed[2]) * 60 + Number(fixed[3])));
    zones.set(name, zone);
  }
  return zone;
}

const fixedZone = (offset: number): TimeZone => ({ offsetAt: () => offset });

const DAY = 86_400;
/** What the platform's calendar reaches, in seconds. */
const MAX_SECONDS = 8_640_000_000_000 - 2 * DAY;

interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** A zone of the platform's data. Its transitions are found once a year of instants, by bisection, as they are needed. */
class NamedZone implements TimeZone {
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, Span[]>();
  #last: Span = { from: 0, to: 0, offset: 0 };

  constructor(name: string) {
    const two = "2-digit";
    this.#format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone: name,
      era: "short",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
      hourCycle: "h23",
    });
  }

  offsetAt(utcSeconds: number): number {
    const at = Math.min(Math.max(utcSeconds, -MAX_SECONDS), MAX_SECONDS);
    if (at >= this.#last.from && at < this.#last.to) return this.#last.offset;
    const { year } = civilFromDays(Math.floor(at / DAY));
    let spans = this.#years.get(year);
    if (spans === undefined) {
      spans = this.#spansOf(year);
      this.#years.set(year, spans);
    }
    this.#last = spans.find((span) => at < span.to) ?? spans[spans.length - 1];
    return this.#last.offset;
  }

  #spansOf(year: number): Span[] {
    const end = daysFromCivil(year + 1, 1, 1) * DAY;
    const spans: Span[] = [];
    let from = daysFromCivil(year, 1, 1) * DAY;
    let offset = this.#ask(from);
    // No zone changes its offset and back within four days.
    for (let at = from; at < end; ) {
      const next = Math.min(at + 4 * DAY, end);
      const then = this.#ask(next);
      if (then !== offset) {
        let low = at;
        let high = next;
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          if (this.#ask(middle) === offset) low = middle;
          else high = middle;
        }
        spans.push({ from, to: high, offset });
        from = high;
        offset = then;
      }
      at = next;
    }
    spans.push({ from, to: end, offset });
    return spans;
  }

  #ask(utcSeconds: number): number {
    const at = Math.min(Math.max(utcSeconds, -MAX_SECONDS), MAX_SECONDS);
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(at * 1000)) parts[type] = value;
    const year = parts.era === "BC" || parts.era === "B" ? 1 - Number(parts.year) : Number(parts.year);
    const days = daysFromCivil(year, Number(parts.month), Number(parts.day));
    return days * DAY + Number(parts.hour) * 3600 + Number(parts.minute) * 60 + Number(parts.second) - at;
  }
}
