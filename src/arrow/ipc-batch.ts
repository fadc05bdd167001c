import { compressionRegistry } from "apache-arrow";
import { ArrowError } from "../errors.ts";
import type { ForeignArray } from "./foreign.ts";
import { TypeId } from "./foreign-type.ts";
import type { BatchMetadata, IpcField } from "./ipc-metadata.ts";
import { decodeLz4Frame } from "./lz4-frame.ts";

/** Dictionaries by id, as they are at this point of a stream. */
export type Dictionaries = ReadonlyMap<bigint, readonly ForeignArray[]>;

const NO_BYTES: Uint8Array = new Uint8Array(0);
const COMPRESSIONS = ["LZ4_FRAME", "ZSTD"];
const LZ4_FRAME = 0;

/** The columns of a batch, over the bytes of its body. @throws ArrowError if metadata and body do not fit each other */
export function readColumns(
  fields: readonly IpcField[],
  batch: BatchMetadata,
  body: Uint8Array,
  version: number,
  dictionaries: Dictionaries,
): ForeignArray[] {
  // No buffers are needed to claim a great many nulls; a small message must not become a great many rows.
  if (batch.length > 65_536 && batch.length > body.length * 8)
    throw new ArrowError(`a batch of ${batch.length} rows in ${body.length} bytes`);
  const cursor = new BufferCursor(batch, body, version);
  return fields.map((field) => {
    const column = cursor.read(field, dictionaries);
    if (column.length !== batch.length)
      throw new ArrowError(`column ${JSON.stringify(field.name)} has ${column.length} rows in a batch of ${batch.length}`);
    return column;
  });
}

/** Walks the fields of a batch depth first, as their buffers lie. */
class BufferCursor {
  readonly #batch: BatchMetadata;
  readonly #body: Uint8Array;
  readonly #version: number;
  #node = 0;
  #buffer = 0;
  #viewed = 0;

  constructor(batch: BatchMetadata, body: Uint8Array, version: number) {
    this.#batch = batch;
    this.#body = body;
    this.#version = version;
  }

  read(field: IpcField, dictionaries: Dictionaries): ForeignArray {
    const { nodes } = this.#batch;
    const at = 2 * this.#node++;
    if (at >= nodes.length) throw new ArrowError("a batch describes fewer columns than the schema");
    const length = nodes[at];
    const nullCount = nodes[at + 1];
    const { layout, type } = field;
    const isNull = layout === TypeId.Null;
    const hasValidity = !isNull && layout !== TypeId.RunEndEncoded && !(layout === TypeId.Union && this.#version >= 4);
    const bitmap = hasValidity ? this.#next() : NO_BYTES;
    if (hasValidity && nullCount > 0 && bitmap.length === 0)
      throw new ArrowError(`column ${JSON.stringify(field.name)} has nulls and no validity bitmap`);
    let offsets: Uint8Array | null = null;
    let values = NO_BYTES;
    let viewed: Uint8Array[] = [];
    switch (layout) {
      case TypeId.Null:
      case TypeId.Struct:
      case TypeId.FixedSizeList:
      case TypeId.RunEndEncoded:
        break;
      case TypeId.Utf8:
      case TypeId.Binary:
      case TypeId.LargeUtf8:
      case TypeId.LargeBinary:
        offsets = this.#next();
        values = this.#next();
        break;
      case TypeId.Utf8View:
      case TypeId.BinaryView: {
        values = this.#next();
        const count = this.#batch.viewedCounts[this.#viewed++] ?? 0;
        if (count > this.#batch.buffers.length / 2) throw new ArrowError("a batch describes fewer buffers than its views need");
        viewed = Array.from({ length: count }, () => this.#next());
        break;
      }
      case TypeId.List:
      case TypeId.LargeList:
      case TypeId.Map:
        this.#next();
        break;
      case TypeId.ListView:
      case TypeId.LargeListView:
        this.#next();
        this.#next();
        break;
      case TypeId.Union:
        this.#next();
        if (field.dense) this.#next();
        break;
      default:
        if (layout < TypeId.Null || layout > TypeId.LargeListView)
          throw new ArrowError(`column ${JSON.stringify(field.name)} is of an unknown type (${layout})`);
        values = this.#next();
    }
    for (const child of field.children) this.read(child, dictionaries);
    return {
      type,
      length,
      bitOffset: 0,
      validity: nullCount === 0 || bitmap.length === 0 ? null : bitmap,
      values,
      offsets,
      viewed,
      dictionary: field.dictionary === null ? null : (dictionaries.get(field.dictionary.id) ?? []),
    };
  }

  #next(): Uint8Array {
    const { buffers, compression } = this.#batch;
    const at = 2 * this.#buffer++;
    if (at >= buffers.length) throw new ArrowError("a batch describes fewer buffers than its columns need");
    const offset = buffers[at];
    const length = buffers[at + 1];
    if (offset + length > this.#body.length) throw new ArrowError("a buffer of a batch lies beyond its end");
    if (length === 0) return NO_BYTES;
    const bytes = this.#body.subarray(offset, offset + length);
    return compression === null ? bytes : decompress(compression, bytes);
  }
}

function decompress(compression: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length < 8) throw new ArrowError("a compressed buffer is too short");
  const size = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
  const stored = bytes.subarray(8);
  if (size === -1n) return stored;
  if (size < 0n) throw new ArrowError(`a compressed buffer of ${size} bytes`);
  const codec = compressionRegistry.get(compression);
  if (codec?.decode === undefined) {
    // What PyArrow and pandas write Feather files with.
    if (compression === LZ4_FRAME) return decodeLz4Frame(stored, Number(size));
    const name = COMPRESSIONS[compression] ?? `number ${compression}`;
    throw new ArrowError(
      `the data is compressed (${name}) and no codec for it is registered: set one with compressionRegistry of apache-arrow, or write it with lz4 or uncompressed`,
    );
  }
  const plain = codec.decode(stored);
  if (BigInt(plain.length) !== size)
    throw new ArrowError(`a compressed buffer holds ${plain.length} bytes where ${size} were announced`);
  return plain;
}
