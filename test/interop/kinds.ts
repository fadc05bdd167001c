/**
 * The types of columns that are compared with other tools, and their values as exact text: the form in which both sides of
 * every comparison are written. It is made here, from random bits, without a reader or writer of Faun's.
 */

import {
  binary,
  bool,
  category,
  date,
  decimal,
  enumOf,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "faun";

export type Random = () => number;

/**
 * | kind of value | its text |
 * | --- | --- |
 * | bool | true, false |
 * | integers | decimal digits |
 * | floats | their bits, most significant first, in hexadecimal digits; "nan" for every NaN |
 * | text | itself |
 * | binary | hexadecimal digits |
 * | date | days since 1970 |
 * | timestamp | nanoseconds since 1970, whatever the unit |
 * | decimal | digits, with as many behind the point as the scale says |
 */
export interface Kind<V = unknown> {
  readonly field: () => unknown;
  readonly edges: readonly string[];
  readonly random: (random: Random) => string;
  /** The value that Faun takes. */
  readonly parse: (text: string) => V;
  /** The text of a value that Faun gave. */
  readonly format: (value: V) => string;
}

/** A number from 0 to 2^64 - 1, small ones as likely as large ones. */
function bits64(random: Random): bigint {
  const word = () => BigInt(Math.floor(random() * 2 ** 32));
  return ((word() << 32n) | word()) >> BigInt(Math.floor(random() * 64));
}

const between = (random: Random, min: bigint, max: bigint): bigint =>
  min + (((bits64(random) << 64n) | bits64(random)) % (max - min + 1n));
const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

const integer = (field: () => unknown, min: bigint, max: bigint): Kind<number> => ({
  field,
  edges: [min, max, 0n, 1n, max / 2n, max - 1n, min + 1n].map(String),
  random: (random) => String(between(random, min, max)),
  parse: Number,
  format: String,
});

const integer64 = (field: () => unknown, min: bigint, max: bigint): Kind<bigint> => ({
  field,
  edges: [min, max, 0n, 1n, max / 2n, max - 1n, min + 1n, 2n ** 53n, 2n ** 53n + 1n].map(String),
  random: (random) => String(between(random, min, max)),
  parse: BigInt,
  format: String,
});

const float = (field: () => unknown, bytes: 4 | 8, edges: readonly number[]): Kind<number> => {
  const view = new DataView(new ArrayBuffer(8));
  const format = (value: number): string => {
    if (Number.isNaN(value)) return "nan";
    if (bytes === 4) view.setFloat32(0, value);
    else view.setFloat64(0, value);
    return hex(new Uint8Array(view.buffer, 0, bytes));
  };
  const parse = (text: string): number => {
    if (text === "nan") return Number.NaN;
    new Uint8Array(view.buffer).set(unhex(text));
    return bytes === 4 ? view.getFloat32(0) : view.getFloat64(0);
  };
  const random = (next: Random): string => {
    // Half of them amounts, half of them any bits.
    if (next() < 0.5) return format(Math.round(next() * 1e6) / 100);
    return format(
      parse(
        bits64(next)
          .toString(16)
          .padStart(16, "0")
          .slice(-2 * bytes),
      ),
    );
  };
  return { field, edges: edges.map(format), random, parse, format };
};

const WORDS = [
  "",
  " ",
  "a",
  "ä€𐍈",
  "e\u0301",
  "\u0000",
  "line\nbreak\ttab",
  '"quoted", \\back\\',
  "null",
  "NaN",
  "שלום",
  "日本語",
  "👩‍👩‍👧‍👧",
  "x".repeat(5000),
];

const text = (field: () => unknown, values: (random: Random) => string, edges: readonly string[]): Kind<string> => ({
  field,
  edges,
  random: values,
  parse: (value) => value,
  format: (value) => value,
});

/** Of the year 1 and of 9999: what Python's and Java's calendars, and SQL's, all know. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
const NANOS_A_DAY = 86_400_000_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;

const NANOS = { s: 1_000_000_000n, ms: 1_000_000n, us: 1_000n, ns: 1n } as const;

function instant(unit: keyof typeof NANOS, timezone?: string): Kind<bigint> {
  const nanos = NANOS[unit];
  // 64 bits of nanoseconds begin in 1677 and end in 2262. The very first is what NumPy calls no time.
  const [min, max] =
    unit === "ns"
      ? [-MAX_INT64, MAX_INT64]
      : [(BigInt(FIRST_DAY) * NANOS_A_DAY) / nanos, (BigInt(LAST_DAY + 1) * NANOS_A_DAY) / nanos - 1n];
  const texts = (ticks: bigint) => String(ticks * nanos);
  const options = timezone === undefined ? ({ mode: "bigint" } as const) : ({ mode: "bigint", timezone } as const);
  return {
    field: () => timestamp(unit, options),
    edges: [min, max, 0n, 1n, -1n, 1_763_453_000n * (1_000_000_000n / nanos)].map(texts),
    random: (random) => texts(between(random, min, max)),
    parse: (value) => BigInt(value) / nanos,
    format: texts,
  };
}

function exact(precision: number, scale: number): Kind<string> {
  const limit = 10n ** BigInt(precision) - 1n;
  const format = (unscaled: bigint): string => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
    const point = digits.length - scale;
    return `${unscaled < 0n ? "-" : ""}${digits.slice(0, point)}${scale === 0 ? "" : `.${digits.slice(point)}`}`;
  };
  return {
    field: () => decimal(precision, scale),
    edges: [limit, -limit, 0n, 1n, -1n, limit - 1n].map(format),
    random: (random) => format(between(random, -limit, limit)),
    parse: (value) => value,
    format: (value) => value,
  };
}

const STATUS = ["Pending", "Shipped", "Zurückgesandt", "never used", "with space"] as const;

/** By name; the name is also the column's, behind `r_` where it is required and `n_` where it is nullable. */
export const KINDS: Readonly<Record<string, Kind>> = {
  bool: {
    field: bool,
    edges: ["true", "false"],
    random: (random) => String(random() < 0.5),
    parse: (value) => value === "true",
    format: String,
  },
  u8: integer(u8, 0n, 255n),
  u16: integer(u16, 0n, 65_535n),
  u32: integer(u32, 0n, 4_294_967_295n),
  u64: integer64(u64, 0n, 2n ** 64n - 1n),
  i8: integer(i8, -128n, 127n),
  i16: integer(i16, -32_768n, 32_767n),
  i32: integer(i32, -(2n ** 31n), 2n ** 31n - 1n),
  i64: integer64(i64, -(2n ** 63n), MAX_INT64),
  f32: float(f32, 4, [0, -0, 1, -1.5, 2 ** -149, 3.4028234663852886e38, Infinity, -Infinity, Number.NaN]),
  f64: float(f64, 8, [0, -0, 0.1, -1.5, 5e-324, Number.MAX_VALUE, Infinity, -Infinity, Number.NaN]),
  utf8: text(utf8, (random) => `${pick(random, WORDS).slice(0, 40)} ${Math.floor(random() * 1000)}`, WORDS),
  category: text(category, (random) => `category ${Math.floor(random() * 300)}`, ["", "ä€𐍈", "NULL"]),
  enum: text(
    () => enumOf(...STATUS),
    (random) =>
      pick(
        random,
        STATUS.filter((status) => status !== "never used"),
      ),
    ["Zurückgesandt", "Pending"],
  ),
  binary: {
    field: binary,
    edges: ["", "00", "ff", "00ff00ff", "ab".repeat(3000)],
    random: (random) => hex(Uint8Array.from({ length: Math.floor(random() * 20) }, () => Math.floor(random() * 256))),
    parse: unhex,
    format: hex,
  } as Kind<Uint8Array>,
  date: {
    field: date,
    edges: [FIRST_DAY, LAST_DAY, 0, -1, 1, -141_428, -141_427, 11_016].map(String),
    random: (random) => String(between(random, BigInt(FIRST_DAY), BigInt(LAST_DAY))),
    parse: (days) => isoDay(Number(days)),
    format: (iso) => String(Date.parse(`${iso}T00:00:00Z`) / 86_400_000),
  } as Kind<string>,
  ts_s: instant("s"),
  ts_ms: instant("ms"),
  ts_us: instant("us"),
  ts_ns: instant("ns"),
  ts_s_utc: instant("s", "UTC"),
  ts_ms_utc: instant("ms", "UTC"),
  ts_us_berlin: instant("us", "Europe/Berlin"),
  ts_ns_kolkata: instant("ns", "Asia/Kolkata"),
  dec_7_2: exact(7, 2),
  dec_18_6: exact(18, 6),
  dec_38_10: exact(38, 10),
  dec_38_0: exact(38, 0),
} as Readonly<Record<string, Kind>>;

function isoDay(days: number): string {
  const iso = new Date(days * 86_400_000).toISOString();
  return iso.slice(0, iso.indexOf("T"));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function unhex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, "hex"));
}
