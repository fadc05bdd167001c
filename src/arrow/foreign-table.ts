import { ArrowError } from "../errors.ts";
import type { ForeignTable } from "./foreign.ts";
import { readIpc } from "./from-ipc.ts";
import { isBatchedTable, isColumnarTable, isRecordBatch, ObjectReader } from "./from-objects.ts";

const TAKEN =
  "an apache-arrow Table, RecordBatch or iterable of RecordBatches, Arrow IPC bytes (Uint8Array or ArrayBuffer), or a table with a toArrow(), toArrowIPC() or toArrowBuffer() method; what is none of these can come as IPC bytes";

/** Arrow data of whatever form as plain data. @throws ArrowError naming the forms that are taken */
export function foreignTable(entity: string, input: unknown): ForeignTable {
  try {
    return tableOf(entity, input, true);
  } catch (error) {
    if (error instanceof ArrowError && !error.message.startsWith(`${entity}: `))
      throw new ArrowError(`${entity}: ${error.message}`, { cause: error });
    throw error;
  }
}

function tableOf(entity: string, input: unknown, convert: boolean): ForeignTable {
  if (ArrayBuffer.isView(input)) return readIpc(new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
  if (isBuffer(input)) return readIpc(new Uint8Array(input));
  const reader = new ObjectReader();
  if (isBatchedTable(input)) return reader.batchedTable(input);
  if (isColumnarTable(input)) return reader.columnarTable(input);
  if (isRecordBatch(input)) {
    const batch = reader.recordBatch(input);
    return { fields: batch.fields, batches: [batch] };
  }
  const source = input as { toArrow?: unknown; toArrowIPC?: unknown; toArrowBuffer?: unknown } | null | undefined;
  for (const method of convert ? (["toArrow", "toArrowIPC", "toArrowBuffer"] as const) : []) {
    if (typeof source?.[method] === "function")
      return tableOf(entity, (source as { [m: string]: () => unknown })[method](), false);
  }
  if (typeof (input as PromiseLike<unknown> | null | undefined)?.then === "function")
    throw new ArrowError("got a promise of Arrow data; await it");
  if (isIterable(input)) return fromItems([...input], reader);
  const async = typeof input === "object" && input !== null && Symbol.asyncIterator in input;
  throw new ArrowError(
    `${async ? "got an asynchronous source; collect its batches or bytes, then pass them. " : ""}Expected ${TAKEN}`,
  );
}

function fromItems(items: readonly unknown[], reader: ObjectReader): ForeignTable {
  if (items.length > 0 && items.every((item) => ArrayBuffer.isView(item))) return readIpc(joinBytes(items as ArrayBufferView[]));
  for (const item of items)
    if (!isRecordBatch(item)) throw new ArrowError(`got an iterable of something else than record batches. Expected ${TAKEN}`);
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
