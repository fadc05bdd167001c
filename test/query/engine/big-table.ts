import {
  category,
  date,
  Entity,
  enumOf,
  f32,
  f64,
  i8,
  i32,
  i64,
  Store,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "../../../src/index.ts";
import type { Literal } from "../../../src/query/expression.ts";

/** A column of every layout that a filter reads in place, with and without nulls. */
export class Big extends Entity("big", {
  id: u32(),
  tiny: u8(),
  signed: i8(),
  word: i32().nullable(),
  code: u16().nullable(),
  wide: u64(),
  safe: i64({ mode: "number" }).nullable(),
  float: f64(),
  single: f32().nullable(),
  status: enumOf("Pending", "Shipped", "Delivered", "Lost"),
  mood: enumOf("good", "bad").nullable(),
  city: category(),
  street: category({ codes: "u8" }).nullable(),
  day: date(),
  at: timestamp("ms").nullable(),
  note: utf8().nullable(),
}) {}

export type BigRow = Record<string, unknown>;

/** A generator of its own: the same rows in every run. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WIDE = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const FLOATS = [
  0,
  -0,
  1.5,
  -1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
];
const CITIES = ["Ulm", "Köln", "Zürich", "", "\u{1F98C}", "\uFFEE", "Ulmen"];

export interface BigTable {
  /** The same rows in both allocators. */
  readonly stores: readonly Store<Big>[];
  /** null where a row was deleted. */
  readonly rows: readonly (BigRow | null)[];
}

/** The last of an enum's values is unused; with `deletions` a tenth of the rows is gone. */
export function bigTable(length: number, deletions: boolean): BigTable {
  const random = randomOf(7);
  const int = (n: number) => Math.floor(random() * n);
  const pick = <V>(values: readonly V[]): V => values[int(values.length)] as V;
  const maybe = <V>(value: V): V | null => (random() < 0.1 ? null : value);
  const rows: (BigRow | null)[] = [];
  for (let i = 0; i < length; i++) {
    rows.push({
      id: i,
      tiny: int(256),
      signed: int(256) - 128,
      word: maybe(pick([-(2 ** 31), 2 ** 31 - 1, 0, int(100) - 50])),
      code: maybe(int(500)),
      wide: random() < 0.5 ? pick(WIDE) : BigInt(int(1000)),
      safe: maybe(pick([Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, int(1000) - 500, -(2 ** 32), 2 ** 32])),
      float: random() < 0.2 ? pick(FLOATS) : int(2000) / 8 - 100,
      single: maybe(random() < 0.2 ? pick([0, -0, Number.NaN, Number.POSITIVE_INFINITY]) : int(2000) / 8),
      status: pick(["Pending", "Shipped", "Delivered"]),
      mood: maybe(pick(["good", "bad"])),
      city: pick(CITIES),
      street: maybe(`street ${int(200)}`),
      day: pick(["1970-01-01", "2024-02-29", "-000001-12-31", "2024-03-01"]),
      at: maybe(new Date(pick([0, -1, 1_700_000_000_000, 8.64e15, int(1e9)]))),
      note: maybe(pick(["a", "ab", "b%", "ä", ""])),
    });
  }
  const stores = [new Store(Big), new Store(Big, { allocator: "shared" })];
  for (const store of stores) store.addBatch(rows as never);
  for (let i = 0; deletions && i < length; i++) {
    if (random() >= 0.1) continue;
    for (const store of stores) store.deleteAt(i);
    rows[i] = null;
  }
  return { stores, rows };
}

export const column = (name: string) => ({ op: "column", name }) as const;

/** A value of a row as a constant of a plan. */
export function literal(value: unknown): Literal {
  if (value === null) return { op: "literal", type: "null" };
  if (value instanceof Date) return { op: "literal", type: "instant", value: value.toISOString() };
  switch (typeof value) {
    case "bigint":
      return { op: "literal", type: "bigint", value: String(value) };
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return { op: "literal", type: "number", value };
      return { op: "literal", type: "number", value: Object.is(value, -0) ? "-0" : (String(value) as "NaN") };
    case "boolean":
      return { op: "literal", type: "bool", value };
    default:
      return { op: "literal", type: "string", value: value as string };
  }
}

const ORDER: Readonly<Record<string, readonly string[]>> = {
  status: ["Pending", "Shipped", "Delivered", "Lost"],
  mood: ["good", "bad"],
};

/** Order of two values of a column, neither null: the rules of the language in the plainest words. */
export function compareValues(name: string, a: unknown, b: unknown): number {
  const enumeration = ORDER[name];
  if (enumeration !== undefined) return enumeration.indexOf(a as string) - enumeration.indexOf(b as string);
  if (name === "day") return dayNumber(a as string) - dayNumber(b as string);
  if (typeof a === "string") return compareUtf8(a, b as string);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

/** By UTF-8 bytes, which is by code points. */
function compareUtf8(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [i, character] of left.entries()) {
    if (i === right.length) return 1;
    if (character !== right[i]) return character.codePointAt(0)! - right[i]!.codePointAt(0)!;
  }
  return left.length - right.length;
}

const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Equal for equal values of a column, and for no others: NaN is NaN here, and -0 is 0. */
export function identity(value: unknown): string | number | bigint {
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (typeof value === "number") return value + 0;
  return typeof value === "bigint" ? value : `${typeof value} ${value}`;
}
