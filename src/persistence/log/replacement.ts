import type { RecordBatch } from "apache-arrow";
import { readArrow } from "../../arrow/read.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityRow } from "../../entity/types.ts";
import { SoA } from "../../soa/soa.ts";
import type { Change, CommitOptions, Progress } from "../backend.ts";
import { bytesOf } from "../batches.ts";

/**
 * The batches of a commit that replaces all there is, to be written as they come; null where the commit is something
 * else, or where the rows must be seen whole before they are written. Of keyed rows the keys are kept until the end, to
 * find one that is there twice, unless the caller has seen to it.
 */
export function replacementOf(
  schema: EntitySchema,
  changes: readonly Change[],
  options: CommitOptions,
): AsyncGenerator<RecordBatch> | null {
  const [change] = changes;
  if (changes.length !== 1 || change.kind !== "replace") return null;
  const checked = options.checked === true;
  // How many distinct strings there are is known at the end only.
  if (!checked && schema.fields.some(({ type }) => type.kind === "category" && type.codes !== "u32")) return null;
  return batchesOf(schema, change, checked, options);
}

async function* batchesOf(
  schema: EntitySchema,
  change: Extract<Change, { kind: "append" | "upsert" | "replace" }>,
  checked: boolean,
  { signal, onProgress }: CommitOptions,
): AsyncGenerator<RecordBatch> {
  const { key } = schema;
  const keys = key === null || checked ? null : new SoA<EntityRow>(projectEntity(schema, [key.name]));
  const done: Progress = { rows: 0, bytes: 0 };
  signal?.throwIfAborted();
  for await (const batch of change.rows()) {
    signal?.throwIfAborted();
    if (keys !== null) readArrow(keys, [batch]);
    if (batch.numRows > 0) yield batch;
    done.rows += batch.numRows;
    done.bytes += bytesOf(batch);
    onProgress?.({ ...done });
  }
  signal?.throwIfAborted();
}
