import { AsyncByteQueue, Field, makeData, RecordBatch, RecordBatchStreamWriter, Schema, Struct, Utf8 } from "apache-arrow";
import { type BatchMessage, batchMessage } from "../../arrow/batch-body.ts";
import { arrowSchemaOf } from "../../arrow/schema.ts";
import { liveCopy, recordBatchesOf } from "../../arrow/table.ts";
import type { Codec } from "../../columns/codec.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import { joinBytes } from "../../columns/join-bytes.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import { Chunk } from "../../soa/chunk.ts";
import type { Rows } from "../../soa/rows.ts";

/** Metadata key, on a schema, of the column that is the key: updates and deletes go by it, and the log has to say so itself. */
const KEY = "faun.key";

/**
 * What comes before the rows of any frame in an Arrow IPC stream: the schema message and the dictionaries of the enums.
 * Enums are dictionaries, which come with the schema; categories are plain strings, for their dictionary may be far
 * larger than the rows of a frame.
 */
export function schemaBytes({ schema: declared, codecs }: Pick<Rows, "schema" | "codecs">): Uint8Array<ArrayBuffer> {
  const isCategory = (i: number) => declared.fields[i].type.kind === "category";
  const { fields: declaredFields, metadata } = arrowSchemaOf(declared);
  const fields = declaredFields.map((field, i) =>
    isCategory(i) ? new Field(field.name, new Utf8(), field.nullable, field.metadata) : field,
  );
  const key = declared.key === null ? [] : [[KEY, declared.key.column] as const];
  const schema = new Schema(fields, new Map([...metadata, ...key]));
  const sink = new PartSink();
  const writer = new RecordBatchStreamWriter();
  writer.reset(sink, schema);
  // A batch without rows makes the writer write the dictionaries.
  for (const batch of recordBatchesOf(oneRow(declared, codecs))) {
    const none = batch.slice(0, 0);
    const children = none.data.children.map((child, i) => (isCategory(i) ? makeData({ type: new Utf8(), length: 0 }) : child));
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(fields), length: 0, nullCount: 0, children })));
  }
  return joinBytes(sink.parts);
}

/**
 * The rows as messages behind {@link schemaBytes}, one a chunk. The parts lie over the columns' bytes and are to be
 * copied before these change.
 * @throws UnsupportedError
 */
export function rowMessages({ schema, codecs, chunkList }: Rows): BatchMessage[] {
  const messages: BatchMessage[] = [];
  for (const chunk of chunkList) {
    const live = chunk.length - chunk.deadCount;
    if (live === 0) continue;
    const columns =
      chunk.deadCount === 0 ? chunk.columns : chunk.columns.map((column, i) => liveCopy(codecs[i], column, chunk, live));
    messages.push(batchMessage(schema.name, codecs, columns, live));
  }
  return messages;
}

/** Rows to take a batch from: one of zeros. */
function oneRow(schema: EntitySchema, codecs: readonly Codec[]): Rows {
  const allocator = new HeapAllocator();
  const columns = codecs.map((codec) => codec.makeColumn(allocator, 1, 0));
  const chunk = new Chunk(schema.name, columns, 0, 1, null);
  chunk.length = 1;
  return { schema, codecs, chunkList: [chunk], length: 1, size: 1 };
}

/** Keeps what is written. */
class PartSink extends AsyncByteQueue {
  readonly parts: Uint8Array[] = [];

  override write(part: ArrayBufferView): void {
    this.parts.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
}
