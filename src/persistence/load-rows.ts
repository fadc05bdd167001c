import type { RecordBatch } from "apache-arrow";
import { ArrowReader } from "../arrow/read.ts";
import type { EntityRow } from "../entity/types.ts";
import { CHUNK_ROWS } from "../soa/chunk.ts";
import { appendRows } from "../soa/copy-rows.ts";
import { SoA } from "../soa/soa.ts";
import type { Batches } from "./backend.ts";
import { Slices } from "./event-loop.ts";

/** Takes a part of the rows. */
export type TakeBatches = (batches: readonly RecordBatch[]) => void;

/**
 * Hands stored rows on by the chunk, small batches together, and lets the event loop have its turns in between: indexing
 * the keys of millions of rows takes a while.
 */
export async function inChunks(batches: Batches, take: TakeBatches): Promise<void> {
  const slices = new Slices();
  let waiting: RecordBatch[] = [];
  let rows = 0;
  const flush = () => {
    if (rows > 0) take(waiting);
    waiting = [];
    rows = 0;
  };
  for await (const batch of batches) {
    if (batch.numRows === 0) continue;
    if (rows + batch.numRows > CHUNK_ROWS) flush();
    waiting.push(batch);
    rows += batch.numRows;
    if (rows >= CHUNK_ROWS) flush();
    await slices.next();
  }
  flush();
}

/**
 * Adds stored rows to a kernel, over the stored bytes where those fit; chunk by chunk, so that the event loop is not held
 * up. When it fails, the rows before are there: for a kernel that nobody sees yet. O(rows) for keys and text, else O(chunks).
 * @param total rows there will be, as far as that is known: makes room for their keys at once
 * @throws what the batches throw; SchemaMismatchError, TypeConversionError, DuplicateKeyError
 */
export async function loadRows<T extends EntityRow>(soa: SoA<T>, batches: Batches, total = 0): Promise<void> {
  const reader = new ArrowReader(soa);
  await inChunks(batches, (some) => {
    reader.read(some);
    reserveKeys(soa, total);
  });
}

/** As {@link loadRows}, into columns of the kernel's own: for one whose columns must lie where its allocator puts them. */
export async function copyInRows<T extends EntityRow>(soa: SoA<T>, batches: Batches, total = 0): Promise<void> {
  await inChunks(batches, (some) => {
    const read = new SoA<T>(soa.entity);
    new ArrowReader(read).read(some);
    appendRows(soa, read);
    reserveKeys(soa, total);
  });
}

function reserveKeys<T extends EntityRow>({ index, chunkList, length }: SoA<T>, total: number): void {
  if (total > length) index?.reserve(chunkList, length, total - length);
}
