import { AsyncByteQueue, RecordBatchFileWriter, RecordBatchStreamWriter, type RecordBatchWriter } from "apache-arrow";
import { joinBytes } from "../columns/join-bytes.ts";
import { assertOptions } from "../entity/options.ts";
import { ValidationError } from "../errors.ts";
import { type ArrowSource, rowsOf } from "./record-batches.ts";
import { arrowSchemaOf } from "./schema.ts";
import { recordBatchesOf } from "./table.ts";

export interface ArrowIPCOptions {
  /** "stream" (default): to be read from front to back. "file": with a footer, as .arrow and Feather files are. */
  format?: "stream" | "file";
}

/**
 * The rows as Arrow IPC bytes, in plain memory of their own. `Store.fromArrow` reads them back.
 * O(bytes); for large stores {@link toArrowIPCChunks} holds one batch at a time.
 */
export function toArrowIPC(source: ArrowSource, options?: ArrowIPCOptions): Uint8Array<ArrayBuffer> {
  return joinBytes([...written(source, options)].flat());
}

/**
 * The bytes of {@link toArrowIPC} piece by piece, one record batch each: for files, responses and sockets. The rows
 * are those of the moment the first piece is taken.
 */
export function* toArrowIPCChunks(
  source: ArrowSource,
  options?: ArrowIPCOptions,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  for (const parts of written(source, options)) if (parts.length > 0) yield joinBytes(parts);
}

function* written(source: ArrowSource, options: ArrowIPCOptions = {}): Generator<Uint8Array[], void, undefined> {
  assertOptions<ArrowIPCOptions>("Arrow IPC options", options, { format: true });
  const rows = rowsOf(source);
  const sink = new Sink();
  const writer = writerOf(rows.schema.name, options.format ?? "stream");
  writer.reset(sink, arrowSchemaOf(rows.schema));
  for (const batch of recordBatchesOf(rows)) {
    writer.write(batch);
    yield sink.take();
  }
  writer.finish();
  yield sink.take();
}

function writerOf(entity: string, format: unknown): RecordBatchWriter {
  if (format === "stream") return new RecordBatchStreamWriter();
  if (format === "file") return new RecordBatchFileWriter();
  throw new ValidationError({ entity, field: "format", value: format, expected: '"stream" or "file"' });
}

/** Keeps what the writer writes until it is taken. */
class Sink extends AsyncByteQueue {
  #parts: Uint8Array[] = [];

  override write(part: ArrayBufferView): void {
    this.#parts.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }

  take(): Uint8Array[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }
}
