// Runs in a page-like context, bundled (browser.test.ts). No node: import, no test library: it only gives what it saw.
import {
  ArrowPersistence,
  binary,
  category,
  Entity,
  enumOf,
  f64,
  PersistentStore,
  ShardedStore,
  Store,
  sum,
  timestamp,
  toArrowIPC,
  u64,
  utf8,
  ValidationError,
} from "faun";

class Order extends Entity("orders", {
  orderId: u64().key(),
  totalAmount: f64(),
  status: enumOf("Pending", "Shipped", "Delivered"),
  city: category(),
  note: utf8().nullable(),
  seal: binary().nullable(),
  placed: timestamp("ms"),
}) {
  ship() {
    this.status = "Shipped";
    return this;
  }
}

const order = (i: number) => ({
  orderId: BigInt(i),
  totalAmount: i / 2,
  status: i % 2 === 0 ? ("Delivered" as const) : ("Pending" as const),
  city: ["Zürich", "Łódź", "東京"][i % 3] as string,
  note: i % 4 === 0 ? null : `note 🦌 number ${i}, longer than what a loop decodes`,
  seal: new Uint8Array([i & 255]),
  placed: new Date(1_700_000_000_000 + i),
});

export async function smoke(): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const orders = Array.from({ length: 1_000 }, (_, i) => order(i));
  for (const allocator of ["heap", "shared"] as const) {
    const store = new Store(Order, { allocator });
    store.addBatch(orders);
    store.get(7n)?.ship();
    const before = store.snapshot();
    store.delete(8n);
    const back = Store.fromArrow(Order, toArrowIPC(store));
    seen[allocator] = {
      ship: store.get(7n)?.status,
      note: store.get(7n)?.note,
      arrow: before.toArrow().get(7)?.note,
      city: back.get(2n)?.city,
      sizes: [store.size, before.size, back.size],
      json: JSON.stringify(back.get(1n)),
      delivered: store
        .where((o) => o.status.eq("Delivered").and(o.totalAmount.lt(4)))
        .select("orderId")
        .toArray()
        .map((row) => String(row.orderId)),
      revenue: store
        .groupBy("status")
        .aggregate({ revenue: sum("totalAmount") })
        .orderBy("status")
        .toArray(),
      refusal: refusalOf(() => store.add({ ...order(2_000), status: "Lost" as never })),
    };
  }
  const sharded = new ShardedStore(Order, { shards: 3 });
  sharded.addBatch(orders);
  seen.sharded = [sharded.size, sharded.get(999n)?.totalAmount];

  const persistence = new ArrowPersistence(Order);
  const durable = await PersistentStore.open(persistence);
  await Promise.all(orders.map((each) => durable.add(each)));
  await durable.update(3n, (draft) => draft.ship());
  await durable.close();
  const reopened = await PersistentStore.open(persistence);
  seen.persistent = [reopened.size, reopened.get(3n)?.status];
  return seen;
}

function refusalOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof ValidationError ? error.code : String(error);
  }
}
