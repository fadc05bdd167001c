import type { RecordBatch } from "apache-arrow";
import { readArrow } from "../../arrow/read.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityRow } from "../../entity/types.ts";
import { SoA } from "../../soa/soa.ts";
import { accessOf } from "./scan-file.ts";

/**
 * The rows of batches in kernels of `size` rows, fewer in the last, without a key. Large batches are adopted, not
 * copied. Holds the batches of one kernel. @throws SchemaMismatchError, TypeConversionError, ArrowError
 */
export async function* gatherRows(
  schema: EntitySchema,
  batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
  size: number,
): AsyncGenerator<SoA<EntityRow>> {
  let waiting: RecordBatch[] = [];
  let rows = 0;
  const gathered = () => {
    // A dictionary of its own: it goes with its rows.
    const access = accessOf(
      schema,
      schema.fields.map(({ name }) => name),
    );
    const soa = new SoA<EntityRow>(access.entity, { access });
    readArrow(soa, waiting);
    waiting = [];
    rows = 0;
    return soa;
  };
  for await (const batch of batches) {
    for (let from = 0; from < batch.numRows; ) {
      const to = Math.min(batch.numRows, from + size - rows);
      waiting.push(from === 0 && to === batch.numRows ? batch : batch.slice(from, to));
      rows += to - from;
      from = to;
      if (rows === size) yield gathered();
    }
  }
  if (rows > 0) yield gathered();
}
