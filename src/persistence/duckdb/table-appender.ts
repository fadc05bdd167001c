import type { Column } from "../../columns/column.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import { eventLoopTurn } from "../event-loop.ts";
import type { Binding, DataChunk } from "./binding.ts";
import { logicalType } from "./column-types.ts";
import type { ColumnWriter } from "./column-writer.ts";
import type { DuckConnection } from "./connection.ts";
import { databaseError } from "./errors.ts";
import { chunkTarget, VECTOR_ROWS } from "./vectors.ts";

/** Vectors of rows after which the appender gives them to the table and the event loop gets its turn. */
const VECTORS_A_TURN = 16;

/** Where rows go. */
export interface Destination {
  /** "temp" for a temporary table, null for one of the database. */
  readonly catalog: string | null;
  readonly table: string;
}

/** Copies columns into a vector each, and gives those to a table as they are; within the transaction of the connection. */
export class TableAppender {
  readonly #binding: Binding;
  readonly #connection: DuckConnection;
  readonly #schema: EntitySchema;
  readonly #writers: readonly ColumnWriter[];
  readonly #target: Destination;
  readonly #chunk: DataChunk;
  #appender: ReturnType<Binding["appender_create_ext"]> | undefined;
  #vectors = 0;

  constructor(connection: DuckConnection, schema: EntitySchema, writers: readonly ColumnWriter[], target: Destination) {
    this.#binding = connection.binding;
    this.#connection = connection;
    this.#schema = schema;
    this.#writers = writers;
    this.#target = target;
    this.#chunk = this.#binding.create_data_chunk(schema.fields.map(({ type }) => logicalType(this.#binding, type)));
  }

  /**
   * Appends the first `length` rows; gives the event loop its turn every 32,768. No statement may run on the connection meanwhile.
   * @throws TypeConversionError, and what the engine finds wrong
   */
  async append(columns: readonly Column[], length: number, signal: AbortSignal | undefined): Promise<void> {
    const binding = this.#binding;
    const chunk = this.#chunk;
    const { catalog, table } = this.#target;
    for (let from = 0; from < length; from += VECTOR_ROWS) {
      const count = Math.min(VECTOR_ROWS, length - from);
      binding.data_chunk_reset(chunk);
      this.#writers.forEach((write, i) => {
        write(binding, chunkTarget(binding, chunk, i), columns[i] as Column, from, count);
      });
      binding.data_chunk_set_size(chunk, count);
      const appender = this.#engine(() => {
        this.#appender ??= binding.appender_create_ext(this.#connection.handle, catalog, null, table);
        binding.append_data_chunk(this.#appender, chunk);
        return this.#appender;
      });
      if (++this.#vectors % VECTORS_A_TURN !== 0) continue;
      this.#engine(() => binding.appender_flush_sync(appender));
      await eventLoopTurn();
      signal?.throwIfAborted();
    }
  }

  /** All rows are in the table then. */
  close(): void {
    const appender = this.#appender;
    if (appender !== undefined) this.#engine(() => this.#binding.appender_close_sync(appender));
    this.#appender = undefined;
  }

  /** Rows that were not given to the table yet would be given to it when the collector takes the appender: forgets them. */
  clear(): void {
    if (this.#appender !== undefined) this.#binding.appender_clear(this.#appender);
  }

  /** What an appender throws does not say of which kind it is, as other errors of the engine do. */
  #engine<R>(step: () => R): R {
    try {
      return step();
    } catch (cause) {
      throw databaseError(this.#schema.name, cause);
    }
  }
}
