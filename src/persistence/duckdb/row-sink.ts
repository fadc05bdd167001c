import type { Column } from "../../columns/column.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import { DatabaseError } from "../../errors.ts";
import type { ColumnWriter } from "./column-writer.ts";
import type { DuckConnection } from "./connection.ts";
import { guardExit } from "./exit-guard.ts";
import { quoteName } from "./identifiers.ts";
import {
  type ColumnRows,
  GROUP_ROWS,
  type RowForm,
  registerRowFunctions,
  STATEMENT_ROWS,
  StatementInput,
  withInput,
} from "./row-function.ts";
import { type Destination, TableAppender } from "./table-appender.ts";

/** Takes rows, within the transaction of a connection. */
export interface RowSink {
  /** @param columns not to be written to before the sink is closed */
  append(columns: readonly Column[], length: number, bytes: number, signal: AbortSignal | undefined): Promise<void>;
  /** All rows are where they belong then. */
  close(signal: AbortSignal | undefined): Promise<void>;
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
export const DIRECT_ROWS = 32_768;

/** What waits is handed over once it is so many bytes, too: batches are asked for between two statements only. */
const WAITING_BYTES = 2 ** 27;

const NUMBERS = "_faun_numbers";

/**
 * Makes what a {@link FetchedSink} for more than {@link DIRECT_ROWS} rows needs: the functions that give rows, and, where it
 * is not there, a temporary table with nothing but row numbers. The engine scans it on all threads, a row group at a time, knows of each which one comes first, and so
 * gets the rows whose numbers it finds there into another table in order. Not within the transaction of the sink: rows of
 * one's own transaction are scanned on one thread. 5 ns for each of {@link STATEMENT_ROWS}, and a byte.
 */
export async function prepareFetching(connection: DuckConnection, schema: EntitySchema): Promise<void> {
  await connection.exclusively(async () => registerRowFunctions(connection.binding, connection.handle, schema));
  await connection.run(`CREATE TEMP TABLE IF NOT EXISTS ${NUMBERS} AS SELECT true FROM range(${STATEMENT_ROWS})`);
}

/**
 * Into a table of the database: but for a few the engine fetches the rows, by statements, and takes them in on threads of its
 * own, where they are compressed and written. This thread only copies columns into the engine's vectors.
 */
export class FetchedSink implements RowSink {
  readonly #connection: DuckConnection;
  readonly #schema: EntitySchema;
  readonly #form: RowForm;
  readonly #table: { readonly name: string; readonly sql: string };
  #waiting: ColumnRows[] = [];
  #rows = 0;
  #bytes = 0;
  /** Rows that the engine has. */
  #fetched = 0;
  #appender: TableAppender | null = null;
  #keepsOrder: boolean | undefined;

  constructor(
    connection: DuckConnection,
    schema: EntitySchema,
    form: RowForm,
    table: { readonly name: string; readonly sql: string },
  ) {
    this.#connection = connection;
    this.#schema = schema;
    this.#form = form;
    this.#table = table;
  }

  async append(columns: readonly Column[], length: number, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (length === 0) return;
    this.#waiting.push({ columns, from: 0, length });
    this.#rows += length;
    this.#bytes += bytes;
    if (this.#rows >= STATEMENT_ROWS || this.#bytes >= WAITING_BYTES) await this.#handOver(false, signal);
  }

  async close(signal: AbortSignal | undefined): Promise<void> {
    if (this.#fetched === 0 && this.#rows <= DIRECT_ROWS) await this.#append(signal);
    else await this.#handOver(true, signal);
  }

  clear(): void {
    this.#appender?.clear();
  }

  async #append(signal: AbortSignal | undefined): Promise<void> {
    const target = { catalog: null, table: this.#table.name };
    this.#appender = new TableAppender(this.#connection, this.#schema, this.#form.writers, target);
    for (const { columns, length } of this.#waiting) await this.#appender.append(columns, length, signal);
    this.#appender.close();
  }

  /**
   * The engine fills a row group that was begun with the rows of one thread only; what several of them bring begins row
   * groups of its own. So the last one is filled first, and others are left full, but for the last of all.
   */
  async #handOver(last: boolean, signal: AbortSignal | undefined): Promise<void> {
    const lacking = (GROUP_ROWS - (this.#fetched % GROUP_ROWS)) % GROUP_ROWS;
    if (this.#rows - lacking <= GROUP_ROWS) return this.#insert(this.#rows, false, signal);
    await this.#insert(lacking, false, signal);
    while (this.#rows >= GROUP_ROWS || (last && this.#rows > 0)) {
      const full = this.#rows - (this.#rows % GROUP_ROWS);
      await this.#insert(Math.min(last ? this.#rows : full, STATEMENT_ROWS), true, signal);
    }
  }

  /** Gives the first of the waiting rows to the engine: to all of its threads, or one. */
  async #insert(rows: number, shared: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (rows === 0) return;
    signal?.throwIfAborted();
    const fromAll = shared && (await this.#sharedInOrder());
    // What the engine finds wrong is told in our words further up.
    const run = (sql: string) => this.#connection.run(sql, [], { error: (cause) => cause });
    const columns = this.#schema.fields.map(({ column }) => quoteName(column)).join(", ");
    const input = new StatementInput(this.#schema, this.#form, this.#take(rows), signal);
    const ended = guardExit(input);
    try {
      const inserted = await withInput(input, (rowsOf) =>
        run(
          `INSERT INTO ${this.#table.sql} (${columns}) ${
            fromAll ? rowsOf(`temp.${NUMBERS} WHERE rowid < ${rows}`, "rowid") : rowsOf(`range(${rows})`, "range")
          }`,
        ),
      );
      if (inserted !== rows) throw new DatabaseError(`${this.#schema.name}: of ${rows} rows DuckDB took ${inserted}`);
    } finally {
      ended();
    }
    this.#fetched += rows;
  }

  /** Whoever tells the engine not to keep the order of rows means those of other statements. */
  async #sharedInOrder(): Promise<boolean> {
    if (this.#keepsOrder === undefined) {
      const [row] = await this.#connection.rows("SELECT current_setting('preserve_insertion_order')");
      this.#keepsOrder = row?.[0] === true;
    }
    return this.#keepsOrder;
  }

  #take(rows: number): ColumnRows[] {
    const taken: ColumnRows[] = [];
    this.#bytes *= 1 - rows / this.#rows;
    this.#rows -= rows;
    let used = 0;
    for (let left = rows; left > 0; ) {
      const piece = this.#waiting[used] as ColumnRows;
      const { columns, from, length } = piece;
      if (length > left) {
        taken.push({ columns, from, length: left });
        this.#waiting[used] = { columns, from: from + left, length: length - left };
        break;
      }
      taken.push(piece);
      left -= length;
      used++;
    }
    this.#waiting.splice(0, used);
    return taken;
  }
}
