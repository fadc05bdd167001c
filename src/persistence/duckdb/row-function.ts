import type { Column } from "../../columns/column.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { Binding, Connection, DataChunk } from "./binding.ts";
import { blockRows, endBlock, listType, writeLists } from "./blocks.ts";
import type { ColumnWriter } from "./column-writer.ts";
import { quoteName } from "./identifiers.ts";

/** Columns of one chunk's rows. */
export interface ColumnRows {
  readonly columns: readonly Column[];
  readonly length: number;
}

/** Rows that a statement takes, in order, once. */
export class StatementInput {
  readonly schema: EntitySchema;
  readonly #writers: readonly ColumnWriter[];
  readonly #chunks: readonly ColumnRows[];
  readonly #largest: number;
  #chunk = 0;
  #row = 0;
  /** What writing threw: the engine itself passes its message on only. */
  failure: { readonly error: unknown } | null = null;

  constructor(schema: EntitySchema, writers: readonly ColumnWriter[], chunks: readonly ColumnRows[]) {
    this.schema = schema;
    this.#writers = writers;
    this.#chunks = chunks;
    this.#largest = blockRows(schema.fields.map(({ type }) => type));
  }

  /** Fills `output` with a block of the next rows, if there are any. @throws TypeConversionError */
  fill(binding: Binding, output: DataChunk): void {
    const chunk = this.#chunks[this.#chunk];
    const from = this.#row;
    const count = chunk === undefined ? 0 : Math.min(this.#largest, chunk.length - from);
    this.#writers.forEach((write, i) => {
      if (count > 0) writeLists(binding, output, i, { write, column: chunk?.columns[i] as Column, from, count });
    });
    endBlock(binding, output, count);
    this.#row += count;
    if (this.#row !== chunk?.length) return;
    this.#chunk++;
    this.#row = 0;
  }
}

/** Table function whose rows are those of an input, in lists, by its number. */
const FUNCTION_NAME = "_faun_rows";

const inputs = new Map<number, StatementInput>();
let numbered = 0;

/** Runs `run` with a SELECT whose rows are those of the input. A statement over it may run until that resolves, no longer. */
export async function withInput<R>(input: StatementInput, run: (rows: string) => Promise<R>): Promise<R> {
  const number = ++numbered;
  inputs.set(number, input);
  const columns = input.schema.fields.map(({ column }) => `unnest(${quoteName(column)})`);
  try {
    return await run(`SELECT ${columns.join(", ")} FROM ${FUNCTION_NAME}(${number})`);
  } catch (error) {
    throw input.failure === null ? error : input.failure.error;
  } finally {
    inputs.delete(number);
  }
}

/**
 * Lets statements on the database of a connection read inputs. Again is fine: a second registration leaves the first one in
 * place, and all of them see the same inputs. The callbacks run on the thread of JavaScript while a thread of DuckDB waits,
 * so nothing on that thread may ever wait for such a statement.
 */
export function registerRowFunction(binding: Binding, connection: Connection): void {
  const rows = binding.create_table_function();
  binding.table_function_set_name(rows, FUNCTION_NAME);
  binding.table_function_add_parameter(rows, binding.create_logical_type(binding.Type.BIGINT));

  binding.table_function_set_bind(rows, (info) => {
    const parameter = binding.bind_get_parameter(info, 0);
    const input = binding.is_null_value(parameter) ? undefined : inputs.get(Number(binding.get_int64(parameter)));
    if (input === undefined) {
      binding.bind_set_error(info, `${FUNCTION_NAME}(): serves the writes of Faun only`);
      return;
    }
    for (const { column, type } of input.schema.fields) binding.bind_add_result_column(info, column, listType(binding, type));
    binding.bind_set_bind_data(info, { input });
  });

  binding.table_function_set_init(rows, (info) => {
    // One thread, so that rows come in order.
    binding.init_set_max_threads(info, 1);
  });

  binding.table_function_set_function(rows, (info, output) => {
    const { input } = binding.function_get_bind_data(info) as { input: StatementInput };
    try {
      input.fill(binding, output);
    } catch (error) {
      input.failure ??= { error };
      binding.function_set_error(info, error instanceof Error ? error.message : String(error));
    }
  });

  binding.register_table_function(connection, rows);
  binding.destroy_table_function_sync(rows);
}
