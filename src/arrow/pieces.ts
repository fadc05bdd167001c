import { CHUNK_ROWS } from "../soa/chunk.ts";

/** Batches of fewer rows are not worth a chunk of their own. */
export const SMALL_ROWS = 8192;

/** Some rows of a batch. */
export interface Piece {
  /** Index of the batch. */
  readonly batch: number;
  readonly from: number;
  readonly rows: number;
  /** The first of them within the whole input. */
  readonly firstRow: number;
}

export interface Groups {
  /** Pieces that become one chunk each. */
  readonly groups: Piece[][];
  /** There are only small pieces: they go behind the rows that are there, in chunks of any kind. */
  readonly coalesced: boolean;
}

/**
 * Cuts batches into pieces of at most a chunk, and puts runs of small ones together.
 * @param lengths rows of each batch
 * @param empty whether the kernel has no rows yet
 */
export function groupPieces(lengths: readonly number[], empty: boolean): Groups {
  const pieces: Piece[] = [];
  let firstRow = 0;
  lengths.forEach((length, batch) => {
    for (let from = 0; from < length; ) {
      const rows = pieceRows(length - from);
      pieces.push({ batch, from, rows, firstRow });
      from += rows;
      firstRow += rows;
    }
  });
  const coalesced = pieces.every((piece) => piece.rows < SMALL_ROWS) && !(empty && pieces.length === 1);
  const groups: Piece[][] = [];
  let small: Piece[] = [];
  let rows = 0;
  for (const piece of pieces) {
    if (piece.rows >= SMALL_ROWS) {
      groups.push([piece]);
      small = [];
      continue;
    }
    if (small.length === 0 || rows + piece.rows > CHUNK_ROWS) {
      small = [];
      rows = 0;
      groups.push(small);
    }
    small.push(piece);
    rows += piece.rows;
  }
  return { groups, coalesced };
}

/** A full chunk, unless that leaves a small rest: then half of both. Pieces begin at whole bytes of a bitmap. */
function pieceRows(left: number): number {
  if (left <= CHUNK_ROWS) return left;
  const rest = left - CHUNK_ROWS;
  return rest < SMALL_ROWS ? (left >>> 4) << 3 : CHUNK_ROWS;
}
