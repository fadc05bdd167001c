import { canGenerate, generate } from "../entity/codegen.ts";
import { RowGoneError } from "../errors.ts";
import { Chunk } from "./chunk.ts";
import type { RowViews } from "./row-view.ts";

/** Chunks in row order, of which rows up to row index `end` are meant. */
export interface Span {
  readonly chunks: readonly Chunk[];
  readonly end: number;
}

/** Walks the rows that are there, span by span, in row order. */
export class Cursor {
  readonly #spans: readonly Span[];
  #span = 0;
  #next = 0;
  chunk: Chunk;
  /** Rows of `chunk` to visit. */
  limit = 0;
  row = 0;

  constructor(entity: string, spans: readonly Span[]) {
    this.#spans = spans;
    this.chunk = nowhere(entity);
  }

  /** Moves to the first row from `row` of the chunk on that is there, and says whether there was one. */
  seek(row: number): boolean {
    for (let at = row; ; at = 0) {
      if (this.limit > 0 && this.chunk.gone)
        throw new RowGoneError(this.chunk.entity, "the store was compacted or cleared while its rows were being iterated");
      while (at < this.limit && this.chunk.isDead(at)) at++;
      if (at < this.limit) {
        this.row = at;
        return true;
      }
      if (!this.#advance()) break;
    }
    this.chunk = nowhere(this.chunk.entity);
    this.limit = 0;
    this.row = 0;
    return false;
  }

  #advance(): boolean {
    for (; this.#span < this.#spans.length; this.#span++, this.#next = 0) {
      const { chunks, end } = this.#spans[this.#span];
      const chunk = chunks[this.#next];
      if (chunk === undefined || chunk.start >= end) continue;
      this.#next++;
      this.chunk = chunk;
      this.limit = Math.min(chunk.length, end - chunk.start);
      return true;
    }
    return false;
  }
}

/** A chunk without rows: a view of it tells that its row is gone. */
function nowhere(entity: string): Chunk {
  const chunk = new Chunk(entity, [], 0, 0, null);
  chunk.markGone();
  return chunk;
}

export type RowIteratorFactory<T> = (cursor: Cursor) => IterableIterator<T>;

/**
 * Iterators over views. After the last row `next()` gives `done` with a view of no row, which throws when
 * read: one shape of result for every step is what lets V8 do without allocating views in a loop.
 */
export function rowIterators<T>(views: RowViews<T>): RowIteratorFactory<T> {
  if (canGenerate && views.direct !== null) return generate<RowIteratorFactory<T>>(SOURCE, { View: views.direct });
  const { view } = views;
  return (cursor) => ({
    [Symbol.iterator]() {
      return this;
    },
    next() {
      if (!cursor.seek(cursor.row)) return { done: true, value: undefined };
      return { done: false, value: view(cursor.chunk, cursor.row++) };
    },
  });
}

// Made anew for each entity, so that its loop sees one class of view.
const SOURCE = `
class RowIterator {
  constructor(cursor) { this.cursor = cursor; this.chunk = cursor.chunk; this.limit = 0; this.row = 0; }
  [Symbol.iterator]() { return this; }
  next() {
    let row = this.row, done = false;
    if (row >= this.limit || this.chunk.dead !== null) {
      const cursor = this.cursor;
      done = !cursor.seek(row);
      row = cursor.row; this.chunk = cursor.chunk; this.limit = cursor.limit;
    }
    this.row = row + 1;
    return { done, value: new View(this.chunk, row) };
  }
}
return (cursor) => new RowIterator(cursor);`;
