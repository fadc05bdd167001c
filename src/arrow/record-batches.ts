import type { RecordBatch } from "apache-arrow";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import { ValidationError } from "../errors.ts";
import type { Rows } from "../soa/rows.ts";
import { SoA, type SoAOptions } from "../soa/soa.ts";
import { type ArrowInput, readArrow } from "./read.ts";
import { recordBatchesOf, type ToArrowOptions } from "./table.ts";

/** What has rows to hand out: a kernel, a store, or a snapshot of one. */
export type ArrowSource = Rows | { readonly kernel: Rows } | { readonly rows: Rows };

export const isArrowSource = (source: unknown): source is ArrowSource =>
  typeof source === "object" && source !== null && ("chunkList" in source || "kernel" in source || "rows" in source);

/** @throws ValidationError for what has none */
export function rowsOf(source: ArrowSource): Rows {
  if (!isArrowSource(source))
    throw new ValidationError({ entity: "rows for Arrow", value: source, expected: "a store, its kernel, or a snapshot" });
  if ("chunkList" in source) return source;
  return "kernel" in source ? source.kernel : source.rows;
}

/**
 * The rows as apache-arrow record batches over the bytes of the columns, one per chunk, unaffected by later writes.
 * Chunks with deleted rows are copied without them.
 */
export function toRecordBatches(source: ArrowSource, options?: ToArrowOptions): RecordBatch[] {
  return recordBatchesOf(rowsOf(source), options);
}

/**
 * A kernel of the rows of record batches (or of anything else that `Store.fromArrow` takes).
 * @throws SchemaMismatchError, TypeConversionError, DuplicateKeyError, ArrowError
 */
export function fromRecordBatches<T extends EntityRow>(
  entity: EntityClass<T>,
  batches: ArrowInput,
  options?: SoAOptions<T>,
): SoA<T> {
  const soa = new SoA<T>(entity, options);
  readArrow(soa, batches);
  return soa;
}
