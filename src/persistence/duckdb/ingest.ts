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
import { AscendingKeys } from "./ascending-keys.ts";
import { logicalType } from "./column-types.ts";
import { type ColumnWriter, columnWriter } from "./column-writer.ts";
import type { DuckConnection } from "./connection.ts";
import { VECTOR_ROWS } from "./vectors.ts";

/** Vectors of rows after which the appender gives them to the table and the event loop gets its turn. */
const VECTORS_A_TURN = 32;

/** Where rows go. */
export interface Target {
  /** "temp" for a temporary table, null for one of the database. */
  readonly catalog: string | null;
  readonly table: string;
}

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
 * Appends Arrow batches to a table within the transaction of the connection: columns are copied into vectors, which the
 * appender takes as they are. Gives the event loop its turn every 65,536 rows.
 * @throws SchemaMismatchError, TypeConversionError, ArrowError, and what the engine finds wrong
 */
export async function ingest(
  connection: DuckConnection,
  { access, writers, key }: IngestPlan,
  { catalog, table }: Target,
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
  options: OperationOptions,
  done: Progress,
): Promise<Ingested> {
  const { binding, handle } = connection;
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const chunk = binding.create_data_chunk(access.schema.fields.map(({ type }) => logicalType(binding, type)));
  const keys = new AscendingKeys();
  let appender: ReturnType<typeof binding.appender_create_ext> | undefined;
  let rows = 0;
  let vectors = 0;

  const append = async (columns: readonly Column[], length: number) => {
    for (let from = 0; from < length; from += VECTOR_ROWS) {
      const count = Math.min(VECTOR_ROWS, length - from);
      binding.data_chunk_reset(chunk);
      writers.forEach((write, i) => {
        write(binding, binding.data_chunk_get_vector(chunk, i), columns[i] as Column, from, count);
      });
      binding.data_chunk_set_size(chunk, count);
      appender ??= binding.appender_create_ext(handle, catalog, null, table);
      binding.append_data_chunk(appender, chunk);
      if (++vectors % VECTORS_A_TURN !== 0) continue;
      binding.appender_flush_sync(appender);
      await nextTurn();
      signal?.throwIfAborted();
    }
  };

  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      if (batch.numRows > 0) {
        const soa = new SoA<EntityRow>(access.entity, { access });
        readArrow(soa, [batch]);
        for (const { columns, length } of soa.chunkList) {
          if (key >= 0) keys.add(columns[key] as Column, length);
          await append(columns, length);
        }
        rows += batch.numRows;
      }
      done.rows += batch.numRows;
      done.bytes += bytesOf(batch);
      onProgress?.({ ...done });
    }
    signal?.throwIfAborted();
    if (appender !== undefined) binding.appender_close_sync(appender);
  } catch (error) {
    // Rows that were not given to the table yet would be given to it when the appender goes.
    if (appender !== undefined) binding.appender_clear(appender);
    throw error;
  }
  return { rows, keys };
}

interface Platform {
  setImmediate?(callback: () => void): unknown;
  setTimeout(callback: () => void, ms: number): unknown;
}

function nextTurn(): Promise<void> {
  const { setImmediate: immediate, setTimeout: timeout } = globalThis as unknown as Platform;
  return new Promise((resolve) => (immediate === undefined ? timeout(resolve, 0) : immediate(resolve)));
}
