import { Entity, f64, type PatchOf, Store, u64, utf8 } from "faun";
import type { Equal, Expect } from "./assert.ts";
import { Order } from "./entity.ts";

const orders = new Store(Order);
export type _inferred = Expect<Equal<typeof orders, Store<Order>>>;

export const row: number = orders.add({ orderId: 1n, account: 2, status: "Pending", total: 3 });
orders.add(new Order({ orderId: 1n, account: 2, status: "Pending", total: 3 }));
orders.addBatch([{ orderId: 1n, account: 2, status: "Pending", total: 3 }]);
orders.addBatch(orders);
orders.get(1n)?.ship();
export type _view = Expect<Equal<ReturnType<typeof orders.at>, Order | undefined>>;
export type _chunks = Expect<Equal<ReturnType<typeof orders.filter>, Order[]>>;
export const found: boolean = orders.has(1n);
orders.update(1n, { status: "Shipped" });
orders.upsert({ orderId: 1n, account: 2, status: "Pending", total: 3 });
for (const order of orders) order.ship();
orders.kernel.chunks("total");
orders.kernel.rawArray("orderId");

/** Works over any entity's store. */
export function idsOf<T extends Order>(store: Store<T>): bigint[] {
  return [...store].map((order) => order.orderId);
}
idsOf(orders);

class Reading extends Entity("readings", { value: f64(), note: utf8().nullable() }) {}
const readings = new Store(Reading);
readings.add({ value: 1 });
readings.at(0)?.with({ note: "x" });

class Named extends Entity("named", { name: utf8().key(), weight: u64() }) {}
const named = new Store(Named);
named.get("a");
export type _patch = Expect<Equal<PatchOf<Named>, { weight?: bigint }>>;

// @ts-expect-error the key is a bigint
orders.get(1);
// @ts-expect-error the key is a bigint
orders.has("1");
// @ts-expect-error the key is a string
named.delete(1n);
// @ts-expect-error a key is needed
orders.get();
// @ts-expect-error this entity has no key
readings.get(1n);
// @ts-expect-error the row of another entity
orders.add(new Reading({ value: 1 }));
// @ts-expect-error a missing field
orders.add({ orderId: 1n, account: 2, status: "Pending" });
// @ts-expect-error an unknown field
orders.add({ orderId: 1n, account: 2, status: "Pending", total: 3, colour: "red" });
// @ts-expect-error not a value of the enum
orders.add({ orderId: 1n, account: 2, status: "Shiped", total: 3 });
// @ts-expect-error an update cannot change the key
orders.update(1n, { orderId: 2n });
// @ts-expect-error a field that is not declared
orders.update(1n, { colour: "red" });
// @ts-expect-error a column that is not declared
orders.kernel.chunks("colour");
// @ts-expect-error not an entity class
new Store(class {});
// @ts-expect-error a getter is no column
orders.kernel.rawArray("isHighValue");
