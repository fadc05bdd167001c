import {
  avg,
  binary,
  bool,
  category,
  count,
  countDistinct,
  date,
  decimal,
  Entity,
  enumOf,
  f32,
  f64,
  first,
  i64,
  last,
  max,
  min,
  type Query,
  type QueryColumns,
  query,
  type queryFromJson,
  stddev,
  sum,
  timestamp,
  u8,
  u32,
  u64,
  utf8,
} from "faun";
import type { Equal, Expect } from "./assert.ts";

export class Trade extends Entity("trades", {
  id: u64().key(),
  account: u64({ mode: "number" }),
  quantity: u32(),
  lots: u8().nullable(),
  big: i64().nullable(),
  price: f64(),
  weight: f32().nullable(),
  side: enumOf("buy", "sell"),
  venue: category().nullable(),
  note: utf8().nullable(),
  live: bool(),
  hash: binary(),
  fee: decimal(10, 2),
  cents: decimal(10, 2, { mode: "bigint" }),
  day: date(),
  at: timestamp("ms"),
  nanos: timestamp("ns").nullable(),
  ticks: timestamp("ms", { mode: "number" }),
}) {
  get value() {
    return this.price * this.quantity;
  }
}

const trades = query(Trade);
type RowsOf<Q> = Q extends Query<infer _ extends QueryColumns, infer R> ? R : "no query";

// Rows stay of the class until something is selected.
const filtered = trades
  .where((t) => t.side.eq("buy").and(t.price.gt(200)))
  .orderBy("at", "desc")
  .thenBy("id")
  .limit(10)
  .offset(5);
export type _rows = Expect<Equal<RowsOf<typeof filtered>, Trade>>;

const named = filtered.select("id", "note", "side");
export type _named = Expect<Equal<RowsOf<typeof named>, { id: bigint; note: string | null; side: "buy" | "sell" }>>;
const distinct = trades.select("venue").distinct();
export type _distinct = Expect<Equal<RowsOf<typeof distinct>, { venue: string | null }>>;

const computed = trades.select((t) => ({
  key: t.id,
  gross: t.price.mul(t.quantity),
  lots: t.lots.add(1),
  wide: t.quantity.add(t.id),
  mixed: t.quantity.mul(2.5),
  whole: t.quantity.mul(2).intDiv(3),
  maybeZero: t.quantity.mod(t.quantity),
  never: t.quantity.mod(7),
  floats: t.price.mod(t.weight),
  quotient: t.id.div(t.quantity),
  double: t.id.add(0.5),
  fee: t.fee.mul(t.quantity),
  feeText: t.fee.mul("1.19"),
  feeNumber: t.fee.mul(1.19),
  cents: t.cents.add(t.cents),
  centsText: t.cents.mul("2"),
  both: t.cents.add(t.fee),
  negated: t.big.neg(),
  month: t.at.dateTrunc("month"),
  week: t.day.dateTrunc("week"),
  hour: t.nanos.extract("hour"),
  epoch: t.at.extract("epoch"),
  large: t.price.gt(100),
  maybe: t.lots.gt(1).or(t.live),
  known: t.lots.isNull(),
}));
export type _computed = Expect<
  Equal<
    RowsOf<typeof computed>,
    {
      key: bigint;
      gross: number;
      lots: number | null;
      wide: bigint;
      mixed: number;
      whole: number;
      maybeZero: number | null;
      never: number;
      floats: number | null;
      quotient: number;
      double: number;
      fee: string;
      feeText: string;
      feeNumber: number;
      cents: bigint;
      centsText: bigint;
      both: string;
      negated: bigint | null;
      month: Date;
      week: string;
      hour: number | null;
      epoch: number;
      large: boolean;
      maybe: boolean | null;
      known: boolean;
    }
  >
>;

// Groups are never empty: what cannot be null stays so, unless a filter may leave nothing.
const grouped = trades
  .groupBy("side", "venue")
  .aggregate((t) => ({
    n: count(),
    venues: countDistinct(t.venue),
    quantity: sum("quantity"),
    big: sum(t.big),
    gross: sum(t.price.mul(t.quantity)),
    fees: sum("fee"),
    cents: sum("cents"),
    least: min("side"),
    latest: max("at"),
    mean: avg("quantity"),
    spread: stddev("quantity"),
    opening: first("price").orderBy("at"),
    closing: last(t.note).orderBy(t.at),
    live: sum("quantity").where(t.live),
  }))
  .having((g) => g.n.gt(3).and(g.fees.gt("100.00")))
  .orderBy("gross", "desc");
export type _grouped = Expect<
  Equal<
    RowsOf<typeof grouped>,
    {
      side: "buy" | "sell";
      venue: string | null;
      n: number;
      venues: number;
      quantity: number;
      big: bigint | null;
      gross: number;
      fees: string;
      cents: bigint;
      least: "buy" | "sell";
      latest: Date;
      mean: number;
      spread: number | null;
      opening: number;
      closing: string | null;
      live: number | null;
    }
  >
>;

const monthly = trades.groupBy((t) => ({ month: t.at.dateTrunc("month") })).aggregate({ n: count() });
export type _monthly = Expect<Equal<RowsOf<typeof monthly>, { month: Date; n: number }>>;

// Over everything there may be nothing.
const total = trades.aggregate({ n: count(), quantity: sum("quantity"), best: max("price") });
export type _total = Expect<Equal<RowsOf<typeof total>, { n: number; quantity: number | null; best: number | null }>>;

// A second aggregation sees the first one's columns.
const again = monthly.aggregate({ months: count(), most: max("n") }).select((r) => ({ twice: r.most.mul(2) }));
export type _again = Expect<Equal<RowsOf<typeof again>, { twice: number | null }>>;

export type _untyped = Expect<Equal<RowsOf<ReturnType<typeof queryFromJson>>, Record<string, unknown>>>;

/** What compiles, by the type of the column. */
export function compiles() {
  trades.where((t) => t.id.eq(1n).or(t.id.eq(1), t.id.lt(t.price)));
  trades.where((t) => t.side.in(["buy"]).and(t.side.eq(t.note)));
  trades.where((t) => t.nanos.gt(new Date(0)).and(t.nanos.gt(0n), t.at.le(t.nanos), t.ticks.lt(5)));
  trades.where((t) => t.cents.eq(100n).or(t.fee.eq("1.00"), t.fee.eq(1), t.fee.eq(t.cents)));
  trades.where((t) => t.hash.eq(Uint8Array.of(1)).and(t.day.between("2024-01-01", "2024-12-31")));
  trades.where((t) => t.live);
  trades.orderBy((t) => t.price.mul(t.quantity), "desc", { nulls: "first" });
}

export function doesNotCompile() {
  // @ts-expect-error null equals nothing
  trades.where((t) => t.note.eq(null));
  // @ts-expect-error no value of the enum
  trades.where((t) => t.side.eq("bought"));
  // @ts-expect-error no value of the enum
  trades.where((t) => t.side.in(["buy", "bought"]));
  // @ts-expect-error a number is no text
  trades.where((t) => t.note.startsWith(1));
  // @ts-expect-error text beside a number
  trades.where((t) => t.price.gt("1"));
  // @ts-expect-error columns of two kinds
  trades.where((t) => t.price.gt(t.note));
  // @ts-expect-error numbers have no text operators
  trades.where((t) => t.price.startsWith("1"));
  // @ts-expect-error text has no arithmetic
  trades.select((t) => ({ x: t.note.add(1) }));
  // @ts-expect-error days have no hours
  trades.select((t) => ({ x: t.day.dateTrunc("hour") }));
  // @ts-expect-error floats have no intDiv
  trades.select((t) => ({ x: t.price.intDiv(2) }));
  // @ts-expect-error a bigint beside units would be ambiguous
  trades.select((t) => ({ x: t.cents.mul(2n) }));
  // @ts-expect-error no predicate
  trades.where((t) => t.price);
  // @ts-expect-error no predicate
  trades.where(() => true);
  // @ts-expect-error no such column
  trades.select("prise");
  // @ts-expect-error selected away
  trades.select("id").orderBy("price");
  // @ts-expect-error sum of text
  trades.aggregate({ x: sum("note") });
  // @ts-expect-error sum of text
  trades.aggregate((t) => ({ x: sum(t.note) }));
  // @ts-expect-error an aggregate is no expression over a row
  trades.select(() => ({ total: sum("quantity") }));
  // @ts-expect-error nor a condition
  trades.where(() => count());
  // @ts-expect-error nor an order
  trades.orderBy(sum("quantity"));
  // @ts-expect-error groups have no rows before aggregate
  trades.groupBy("side").select("side");
  // @ts-expect-error a number of rows
  trades.limit("10");
  // @ts-expect-error a number of rows
  trades.offset(1n);
  // @ts-expect-error a direction
  trades.orderBy("price", "down");
  // @ts-expect-error null equals nothing
  trades.where((t) => t.lots.in([1, null]));
  // @ts-expect-error a value of the field's type
  trades.where((t) => t.at.gt("2024-01-01"));
  const bySide = trades.groupBy("side").aggregate({ n: count() });
  // @ts-expect-error no such alias
  bySide.having((g) => g.m.gt(1));
  // @ts-expect-error the price was aggregated away
  bySide.orderBy("price");
  // @ts-expect-error plans are read-only
  trades.plan.steps.pop();
}
