import type { Column } from "../../../columns/column.ts";
import { HeapAllocator } from "../../../columns/heap-allocator.ts";
import { locatePositions } from "../../../query/row-source.ts";
import type { Chunk } from "../../../soa/chunk.ts";
import { liveRuns } from "../../../soa/compact.ts";
import type { Binding, DataChunk } from "../binding.ts";
import { type ColumnWriter, columnWriter } from "../column-writer.ts";
import { VECTOR_ROWS } from "../vectors.ts";
import type { SelectedRows } from "./live-source.ts";

/** Consecutive rows of a chunk. */
interface Run {
  readonly chunk: Chunk;
  readonly from: number;
  readonly count: number;
}

/** Gives rows out, a vector of each wanted column at a time, in row order. */
export class VectorSource {
  readonly #selected: SelectedRows;
  readonly #fields: readonly number[];
  readonly #writers: readonly ColumnWriter[];
  readonly #vectors: Generator<readonly Run[]>;

  /** @param fields which columns, in the order of the vectors to fill */
  constructor(selected: SelectedRows, fields: readonly number[]) {
    this.#selected = selected;
    this.#fields = fields;
    this.#writers = fields.map((field) => columnWriter(selected.rows.codecs[field]));
    this.#vectors = vectorsOf(selected);
  }

  /**
   * Fills the vectors of `output` with the next rows. Returns their number; 0: there are no more.
   * @throws TypeConversionError, CorruptDataError for values that DuckDB has no form for
   */
  fill(binding: Binding, output: DataChunk): number {
    const { done, value: runs } = this.#vectors.next();
    if (done === true) return 0;
    const [{ chunk, from, count }] = runs;
    const fields = this.#fields;
    // Writers read bitmaps from whole bytes on.
    if (runs.length === 1 && from % 8 === 0) {
      for (let i = 0; i < fields.length; i++)
        this.#writers[i](binding, binding.data_chunk_get_vector(output, i), chunk.columns[fields[i]], from, count);
      return count;
    }
    const all = runs.reduce((sum, run) => sum + run.count, 0);
    for (let i = 0; i < fields.length; i++)
      this.#writers[i](binding, binding.data_chunk_get_vector(output, i), this.#gather(fields[i], runs, all), 0, all);
    return all;
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

/** The runs of rows that each vector is made of. */
function* vectorsOf({ rows, positions }: SelectedRows): Generator<readonly Run[]> {
  if (positions !== null) {
    yield* vectorsAt({ rows, positions });
    return;
  }
  for (const chunk of rows.chunkList) {
    if (chunk.deadCount === 0) {
      for (let from = 0; from < chunk.length; from += VECTOR_ROWS)
        yield [{ chunk, from, count: Math.min(VECTOR_ROWS, chunk.length - from) }];
      continue;
    }
    let runs: Run[] = [];
    let room = VECTOR_ROWS;
    const live: [from: number, to: number][] = [];
    liveRuns(chunk, (from, to) => live.push([from, to]));
    for (const [from, to] of live) {
      for (let at = from; at < to; ) {
        const count = Math.min(to - at, room);
        runs.push({ chunk, from: at, count });
        at += count;
        room -= count;
        if (room > 0) continue;
        yield runs;
        runs = [];
        room = VECTOR_ROWS;
      }
    }
    if (runs.length > 0) yield runs;
  }
}

function* vectorsAt({ rows, positions }: { rows: SelectedRows["rows"]; positions: Uint32Array }): Generator<readonly Run[]> {
  for (let start = 0; start < positions.length; start += VECTOR_ROWS) {
    const { chunks, places } = locatePositions(rows, positions.subarray(start, start + VECTOR_ROWS));
    const runs: Run[] = [];
    for (let i = 0; i < places.length; ) {
      let end = i + 1;
      while (end < places.length && chunks[end] === chunks[i] && places[end] === places[i] + (end - i)) end++;
      runs.push({ chunk: rows.chunkList[chunks[i]], from: places[i], count: end - i });
      i = end;
    }
    yield runs;
  }
}
