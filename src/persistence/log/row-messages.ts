import {
  AsyncByteQueue,
  type Data,
  Field,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
  type Vector,
} from "apache-arrow";
import { arrowSchemaOf } from "../../arrow/schema.ts";
import { recordBatchesOf } from "../../arrow/table.ts";
import type { Codec } from "../../columns/codec.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import { joinBytes } from "../../columns/join-bytes.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import { UnsupportedError } from "../../errors.ts";
import { Chunk } from "../../soa/chunk.ts";
import type { Rows } from "../../soa/rows.ts";

/** Metadata key, on a schema, of the column that is the key: updates and deletes go by it, and the log has to say so itself. */
const KEY = "faun.key";

/**
 * Rows as messages of an Arrow IPC stream whose schema is kept apart, so that a frame of a few rows does not carry it.
 * Enums are dictionaries, which come with the schema; categories are plain strings here, for their dictionary may be
 * far larger than the rows of a frame.
 */
export class RowMessages {
  /** The schema message and the dictionaries of the enums: what a reader puts before the messages of any frame. */
  readonly schemaBytes: Uint8Array<ArrayBuffer>;
  readonly #declared: EntitySchema;
  readonly #schema: Schema;
  /** Positions of the categories. */
  readonly #categories: readonly number[];
  readonly #sink = new PartSink();
  readonly #writer = new RecordBatchStreamWriter();

  constructor({ schema: declared, codecs }: Pick<Rows, "schema" | "codecs">) {
    this.#declared = declared;
    this.#categories = declared.fields.flatMap(({ type, index }) => (type.kind === "category" ? [index] : []));
    const schema = arrowSchemaOf(declared);
    const fields = schema.fields.map((field, i) =>
      this.#categories.includes(i) ? new Field(field.name, new Utf8(), field.nullable, field.metadata) : field,
    );
    const key = declared.key === null ? [] : [[KEY, declared.key.column] as const];
    this.#schema = new Schema(fields, new Map([...schema.metadata, ...key]));
    this.#writer.reset(this.#sink, this.#schema);
    // A batch without rows makes the writer write the dictionaries, which it then knows.
    for (const batch of recordBatchesOf(oneRow(declared, codecs))) this.#writer.write(this.#plain(batch.slice(0, 0)));
    this.schemaBytes = joinBytes(this.#sink.take());
  }

  /**
   * The messages of batches that were made of columns of ours. The parts lie over the columns' bytes and are to be
   * written before these change.
   */
  of(batches: readonly RecordBatch[]): Uint8Array[] {
    for (const batch of batches) this.#writer.write(this.#plain(batch));
    return this.#sink.take();
  }

  #plain(batch: RecordBatch): RecordBatch {
    const children = batch.data.children.map((child, i) => (this.#categories.includes(i) ? this.#texts(child, i) : child));
    const type = new Struct(this.#schema.fields);
    return new RecordBatch(this.#schema, makeData({ type, length: batch.numRows, nullCount: 0, children }));
  }

  /** The strings that codes stand for, each copied as the bytes it has in the dictionary. O(bytes of text). */
  #texts(coded: Data, field: number): Data<Utf8> {
    const { length } = coded;
    const [strings] = (coded.dictionary as Vector<Utf8>).data as [Data<Utf8>?];
    const starts = strings?.valueOffsets ?? new Int32Array(1);
    const texts = strings?.values ?? new Uint8Array(0);
    const codes = coded.values as Uint8Array | Uint16Array | Uint32Array;
    const valid = coded.nullBitmap as Uint8Array | undefined;
    const isNull = (row: number) => valid !== undefined && valid.length > 0 && ((valid[row >> 3] >> (row & 7)) & 1) === 0;
    const valueOffsets = new Int32Array(length + 1);
    let total = 0;
    for (let row = 0; row < length; row++) {
      if (!isNull(row)) total += starts[codes[row] + 1] - starts[codes[row]];
      if (total > 0x7fff_ffff)
        throw new UnsupportedError(
          `${this.#declared.name}.${this.#declared.fields[field].name}: more than 2 GiB of text in one batch; add fewer rows at a time`,
        );
      valueOffsets[row + 1] = total;
    }
    const data = new Uint8Array(total);
    for (let row = 0; row < length; row++)
      if (!isNull(row)) data.set(texts.subarray(starts[codes[row]], starts[codes[row] + 1]), valueOffsets[row]);
    return makeData({
      type: new Utf8(),
      length,
      nullCount: valid === undefined || valid.length === 0 ? 0 : -1,
      ...(valid === undefined ? {} : { nullBitmap: valid }),
      valueOffsets,
      data,
    });
  }
}

/** Rows to take a batch from: one of zeros. */
function oneRow(schema: EntitySchema, codecs: readonly Codec[]): Rows {
  const allocator = new HeapAllocator();
  const columns = codecs.map((codec) => codec.makeColumn(allocator, 1, 0));
  const chunk = new Chunk(schema.name, columns, 0, 1, null);
  chunk.length = 1;
  return { schema, codecs, chunkList: [chunk], length: 1, size: 1 };
}

/** Keeps what is written until it is taken. */
class PartSink extends AsyncByteQueue {
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
