import type { EntitySchema } from "../../../entity/schema.ts";
import type { Binding, Connection } from "../binding.ts";
import { quoteName, quoteText } from "../identifiers.ts";
import { BlockSource } from "./block-source.ts";
import { listType } from "./blocks.ts";
import type { LiveSource, PinnedRows, SelectedRows } from "./live-source.ts";

/** The table function's name: soa('orders') are the rows of that source, in lists. */
const FUNCTION_NAME = "soa";

/** What the column with the numbers of the values of each list is called: as no column of the entity is. */
function numbersColumn({ fields }: EntitySchema): string {
  let name = "row";
  while (fields.some(({ column }) => column.toLowerCase() === name)) name += "'";
  return name;
}

/**
 * The rows of a source, as a SELECT. Of the lists that it unnests the engine leaves none out, whether or not a statement
 * wants their values: so that is done with the columns that are `named` only, and the values of others are extracted from
 * their lists where they are wanted, which takes longer.
 *
 * @param named names of columns in lower case, and other words
 */
export function rowsSql(name: string, schema: EntitySchema, named: ReadonlySet<string> = new Set()): string {
  const number = quoteName(numbersColumn(schema));
  const inner: string[] = [];
  const outer: string[] = [];
  for (const { column } of schema.fields) {
    const quoted = quoteName(column);
    const direct = named.has(column.toLowerCase());
    inner.push(direct ? `unnest(${quoted}) AS ${quoted}` : quoted);
    outer.push(direct ? quoted : `list_extract(${quoted}, ${number}) AS ${quoted}`);
  }
  inner.push(`unnest(${number}) AS ${number}`);
  return `SELECT ${outer.join(", ")} FROM (SELECT ${inner.join(", ")} FROM ${FUNCTION_NAME}(${quoteText(name)}))`;
}

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
  readonly blocks: BlockSource;
}

/**
 * Threads that may ask for blocks at a time. All of them are filled on the thread of JavaScript; that several wait in line
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
        const { schema } = source;
        for (const { column, type } of schema.fields) binding.bind_add_result_column(info, column, listType(binding, type));
        const numbers = binding.create_list_type(binding.create_logical_type(binding.Type.BIGINT));
        binding.bind_add_result_column(info, numbersColumn(schema), numbers);
        const pinned = rows?.pinned(name);
        // The engine takes the number of lists for that of the rows in them: it is told that of the rows.
        if (pinned !== undefined) binding.bind_set_cardinality(info, pinned.size, false);
        binding.bind_set_bind_data(info, { name, source, rows } satisfies Bound);
      },
    );
  });

  binding.table_function_set_init(soa, (info) => {
    const { name, rows } = binding.init_get_bind_data(info) as Bound;
    attempt(
      rows,
      (message) => binding.init_set_error(info, message),
      () => {
        if (rows === undefined) {
          binding.init_set_error(info, `${FUNCTION_NAME}(): live rows are read by the statements of sqlOver()`);
          return;
        }
        const fields: number[] = [];
        for (let i = 0; i < binding.init_get_column_count(info); i++) fields.push(binding.init_get_column_index(info, i));
        binding.init_set_max_threads(info, THREADS);
        binding.init_set_init_data(info, { rows, blocks: new BlockSource(rows.open(name), fields) } satisfies Scan);
      },
    );
  });

  binding.table_function_set_function(soa, (info, output) => {
    const { rows, blocks } = binding.function_get_init_data(info) as Scan;
    try {
      blocks.fill(binding, output);
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
