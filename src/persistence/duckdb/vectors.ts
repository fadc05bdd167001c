import { copyIfShared } from "../../columns/utf8.ts";
import type { Binding, DataChunk, DuckVector } from "./binding.ts";

/**
 * The one file that touches the memory of DuckDB's vectors. What the binding offers for it checks nothing: a length too
 * long, or a buffer that was detached, ends the process. Everything here checks first, and throws a RangeError.
 *
 * Layouts are those of DuckDB's C interface: fixed-width values one behind the other, validity as a bitmap with 1 for a
 * value (whole 64-bit words), strings as 16 bytes each: length (u32), then up to 12 bytes in place, or 4 bytes of prefix and
 * a pointer.
 */

/** Rows of a vector of DuckDB as it is built. */
export const VECTOR_ROWS = 2048;

/** Strings up to this many bytes lie in the vector itself. */
const INLINE = 12;
const STRING_BYTES = 16;

/** Gaps between two readable pieces of memory that are readable too, being on the pages of one or the other. */
const GAP = 4096;

/** A vector that is to be written, and how many rows it has room for. Made by the functions below, which know. */
export interface Target {
  readonly vector: DuckVector;
  readonly rows: number;
}

/** A column of a chunk that the engine made. */
export const chunkTarget = (binding: Binding, chunk: DataChunk, column: number): Target => ({
  vector: binding.data_chunk_get_vector(chunk, column),
  rows: VECTOR_ROWS,
});

/** A field of a vector of structs that the engine made. */
export const structTarget = (binding: Binding, vector: DuckVector, field: number): Target => ({
  vector: binding.struct_vector_get_child(vector, field),
  rows: VECTOR_ROWS,
});

/** Bytes of what a LIST vector holds for a row: where its values begin among all, and their number (u64 both). */
const ENTRY_BYTES = 16;
const entries = new Uint32Array((VECTOR_ROWS * ENTRY_BYTES) / 4);

/**
 * Makes a column of LISTs hold `rows` values, {@link VECTOR_ROWS} to a list, and fewer in the last one. Returns what their
 * values are to be written to. Where `shared`, all lists are of the same values, the first {@link VECTOR_ROWS} of them.
 */
export function listTarget(binding: Binding, chunk: DataChunk, column: number, rows: number, shared = false): Target {
  const { vector } = chunkTarget(binding, chunk, column);
  const lists = listsOf(rows);
  assertRoom(VECTOR_ROWS, lists);
  for (let i = 0; i < lists; i++) {
    entries[4 * i] = shared ? 0 : i * VECTOR_ROWS;
    entries[4 * i + 2] = Math.min(VECTOR_ROWS, rows - i * VECTOR_ROWS);
  }
  binding.copy_data_to_vector(vector, 0, entries.buffer, 0, lists * ENTRY_BYTES);
  const values = shared ? Math.min(rows, VECTOR_ROWS) : rows;
  binding.list_vector_reserve(vector, values);
  binding.list_vector_set_size(vector, values);
  return { vector: binding.list_vector_get_child(vector), rows: values };
}

/** How many lists of {@link VECTOR_ROWS} it takes. */
export const listsOf = (rows: number): number => Math.ceil(rows / VECTOR_ROWS);

/** Copies `count` fixed-width values, those behind the first `skipped` bytes, into rows from `at` on; they have `width` bytes each. */
export function writeFixed(
  binding: Binding,
  target: Target,
  at: number,
  width: number,
  values: ArrayBufferView,
  count: number,
  skipped = 0,
): void {
  assertRoom(target.rows, count, at);
  const bytes = count * width;
  assertReadable(values, skipped + bytes);
  const { buffer } = values;
  const from = values.byteOffset + skipped;
  const to = at * width;
  if (buffer instanceof ArrayBuffer) {
    if (bytes > 0) binding.copy_data_to_vector(target.vector, to, buffer, from, bytes);
    return;
  }
  for (let done = 0; done < bytes; done += UNSHARED) {
    const some = Math.min(UNSHARED, bytes - done);
    unshared.set(new Uint8Array(buffer, from + done, some));
    binding.copy_data_to_vector(target.vector, to + done, unshared.buffer, 0, some);
  }
}

/** Shared memory, which the binding does not take, goes through here. */
const UNSHARED = 16_384;
const unshared = new Uint8Array(UNSHARED);

/** Marks rows [0, count) of a vector by the bits of a bitmap, from its first one on: 1 for a value. */
export function writeValidity(binding: Binding, { vector, rows }: Target, bits: Uint8Array, count: number): void {
  assertRoom(rows, count);
  const bytes = (count + 7) >>> 3;
  assertReadable(bits, bytes);
  if (bytes === 0) return;
  binding.vector_ensure_validity_writable(vector);
  const { buffer, byteOffset } = copyIfShared(bytesOf(bits, bytes));
  binding.copy_data_to_vector_validity(vector, 0, buffer, byteOffset, bytes);
}

const stringWords = new Uint32Array((VECTOR_ROWS * STRING_BYTES) / 4);
const stringBytes = new Uint8Array(stringWords.buffer);

/**
 * Writes byte strings into rows [at, at + count) of a VARCHAR or BLOB vector, up to {@link VECTOR_ROWS} at a time; the bytes
 * of row `at + i` are those of `data` from `offsets[i]` to `offsets[i + 1]`. Text must be valid UTF-8.
 */
export function writeStrings(
  binding: Binding,
  { vector, rows }: Target,
  at: number,
  offsets: ArrayLike<number>,
  data: Uint8Array,
  count: number,
): void {
  assertRoom(rows, count, at);
  assertRoom(VECTOR_ROWS, count);
  if (offsets.length < count + 1) throw new RangeError(`${count} strings need ${count + 1} offsets, not ${offsets.length}`);
  if (count === 0) return;
  assertReadable(data, offsets[count] as number);
  const own = data.buffer instanceof ArrayBuffer;
  stringWords.fill(0, 0, count * 4);
  let long = 0;
  for (let i = 0; i < count; i++) {
    const from = offsets[i] as number;
    const length = (offsets[i + 1] as number) - from;
    if (length < 0 || from < 0) throw new RangeError("offsets of strings must ascend");
    if (length > INLINE) {
      long++;
      continue;
    }
    stringWords[i * 4] = length;
    const place = i * STRING_BYTES + 4;
    for (let b = 0; b < length; b++) stringBytes[place + b] = data[from + b] as number;
  }
  binding.copy_data_to_vector(vector, at * STRING_BYTES, stringWords.buffer, 0, count * STRING_BYTES);
  if (long === 0) return;
  for (let i = 0; i < count; i++) {
    const from = offsets[i] as number;
    const to = offsets[i + 1] as number;
    if (to - from <= INLINE) continue;
    const bytes = data.subarray(from, to);
    binding.vector_assign_string_element_len(vector, at + i, own ? bytes : copyIfShared(bytes));
  }
}

/** The values of rows [0, count) of a BIGINT vector, as pairs of 32-bit words, the low one first. */
export function readWords(binding: Binding, vector: DuckVector, count: number): Uint32Array {
  const { buffer, byteOffset } = readFixed(binding, vector, 8, count);
  return new Uint32Array(buffer, byteOffset, 2 * count);
}

/** A copy of the values of rows [0, count), each of `width` bytes. */
export function readFixed(binding: Binding, vector: DuckVector, width: number, count: number): Uint8Array {
  assertRoom(VECTOR_ROWS, count);
  return binding.vector_get_data(vector, count * width);
}

/** A copy of the validity bits of rows [0, count); null where every row has a value. */
export function readValidity(binding: Binding, vector: DuckVector, count: number): Uint8Array | null {
  assertRoom(VECTOR_ROWS, count);
  // Whole words: the bitmap of a vector has them.
  const bits = binding.vector_get_validity(vector, ((count + 63) >>> 6) * 8) as Uint8Array | null;
  return bits === null || bits.length === 0 ? null : bits;
}

/** Byte strings that were copied out of a vector: row `i` is `bytes[i]` from `starts[i]`, `lengths[i]` long. */
export interface VectorStrings {
  /** Where the bytes of each row lie: the vector's own copy, or a copy of the memory it points to. */
  readonly sources: readonly Uint8Array[];
  /** Which of the sources holds the row. */
  readonly source: Uint16Array;
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
}

/**
 * Copies the strings of rows [0, count) of a VARCHAR or BLOB vector. `chunk` must be the data chunk of the vector: it
 * holds the memory that is read. Rows that are null read as empty.
 */
export function readStrings(
  binding: Binding,
  chunk: DataChunk,
  vector: DuckVector,
  validity: Uint8Array | null,
  count: number,
): VectorStrings {
  assertRoom(VECTOR_ROWS, count);
  // The chunk is asked for its size so that it is alive up to here, whatever the collector thinks of it.
  if (binding.data_chunk_get_size(chunk) < count) throw new RangeError(`the chunk has fewer than ${count} rows`);
  const own = binding.vector_get_data(vector, count * STRING_BYTES);
  const words = new Uint32Array(own.buffer, own.byteOffset, count * 4);
  const source = new Uint16Array(count);
  const starts = new Float64Array(count);
  const lengths = new Uint32Array(count);
  const long: number[] = [];
  for (let i = 0; i < count; i++) {
    if (validity !== null && ((validity[i >>> 3] as number) & (1 << (i & 7))) === 0) continue;
    const length = words[i * 4] as number;
    lengths[i] = length;
    if (length <= INLINE) starts[i] = i * STRING_BYTES + 4;
    else {
      // A pointer has 47 bits: a double holds it.
      starts[i] = (words[i * 4 + 3] as number) * 2 ** 32 + (words[i * 4 + 2] as number);
      long.push(i);
    }
  }
  const sources: Uint8Array[] = [own];
  if (long.length > 0) readPointed(binding, own, long, { sources, source, starts, lengths });
  if (binding.data_chunk_get_size(chunk) < count) throw new RangeError("the chunk changed while it was read");
  return { sources, source, starts, lengths };
}

/**
 * Strings of one vector mostly lie near each other: those with less than a page between them are read as one piece. (What
 * lies between them is on a page of one or the other.)
 */
function readPointed(
  binding: Binding,
  own: Uint8Array,
  rows: number[],
  {
    sources,
    source,
    starts,
    lengths,
  }: { sources: Uint8Array[]; source: Uint16Array; starts: Float64Array; lengths: Uint32Array },
): void {
  const address = (row: number) => starts[row] as number;
  let sorted = true;
  for (let k = 1; k < rows.length && sorted; k++) sorted = address(rows[k] as number) >= address(rows[k - 1] as number);
  if (!sorted) rows.sort((a, b) => address(a) - address(b));
  for (let first = 0; first < rows.length; ) {
    const begin = address(rows[first] as number);
    let end = begin + (lengths[rows[first] as number] as number);
    let last = first + 1;
    for (; last < rows.length; last++) {
      const row = rows[last] as number;
      if (address(row) > end + GAP) break;
      end = Math.max(end, address(row) + (lengths[row] as number));
    }
    const pointer = own.byteOffset + (rows[first] as number) * STRING_BYTES + 8;
    const bytes = binding.get_data_from_pointer(own.buffer as ArrayBuffer, pointer, end - begin);
    for (let k = first; k < last; k++) {
      const row = rows[k] as number;
      source[row] = sources.length;
      starts[row] = address(row) - begin;
    }
    sources.push(bytes);
    first = last;
  }
}

function assertRoom(rows: number, count: number, at = 0): void {
  if (!Number.isInteger(count) || !Number.isInteger(at) || count < 0 || at < 0 || at + count > rows)
    throw new RangeError(`${count} rows from ${at} on are not within a vector of ${rows}`);
}

/** Also of a detached buffer, whose length is 0. */
function assertReadable(view: ArrayBufferView, bytes: number): void {
  if (!(bytes >= 0) || bytes > view.byteLength || view.byteOffset + bytes > view.buffer.byteLength)
    throw new RangeError(`${bytes} bytes are to be read of a buffer of ${view.byteLength}`);
}

const bytesOf = (view: ArrayBufferView, bytes: number) => new Uint8Array(view.buffer, view.byteOffset, bytes);
