import { count, type RowsQuery, ShardedStore, type SourceQuery, Store, sum } from "faun";
import type { Equal, Expect } from "./assert.ts";
import { Order } from "./entity.ts";

const orders = new Store(Order);
const sharded = new ShardedStore(Order);
const kept = orders.snapshot();

type Elements<Q> = Q extends Iterable<infer R> ? R : "not iterable";
const pending = orders.where((o) => o.status.eq("Pending"));
export type _rows = Expect<Equal<Elements<typeof pending>, Order>>;
export type _array = Expect<Equal<ReturnType<typeof pending.toArray>, Order[]>>;
export type _flavour = Expect<typeof pending extends RowsQuery<infer _C, Order> ? true : false>;
export const changed: number = pending.where((o) => o.total.gt(1)).update({ status: "Shipped" }) + pending.delete();
export const changedShards: number = sharded.where((o) => o.total.gt(1)).update({ note: null });

const page = pending.orderBy("total", "desc").limit(10);
export type _page = Expect<typeof page extends SourceQuery<infer _C, Order> ? true : false>;
const byStatus = kept.groupBy("status").aggregate({ revenue: sum("total"), orders: count() });
export type _byStatus = Expect<
  Equal<Elements<typeof byStatus>, { status: "Pending" | "Shipped"; revenue: number; orders: number }>
>;
export type _first = Expect<
  Equal<ReturnType<typeof byStatus.first>, { status: "Pending" | "Shipped"; revenue: number; orders: number } | undefined>
>;
const columns = byStatus.toColumns();
export type _columns = Expect<Equal<typeof columns.revenue, number[]>>;

export const counted: number = pending.count();
const total = pending.sum("total");
export type _sum = Expect<Equal<typeof total, number | null>>;
const wide = orders.sum((o) => o.account.mul(o.orderId));
export type _wide = Expect<Equal<typeof wide, bigint | null>>;
const latest = orders.max("placed");
export type _max = Expect<Equal<typeof latest, Date | null>>;
const least = pending.min((o) => o.label);
export type _min = Expect<Equal<typeof least, string | null>>;
const mean = orders.avg("tries");
export type _avg = Expect<Equal<typeof mean, number | null>>;

/** Over any entity that has what it asks for. */
export function countPending<T extends Order>(store: Store<T>): number {
  return [...store].length;
}

export function doesNotCompile() {
  // @ts-expect-error text has no sum
  orders.sum("note");
  // @ts-expect-error rows that were cut are none to change
  page.delete();
  // @ts-expect-error nor are those of a snapshot
  kept.where((o) => o.total.gt(1)).update({ note: null });
  // @ts-expect-error the key is read-only
  pending.update({ orderId: 1n });
  // @ts-expect-error no such status
  pending.update({ status: "Lost" });
  // @ts-expect-error no such column
  kept.orderBy("totl");
}
