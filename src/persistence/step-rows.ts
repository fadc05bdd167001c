import { SMALL_ROWS } from "../arrow/pieces.ts";
import { readArrow } from "../arrow/read.ts";
import type { EntityRow } from "../entity/types.ts";
import type { Chunk } from "../soa/chunk.ts";
import { appendRows } from "../soa/copy-rows.ts";
import { findRow } from "../soa/find-row.ts";
import { locate } from "../soa/locate.ts";
import type { SoA } from "../soa/soa.ts";
import type { Step } from "./change-steps.ts";

type Kernel = SoA<EntityRow>;

/** Adds the rows of a step: large batches are adopted as they are, few rows copied. */
export function appendStep(to: Kernel, { rows, batches }: Step & { kind: "append" }): void {
  if (rows.size < SMALL_ROWS) appendRows(to, rows);
  else if (batches.length > 0) readArrow(to, batches);
}

/** The rows of a step by where they lie. */
export function* places(rows: Kernel): Generator<{ chunk: Chunk; at: number }> {
  for (const chunk of rows.chunkList) for (let at = 0; at < chunk.length; at++) if (!chunk.isDead(at)) yield { chunk, at };
}

/** Reads the key of each row. */
export function forEachKey(rows: Kernel, visit: (key: unknown, chunk: Chunk, at: number) => void): void {
  const { index } = rows.schema.key as { index: number };
  for (const { chunk, at } of places(rows)) visit(rows.codecs[index].read(chunk.columns[index], at), chunk, at);
}

/** Finds the row of `storage` with each row's key; -1 where there is none. */
export function forEachFound(storage: Kernel, rows: Kernel, visit: (row: number, chunk: Chunk, at: number) => void): void {
  const { index } = rows.schema.key as { index: number };
  for (const { chunk, at } of places(rows)) visit(findRow(storage, rows.codecs[index], chunk.columns[index], at), chunk, at);
}

/** Writes the fields that `rows` carries, but for the key, over those of row `row` of `storage`. */
export function overwrite(storage: Kernel, row: number, rows: Kernel, chunk: Chunk, at: number): void {
  const target = locate(storage.chunkList, row);
  rows.codecs.forEach((codec, i) => {
    if (codec.field.key) return;
    const { index } = storage.schema.field(codec.field.name);
    storage.codecs[index].overwrite(storage.own(target, index), row - target.start, codec.read(chunk.columns[i], at));
  });
}
