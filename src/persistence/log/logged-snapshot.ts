import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../../entity/schema.ts";
import { UnsupportedError } from "../../errors.ts";
import type { BoundExpression, BoundPlan } from "../../query/bound.ts";
import { batchStats, type MemoryStats } from "../../store/memory-stats.ts";
import type { BackendSnapshot, OperationOptions, ScanOptions, Version } from "../backend.ts";
import type { OverlayView } from "../overlay/overlay-view.ts";
import { fieldIndices, fieldsOf, scanNeeds } from "../scan-needs.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** The rows at one version: a checkpoint and what was committed since. */
export class LoggedSnapshot implements BackendSnapshot {
  readonly version: Version;
  readonly schema: EntitySchema;
  /** Bottom first. */
  readonly #views: readonly OverlayView[];
  #checkpoint: Checkpoint | null;

  /** @param checkpoint retained for this snapshot, which releases it */
  constructor(version: Version, schema: EntitySchema, checkpoint: Checkpoint, views: readonly OverlayView[]) {
    this.version = version;
    this.schema = schema;
    this.#checkpoint = checkpoint;
    this.#views = views;
  }

  async count(): Promise<bigint> {
    const { rows } = this.#open();
    return BigInt(this.#views.reduce((count, view) => view.countOver(count), rows));
  }

  /** O(1), but for what was committed since the checkpoint, which the totals count and a format's own details do not. */
  async stats(): Promise<MemoryStats> {
    const stats = this.#open().stats();
    if (this.#views.every((view) => view.isEmpty)) return stats;
    let { totalBytes, totalRows, numBatches } = stats;
    for (const view of this.#views) {
      if (view.cleared) totalBytes = numBatches = 0;
      totalRows = view.countOver(totalRows);
      numBatches += view.appended.chunkList.length;
      for (const chunk of view.appended.chunkList) for (const column of chunk.columns) totalBytes += column.byteLength;
    }
    return { ...stats, ...batchStats(totalBytes, totalRows, numBatches) };
  }

  async *scan(options: ScanOptions = {}): AsyncGenerator<RecordBatch> {
    const checkpoint = this.#open();
    const wanted = fieldIndices(this.schema, options.columns ?? this.schema.fields.map(({ name }) => name));
    const { indices, where } = this.#below(wanted, options.where ?? null);
    const columns = indices.map((index) => this.schema.fields[index].name);
    let batches: AsyncIterable<RecordBatch> = checkpoint.scan({ ...options, columns, where });
    for (const view of this.#views) batches = view.over(batches, columns);
    const keep = indices.length > wanted.length ? indices.flatMap((index, i) => (wanted.includes(index) ? [i] : [])) : null;
    // Not select(), which leaves the children where they were.
    for await (const batch of batches) yield keep === null ? batch : (batch.selectAt(keep) as RecordBatch);
  }

  /** What is to be read of the checkpoint for these fields of the rows for which a condition holds. */
  #below(
    wanted: readonly number[],
    where: BoundExpression | null,
  ): { indices: readonly number[]; where: BoundExpression | null } {
    const key = this.schema.key?.index ?? -1;
    // Rows below that are other than they were are found by their keys.
    const keyed = !wanted.includes(key) && this.#views.some((view) => view.touchesBelow);
    const read = where === null ? new Set<number>() : fieldsOf(where);
    return {
      indices: keyed ? [...wanted, key].sort((a, b) => a - b) : wanted,
      // What statistics say of rows is not true of those that changed.
      where: this.#views.some((view) => view.changes(read)) ? null : where,
    };
  }

  async explain(plan: BoundPlan, _options?: OperationOptions): Promise<string> {
    const checkpoint = this.#open();
    const needs = scanNeeds(plan);
    const { indices, where } = this.#below(fieldIndices(this.schema, needs.columns), needs.where);
    const columns = indices.map((index) => this.schema.fields[index].name);
    const cleared = this.#views.some((view) => view.cleared);
    const lines = cleared
      ? [`${this.schema.name}: nothing of the checkpoint is read, for all its rows were removed since`]
      : [checkpoint.explain(columns, where)];
    if (!cleared && where !== needs.where)
      lines.push("row groups cannot be ruled out: rows have changed since in what the query asks for");
    const since = this.#views.filter((view) => !view.isEmpty);
    if (since.length > 0) {
      const count = (of: (view: OverlayView) => number) => since.reduce((sum, view) => sum + of(view), 0).toLocaleString("en-US");
      lines.push(
        `committed since the checkpoint: ${count((view) => view.appended.size)} rows added, ` +
          `${count((view) => view.changedBelow)} changed, ${count((view) => view.deletedBelow)} deleted`,
      );
    }
    return lines.join("\n");
  }

  async close(): Promise<void> {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = null;
    await checkpoint?.release();
  }

  #open(): Checkpoint {
    if (this.#checkpoint === null)
      throw new UnsupportedError(`${this.schema.name}: this snapshot of the storage is closed; take another`);
    return this.#checkpoint;
  }
}
