import type { Binding, Connection } from "../binding.ts";
import { logicalType } from "../column-types.ts";
import type { LiveSource, PinnedRows, SelectedRows } from "./live-source.ts";
import { VectorSource } from "./vector-source.ts";

/** The table function's name: soa('orders') are the rows of that source. */
export const FUNCTION_NAME = "soa";

/** What one statement reads. */
export class StatementRows {
  readonly #pinned: ReadonlyMap<string, PinnedRows>;
  readonly #opened = new Map<string, SelectedRows>();
  /** What a callback threw: the engine itself passes its message on only. */
  failure: { readonly error: unknown } | null = null;

  /** Takes all sources as they are at this moment. O(sources). */
  constructor(sources: ReadonlyMap<string, LiveSource>) {
    this.#pinned = new Map([...sources].map(([name, source]) => [name, source.pin()]));
  }

  pinned(name: string): PinnedRows | undefined {
    return this.#pinned.get(name);
  }

  /** The rows of a source; a query is answered once, however often the statement reads it. */
  open(name: string): SelectedRows {
    const selected = this.#opened.get(name) ?? (this.#pinned.get(name) as PinnedRows).open();
    this.#opened.set(name, selected);
    return selected;
  }
}

/** Finds out what a connection's statement reads. */
export interface Statements {
  /** Undefined for a name that is no source of the statement. */
  source(connectionId: number, name: string): LiveSource | undefined;
  /** Undefined where no statement of ours runs there. */
  rows(connectionId: number): StatementRows | undefined;
}

interface Bound {
  readonly name: string;
  readonly source: LiveSource;
  readonly rows: StatementRows | undefined;
}

interface Scan {
  readonly rows: StatementRows;
  readonly vectors: VectorSource;
}

/**
 * Threads that may ask for vectors at a time. All of them are filled on the thread of JavaScript; that several wait in line
 * keeps it from sleeping between two.
 */
const THREADS = 4;

/**
 * Registers the table function `soa(name)` with the database of a connection; once, for a second registration would leave
 * the first one in place. Its callbacks run on the thread of JavaScript while DuckDB's threads wait for them, so nothing
 * on that thread may ever wait for a statement.
 */
export function registerTableFunction(binding: Binding, connection: Connection, statements: Statements): void {
  const soa = binding.create_table_function();
  binding.table_function_set_name(soa, FUNCTION_NAME);
  binding.table_function_add_parameter(soa, binding.create_logical_type(binding.Type.VARCHAR));
  binding.table_function_supports_projection_pushdown(soa, true);

  binding.table_function_set_bind(soa, (info) => {
    const id = binding.client_context_get_connection_id(binding.table_function_get_client_context(info));
    const rows = statements.rows(id);
    attempt(
      rows,
      (message) => binding.bind_set_error(info, message),
      () => {
        const parameter = binding.bind_get_parameter(info, 0);
        const name = binding.is_null_value(parameter) ? "" : binding.get_varchar(parameter);
        const source = statements.source(id, name);
        if (source === undefined) {
          binding.bind_set_error(info, `${FUNCTION_NAME}(): there are no live rows by the name ${JSON.stringify(name)}`);
          return;
        }
        for (const { column, type } of source.schema.fields)
          binding.bind_add_result_column(info, column, logicalType(binding, type));
        const pinned = rows?.pinned(name);
        if (pinned !== undefined) binding.bind_set_cardinality(info, pinned.size, pinned.exact);
        binding.bind_set_bind_data(info, { name, source, rows } satisfies Bound);
      },
    );
  });

  binding.table_function_set_init(soa, (info) => {
    const { name, source, rows } = binding.init_get_bind_data(info) as Bound;
    attempt(
      rows,
      (message) => binding.init_set_error(info, message),
      () => {
        if (rows === undefined) {
          binding.init_set_error(info, `${FUNCTION_NAME}(): live rows are read by the statements of sqlOver()`);
          return;
        }
        const fields: number[] = [];
        for (let i = 0; i < binding.init_get_column_count(info); i++) {
          const field = binding.init_get_column_index(info, i);
          // A count of rows asks for a column that none is.
          if (field < source.schema.fields.length) fields.push(field);
        }
        binding.init_set_max_threads(info, THREADS);
        binding.init_set_init_data(info, { rows, vectors: new VectorSource(rows.open(name), fields) } satisfies Scan);
      },
    );
  });

  binding.table_function_set_function(soa, (info, output) => {
    const { rows, vectors } = binding.function_get_init_data(info) as Scan;
    try {
      binding.data_chunk_set_size(output, vectors.fill(binding, output));
    } catch (error) {
      failed(rows, error, (message) => binding.function_set_error(info, message));
    }
  });

  binding.register_table_function(connection, soa);
  binding.destroy_table_function_sync(soa);
}

function attempt(rows: StatementRows | undefined, refuse: (message: string) => void, step: () => void): void {
  try {
    step();
  } catch (error) {
    failed(rows, error, refuse);
  }
}

function failed(rows: StatementRows | undefined, error: unknown, refuse: (message: string) => void): void {
  if (rows !== undefined) rows.failure ??= { error };
  refuse(error instanceof Error ? error.message : String(error));
}
