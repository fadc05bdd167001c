import type { Column } from "../../../columns/column.ts";
import { HeapAllocator } from "../../../columns/heap-allocator.ts";
import { locatePositions } from "../../../query/row-source.ts";
import type { Chunk } from "../../../soa/chunk.ts";
import { liveRuns } from "../../../soa/compact.ts";
import type { Binding, DataChunk } from "../binding.ts";
import { blockRows, endBlock, writeLists, writeRowNumbers } from "../blocks.ts";
import { type ColumnWriter, columnWriter } from "../column-writer.ts";
import { VECTOR_ROWS } from "../vectors.ts";
import type { SelectedRows } from "./live-source.ts";

/** Consecutive rows of a chunk. */
interface Run {
  readonly chunk: Chunk;
  readonly from: number;
  readonly count: number;
}

/** Rows of the first block: few, for a statement may want no more. Each of the next is larger, to what a block may have. */
const FIRST_BLOCK = VECTOR_ROWS;
const GROWTH = 4;

/** Gives rows out, a block of lists of each wanted column at a time, in row order. */
export class BlockSource {
  readonly #selected: SelectedRows;
  readonly #fields: readonly number[];
  readonly #writers: readonly (ColumnWriter | undefined)[];
  readonly #blocks: Generator<readonly Run[], void, number>;
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
    const { done, value: runs } = this.#blocks.next(this.#size);
    this.#size = Math.min(this.#size * GROWTH, this.#largest);
    if (done === true) {
      endBlock(binding, output, 0);
      return;
    }
    const rows = runs.reduce((sum, { count }) => sum + count, 0);
    // Writers read bitmaps from whole bytes on.
    const straight = runs.length === 1 && runs[0].from % 8 === 0 ? runs[0] : null;
    this.#fields.forEach((field, i) => {
      const write = this.#writers[i];
      if (write === undefined) {
        if (field === this.#selected.rows.codecs.length) writeRowNumbers(binding, output, i, rows);
        return;
      }
      const column = straight === null ? this.#gather(field, runs, rows) : straight.chunk.columns[field];
      writeLists(binding, output, i, { write, column, from: straight?.from ?? 0, count: rows });
    });
    endBlock(binding, output, rows);
  }

  #gather(field: number, runs: readonly Run[], count: number): Column {
    const column = this.#selected.rows.codecs[field].makeColumn(new HeapAllocator(), count, 0);
    let at = 0;
    for (const run of runs) {
      column.copyRows(run.chunk.columns[field], run.from, at, run.count);
      at += run.count;
    }
    return column;
  }
}

/** The runs of rows that each block is made of, which has as many rows as it is asked for, or fewer. */
function* blocksOf({ rows, positions }: SelectedRows): Generator<readonly Run[], void, number> {
  // What the first call asks for is lost: a generator gets to see what its later ones do.
  let size = FIRST_BLOCK;
  if (positions !== null) {
    for (let start = 0; start < positions.length; ) {
      const wanted = positions.subarray(start, start + size);
      start += wanted.length;
      size = yield runsAt(rows, wanted);
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
        size = yield runs;
        runs = [];
        room = size;
      }
    }
    if (runs.length > 0) size = yield runs;
  }
}

function runsAt(rows: SelectedRows["rows"], positions: Uint32Array): Run[] {
  const { chunks, places } = locatePositions(rows, positions);
  const runs: Run[] = [];
  for (let i = 0; i < places.length; ) {
    let end = i + 1;
    while (end < places.length && chunks[end] === chunks[i] && places[end] === places[i] + (end - i)) end++;
    runs.push({ chunk: rows.chunkList[chunks[i]], from: places[i], count: end - i });
    i = end;
  }
  return runs;
}
