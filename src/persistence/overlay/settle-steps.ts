import { recordBatchesOf } from "../../arrow/table.ts";
import type { EntityRow } from "../../entity/types.ts";
import { appendRows } from "../../soa/copy-rows.ts";
import { SoA } from "../../soa/soa.ts";
import type { Step } from "../change-steps.ts";
import { type KeyId, keyId } from "../key-id.ts";
import { forEachKey } from "../step-rows.ts";
import type { HasBelow, Overlay } from "./overlay.ts";

/**
 * The steps as what they come to, now that it is known which keys are there: an upsert becomes an update of the rows
 * that are and an append of those that are not, and a deletion names rows that are. So they mean the same whenever
 * they are made again, without a look at the rows below. Before `overlay.apply`. O(rows of the steps).
 */
export function settleSteps(overlay: Overlay, steps: readonly Step[], hasBelow: HasBelow): Step[] {
  const changed = new Map<KeyId, boolean>();
  let cleared = false;
  return steps.flatMap((step, i): Step[] => {
    if (step.kind === "clear") {
      changed.clear();
      cleared = true;
      return [step];
    }
    const last = i === steps.length - 1;
    if (step.kind === "append" || step.kind === "update") {
      if (!last && step.rows.schema.key !== null)
        forEachKey(step.rows, (key) => {
          changed.set(keyId(key), true);
        });
      return [step];
    }
    const there: number[] = [];
    const absent: number[] = [];
    forEachKey(step.rows, (key, chunk, at) => {
      const { index } = step.rows.schema.key as { index: number };
      const has =
        changed.get(keyId(key)) ??
        (!cleared && (overlay.settles(step.rows.codecs[index], chunk.columns[index], at) ?? hasBelow(key, step.kind)));
      (has ? there : absent).push(chunk.start + at);
      if (!last) changed.set(keyId(key), step.kind !== "delete");
    });
    if (step.kind === "delete") return there.length === 0 ? [] : [{ kind: "delete", rows: without(step.rows, absent) }];
    const parts: Step[] = [];
    if (there.length > 0) parts.push({ kind: "update", rows: without(step.rows, absent) });
    if (absent.length > 0) {
      const rows = without(step.rows, there);
      parts.push({ kind: "append", rows, batches: recordBatchesOf(rows), ours: true });
    }
    return parts;
  });
}

/** The rows but for some. The kernel itself where there are none of those. */
function without(rows: SoA<EntityRow>, left: readonly number[]): SoA<EntityRow> {
  if (left.length === 0) return rows;
  const copy = new SoA<EntityRow>(rows.entity, { access: rows.access });
  appendRows(copy, rows);
  for (const row of left) copy.deleteAt(row);
  return copy;
}
