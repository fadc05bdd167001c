/** The metadata of Arrow IPC: schemas, batches and the footer of a file, out of their flatbuffers. */

import { ArrowError } from "../errors.ts";
import { count, FlatBuffer, type FlatTable } from "./flatbuffer.ts";
import type { ForeignField, ForeignType } from "./foreign.ts";
import { foreignType, TypeId, type TypeProperties } from "./foreign-type.ts";

/** A field, with what is needed to find its buffers. */
export interface IpcField extends ForeignField {
  /** How its values are laid out: that of the codes, for a dictionary. */
  readonly layout: number;
  readonly children: readonly IpcField[];
  readonly dictionary: { readonly id: bigint; readonly values: IpcField } | null;
  /** Dense unions have offsets. */
  readonly dense: boolean;
}

export interface BatchMetadata {
  readonly length: number;
  /** Length and number of nulls of each column in turn: as numbers, for a log may have a batch a row. */
  readonly nodes: readonly number[];
  /** Offset and length of each buffer in turn. */
  readonly buffers: readonly number[];
  /** Number of the compression, null where there is none. */
  readonly compression: number | null;
  readonly viewedCounts: readonly number[];
}

export type Message = { readonly bodyLength: number; readonly version: number } & (
  | { readonly kind: "schema"; readonly fields: readonly IpcField[] }
  | { readonly kind: "dictionary"; readonly id: bigint; readonly isDelta: boolean; readonly batch: BatchMetadata }
  | { readonly kind: "batch"; readonly batch: BatchMetadata }
);

export interface Block {
  readonly offset: number;
  readonly metadataLength: number;
  readonly bodyLength: number;
}

export interface Footer {
  readonly fields: readonly IpcField[];
  readonly dictionaries: readonly Block[];
  readonly batches: readonly Block[];
}

const KINDS = [undefined, "schema", "dictionary", "batch"] as const;

export function readMessage(metadata: Uint8Array): Message {
  const message = new FlatBuffer(metadata).root();
  const kind = KINDS[message.uint8(1)];
  const header = message.table(2);
  if (kind === undefined || header === null)
    throw new ArrowError(`a message of kind ${message.uint8(1)}, which is no schema, dictionary or record batch`);
  const common = { bodyLength: message.count(3), version: message.int16(0) };
  if (kind === "schema") return { ...common, kind, fields: readSchema(header) };
  const early = earlyCompression(message);
  if (kind === "batch") return { ...common, kind, batch: readBatch(header, early) };
  const batch = header.table(1);
  if (batch === null) throw new ArrowError("a dictionary without values");
  return { ...common, kind, id: header.bigint(0), isDelta: header.uint8(2) !== 0, batch: readBatch(batch, early) };
}

/** Before batches had a field for it, Arrow 0.17 told a batch's compression in the metadata of its message. */
function earlyCompression(message: FlatTable): number | null {
  for (const pair of message.tables(4)) {
    if (pair.string(0) !== "ARROW:experimental_compression") continue;
    const name = pair.string(1)?.toLowerCase();
    if (name === "lz4" || name === "zstd") return name === "lz4" ? 0 : 1;
    throw new ArrowError(`a batch is compressed with ${JSON.stringify(name)}, which is not known`);
  }
  return null;
}

export function readFooter(bytes: Uint8Array): Footer {
  const footer = new FlatBuffer(bytes).root();
  const schema = footer.table(1);
  if (schema === null) throw new ArrowError("the footer has no schema");
  const block = (view: DataView, at: number): Block => ({
    offset: count(view.getBigInt64(at, true)),
    metadataLength: view.getInt32(at + 8, true),
    bodyLength: count(view.getBigInt64(at + 16, true)),
  });
  return { fields: readSchema(schema), dictionaries: footer.structs(2, 24, block), batches: footer.structs(3, 24, block) };
}

function readSchema(schema: FlatTable): IpcField[] {
  if (schema.int16(0) !== 0) throw new ArrowError("big-endian Arrow data is not supported");
  return schema.tables(1).map(readField);
}

function readField(field: FlatTable): IpcField {
  const name = field.string(0) ?? "";
  const children = field.tables(5).map(readField);
  const properties = readType(field.uint8(2), field.table(3));
  const dense = properties.typeId === TypeId.Union && properties.mode === 1;
  const values: IpcField = { name, type: foreignType(properties), layout: properties.typeId, children, dictionary: null, dense };
  const encoding = field.table(4);
  if (encoding === null) return values;
  const indices = readType(TypeId.Int, encoding.table(1));
  const codes = encoding.table(1) === null ? { typeId: TypeId.Int, bitWidth: 32, isSigned: true } : indices;
  const codeType = foreignType(codes);
  const type: ForeignType =
    codeType.kind === "int" && values.type.kind !== "dictionary"
      ? { kind: "dictionary", codes: codeType, values: values.type }
      : { kind: "other", name: "Dictionary" };
  return { name, type, layout: TypeId.Int, children: [], dictionary: { id: encoding.bigint(0), values }, dense: false };
}

function readType(typeId: number, type: FlatTable | null): TypeProperties & { typeId: number; mode?: number } {
  if (type === null) return { typeId };
  switch (typeId) {
    case TypeId.Int:
      return { typeId, bitWidth: type.int32(0), isSigned: type.uint8(1) !== 0 };
    case TypeId.Float:
      return { typeId, precision: type.int16(0) };
    case TypeId.Decimal:
      return { typeId, precision: type.int32(0), scale: type.int32(1), bitWidth: type.int32(2, 128) };
    case TypeId.Date:
      return { typeId, unit: type.int16(0, 1) };
    case TypeId.Timestamp:
      return { typeId, unit: type.int16(0), timezone: type.string(1) };
    case TypeId.FixedSizeBinary:
      return { typeId, byteWidth: type.int32(0) };
    case TypeId.Union:
      return { typeId, mode: type.int16(0) };
    default:
      return { typeId };
  }
}

function readBatch(batch: FlatTable, early: number | null): BatchMetadata {
  const compression = batch.table(3);
  return {
    length: batch.count(0),
    nodes: batch.counts(1, 2),
    buffers: batch.counts(2, 2),
    compression: compression?.uint8(0) ?? early,
    viewedCounts: batch.counts(4, 1),
  };
}
