import type { BitColumn } from "../../../columns/bit-column.ts";
import type { CodeArray } from "../../../columns/codecs/dictionary.ts";
import type { Column } from "../../../columns/column.ts";
import type { FixedColumn } from "../../../columns/fixed-column.ts";
import type { VarColumn } from "../../../columns/var-column.ts";
import { loadCodec } from "../codecs/load-codec.ts";
import type { FileColumn } from "../format/file-schema.ts";
import { type ChunkSettings, type EncodedChunk, encodeColumnChunk } from "../write/column-chunk.ts";
import { type ColumnValues, gatherColumn, type Values } from "../write/column-values.ts";
import type { WriteSettings } from "../write/options.ts";
import type { RowGroupRows, RowRun } from "../write/row-runs.ts";
import { sharesMemory } from "./platform.ts";

/** A column of a row group to be encoded. */
export interface EncodeJob {
  readonly kind: "encode";
  readonly column: FileColumn;
  /** The gathered column, or where it lies in memory that is shared. */
  readonly source: ColumnValues | { readonly rows: RowGroupRows; readonly entity: string };
  readonly settings: ChunkSettings;
  readonly compression: WriteSettings["compression"];
  readonly level: number | undefined;
  /** Begins the messages of errors. */
  readonly place: string;
}

/** The chunk with its bytes in one piece. @throws TypeConversionError, UnsupportedError */
export async function runEncodeJob({ column, source, settings, compression, level }: EncodeJob): Promise<EncodedChunk> {
  const gathered = "entity" in source ? gatherColumn(column, source.rows, source.entity) : source;
  const chunk = encodeColumnChunk(column, gathered, await loadCodec(compression, { level }), settings);
  return { ...chunk, parts: [joined(chunk)] };
}

function joined({ parts, byteLength }: EncodedChunk): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * The job of encoding column `index`, as data that a worker can be given: a column in shared memory as it lies there, any
 * other gathered, which copies it. O(rows) then.
 * @throws TypeConversionError
 */
export function packEncodeJob(
  column: FileColumn,
  rows: RowGroupRows,
  entity: string,
  { pageSize, encodings, compression, compressionLevel }: WriteSettings,
): { readonly job: EncodeJob; readonly transfer: ArrayBuffer[] } {
  const { index } = column.field;
  // What a field has by default is code; a worker has no use for it.
  const field = { ...column.field, index: 0, defaultValue: undefined };
  const job = {
    kind: "encode",
    column: { ...column, field },
    settings: { pageSize, encoding: encodings[index] },
    compression,
    level: compressionLevel,
    place: `${entity}: column ${JSON.stringify(column.field.column)}`,
  } as const;
  const shared = sharedRows(rows, index);
  if (shared !== null) return { job: { ...job, source: { rows: shared, entity } }, transfer: [] };
  const { values, validity, ...gathered } = gatherColumn(column, rows, entity);
  const lent = new Set(rows.runs.flatMap(({ columns }) => buffersOf(columns[index])));
  const own = owned(values, lent);
  const transfer = [...buffersIn(own), ...(validity === null ? [] : [validity.buffer])];
  return {
    job: { ...job, source: { ...gathered, validity, values: own } },
    transfer: [...new Set(transfer)].filter((buffer) => buffer instanceof ArrayBuffer),
  };
}

/** The dictionary of a category is that of a whole store: of more values than these, only those that occur are sent. */
const SMALL_DICTIONARY = 1024;

type Parts = Partial<Pick<FixedColumn, "values" | "validity"> & Pick<BitColumn, "bits"> & Pick<VarColumn, "offsets" | "data">>;

function partsOf(column: Column): Parts {
  const { validity, values, bits, offsets, data } = column as Parts;
  return {
    validity: validity ?? null,
    ...(values !== undefined && { values }),
    ...(bits !== undefined && { bits }),
    ...(offsets !== undefined && { offsets }),
    ...(data !== undefined && { data }),
  };
}

const buffersOf = (column: Column): ArrayBufferLike[] =>
  Object.values(partsOf(column)).flatMap((array) => (array === null || array.byteLength === 0 ? [] : [array.buffer]));

/** The runs of one column as plain data over shared memory; null where a part of it is not shared. */
function sharedRows({ runs, rows, dictionaries }: RowGroupRows, index: number): RowGroupRows | null {
  if (typeof SharedArrayBuffer === "undefined" || !sharesMemory()) return null;
  const dictionary = dictionaries[index];
  if (dictionary !== null && dictionary.length > SMALL_DICTIONARY) return null;
  const plain: RowRun[] = [];
  for (const { columns, from, to } of runs) {
    if (!buffersOf(columns[index]).every((buffer) => buffer instanceof SharedArrayBuffer)) return null;
    plain.push({ columns: [partsOf(columns[index]) as Column], from, to });
  }
  return { runs: plain, rows, dictionaries: [dictionary] };
}

/** The values in buffers of their own: what gathering did not copy is copied. */
function owned(values: Values, lent: ReadonlySet<ArrayBufferLike>): Values {
  switch (values.kind) {
    case "words":
      return lent.has(values.words.buffer) ? { ...values, words: values.words.slice() } : values;
    case "bytes":
      return lent.has(values.bytes.buffer) ? { ...values, bytes: values.bytes.slice() } : values;
    case "bits":
      return lent.has(values.bits.buffer) ? { ...values, bits: values.bits.slice() } : values;
    case "byteArrays": {
      const { offsets, data, count } = values;
      if (!lent.has(data.buffer) && !lent.has(offsets.buffer)) return values;
      const start = offsets[0];
      return { ...values, offsets: offsets.map((offset) => offset - start), data: data.slice(start, offsets[count]) };
    }
    case "codes":
      if (values.dictionary.length > SMALL_DICTIONARY) return usedCodes(values);
      return lent.has(values.codes.buffer) ? { ...values, codes: values.codes.slice() } : values;
  }
}

/** With a dictionary of only those values that occur, in the same order. O(rows + dictionary). */
function usedCodes(values: Extract<Values, { kind: "codes" }>): Values {
  const { codes, dictionary, count } = values;
  const newCode = new Uint32Array(dictionary.length);
  for (let i = 0; i < count; i++) newCode[codes[i]] = 1;
  const used: string[] = [];
  for (let code = 0; code < dictionary.length; code++) {
    if (newCode[code] === 0) continue;
    newCode[code] = used.length;
    used.push(dictionary[code]);
  }
  const own: CodeArray = new (codes.constructor as new (length: number) => CodeArray)(count);
  for (let i = 0; i < count; i++) own[i] = newCode[codes[i]];
  return { ...values, codes: own, dictionary: used };
}

function buffersIn(values: Values): ArrayBufferLike[] {
  switch (values.kind) {
    case "words":
      return [values.words.buffer];
    case "bytes":
      return [values.bytes.buffer];
    case "bits":
      return [values.bits.buffer];
    case "byteArrays":
      return [values.offsets.buffer, values.data.buffer];
    case "codes":
      return [values.codes.buffer];
  }
}

/** Bytes of a column in a row group, about: what gathering it takes. */
export function columnBytes({ field, width }: FileColumn, { runs, rows }: RowGroupRows): number {
  if (width > 0) return rows * width;
  let bytes = rows * 4;
  for (const { columns, from, to } of runs) {
    const { offsets } = partsOf(columns[field.index]);
    if (offsets !== undefined) bytes += offsets[to] - offsets[from];
  }
  return bytes;
}
