import type { Chunk } from "../../soa/chunk.ts";
import { locate } from "../../soa/locate.ts";
import type { Rows } from "../../soa/rows.ts";

/** A row by the chunk that holds it. */
export interface RowPosition {
  readonly chunk: Chunk;
  readonly row: number;
}

/** What a plan is run on. */
export interface QuerySource {
  readonly rows: Rows;
  /** Finds the row with a key without reading others; null where there is none. Absent where there is no index. */
  readonly findKey?: (key: unknown) => RowPosition | null;
  /** How many other threads may take part in a scan; absent: none. */
  readonly workers?: number;
}

/** Rows whose key index gives row indices: a kernel or the rows of a snapshot. */
export type IndexedRows = Rows & { find(key: unknown): number };

export function sourceOf(rows: IndexedRows, workers = 0): QuerySource {
  return {
    rows,
    workers,
    findKey: (key) => {
      const row = rows.find(key);
      if (row < 0) return null;
      const chunk = locate(rows.chunkList, row);
      return { chunk, row: row - chunk.start };
    },
  };
}
