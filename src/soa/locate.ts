import { CHUNK_SHIFT, type Chunk } from "./chunk.ts";

/**
 * The chunk of a row index. While every chunk but the last is full, the index says it by its
 * high bits; adopted Arrow batches of other lengths leave a binary search.
 */
export function locate(chunks: readonly Chunk[], row: number): Chunk {
  const guess = chunks[row >>> CHUNK_SHIFT];
  if (guess !== undefined && row >= guess.start && row - guess.start < guess.capacity) return guess;
  let low = 0;
  let high = chunks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (chunks[middle].start <= row) low = middle;
    else high = middle - 1;
  }
  return chunks[low];
}
