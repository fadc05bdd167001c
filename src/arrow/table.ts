import { Data, DataType, RecordBatch, type Schema, Struct, Table, type Vector } from "apache-arrow";
import { BitColumn } from "../columns/bit-column.ts";
import { bitmapBytes } from "../columns/bitmap.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { FixedColumn } from "../columns/fixed-column.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import { copyIfUndecodable } from "../columns/utf8.ts";
import { VarColumn } from "../columns/var-column.ts";
import { assertOptions } from "../entity/options.ts";
import type { Chunk } from "../soa/chunk.ts";
import { liveRuns } from "../soa/compact.ts";
import type { Rows } from "../soa/rows.ts";
import { dictionaryVector, privateDictionaryVector } from "./dictionary-vector.ts";
import { arrowSchemaOf } from "./schema.ts";

export interface ToArrowOptions {
  /**
   * Copy everything into memory of its own, which may be written to or transferred to another thread. O(rows).
   * By default the buffers are those of the columns: they are read-only, and must not be transferred.
   */
  copy?: boolean;
}

/**
 * An apache-arrow Table over the bytes of the columns, one record batch per chunk; it stays as it is when the rows
 * change later. Chunks with deleted rows are copied without them. O(chunks x fields), and O(rows / 8) for a column
 */
export function toArrowTable(rows: Rows, options: ToArrowOptions = {}): Table {
  return new Table(arrowSchemaOf(rows.schema), recordBatchesOf(rows, options));
}

/** The record batches of {@link toArrowTable}. */
export function recordBatchesOf(rows: Rows, options: ToArrowOptions = {}): RecordBatch[] {
  assertOptions<ToArrowOptions>("Arrow options", options, { copy: true });
  const schema = arrowSchemaOf(rows.schema);
  const vectorOf = options.copy === true ? privateDictionaryVector : dictionaryVector;
  const dictionaries = rows.codecs.map((codec) => (codec.dictionary === null ? undefined : vectorOf(codec.dictionary)));
  const batches: RecordBatch[] = [];
  for (const chunk of rows.chunkList) {
    const live = chunk.length - chunk.deadCount;
    if (live > 0) batches.push(batchOf(schema, rows.codecs, chunk, live, dictionaries, options.copy === true));
  }
  return batches;
}

function batchOf(
  schema: Schema,
  codecs: readonly Codec[],
  chunk: Chunk,
  live: number,
  dictionaries: readonly (Vector | undefined)[],
  copy: boolean,
): RecordBatch {
  const children = chunk.columns.map((column, i) => {
    const source = copy || chunk.deadCount > 0 ? liveCopy(codecs[i], column, chunk, live) : shared(column);
    return dataOf(schema.fields[i].type, source, live, dictionaries[i]);
  });
  return new RecordBatch(schema, new Data(new Struct(schema.fields), 0, live, 0, [] as never, children));
}

/** The column as it is; later updates of it copy first. */
function shared(column: Column): Column {
  if (column instanceof VarColumn) column.settle();
  column.share();
  return column;
}

/** The rows of a column that are not deleted, in a column of their own. O(rows). */
export function liveCopy(codec: Codec, column: Column, chunk: Chunk, live: number): Column {
  const copy = codec.makeColumn(new HeapAllocator(), live, 0);
  let at = 0;
  liveRuns(chunk, (from, to) => {
    copy.copyRows(column, from, at, to - from);
    at += to - from;
  });
  return copy;
}

/** A count of nulls that apache-arrow finds out when it is asked for. (A wrong 0 would hide the bitmap.) */
const UNCOUNTED = -1;

/** Made directly, for the helpers of apache-arrow may copy. */
function dataOf(type: DataType, column: Column, rows: number, dictionary: Vector | undefined): Data {
  const validity = column.validity?.subarray(0, bitmapBytes(rows));
  const values = valuesOf(column, rows);
  const buffers = [offsetsOf(column, rows), DataType.isUtf8(type) ? copyIfUndecodable(values as Uint8Array) : values, validity];
  return new Data(type, 0, rows, validity === undefined ? 0 : UNCOUNTED, buffers as never, [], dictionary);
}

function offsetsOf(column: Column, rows: number): Int32Array | undefined {
  return column instanceof VarColumn ? column.offsets.subarray(0, rows + 1) : undefined;
}

/** The buffer of Arrow that holds the values of the first `rows` rows: of booleans their bits, of utf8 and binary their bytes. */
export function valuesOf(column: Column, rows: number): ArrayBufferView {
  if (column instanceof BitColumn) return column.bits.subarray(0, bitmapBytes(rows));
  if (column instanceof VarColumn) return column.data.subarray(0, column.offsets[rows]);
  const { values, words, stride } = column as FixedColumn;
  // apache-arrow reads decimals as 32-bit words.
  return stride === 2 && words !== null ? words.subarray(0, rows * 4) : values.subarray(0, rows * stride);
}
