import type { RecordBatch } from "apache-arrow";
import { readArrow } from "../../arrow/read.ts";
import type { Column } from "../../columns/column.ts";
import { entityOf } from "../../entity/entity.ts";
import { EntitySchema, type FieldSpec } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";
import type { OperationOptions, Progress } from "../backend.ts";
import { bytesOf } from "../batches.ts";
import { Slices } from "../event-loop.ts";
import { AscendingKeys } from "./ascending-keys.ts";
import { type ColumnWriter, columnWriter } from "./column-writer.ts";
import type { RowSink } from "./row-sink.ts";

/** How Arrow batches of some fields get into the vectors of a table: made once, used again for later commits, one at a time. */
export class IngestPlan {
  readonly access: RowAccess<EntityRow>;
  readonly writers: readonly ColumnWriter[];
  /** Position of the key among the fields, or -1. */
  readonly key: number;

  constructor(schema: EntitySchema, fields: readonly FieldSpec[]) {
    this.key = fields.findIndex((field) => field.key);
    const whole = fields.length === schema.fields.length;
    // The engine tells whether keys are distinct: an index here would cost more than the rest.
    const keyless = fields.map((field, index) => ({
      ...field,
      index,
      key: false,
      indexed: false,
      defaultValue: whole ? field.defaultValue : undefined,
    }));
    const projected = new EntitySchema(schema.name, keyless, 1);
    this.access = new RowAccess(entityOf(projected) as unknown as EntityClass<EntityRow>);
    this.writers = this.access.codecs.map(columnWriter);
  }

  /** Forgets the strings of categories. */
  forget(): void {
    for (const { dictionary, field } of this.access.codecs) if (field.type.kind === "category") dictionary?.truncate(0);
  }
}

export interface Ingested {
  /** Number of rows appended. */
  readonly rows: number;
  /** The values of the key, where they ascend from row to row. */
  readonly keys: AscendingKeys;
}

/**
 * Appends Arrow batches within the transaction of a connection. No statement may run on it meanwhile.
 * @throws SchemaMismatchError, TypeConversionError, ArrowError, and what the engine finds wrong
 */
export async function ingest(
  sink: RowSink,
  { access, key }: IngestPlan,
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
  options: OperationOptions,
  done: Progress,
): Promise<Ingested> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const keys = new AscendingKeys();
  const slices = new Slices();
  let rows = 0;
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      const bytes = bytesOf(batch);
      if (batch.numRows > 0) {
        const soa = new SoA<EntityRow>(access.entity, { access });
        readArrow(soa, [batch]);
        for (const { columns, length } of soa.chunkList) {
          if (key >= 0) keys.add(columns[key] as Column, length);
          await sink.append(columns, length, (bytes * length) / batch.numRows, signal);
        }
        rows += batch.numRows;
      }
      done.rows += batch.numRows;
      done.bytes += bytes;
      onProgress?.({ ...done });
      await slices.next();
    }
    signal?.throwIfAborted();
    await sink.close(signal);
  } catch (error) {
    sink.clear();
    throw error;
  }
  return { rows, keys };
}
