import { enumOf, type Init, type Row, timestamp, u64, utf8 } from "faun";
import type { Equal, Expect } from "./assert.ts";

const fields = {
  id: u64().key(),
  status: enumOf("New", "Paid"),
  placed: timestamp("us"),
  note: utf8().nullable(),
};

export type _row = Expect<
  Equal<Row<typeof fields>, { readonly id: bigint; status: "New" | "Paid"; placed: bigint; note: string | null }>
>;
export type _init = Expect<
  Equal<Init<typeof fields>, { id: bigint; status: "New" | "Paid"; placed: bigint; note?: string | null | undefined }>
>;

// @ts-expect-error a timestamp of microseconds does not fit a Date
timestamp("us", { mode: "date" }).default(1n);

// An index changes no value type, wherever it stands.
const indexed = { customer: u64().index(), note: utf8().nullable().index(), state: enumOf("on", "off").index().nullable() };
export type _indexedRow = Expect<
  Equal<Row<typeof indexed>, { customer: bigint; note: string | null; state: "on" | "off" | null }>
>;
export type _indexedInit = Expect<
  Equal<Init<typeof indexed>, { customer: bigint; note?: string | null | undefined; state?: "on" | "off" | null | undefined }>
>;
