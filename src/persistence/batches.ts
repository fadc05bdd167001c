import type { RecordBatch } from "apache-arrow";
import { UnsupportedError, ValidationError } from "../errors.ts";
import type { Batches, OperationOptions, Progress } from "./backend.ts";

/** All batches, in order, looking at the signal and telling the progress after each. */
export async function collectBatches(
  batches: Batches,
  options: OperationOptions = {},
  done: Progress = { rows: 0, bytes: 0 },
): Promise<RecordBatch[]> {
  const { signal, onProgress } = options;
  const all: RecordBatch[] = [];
  signal?.throwIfAborted();
  for await (const batch of batches) {
    signal?.throwIfAborted();
    if (batch.numRows > 0) all.push(batch);
    done.rows += batch.numRows;
    done.bytes += bytesOf(batch);
    onProgress?.({ ...done });
  }
  signal?.throwIfAborted();
  return all;
}

/** A batch of another copy of the library may be put together otherwise. */
export function bytesOf(batch: RecordBatch): number {
  return (batch.data?.children ?? []).reduce((bytes, child) => bytes + (child?.byteLength ?? 0), 0);
}

/** The same rows in batches of at most `rows` rows, over the same buffers. */
export async function* cutBatches(batches: Batches, rows: number): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    if (batch.numRows <= rows) yield batch;
    else for (let from = 0; from < batch.numRows; from += rows) yield batch.slice(from, Math.min(from + rows, batch.numRows));
  }
}

/** @throws ValidationError where `batches` cannot be iterated */
export function assertBatches(entity: string, batches: unknown): void {
  const iterable =
    typeof batches === "object" && batches !== null && (Symbol.iterator in batches || Symbol.asyncIterator in batches);
  // A Table iterates over its rows, not its batches.
  if (iterable && !("batches" in batches)) return;
  throw new ValidationError({
    entity,
    value: batches,
    expected: "an iterable or async iterable of Arrow record batches (table.batches for a Table)",
  });
}

/**
 * The batches as they come, each looked at: what has no number of rows would be taken for one without rows.
 * @throws ValidationError
 */
export async function* eachBatch(entity: string, batches: Batches): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    if (typeof (batch as Partial<RecordBatch> | null | undefined)?.numRows !== "number")
      throw new ValidationError({
        entity,
        value: batch,
        expected: "Arrow record batches; toRecordBatches() makes them of a store",
      });
    yield batch;
  }
}

/**
 * The `rows()` of a change. What is its own iterator, such as a generator, gives its items once: a backend that needs
 * them again is refused instead of being given nothing.
 */
export function rowsOnce(entity: string, batches: Batches): () => Batches {
  if (!("next" in batches)) return () => batches;
  let given = false;
  return () => {
    if (given)
      throw new UnsupportedError(
        `${entity}: the batches come from an iterator, which gives them once, and are needed again; give an array or another iterable`,
      );
    given = true;
    return batches;
  };
}
