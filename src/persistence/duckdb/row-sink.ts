import type { Column } from "../../columns/column.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { ColumnWriter } from "./column-writer.ts";
import type { DuckConnection } from "./connection.ts";
import { guardExit } from "./exit-guard.ts";
import { quoteName } from "./identifiers.ts";
import { type ColumnRows, StatementInput, withInput } from "./row-function.ts";
import { type Destination, TableAppender } from "./table-appender.ts";

/** Takes rows, within the transaction of a connection. */
export interface RowSink {
  /** @param columns not to be written to before the sink is closed */
  append(columns: readonly Column[], length: number, bytes: number, signal: AbortSignal | undefined): Promise<void>;
  /** All rows are where they belong then. */
  close(): Promise<void>;
  /** To be called where appending failed. */
  clear(): void;
}

/**
 * Straight into a table, by an appender. Whatever the engine has to do with rows it does on this thread then: in a file it
 * compresses and writes each 122,880 of them.
 */
export function directSink(
  connection: DuckConnection,
  schema: EntitySchema,
  writers: readonly ColumnWriter[],
  target: Destination,
): RowSink {
  const appender = new TableAppender(connection, schema, writers, target);
  return {
    append: (columns, length, _, signal) => appender.append(columns, length, signal),
    close: async () => appender.close(),
    clear: () => appender.clear(),
  };
}

/** Rows that are appended directly: few enough for one turn of the event loop, and nothing of them is compressed before the commit. */
const DIRECT_ROWS = 32_768;

/** What waits is handed over once it is so many bytes: batches are asked for between two statements only. */
const WAITING_BYTES = 2 ** 26;

/**
 * Into a table of a file: but for the first rows the engine fetches them, by a statement, and compresses and writes them on a
 * thread of its own. This thread only copies columns into the engine's vectors.
 */
export class FetchedSink implements RowSink {
  readonly #connection: DuckConnection;
  readonly #schema: EntitySchema;
  readonly #writers: readonly ColumnWriter[];
  /** The table, as SQL. */
  readonly #into: string;
  readonly #appender: TableAppender;
  #direct = 0;
  #waiting: ColumnRows[] = [];
  #bytes = 0;

  constructor(
    connection: DuckConnection,
    schema: EntitySchema,
    writers: readonly ColumnWriter[],
    table: { readonly name: string; readonly sql: string },
  ) {
    this.#connection = connection;
    this.#schema = schema;
    this.#writers = writers;
    this.#into = table.sql;
    this.#appender = new TableAppender(connection, schema, writers, { catalog: null, table: table.name });
  }

  async append(columns: readonly Column[], length: number, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length === 0 && this.#direct + length <= DIRECT_ROWS) {
      this.#direct += length;
      await this.#appender.append(columns, length, signal);
      return;
    }
    this.#direct = DIRECT_ROWS;
    this.#waiting.push({ columns, length });
    this.#bytes += bytes;
    if (this.#bytes >= WAITING_BYTES) await this.#handOver();
  }

  async close(): Promise<void> {
    if (this.#waiting.length > 0) await this.#handOver();
    else this.#appender.close();
  }

  clear(): void {
    this.#appender.clear();
  }

  async #handOver(): Promise<void> {
    this.#appender.close();
    const input = new StatementInput(this.#schema, this.#writers, this.#waiting);
    this.#waiting = [];
    this.#bytes = 0;
    const columns = this.#schema.fields.map(({ column }) => quoteName(column)).join(", ");
    const ended = guardExit(input);
    try {
      // What the engine finds wrong is told in our words further up.
      await withInput(input, (rows) =>
        this.#connection.run(`INSERT INTO ${this.#into} (${columns}) ${rows}`, [], { error: (cause) => cause }),
      );
    } finally {
      ended();
    }
  }
}
