import type { Column } from "../../../columns/column.ts";
import type { FieldType } from "../../../entity/field-type.ts";
import { CHUNK_ROWS } from "../../../soa/chunk.ts";
import type { Binding, DataChunk, LogicalType } from "../binding.ts";
import { logicalType, valueWidth } from "../column-types.ts";
import type { ColumnWriter } from "../column-writer.ts";
import { listsOf, listTarget, VECTOR_ROWS, writeFixed } from "../vectors.ts";

/*
 * Blocks of rows for a table function. DuckDB asks one for 2,048 rows at a time, and a thread of it waits for the thread of
 * JavaScript meanwhile: to wake the one and then the other takes longer than to copy so few values. So the function gives
 * lists of 2,048 values each, up to 32 at a time, and the statement around it unnests them.
 */

/**
 * Bytes of a block at most, as weighed below, where it has several lists: what a processor's own cache holds until DuckDB's
 * thread has read it, and some milliseconds of the event loop even where all of it is strings.
 */
const BLOCK_BYTES = 2 ** 20;

/** Bytes that a string counts for: each is looked at. */
const STRING_WEIGHT = 128;

const STRINGS: ReadonlySet<FieldType["kind"]> = new Set(["utf8", "binary", "category"]);

/** Rows of a block with fields of those types: as many as a full chunk of a store has, or a half, a quarter, … of them. */
export function blockRows(types: readonly FieldType[]): number {
  let weight = 0;
  for (const type of types) weight += STRINGS.has(type.kind) ? STRING_WEIGHT : valueWidth(type);
  let rows = CHUNK_ROWS;
  while (rows > VECTOR_ROWS && rows * weight > BLOCK_BYTES) rows /= 2;
  return rows;
}

/** The type of the column of a block that has a field's values. */
export const listType = (binding: Binding, type: FieldType): LogicalType => binding.create_list_type(logicalType(binding, type));

/** Writes rows [from, from + count) of a column, `from` a multiple of 8, as lists into a column of `output`. */
export function writeLists(
  binding: Binding,
  output: DataChunk,
  position: number,
  { write, column, from, count }: { write: ColumnWriter; column: Column; from: number; count: number },
): void {
  write(binding, listTarget(binding, output, position, count), column, from, count);
}

const ROW_NUMBERS = BigInt64Array.from({ length: VECTOR_ROWS }, (_, i) => BigInt(i + 1));

/** Writes the numbers of the values of each list, from 1 on, into a BIGINT[] column of `output`. */
export function writeRowNumbers(binding: Binding, output: DataChunk, position: number, count: number): void {
  writeFixed(binding, listTarget(binding, output, position, count, true), 0, 8, ROW_NUMBERS, Math.min(count, VECTOR_ROWS));
}

/** Ends a block of so many rows; 0: there are no more. */
export function endBlock(binding: Binding, output: DataChunk, rows: number): void {
  binding.data_chunk_set_size(output, listsOf(rows));
}
