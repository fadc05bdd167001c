import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TimeUnit } from "../../src/entity/field-type.ts";
import { base64FromBytes, bytesFromBase64 } from "../../src/entity/values/base64.ts";
import { daysFromIso, isoFromDays, MAX_DAYS, MIN_DAYS } from "../../src/entity/values/date.ts";
import { canonicalDecimal, textFromUnscaled, unscaledFromText } from "../../src/entity/values/decimal.ts";
import {
  dateFromTicks,
  isoFromTicks,
  MAX_INT64,
  MIN_INT64,
  ticksFromDate,
  ticksFromIso,
} from "../../src/entity/values/timestamp.ts";

const MAX_DATE_DAYS = 100_000_000;
const DAY_MS = 86_400_000;

/** Days of a civil date by counting leap years in BigInt: another road than the one under test. */
function oracleDays(year: bigint, month: number, day: number): bigint {
  const floorDiv = (a: bigint, b: bigint) => (a >= 0n ? a / b : -((-a + b - 1n) / b));
  const before = year - 1n;
  const leaps = floorDiv(before, 4n) - floorDiv(before, 100n) + floorDiv(before, 400n);
  const isLeap = year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n);
  const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const inYear = lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0) + day - 1;
  return before * 365n + leaps + BigInt(inYear) - 719_162n;
}

describe("days", () => {
  test("agree with Date wherever a Date reaches", () => {
    fc.assert(
      fc.property(fc.integer({ min: -MAX_DATE_DAYS, max: MAX_DATE_DAYS }), (days) => {
        const iso = new Date(days * DAY_MS).toISOString().slice(0, -14);
        expect(isoFromDays(days)).toBe(iso);
        expect(daysFromIso(iso)).toBe(days);
      }),
      { numRuns: 5000 },
    );
  });

  test("agree with Date on every day of 1600 to 2400", () => {
    for (let days = Date.UTC(1600, 0, 1) / DAY_MS; days < Date.UTC(2400, 0, 1) / DAY_MS; days++) {
      const iso = new Date(days * DAY_MS).toISOString().slice(0, 10);
      if (isoFromDays(days) !== iso || daysFromIso(iso) !== days) expect.fail(`day ${days}: ${isoFromDays(days)} is not ${iso}`);
    }
  });

  test("round-trip over the whole Int32 and mean the day they say", () => {
    fc.assert(
      fc.property(fc.integer({ min: MIN_DAYS, max: MAX_DAYS }), (days) => {
        const iso = isoFromDays(days);
        const [, year, month, day] = /^([+-]?\d+)-(\d\d)-(\d\d)$/.exec(iso) as RegExpExecArray;
        expect(oracleDays(BigInt(Number(year)), Number(month), Number(day))).toBe(BigInt(days));
        expect(daysFromIso(iso)).toBe(days);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    [0, "1970-01-01"],
    [-1, "1969-12-31"],
    [11_016, "2000-02-29"],
    [-719_528, "0000-01-01"],
    [-719_529, "-000001-12-31"],
    [2_932_896, "9999-12-31"],
    [2_932_897, "+010000-01-01"],
    [MIN_DAYS, "-5877641-06-23"],
    [MAX_DAYS, "+5881580-07-11"],
  ])("day %i is %s", (days, iso) => {
    expect(isoFromDays(days)).toBe(iso);
    expect(daysFromIso(iso)).toBe(days);
  });

  test.each([
    "",
    "2024",
    "2024-2-29",
    "2023-02-29",
    "1900-02-29",
    "2024-04-31",
    "2024-13-01",
    "2024-00-10",
    "2024-01-00",
    "2024-01-32",
    "2024/01/01",
    "2024-01-01 ",
    " 2024-01-01",
    "2024-01-01T00:00:00Z",
    "20240-01-01",
    "+2024-01-01",
    "-000000-01-01",
    "+0010000-01-01",
    "2O24-01-01",
    "-5877641-06-22",
    "+5881580-07-12",
    "+999999999999-01-01",
    "+9999999999999-01-01",
    "٢٠٢٤-01-01",
  ])("%j is no day", (text) => {
    expect(daysFromIso(text)).toBeUndefined();
  });

  test("a signed form of a year with four digits is understood", () => {
    expect(daysFromIso("+001970-01-02")).toBe(1);
  });
});

const units: TimeUnit[] = ["s", "ms", "us", "ns"];
const perSecond = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n };
const int64 = fc.oneof(
  fc.bigInt({ min: MIN_INT64, max: MAX_INT64 }),
  fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
  fc.constantFrom(MIN_INT64, MAX_INT64, 0n, -1n),
);

describe("timestamps", () => {
  test.each(units)("in %s round-trip through ISO text over the whole Int64", (unit) => {
    fc.assert(
      fc.property(int64, (ticks) => {
        const iso = isoFromTicks(ticks, unit);
        expect(ticksFromIso(iso, unit)).toBe(ticks);
        const parts = /^([+-]?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z$/.exec(iso) as RegExpExecArray;
        const [hour, minute, second] = parts.slice(4, 7).map(BigInt) as [bigint, bigint, bigint];
        const days = oracleDays(BigInt(Number(parts[1])), Number(parts[2]), Number(parts[3]));
        const seconds = days * 86_400n + hour * 3600n + minute * 60n + second;
        expect(seconds * perSecond[unit] + BigInt(parts[7] ?? "0")).toBe(ticks);
        expect((parts[7] ?? "").length).toBe(String(perSecond[unit]).length - 1);
      }),
      { numRuns: 1000 },
    );
  });

  test("in ms read like Date.toISOString", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(isoFromTicks(BigInt(date.getTime()), "ms")).toBe(date.toISOString());
        expect(ticksFromIso(date.toISOString(), "ms")).toBe(BigInt(date.getTime()));
      }),
      { numRuns: 1000 },
    );
  });

  test.each(units)("in %s convert to and from Date, or not at all", (unit) => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const exact = BigInt(date.getTime()) * perSecond[unit];
        const ticks = ticksFromDate(date, unit);
        if (exact % 1000n !== 0n || exact / 1000n < MIN_INT64 || exact / 1000n > MAX_INT64) expect(ticks).toBeUndefined();
        else {
          expect(ticks).toBe(exact / 1000n);
          expect(dateFromTicks(ticks as bigint, unit)).toEqual(date);
        }
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(int64, (ticks) => {
        const date = dateFromTicks(ticks, unit);
        if (date !== undefined) expect(ticksFromDate(date, unit)).toBe(ticks);
        else {
          const lossless = (ticks * 1000n) % perSecond[unit] === 0n;
          const ms = (ticks * 1000n) / perSecond[unit];
          expect(lossless && ms >= -8_640_000_000_000_000n && ms <= 8_640_000_000_000_000n).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
    expect(ticksFromDate(new Date(Number.NaN), unit)).toBeUndefined();
  });

  test("take fewer digits, trailing zeros and offsets, and refuse digits finer than the unit", () => {
    expect(ticksFromIso("1970-01-01T00:00:01Z", "ns")).toBe(1_000_000_000n);
    expect(ticksFromIso("1970-01-01T00:00:01.5Z", "ms")).toBe(1500n);
    expect(ticksFromIso("1970-01-01T00:00:01.000Z", "s")).toBe(1n);
    expect(ticksFromIso("1970-01-01T02:00:00+02:00", "s")).toBe(0n);
    expect(ticksFromIso("1969-12-31T22:30:00-01:30", "s")).toBe(0n);
    expect(ticksFromIso("1970-01-01T00:00:01.001Z", "s")).toBeUndefined();
    expect(ticksFromIso("1970-01-01T00:00:00.0001Z", "ms")).toBeUndefined();
  });

  test.each([
    "",
    "1970-01-01",
    "1970-01-01T00:00:00",
    "1970-01-01T00:00Z",
    "1970-01-01T24:00:00Z",
    "1970-01-01T00:60:00Z",
    "1970-01-01T00:00:60Z",
    "1970-02-30T00:00:00Z",
    "1970-01-01t00:00:00z",
    "1970-01-01T00:00:00.Z",
    "1970-01-01T00:00:00+24:00",
    "1970-01-01T00:00:00Z ",
    "2262-04-11T23:47:16.854775808Z",
    "1677-09-21T00:12:43.145224191Z",
  ])("%j is no instant of an Int64 of ns", (text) => {
    expect(ticksFromIso(text, "ns")).toBeUndefined();
  });
});

const decimalType = fc
  .integer({ min: 1, max: 38 })
  .chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: precision })));

describe("decimals", () => {
  test("round-trip through text for every precision and scale", () => {
    fc.assert(
      fc.property(
        decimalType.chain(([precision, scale]) => {
          const limit = 10n ** BigInt(precision) - 1n;
          return fc.tuple(fc.constant(precision), fc.constant(scale), fc.bigInt({ min: -limit, max: limit }));
        }),
        ([precision, scale, value]) => {
          const text = textFromUnscaled(value, scale);
          expect(unscaledFromText(text, precision, scale)).toBe(value);
          expect(canonicalDecimal(text, precision, scale)).toBe(text);
          expect(text).toMatch(scale === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${scale}}$`));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("any digits are taken exactly if they fit, in whatever form they come", () => {
    const digitsOf = (max: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: max });
    fc.assert(
      fc.property(decimalType, fc.boolean(), digitsOf(12), digitsOf(12), ([precision, scale], negative, whole, fraction) => {
        const text = `${negative ? "-" : ""}${whole || "0"}${fraction === "" ? "" : `.${fraction}`}`;
        // The oracle scales up until every digit is an integer's, then divides.
        const exact = BigInt(`${negative ? "-" : ""}${whole || "0"}${fraction}`) * 10n ** BigInt(scale);
        const divisor = 10n ** BigInt(fraction.length);
        const unscaled = exact / divisor;
        const fits = exact % divisor === 0n && (unscaled < 0n ? -unscaled : unscaled) < 10n ** BigInt(precision);
        expect(unscaledFromText(text, precision, scale)).toBe(fits ? unscaled : undefined);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ["1", 4, 2, "1.00"],
    ["-0", 4, 2, "0.00"],
    ["-0.00", 4, 2, "0.00"],
    ["-0.01", 4, 2, "-0.01"],
    ["007.5", 4, 2, "7.50"],
    ["99.99000", 4, 2, "99.99"],
    ["0.5", 2, 2, "0.50"],
    ["-0", 3, 0, "0"],
    ["12.000", 2, 0, "12"],
  ])("%s of decimal(%i, %i) is held as %s", (text, precision, scale, canonical) => {
    expect(canonicalDecimal(text, precision, scale)).toBe(canonical);
  });

  test.each(["", "-", ".5", "5.", "+1", "1e2", "1,5", " 1", "1 ", "0x1", "NaN", "100", "-100.00", "1.001", "1.1.1", "--1", "١"])(
    "%j is no decimal(4, 2)",
    (text) => {
      expect(canonicalDecimal(text, 4, 2)).toBeUndefined();
    },
  );
});

describe("base64", () => {
  test("agrees with Buffer both ways", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(base64FromBytes(bytes)).toBe(text);
        expect(bytesFromBase64(text)).toEqual(bytes);
      }),
    );
  });

  test("takes more bytes than a call takes arguments", () => {
    const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => i * 7);
    const text = base64FromBytes(bytes);
    expect(text).toBe(Buffer.from(bytes).toString("base64"));
    expect(bytesFromBase64(text)).toEqual(bytes);
  });

  test.each(["A", "AA", "AAA", "AB==", "AAB=", "A===", "====", "AA=A", "A A=", "AA-_", "AAAé", "AAA\u{10400}"])(
    "%j is refused",
    (text) => {
      expect(bytesFromBase64(text)).toBeUndefined();
    },
  );
});
