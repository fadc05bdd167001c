import { ArrowError, FaunError } from "../errors.ts";
import type { ForeignTable } from "./foreign.ts";
import { readIpc } from "./from-ipc.ts";
import { isBatchedTable, isColumnarTable, isRecordBatch, ObjectReader } from "./from-objects.ts";

const TAKEN =
  "an apache-arrow Table, RecordBatch or iterable of RecordBatches, Arrow IPC bytes (Uint8Array or ArrayBuffer), or a table with a toArrow(), toArrowIPC() or toArrowBuffer() method; what is none of these can come as IPC bytes";

/** Arrow data of whatever form as plain data. @throws ArrowError naming the entity and the forms that are taken */
export function foreignTable(entity: string, input: unknown): ForeignTable {
  const source = naming(entity, () => converted(input));
  // What an iterable of the user throws is the user's.
  const items = isTable(source) || isBytes(source) || !isIterable(source) ? null : [...source];
  return naming(entity, () => (items === null ? tableOf(source) : fromItems(items)));
}

/** Runs `read` over foreign objects; what it throws is an ArrowError that names the entity. */
export function naming<R>(entity: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (error instanceof ArrowError && !error.message.startsWith(`${entity}: `))
      throw new ArrowError(`${entity}: ${error.message}`, { cause: error });
    if (error instanceof FaunError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ArrowError(`${entity}: the Arrow data is of a form that is not understood (${reason})`, { cause: error });
  }
}

const isTable = (value: unknown) => isBatchedTable(value) || isColumnarTable(value) || isRecordBatch(value);
const isBytes = (value: unknown) => ArrayBuffer.isView(value) || isBuffer(value);

/** The table or bytes of an object that can turn itself into them. */
function converted(input: unknown): unknown {
  const source = input as { [method: string]: unknown } | null | undefined;
  if (isTable(input)) return input;
  for (const method of ["toArrow", "toArrowIPC", "toArrowBuffer"]) {
    if (typeof source?.[method] === "function") return (source as { [method: string]: () => unknown })[method]();
  }
  return input;
}

function tableOf(source: unknown): ForeignTable {
  if (ArrayBuffer.isView(source)) return readIpc(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (isBuffer(source)) return readIpc(new Uint8Array(source));
  const reader = new ObjectReader();
  if (isBatchedTable(source)) return reader.batchedTable(source);
  if (isColumnarTable(source)) return reader.columnarTable(source);
  if (isRecordBatch(source)) {
    const batch = reader.recordBatch(source);
    return { fields: batch.fields, batches: [batch] };
  }
  if (typeof (source as PromiseLike<unknown> | null | undefined)?.then === "function")
    throw new ArrowError("got a promise of Arrow data; await it");
  const async = typeof source === "object" && source !== null && Symbol.asyncIterator in source;
  throw new ArrowError(
    `${async ? "got an asynchronous source; collect its batches or bytes, then pass them. " : ""}Expected ${TAKEN}`,
  );
}

function fromItems(items: readonly unknown[]): ForeignTable {
  if (items.length > 0 && items.every((item) => ArrayBuffer.isView(item))) return readIpc(joinBytes(items as ArrayBufferView[]));
  for (const item of items)
    if (!isRecordBatch(item)) throw new ArrowError(`got an iterable of something else than record batches. Expected ${TAKEN}`);
  const reader = new ObjectReader();
  const batches = items.map((item) => reader.recordBatch(item));
  return { fields: batches[0]?.fields ?? null, batches };
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;

const isBuffer = (value: unknown): value is ArrayBufferLike =>
  value instanceof ArrayBuffer ||
  (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) ||
  Object.prototype.toString.call(value) === "[object ArrayBuffer]";

function joinBytes(parts: readonly ArrayBufferView[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return bytes;
}
