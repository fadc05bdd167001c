import type { Allocator } from "../columns/allocator.ts";
import type { Codec } from "../columns/codec.ts";
import { BLOCK_ROWS, CHUNK_ROWS, Chunk, type ChunkOwner, growingFields } from "./chunk.ts";

interface Source {
  readonly owner: ChunkOwner | null;
  readonly chunkList: readonly Chunk[];
  readonly codecs: readonly Codec[];
  readonly allocator: Allocator;
  readonly epoch: number;
}

/** Calls `visit` for every run of consecutive rows of a chunk that are there. */
export function liveRuns(chunk: Chunk, visit: (from: number, to: number) => void): void {
  if (chunk.deadCount === 0) {
    if (chunk.length > 0) visit(0, chunk.length);
    return;
  }
  for (let from = 0; from < chunk.length; ) {
    while (from < chunk.length && chunk.isDead(from)) from++;
    let to = from;
    while (to < chunk.length && !chunk.isDead(to)) to++;
    if (to > from) visit(from, to);
    from = to;
  }
}

/**
 * The chunks without their deleted rows. Chunks before the first deleted row are kept as they are
 * (`kept` of them); the rows of the others are copied into new ones.
 */
export function compactChunks(source: Source): { chunks: Chunk[]; kept: number } {
  const { chunkList, codecs, allocator, epoch } = source;
  let kept = 0;
  while (kept < chunkList.length && chunkList[kept].deadCount === 0) kept++;
  const chunks = chunkList.slice(0, kept);
  const growing = growingFields(codecs);
  const block = growing.length > 0 ? BLOCK_ROWS : CHUNK_ROWS;
  let rows = 0;
  for (let i = kept; i < chunkList.length; i++) rows += chunkList[i].length - chunkList[i].deadCount;

  let start = chunkList[kept]?.start ?? 0;
  let target: Chunk | null = null;
  const room = (): Chunk => {
    if (target !== null && target.length < target.capacity && !target.sealed) return target;
    const capacity = Math.min(CHUNK_ROWS, rows);
    const columns = codecs.map((codec) => codec.makeColumn(allocator, capacity, epoch));
    target = new Chunk(chunkList[0].entity, columns, start, capacity, source.owner);
    chunks.push(target);
    return target;
  };
  for (const chunk of chunkList.slice(kept)) {
    liveRuns(chunk, (from, to) => {
      for (let at = from; at < to; ) {
        const into = room();
        const count = Math.min(to - at, into.capacity - into.length, block);
        for (let i = 0; i < codecs.length; i++) into.columns[i].copyRows(chunk.columns[i], at, into.length, count);
        into.length += count;
        into.sealIfFull(growing, into.length);
        at += count;
        start += count;
        rows -= count;
      }
    });
  }
  return { chunks, kept };
}
