import type { Column } from "../../../columns/column.ts";
import { HeapAllocator } from "../../../columns/heap-allocator.ts";
import { locatePositions } from "../../../query/row-source.ts";
import type { Chunk } from "../../../soa/chunk.ts";
import { liveRuns } from "../../../soa/compact.ts";
import type { Binding, DataChunk } from "../binding.ts";
import { type ColumnWriter, columnWriter } from "../column-writer.ts";
import { VECTOR_ROWS } from "../vectors.ts";
import { blockRows, endBlock, writeLists, writeRowNumbers } from "./blocks.ts";
import type { SelectedRows } from "./live-source.ts";

/** Consecutive rows of a chunk. */
interface Run {
  readonly chunk: Chunk;
  readonly from: number;
  readonly count: number;
}

interface Block {
  readonly rows: number;
  /** What it is made of, in order. */
  runs(visit: (chunk: Chunk, from: number, count: number) => void): void;
  /** Where it is of one run, which starts as the writers of columns want it. */
  readonly straight: Run | null;
}

/** Rows of the first block: few, for a statement may want no more. Each of the next is larger, to what a block may have. */
const FIRST_BLOCK = VECTOR_ROWS;
const GROWTH = 4;

/** Gives rows out, a block of lists of each wanted column at a time, in row order. */
export class BlockSource {
  readonly #selected: SelectedRows;
  readonly #fields: readonly number[];
  readonly #writers: readonly (ColumnWriter | undefined)[];
  readonly #blocks: Generator<Block, void, number>;
  readonly #largest: number;
  #size = FIRST_BLOCK;

  /** @param fields which columns, by their position; behind the last is that of the row numbers, and others are left as they are */
  constructor(selected: SelectedRows, fields: readonly number[]) {
    const { codecs } = selected.rows;
    this.#selected = selected;
    this.#fields = fields;
    this.#writers = fields.map((field) => (field < codecs.length ? columnWriter(codecs[field]) : undefined));
    this.#largest = blockRows(fields.flatMap((field) => codecs[field]?.field.type ?? []));
    this.#blocks = blocksOf(selected);
  }

  /**
   * Fills `output` with the next rows.
   * @throws TypeConversionError, CorruptDataError for values that DuckDB has no form for
   */
  fill(binding: Binding, output: DataChunk): void {
    const { done, value: block } = this.#blocks.next(this.#size);
    this.#size = Math.min(this.#size * GROWTH, this.#largest);
    if (done === true) {
      endBlock(binding, output, 0);
      return;
    }
    const { rows, straight } = block;
    this.#fields.forEach((field, i) => {
      const write = this.#writers[i];
      if (write === undefined) {
        if (field === this.#selected.rows.codecs.length) writeRowNumbers(binding, output, i, rows);
        return;
      }
      const column = straight === null ? this.#gather(field, block) : straight.chunk.columns[field];
      writeLists(binding, output, i, { write, column, from: straight?.from ?? 0, count: rows });
    });
    endBlock(binding, output, rows);
  }

  #gather(field: number, { rows, runs }: Block): Column {
    const column = this.#selected.rows.codecs[field].makeColumn(new HeapAllocator(), rows, 0);
    let at = 0;
    runs((chunk, from, count) => {
      column.copyRows(chunk.columns[field], from, at, count);
      at += count;
    });
    return column;
  }
}

/** The blocks of rows, each of which has as many as it is asked for, or fewer. */
function* blocksOf({ rows, positions }: SelectedRows): Generator<Block, void, number> {
  // What the first call asks for is lost: a generator gets to see what its later ones do.
  let size = FIRST_BLOCK;
  if (positions !== null) {
    for (let start = 0; start < positions.length; ) {
      const wanted = positions.subarray(start, start + size);
      start += wanted.length;
      size = yield blockAt(rows, wanted);
    }
    return;
  }
  for (const chunk of rows.chunkList) {
    let runs: Run[] = [];
    let room = size;
    const live: [from: number, to: number][] = [];
    liveRuns(chunk, (from, to) => live.push([from, to]));
    for (const [from, to] of live) {
      for (let at = from; at < to; ) {
        const count = Math.min(to - at, room);
        runs.push({ chunk, from: at, count });
        at += count;
        room -= count;
        if (room > 0) continue;
        size = yield blockOf(runs);
        runs = [];
        room = size;
      }
    }
    if (runs.length > 0) size = yield blockOf(runs);
  }
}

function blockOf(runs: readonly Run[]): Block {
  return {
    rows: runs.reduce((sum, { count }) => sum + count, 0),
    // Bitmaps are read from whole bytes on.
    straight: runs.length === 1 && runs[0].from % 8 === 0 ? runs[0] : null,
    runs: (visit) => {
      for (const { chunk, from, count } of runs) visit(chunk, from, count);
    },
  };
}

/** Positions are many, and mostly not next to each other: no object is made for each. */
function blockAt(rows: SelectedRows["rows"], positions: Uint32Array): Block {
  const { chunks, places } = locatePositions(rows, positions);
  return {
    rows: positions.length,
    straight: null,
    runs: (visit) => {
      for (let i = 0; i < places.length; ) {
        let end = i + 1;
        while (end < places.length && chunks[end] === chunks[i] && places[end] === places[i] + (end - i)) end++;
        visit(rows.chunkList[chunks[i]], places[i], end - i);
        i = end;
      }
    },
  };
}
