import type { EntityRow } from "../entity/types.ts";
import { type QuerySource, sourceOf } from "../query/engine/source.ts";
import type { RowSource, RowsWriter } from "../query/row-source.ts";
import { type Workers, workerLimit } from "../query/workers/workers.ts";
import { patchChanges } from "../soa/changes.ts";
import { FrozenRows } from "../soa/frozen-rows.ts";
import type { RowAccess } from "../soa/row-access.ts";
import type { ShardRouter } from "../soa/shard-router.ts";
import type { SoA } from "../soa/soa.ts";
import { joinRows } from "./join-rows.ts";

/** A store's rows, to be asked and changed. */
export function kernelSource<T extends EntityRow>(kernel: SoA<T>, workers: Workers): RowSource<T> {
  return { ...readOnlySource(kernel, kernel.allocator.kind === "heap" ? 0 : workers), writer: kernelWriter(kernel) };
}

/** Rows of a kernel or a snapshot, to be asked. */
export function readOnlySource<T extends EntityRow>(rows: SoA<T> | FrozenRows<T>, workers: Workers = 0): RowSource<T> {
  return {
    schema: rows.schema,
    open: () => sourceOf(rows, workerLimit(workers)),
    pin: () => pinned(rows),
    view: rows.access.views.view,
  };
}

const pinned = <T extends EntityRow>(rows: SoA<T> | FrozenRows<T>): FrozenRows<T> =>
  rows instanceof FrozenRows ? rows : new FrozenRows(rows);

function kernelWriter<T extends EntityRow>(kernel: SoA<T>): RowsWriter {
  return {
    indexed: true,
    update: (positions, patch) => kernel.updateRows(positions, patch),
    delete: (positions) => {
      for (const row of positions) kernel.deleteAt(row);
    },
  };
}

/** The rows of all shards, one shard behind the other. */
export function shardsSource<T extends EntityRow>(
  access: RowAccess<T>,
  router: ShardRouter<T>,
  shards: readonly (SoA<T> | FrozenRows<T>)[],
  workers: Workers,
): RowSource<T> {
  const open = (): QuerySource => {
    const source = { rows: joinRows(access, shards), workers: workerLimit(workers) };
    if (access.schema.key === null) return source;
    return { ...source, findKey: (key) => sourceOf(shards[router.ofKey(key)]).findKey?.(key) ?? null };
  };
  return { schema: access.schema, open, pin: () => joinRows(access, shards.map(pinned)), view: access.views.view };
}

/** Changes rows of several kernels that lie one behind the other. */
export function shardsWriter<T extends EntityRow>(shards: readonly SoA<T>[]): RowsWriter {
  return {
    indexed: false,
    update: (positions, patch) => {
      // What one shard would refuse must stop all of them before the first is written.
      for (const shard of shards) shard.assertIdle();
      patchChanges(shards[0].schema, shards[0].codecs, patch);
      bySharded(shards, positions, (shard, rows) => shard.updateRows(rows, patch));
    },
    delete: (positions) => {
      for (const shard of shards) shard.assertIdle();
      bySharded(shards, positions, (shard, rows) => {
        for (const row of rows) shard.deleteAt(row);
      });
    },
  };
}

/** Ascending positions among the rows of all shards, as the row indices of each. */
function bySharded<T extends EntityRow>(
  shards: readonly SoA<T>[],
  positions: Uint32Array,
  change: (shard: SoA<T>, rows: Uint32Array) => void,
): void {
  let from = 0;
  let start = 0;
  for (const shard of shards) {
    const end = start + shard.length;
    let to = from;
    while (to < positions.length && positions[to] < end) to++;
    if (to > from)
      change(
        shard,
        positions.slice(from, to).map((position) => position - start),
      );
    from = to;
    start = end;
  }
}
