import type { Column } from "../../columns/column.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import type { VarColumn } from "../../columns/var-column.ts";
import type { EntityRow } from "../../entity/types.ts";
import { CHUNK_ROWS, growingFields } from "../../soa/chunk.ts";
import type { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";
import type { Binding } from "./binding.ts";
import { columnReader } from "./column-reader.ts";
import type { ResultStream } from "./result-stream.ts";

/**
 * The rows of a result as kernels of at most 65,536 rows, whose columns are copied out of the engine's vectors. The columns
 * of the result are the fields of the access, in order, each of the field's DuckDB type.
 * @throws CorruptDataError, TypeConversionError, ValidationError for values that are none of the field's
 */
export async function* fetchRows(
  binding: Binding,
  stream: ResultStream,
  access: RowAccess<EntityRow>,
): AsyncGenerator<SoA<EntityRow>> {
  const readers = access.codecs.map(columnReader);
  const growing = growingFields(access.codecs);
  const allocator = new HeapAllocator();
  let columns: Column[] | null = null;
  let at = 0;
  // The first piece is small, so that a few rows cost a few bytes.
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
    for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next()) {
      const count = binding.data_chunk_get_size(chunk);
      if (columns !== null && at + count > CHUNK_ROWS) yield take();
      if (columns === null) {
        capacity = Math.max(count, 1);
        columns = access.codecs.map((codec) => codec.makeColumn(allocator, capacity, 0));
      }
      if (at + count > capacity) {
        capacity = Math.min(CHUNK_ROWS, Math.max(capacity * 8, at + count));
        for (const column of columns) column.grow(capacity, at);
      }
      const to = columns;
      readers.forEach((read, i) => {
        read(binding, chunk, i, to[i] as Column, at, count);
      });
      at += count;
      if (growing.some((field) => (to[field] as VarColumn).isFull(at))) yield take();
    }
    if (columns !== null && at > 0) yield take();
  } finally {
    stream.cancel();
  }
}
