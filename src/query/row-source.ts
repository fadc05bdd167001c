import type { EntitySchema } from "../entity/schema.ts";
import type { Chunk } from "../soa/chunk.ts";
import type { Rows } from "../soa/rows.ts";
import type { QuerySource } from "./engine/source.ts";

/** Rows that queries are asked of: a store's, a snapshot's. Each run takes them as they are then. */
export interface RowSource<T = unknown> {
  readonly schema: EntitySchema;
  open(): QuerySource;
  /** The rows as they are now, whatever is written later. O(1) a kernel. */
  pin(): Rows;
  /** A view of a row of what `open` gave. */
  view(chunk: Chunk, row: number): T;
  /** Changes rows by their row index; absent where rows are read-only or row indices are not those of one kernel. */
  readonly writer?: RowsWriter;
}

export interface RowsWriter {
  /** Whether positions are row indices for whoever asks; not so where several kernels lie behind each other. */
  readonly indexed: boolean;
  /** Positions count the rows of all chunks, deleted ones too. All is checked before a row is written. */
  update(positions: Uint32Array, patch: Readonly<Record<string, unknown>>): void;
  delete(positions: Uint32Array): void;
}

/** Views of rows given by their positions among those of all chunks. O(positions + chunks) for ascending ones. */
export function viewsAt<T>(rows: Rows, positions: Uint32Array, view: (chunk: Chunk, row: number) => T): T[] {
  const { chunks, places } = locatePositions(rows, positions);
  const views = new Array<T>(positions.length);
  for (let i = 0; i < positions.length; i++) views[i] = view(rows.chunkList[chunks[i]!]!, places[i]!);
  return views;
}

/** The chunk and the place in it of each position. */
export function locatePositions({ chunkList }: Rows, positions: Uint32Array): { chunks: Uint32Array; places: Uint32Array } {
  const starts = new Float64Array(chunkList.length + 1);
  for (let i = 0; i < chunkList.length; i++) starts[i + 1] = starts[i]! + chunkList[i]!.length;
  const chunks = new Uint32Array(positions.length);
  const places = new Uint32Array(positions.length);
  let at = 0;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    if (position < starts[at]! || position >= starts[at + 1]!) at = chunkOf(starts, position);
    chunks[i] = at;
    places[i] = position - starts[at]!;
  }
  return { chunks, places };
}

/** The last chunk that begins at or before the position and has rows. */
function chunkOf(starts: Float64Array, position: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
