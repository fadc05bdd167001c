import type { Column } from "../../columns/column.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import type { VarColumn } from "../../columns/var-column.ts";
import type { EntityRow } from "../../entity/types.ts";
import { CHUNK_ROWS, growingFields } from "../../soa/chunk.ts";
import type { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";
import { Slices } from "../event-loop.ts";
import type { Binding } from "./binding.ts";
import { columnReader } from "./column-reader.ts";
import { DroppedCopies } from "./dropped-copies.ts";
import type { ResultStream } from "./result-stream.ts";
import { VECTOR_ROWS } from "./vectors.ts";

/** Rows of entities with text or bytes that are taken at a time: how long their values are is not known before. */
const WITH_TEXT = 8 * VECTOR_ROWS;

/**
 * The rows of a result as kernels of at most 65,536 rows, whose columns are copied out of the engine's vectors. The columns
 * of the result are the fields of the access, in order, each of the field's DuckDB type. While rows are copied, and their
 * taker works on them, the engine is at the next ones: so at most two kernels' rows wait in memory.
 * @throws CorruptDataError, TypeConversionError, ValidationError for values that are none of the field's
 */
export async function* fetchRows(
  binding: Binding,
  stream: ResultStream,
  access: RowAccess<EntityRow>,
): AsyncGenerator<SoA<EntityRow>> {
  const readers = access.codecs.map(columnReader);
  const growing = growingFields(access.codecs);
  const rows = growing.length > 0 ? WITH_TEXT : CHUNK_ROWS;
  const allocator = new HeapAllocator();
  const copies = new DroppedCopies();
  const slices = new Slices();
  const next = () => {
    const some = stream.nextSome(rows);
    // Told where it is awaited, if it still is.
    some.catch(() => undefined);
    return some;
  };
  let columns: Column[] | null = null;
  let at = 0;
  let capacity = 0;

  const take = (): SoA<EntityRow> => {
    const soa = new SoA<EntityRow>(access.entity, { access });
    const own = columns as Column[];
    soa.append((appender) => appender.adopt(own, at));
    columns = null;
    at = 0;
    return soa;
  };

  try {
    let ahead = next();
    for (let chunks = await ahead; chunks.length > 0; chunks = await ahead) {
      ahead = next();
      let left = 0;
      for (const chunk of chunks) left += binding.data_chunk_get_size(chunk);
      for (const chunk of chunks) {
        const count = binding.data_chunk_get_size(chunk);
        const source = { binding, chunk, copies };
        if (columns !== null && at + count > CHUNK_ROWS) yield take();
        if (columns === null) {
          // As many as are at hand, so that a few rows cost a few bytes.
          capacity = left;
          columns = access.codecs.map((codec) => codec.makeColumn(allocator, capacity, 0));
        }
        if (at + count > capacity) {
          capacity = Math.min(CHUNK_ROWS, Math.max(capacity * 4, at + count));
          for (const column of columns) column.grow(capacity, at);
        }
        for (let i = 0; i < readers.length; i++) readers[i]?.(source, i, columns[i] as Column, at, count);
        at += count;
        left -= count;
        await slices.next();
        if (growing.some((field) => ((columns as Column[])[field] as VarColumn).isFull(at))) yield take();
      }
      if (at > CHUNK_ROWS - VECTOR_ROWS) yield take();
    }
    if (columns !== null && at > 0) yield take();
  } finally {
    copies.free();
    stream.cancel();
  }
}
