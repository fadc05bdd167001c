import { inspect } from "node:util";
import { ArrowPersistence, Entity, f64, PersistentStore, ShardedStore, Store, u32, ValidationError } from "faun";
import { expect, test } from "vitest";

class Sample extends Entity("samples", { id: u32().key(), level: f64() }) {}

test("stores print as what they are, without their columns", async () => {
  const store = new Store(Sample);
  store.add({ id: 1, level: 0.5 });
  const sharded = new ShardedStore(Sample, { shards: 3 });
  const persistent = await PersistentStore.open(new ArrowPersistence(Sample));
  expect(inspect(store)).toBe("Store(samples) { size: 1 }");
  expect(inspect({ store: store.snapshot() })).toBe("{ store: Snapshot(samples) { size: 1 } }");
  expect(inspect(sharded)).toBe("ShardedStore(samples) { size: 0 }");
  expect(inspect(sharded.snapshot())).toBe("ShardedSnapshot(samples) { size: 0 }");
  expect(inspect(persistent)).toBe("PersistentStore(samples) { size: 0 }");
  await persistent.close();
});

test("a predicate that is no function is refused, also where there are no rows", () => {
  const stores = [new Store(Sample), new Store(Sample).snapshot(), new ShardedStore(Sample), new ShardedStore(Sample).snapshot()];
  for (const store of stores) expect(() => store.filter(1 as never)).toThrow(ValidationError);
});
