import type { Codec } from "../columns/codec.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { Chunk } from "./chunk.ts";

/** Rows that can be read by chunk: a live kernel, or a snapshot of one. What Arrow, queries and storage work on. */
export interface Rows {
  readonly schema: EntitySchema;
  /** One a field, in the order of the declaration. */
  readonly codecs: readonly Codec[];
  /** Chunks in row order; each has `length` rows, some of which may be deleted. Not to be changed. */
  readonly chunkList: readonly Chunk[];
  /** Row indices in use, deleted rows included. */
  readonly length: number;
  /** Rows that are there. */
  readonly size: number;
}
