import { Data, Utf8, Vector } from "apache-arrow";
import type { Dictionary } from "../columns/dictionary.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import { maxUtf8Bytes, writeUtf8 } from "../columns/utf8.ts";
import { VarColumn } from "../columns/var-column.ts";

interface Encoded {
  readonly column: VarColumn;
  /** Strings that are in `column`. */
  size: number;
  readonly truncations: number;
  vector: Vector<Utf8>;
}

const encoded = new WeakMap<Dictionary, Encoded>();

/**
 * The strings of a dictionary as an Arrow vector, the same one for as long as none is added. A later vector
 * shares the bytes of an earlier one: O(strings added since).
 */
export function dictionaryVector(dictionary: Dictionary): Vector<Utf8> {
  let entry = encoded.get(dictionary);
  if (entry?.truncations !== dictionary.truncations) entry = undefined;
  if (entry?.size === dictionary.size) return entry.vector;
  const column = entry?.column ?? emptyColumn(dictionary.size);
  const from = entry?.size ?? 0;
  const size = dictionary.size;
  if (size > column.capacity) column.grow(size * 2, from);
  for (let code = from; code < size; code++) append(column, code, dictionary.values[code]);
  const vector = vectorOf(column, size);
  encoded.set(dictionary, { column, size, truncations: dictionary.truncations, vector });
  return vector;
}

/** As `dictionaryVector`, over bytes that nothing else uses. */
export function privateDictionaryVector(dictionary: Dictionary): Vector<Utf8> {
  const column = emptyColumn(dictionary.size);
  dictionary.values.forEach((value, code) => {
    append(column, code, value);
  });
  return vectorOf(column, dictionary.size);
}

const emptyColumn = (capacity: number) => new VarColumn(new HeapAllocator(), capacity, 0);

function append(column: VarColumn, code: number, value: string): void {
  const start = column.reserve(code, maxUtf8Bytes(value));
  column.endRow(code, writeUtf8(value, column.data, start));
}

function vectorOf({ offsets, data }: VarColumn, size: number): Vector<Utf8> {
  const buffers = [offsets.subarray(0, size + 1), data.subarray(0, offsets[size])];
  return new Vector([new Data(new Utf8(), 0, size, 0, buffers as never)]);
}
