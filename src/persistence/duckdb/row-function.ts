import type { Codec } from "../../columns/codec.ts";
import type { Column } from "../../columns/column.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { Binding, Connection, DataChunk, DuckVector } from "./binding.ts";
import { logicalType } from "./column-types.ts";
import type { ColumnWriter } from "./column-writer.ts";
import { quoteName } from "./identifiers.ts";
import { readWords, structTarget } from "./vectors.ts";

/*
 * Rows of this process for a statement: a scalar function gives the rows whose numbers it is asked for, as structs, and the
 * statement gets the numbers from a source of the engine. A table function could give rows too, but of those of the C
 * interface the engine does not know which rows come first, and so asks one thread for all of them where order matters. It
 * scans its own tables on all threads and keeps the order, and each thread asks for the rows that it is about to take on.
 */

/** Rows [from, from + length) of columns. */
export interface ColumnRows {
  readonly columns: readonly Column[];
  readonly from: number;
  readonly length: number;
}

/** What turns the columns of an entity into vectors. */
export interface RowForm {
  readonly access: { readonly codecs: readonly Codec[] };
  readonly writers: readonly ColumnWriter[];
}

/** Rows that a statement takes, numbered from 0 on. */
export class StatementInput {
  readonly schema: EntitySchema;
  readonly rows: number;
  readonly #form: RowForm;
  readonly #pieces: readonly ColumnRows[];
  /** The number of the first row of each piece, and behind the last that of all rows. */
  readonly #starts: Float64Array;
  readonly #signal: AbortSignal | undefined;
  /** What writing threw: the engine itself passes its message on only. */
  failure: { readonly error: unknown } | null = null;

  constructor(schema: EntitySchema, form: RowForm, pieces: readonly ColumnRows[], signal: AbortSignal | undefined) {
    this.schema = schema;
    this.#form = form;
    this.#pieces = pieces;
    this.#signal = signal;
    this.#starts = new Float64Array(pieces.length + 1);
    pieces.forEach(({ length }, i) => {
      this.#starts[i + 1] = (this.#starts[i] as number) + length;
    });
    this.rows = this.#starts[pieces.length] as number;
  }

  /**
   * Writes rows [first, first + count), at most as many as a vector has, into a vector of structs.
   * @throws TypeConversionError, RangeError where there are no such rows, and the reason of the signal
   */
  fill(binding: Binding, output: DuckVector, first: number, count: number): void {
    this.#signal?.throwIfAborted();
    if (!(first >= 0 && first + count <= this.rows)) throw new RangeError(`there are ${this.rows} rows, and none ${first}`);
    const index = this.#pieceOf(first);
    const { columns, from, length } = this.#pieces[index] as ColumnRows;
    const at = from + first - (this.#starts[index] as number);
    // Bitmaps are read from whole bytes on.
    const straight = at + count <= from + length && at % 8 === 0;
    this.#form.writers.forEach((write, i) => {
      const column = straight ? (columns[i] as Column) : this.#gather(i, index, first, count);
      write(binding, structTarget(binding, output, i), column, straight ? at : 0, count);
    });
  }

  /** The last piece that starts at a row or before; none is empty. */
  #pieceOf(row: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  #gather(field: number, index: number, first: number, count: number): Column {
    const gathered = (this.#form.access.codecs[field] as Codec).makeColumn(new HeapAllocator(), count, 0);
    for (let done = 0, i = index; done < count; i++) {
      const { columns, from, length } = this.#pieces[i] as ColumnRows;
      const skipped = first + done - (this.#starts[i] as number);
      const some = Math.min(count - done, length - skipped);
      gathered.copyRows(columns[field] as Column, from + skipped, done, some);
      done += some;
    }
    return gathered;
  }
}

const inputs = new Map<number, StatementInput>();
let numbered = 0;

/** Rows of a row group of DuckDB, which one thread takes, and compresses as one. */
export const GROUP_ROWS = 122_880;

/**
 * Row groups of a statement at most. Each is asked for by a function of its own: all calls of one function that are there Node
 * answers in one turn of the event loop, and those that come meanwhile, so that threads which shared one could hold the loop
 * up for as long as the statement runs.
 */
const GROUPS = 16;

/** Rows of an input at most. */
export const STATEMENT_ROWS = GROUPS * GROUP_ROWS;

const functionNames = new WeakMap<EntitySchema, string>();
let functions = 0;

/** The functions' result is of one type, so every entity has its own. */
function functionName(schema: EntitySchema, group: number): string {
  let name = functionNames.get(schema);
  if (name === undefined) {
    name = `_faun_rows_${++functions}`;
    functionNames.set(schema, name);
  }
  return `${name}_${group}`;
}

/**
 * Runs `run` with what selects the rows of the input, by their numbers: SQL that is to follow FROM, and to have a column of
 * that name with the numbers from 0 on, in runs of consecutive ones. A statement over it may run until that resolves, no longer.
 */
export async function withInput<R>(
  input: StatementInput,
  run: (rows: (numbers: string, column: string) => string) => Promise<R>,
): Promise<R> {
  const number = ++numbered;
  inputs.set(number, input);
  const fields = input.schema.fields.map(({ column }) => `r.${quoteName(column)}`).join(", ");
  const rowsOf = (numbers: string, column: string) => {
    const groups = Array.from({ length: Math.ceil(input.rows / GROUP_ROWS) }, (_, group) => {
      const row = `${functionName(input.schema, group)}(${number}, ${column})`;
      return `WHEN ${column} < ${(group + 1) * GROUP_ROWS} THEN ${row}`;
    });
    return `SELECT ${fields} FROM (SELECT CASE ${groups.join(" ")} END AS r FROM ${numbers})`;
  };
  try {
    return await run(rowsOf);
  } catch (error) {
    throw input.failure === null ? error : input.failure.error;
  } finally {
    inputs.delete(number);
  }
}

/**
 * Lets statements on the database of a connection read inputs with the columns of a schema. Again is fine: all of them see
 * the same inputs. The callbacks run on the thread of JavaScript while a thread of DuckDB waits, so nothing on that thread
 * may ever wait for such a statement.
 */
export function registerRowFunctions(binding: Binding, connection: Connection, schema: EntitySchema): void {
  const number = binding.create_logical_type(binding.Type.BIGINT);
  const types = schema.fields.map(({ type }) => logicalType(binding, type));
  const row = binding.create_struct_type(
    types,
    schema.fields.map(({ column }) => column),
  );
  for (let group = 0; group < GROUPS; group++) {
    const rows = binding.create_scalar_function();
    binding.scalar_function_set_name(rows, functionName(schema, group));
    binding.scalar_function_add_parameter(rows, number);
    binding.scalar_function_add_parameter(rows, number);
    binding.scalar_function_set_return_type(rows, row);
    // Or the engine could ask for rows once that are wanted twice, or before it runs the statement.
    binding.scalar_function_set_volatile(rows);
    binding.scalar_function_set_function(rows, (info, chunk, output) => {
      answer(binding, chunk, output, (message) => binding.scalar_function_set_error(info, message));
    });
    binding.register_scalar_function(connection, rows);
    binding.destroy_scalar_function_sync(rows);
  }
}

function answer(binding: Binding, chunk: DataChunk, output: DuckVector, refuse: (message: string) => void): void {
  const count = binding.data_chunk_get_size(chunk);
  if (count === 0) return;
  const input = inputs.get(numberAt(readWords(binding, binding.data_chunk_get_vector(chunk, 0), 1), 0));
  try {
    if (input === undefined) throw new RangeError("this function serves the writes of Faun only");
    input.fill(binding, output, firstOf(binding, chunk, count), count);
  } catch (error) {
    if (input !== undefined) input.failure ??= { error };
    refuse(error instanceof Error ? error.message : String(error));
  }
}

/** What a negative number gives is none of an input or a row. */
const numberAt = (words: Uint32Array, i: number): number => (words[2 * i + 1] as number) * 2 ** 32 + (words[2 * i] as number);

/** The first row that is asked for. @throws RangeError where the others are not those behind it */
function firstOf(binding: Binding, chunk: DataChunk, count: number): number {
  const words = readWords(binding, binding.data_chunk_get_vector(chunk, 1), count);
  const first = numberAt(words, 0);
  for (let i = 1; i < count; i++) {
    if (numberAt(words, i) !== first + i)
      throw new RangeError(`rows are asked for that do not follow each other: ${numberAt(words, i)} is ${i} behind ${first}`);
  }
  return first;
}
