import { schemaOf } from "../../../src/entity/entity.ts";
import type { EntityRow } from "../../../src/entity/types.ts";
import { bindPlan } from "../../../src/query/bind.ts";
import { execute } from "../../../src/query/engine/execute.ts";
import { sourceOf } from "../../../src/query/engine/source.ts";
import type { Plan } from "../../../src/query/plan.ts";
import { joinRows } from "../../../src/store/join-rows.ts";
import type { ShardedStore } from "../../../src/store/sharded-store.ts";
import { Store } from "../../../src/store/store.ts";
import type { Row } from "./compare.ts";
import type { Dataset } from "./dataset.ts";

/** Answers a plan on a store, over all shards of one that has some, with up to `workers` threads. */
export function answer({ store, entity }: Dataset, plan: Plan, workers = 0): readonly Row[] {
  const source = store instanceof Store ? sourceOf(store.kernel) : { rows: joined(store), workers };
  return execute(bindPlan(plan, schemaOf(entity)), source).toRows() as Row[];
}

function joined(store: ShardedStore<EntityRow>) {
  const kernels = Array.from({ length: store.shardCount }, (_, i) => store.shard(i).kernel);
  return joinRows(kernels[0]!.access, kernels);
}
