import type { Column } from "../../columns/column.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { Binding, Connection, DataChunk } from "./binding.ts";
import { logicalType } from "./column-types.ts";
import type { ColumnWriter } from "./column-writer.ts";
import { VECTOR_ROWS } from "./vectors.ts";

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
  #chunk = 0;
  #row = 0;
  /** What writing threw: the engine itself passes its message on only. */
  failure: { readonly error: unknown } | null = null;

  constructor(schema: EntitySchema, writers: readonly ColumnWriter[], chunks: readonly ColumnRows[]) {
    this.schema = schema;
    this.#writers = writers;
    this.#chunks = chunks;
  }

  /** Fills the vectors of `output` with the next rows. Returns their number; 0: there are no more. @throws TypeConversionError */
  fill(binding: Binding, output: DataChunk): number {
    const chunk = this.#chunks[this.#chunk];
    if (chunk === undefined) return 0;
    const from = this.#row;
    const count = Math.min(VECTOR_ROWS, chunk.length - from);
    this.#writers.forEach((write, i) => {
      write(binding, binding.data_chunk_get_vector(output, i), chunk.columns[i] as Column, from, count);
    });
    this.#row += count;
    if (this.#row === chunk.length) {
      this.#chunk++;
      this.#row = 0;
    }
    return count;
  }
}

/** Table function whose rows are those of an input, by its number. */
const FUNCTION_NAME = "_faun_rows";

const inputs = new Map<number, StatementInput>();
let numbered = 0;

/** Runs `run` with a table of SQL whose rows are those of the input. Statements over it may run until that resolves, no longer. */
export async function withInput<R>(input: StatementInput, run: (table: string) => Promise<R>): Promise<R> {
  const number = ++numbered;
  inputs.set(number, input);
  try {
    return await run(`${FUNCTION_NAME}(${number})`);
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
    for (const { column, type } of input.schema.fields) binding.bind_add_result_column(info, column, logicalType(binding, type));
    binding.bind_set_bind_data(info, { input });
  });

  binding.table_function_set_init(rows, (info) => {
    // One thread, so that rows come in order.
    binding.init_set_max_threads(info, 1);
  });

  binding.table_function_set_function(rows, (info, output) => {
    const { input } = binding.function_get_bind_data(info) as { input: StatementInput };
    try {
      binding.data_chunk_set_size(output, input.fill(binding, output));
    } catch (error) {
      input.failure ??= { error };
      binding.function_set_error(info, error instanceof Error ? error.message : String(error));
    }
  });

  binding.register_table_function(connection, rows);
  binding.destroy_table_function_sync(rows);
}
