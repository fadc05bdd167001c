import type { BitColumn } from "../../columns/bit-column.ts";
import { copyBits, fillBits, setBit } from "../../columns/bitmap.ts";
import type { Codec } from "../../columns/codec.ts";
import { allBelow } from "../../columns/codes-below.ts";
import type { Column } from "../../columns/column.ts";
import type { FixedColumn } from "../../columns/fixed-column.ts";
import { readUtf8 } from "../../columns/utf8.ts";
import type { VarColumn } from "../../columns/var-column.ts";
import { describeType } from "../../entity/field-type.ts";
import { CorruptDataError, TypeConversionError, ValidationError } from "../../errors.ts";
import type { Binding, DataChunk, DuckVector } from "./binding.ts";
import { isZoned, valueWidth } from "./column-types.ts";
import { MICROS } from "./column-writer.ts";
import type { DroppedCopies } from "./dropped-copies.ts";
import { readFixed, readStrings, readValidity } from "./vectors.ts";

/** Puts the rows of column `index` of a chunk into rows [at, at + count) of a column, which has room for them. */
export type ColumnReader = (chunk: SourceChunk, index: number, column: Column, at: number, count: number) => void;

export interface SourceChunk {
  readonly binding: Binding;
  readonly chunk: DataChunk;
  /** Takes the copies of vectors that were read. */
  readonly copies: DroppedCopies;
}

/**
 * The reader of a codec's columns, from vectors of the field's DuckDB type.
 * The values are not checked against the field any further than is needed to read them: `readArrow` does that.
 */
export function columnReader(codec: Codec): ColumnReader {
  const read = valueReader(codec);
  return ({ binding, chunk, copies }, index, column, at, count) => {
    const vector = binding.data_chunk_get_vector(chunk, index);
    const validity = readValidity(binding, vector, count);
    read({ binding, chunk, copies, vector }, column, at, count, validity);
    markNulls(column, validity, at, count);
  };
}

/** Where values come from. */
interface Source extends SourceChunk {
  readonly vector: DuckVector;
}

type ValueReader = (source: Source, column: Column, at: number, count: number, validity: Uint8Array | null) => void;

/** Also says of rows that they are there: what a column grew by may say otherwise. */
function markNulls(column: Column, validity: Uint8Array | null, at: number, count: number): void {
  let nulls = false;
  if (validity !== null) for (let i = 0; i < count && !nulls; i++) nulls = ((validity[i >>> 3] as number) & (1 << (i & 7))) === 0;
  column.markRange(at, at + count, !nulls);
  if (nulls) copyBits(validity as Uint8Array, 0, column.validity as Uint8Array, at, count);
}

function valueReader(codec: Codec): ValueReader {
  const { type } = codec.field;
  switch (type.kind) {
    case "bool":
      return ({ binding, copies, vector }, column, at, count) => {
        const bytes = readFixed(binding, vector, 1, count);
        const { bits } = column as BitColumn;
        fillBits(bits, at, at + count, false);
        for (let i = 0; i < count; i++) if (bytes[i] !== 0) setBit(bits, at + i);
        copies.add(bytes);
      };
    case "utf8":
    case "binary":
      return ({ binding, chunk, copies, vector }, column, at, count, validity) => {
        const { sources, source, starts, lengths } = readStrings(binding, chunk, vector, validity, count);
        const strings = column as VarColumn;
        for (let i = 0; i < count; i++) {
          const length = lengths[i] as number;
          const start = strings.reserve(at + i, length);
          const from = starts[i] as number;
          const bytes = sources[source[i] as number] as Uint8Array;
          const { data } = strings;
          if (length <= 24) for (let b = 0; b < length; b++) data[start + b] = bytes[from + b] as number;
          else data.set(bytes.subarray(from, from + length), start);
          strings.endRow(at + i, start + length);
        }
        for (const bytes of sources) copies.add(bytes);
      };
    case "category":
      return categoryReader(codec);
    case "enum":
      return enumReader(codec);
    case "decimal":
      return type.precision > 18 ? fixedReader(16, 2) : decimalReader(valueWidth(type));
    case "timestamp":
      if (isZoned(type) && type.unit !== "us") return zonedReader(codec, MICROS[type.unit as "s" | "ms"]);
      return fixedReader(8, 1);
    default:
      return fixedReader(valueWidth(type), 1);
  }
}

/** Both sides have the same bytes. */
function fixedReader(width: number, stride: number): ValueReader {
  return ({ binding, copies, vector }, column, at, count) => {
    const bytes = readFixed(binding, vector, width, count);
    const { values } = column as FixedColumn;
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes, at * stride * values.BYTES_PER_ELEMENT);
    copies.add(bytes);
  };
}

type Codes = FixedColumn<Uint8Array | Uint16Array | Uint32Array>;

const codesOf = (bytes: Uint8Array, width: number, count: number) =>
  width === 1
    ? bytes
    : width === 2
      ? new Uint16Array(bytes.buffer, bytes.byteOffset, count)
      : new Uint32Array(bytes.buffer, bytes.byteOffset, count);

function enumReader(codec: Codec): ValueReader {
  const width = valueWidth(codec.field.type);
  const { size } = codec.dictionary as { size: number };
  return ({ binding, copies, vector }, column, at, count, validity) => {
    const bytes = readFixed(binding, vector, width, count);
    const codes = codesOf(bytes, width, count);
    const { values } = column as Codes;
    if (allBelow(codes, 0, count, size)) {
      values.set(codes, at);
      copies.add(bytes);
      return;
    }
    for (let i = 0; i < count; i++) {
      const code = codes[i] as number;
      if (code < size) values[at + i] = code;
      else if (validity !== null && ((validity[i >>> 3] as number) & (1 << (i & 7))) === 0) values[at + i] = 0;
      else
        throw new CorruptDataError(
          `${codec.schema.name}.${codec.field.name}: the stored code ${code} is none of the ${size} values of the enum`,
        );
    }
    copies.add(bytes);
  };
}

function categoryReader(codec: Codec): ValueReader {
  return ({ binding, chunk, copies, vector }, column, at, count, validity) => {
    const { sources, source, starts, lengths } = readStrings(binding, chunk, vector, validity, count);
    const { values } = column as Codes;
    for (let i = 0; i < count; i++) {
      if (validity !== null && ((validity[i >>> 3] as number) & (1 << (i & 7))) === 0) {
        values[at + i] = 0;
        continue;
      }
      const from = starts[i] as number;
      const text = readUtf8(sources[source[i] as number] as Uint8Array, from, from + (lengths[i] as number));
      const code = codec.dictionary?.intern(text) ?? -1;
      if (code < 0)
        throw new ValidationError({
          entity: codec.schema.name,
          field: codec.field.name,
          value: text,
          expected: `at most ${codec.dictionary?.limit} distinct values, and the table has more; declare it with category({ codes: "u32" })`,
        });
      values[at + i] = code;
    }
    for (const bytes of sources) copies.add(bytes);
  };
}

function decimalReader(width: number): ValueReader {
  return ({ binding, copies, vector }, column, at, count) => {
    const bytes = readFixed(binding, vector, width, count);
    const words = (column as FixedColumn).words as Uint32Array;
    const narrow =
      width === 2
        ? new Int16Array(bytes.buffer, bytes.byteOffset, count)
        : new Int32Array(bytes.buffer, bytes.byteOffset, (count * width) / 4);
    const step = width === 8 ? 2 : 1;
    for (let i = 0; i < count; i++) {
      const low = narrow[i * step] as number;
      const sign = (step === 2 ? (narrow[i * step + 1] as number) : low) >> 31;
      const to = (at + i) * 4;
      words[to] = low;
      words[to + 1] = step === 2 ? (narrow[i * step + 1] as number) : sign;
      words[to + 2] = sign;
      words[to + 3] = sign;
    }
    copies.add(bytes);
  };
}

function zonedReader(codec: Codec, factor: number): ValueReader {
  const big = BigInt(factor);
  return ({ binding, copies, vector }, column, at, count, validity) => {
    const bytes = readFixed(binding, vector, 8, count);
    const micros = new BigInt64Array(bytes.buffer, bytes.byteOffset, count);
    const from = new Int32Array(bytes.buffer, bytes.byteOffset, count * 2);
    const { values, words } = column as FixedColumn<BigInt64Array> & { words: Uint32Array };
    for (let i = 0; i < count; i++) {
      const double = (from[2 * i + 1] as number) * 2 ** 32 + ((from[2 * i] as number) >>> 0);
      const ticks = double / factor;
      if (Number.isSafeInteger(double) && Number.isInteger(ticks)) {
        words[2 * (at + i)] = ticks % 2 ** 32;
        words[2 * (at + i) + 1] = Math.floor(ticks / 2 ** 32);
      } else if (validity !== null && ((validity[i >>> 3] as number) & (1 << (i & 7))) === 0) values[at + i] = 0n;
      else if ((micros[i] as bigint) % big === 0n) values[at + i] = (micros[i] as bigint) / big;
      else
        throw new TypeConversionError(
          codec.schema.name,
          codec.field.column,
          "TIMESTAMP WITH TIME ZONE",
          describeType(codec.field.type),
          `${micros[i]} microseconds since 1970 are no whole ticks of the field`,
        );
    }
    copies.add(bytes);
  };
}
