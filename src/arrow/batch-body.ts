import { bitmapBytes } from "../columns/bitmap.ts";
import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { FixedColumn } from "../columns/fixed-column.ts";
import { VarColumn } from "../columns/var-column.ts";
import { UnsupportedError } from "../errors.ts";
import { batchMetadata } from "./batch-metadata.ts";
import { dictionaryVector } from "./dictionary-vector.ts";
import { valuesOf } from "./table.ts";

/** Rows as a record batch message of Arrow IPC: the metadata, and the body in parts that lie over the columns' bytes. */
export interface BatchMessage {
  readonly metadata: Uint8Array<ArrayBuffer>;
  readonly body: readonly Uint8Array[];
  readonly bodyBytes: number;
}

/** Text of up to so many bytes is given room in powers of two: batches of few rows then lie alike more often. */
const ROUNDED = 1024;
const ZEROS = new Uint8Array(ROUNDED);

/**
 * Columns as a record batch message. Enums go as their codes, whose dictionary the stream has; categories as strings.
 * O(columns), of categories O(rows); copies nothing else.
 * @throws UnsupportedError where the text of a category is more than 2 GiB
 */
export function batchMessage(entity: string, codecs: readonly Codec[], columns: readonly Column[], rows: number): BatchMessage {
  const body = new Body();
  const nodes: number[] = [];
  for (let i = 0; i < codecs.length; i++) {
    const column = columns[i];
    const nulls = column.nullCount(rows);
    nodes.push(rows, nulls);
    if (nulls === 0) body.add(ZEROS, 0);
    else body.add(column.validity as Uint8Array, bitmapBytes(rows));
    if (column instanceof VarColumn) {
      column.settle();
      addTexts(body, plainOffsets(column.offsets, rows), column.data, column.offsets[0]);
    } else if (codecs[i].field.type.kind === "category") {
      const { offsets, bytes } = textsOf(entity, codecs[i], column as FixedColumn, rows);
      addTexts(body, offsets, bytes, 0);
    } else {
      const { buffer, byteOffset, byteLength } = valuesOf(column, rows);
      body.add(new Uint8Array(buffer, byteOffset, byteLength), byteLength);
    }
  }
  return { metadata: batchMetadata(rows, nodes, body.buffers, body.bytes), body: body.parts, bodyBytes: body.bytes };
}

/** Buffers behind each other, each from a multiple of 8 bytes on. */
class Body {
  readonly parts: Uint8Array[] = [];
  /** Offset and bytes of each. */
  readonly buffers: number[] = [];
  bytes = 0;

  /** @param room bytes that the buffer takes, with zeros behind what it holds */
  add(source: Uint8Array, length: number, room: number = length): void {
    const padded = Math.ceil(room / 8) * 8;
    this.buffers.push(this.bytes, padded);
    if (length > 0) this.parts.push(source.length === length ? source : source.subarray(0, length));
    if (padded > length) this.parts.push(ZEROS.subarray(0, padded - length));
    this.bytes += padded;
  }
}

function addTexts(body: Body, offsets: Int32Array, bytes: Uint8Array, from: number): void {
  const length = offsets[offsets.length - 1];
  body.add(new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength), offsets.byteLength);
  const room = length === 0 || length > ROUNDED ? length : 2 ** Math.ceil(Math.log2(length));
  body.add(bytes.subarray(from, from + length), length, room);
}

/** Offsets that begin with 0, as those of foreign columns need not. */
function plainOffsets(offsets: Int32Array, rows: number): Int32Array {
  const [first] = offsets;
  return first === 0 ? offsets.subarray(0, rows + 1) : offsets.slice(0, rows + 1).map((offset) => offset - first);
}

/** The strings that codes stand for, each copied as the bytes it has in the dictionary. O(bytes of text). */
function textsOf(
  entity: string,
  { field, dictionary }: Codec,
  column: FixedColumn,
  rows: number,
): { offsets: Int32Array; bytes: Uint8Array } {
  const [strings] = dictionary === null ? [] : dictionaryVector(dictionary).data;
  const starts = strings?.valueOffsets ?? new Int32Array(1);
  const texts: Uint8Array = strings?.values ?? ZEROS;
  const codes = column.values as Uint8Array | Uint16Array | Uint32Array;
  const offsets = new Int32Array(rows + 1);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!column.isNull(row)) total += starts[codes[row] + 1] - starts[codes[row]];
    if (total > 0x7fff_ffff)
      throw new UnsupportedError(`${entity}.${field.name}: more than 2 GiB of text in one batch; add fewer rows at a time`);
    offsets[row + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let row = 0; row < rows; row++)
    if (!column.isNull(row)) bytes.set(texts.subarray(starts[codes[row]], starts[codes[row] + 1]), offsets[row]);
  return { offsets, bytes };
}
