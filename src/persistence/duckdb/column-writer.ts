import type { BitColumn } from "../../columns/bit-column.ts";
import { getBit } from "../../columns/bitmap.ts";
import type { Codec } from "../../columns/codec.ts";
import { allBelow } from "../../columns/codes-below.ts";
import type { Column } from "../../columns/column.ts";
import type { FixedArray, FixedColumn } from "../../columns/fixed-column.ts";
import { encodeUtf8 } from "../../columns/utf8.ts";
import type { VarColumn } from "../../columns/var-column.ts";
import { describeType, type TimeUnit } from "../../entity/field-type.ts";
import { TypeConversionError } from "../../errors.ts";
import type { Binding } from "./binding.ts";
import { isZoned, valueWidth } from "./column-types.ts";
import { type Target, VECTOR_ROWS, writeFixed, writeStrings, writeValidity } from "./vectors.ts";

/** Writes rows [from, from + count) of a column of a field into a vector of the field's DuckDB type; `from` is a multiple of 8. */
export type ColumnWriter = (binding: Binding, target: Target, column: Column, from: number, count: number) => void;

/** The same, into rows of the vector from `at` on; without their validity. */
type ValueWriter = (binding: Binding, target: Target, at: number, column: Column, from: number, count: number) => void;

/** Microseconds in a tick of a zoned timestamp. */
export const MICROS: Readonly<Record<Exclude<TimeUnit, "ns">, number>> = { s: 1_000_000, ms: 1000, us: 1 };

/** The writer of a codec's columns. Not to be shared by concurrent writes: it has buffers of its own. */
export function columnWriter(codec: Codec): ColumnWriter {
  const write = valueWriter(codec);
  return (binding, target, column, from, count) => {
    write(binding, target, 0, column, from, count);
    if (column.validity !== null) writeValidity(binding, target, column.validity.subarray(from >>> 3), count);
  };
}

/** For writers with buffers for the rows of a vector: gives them so many at a time. */
const byVector =
  (write: ValueWriter): ValueWriter =>
  (binding, target, at, column, from, count) => {
    for (let done = 0; done < count; done += VECTOR_ROWS)
      write(binding, target, at + done, column, from + done, Math.min(VECTOR_ROWS, count - done));
  };

function valueWriter(codec: Codec): ValueWriter {
  const { type } = codec.field;
  switch (type.kind) {
    case "bool": {
      const bytes = new Uint8Array(VECTOR_ROWS);
      return byVector((binding, target, at, column, from, count) => {
        const { bits } = column as BitColumn;
        for (let i = 0; i < count; i++) bytes[i] = getBit(bits, from + i) ? 1 : 0;
        writeFixed(binding, target, at, 1, bytes, count);
      });
    }
    case "utf8":
    case "binary":
      return byVector((binding, target, at, column, from, count) => {
        const strings = column as VarColumn;
        strings.settle();
        writeStrings(binding, target, at, strings.offsets.subarray(from, from + count + 1), strings.data, count);
      });
    case "category":
      return byVector(categoryWriter(codec));
    case "enum":
      return enumWriter(codec);
    case "decimal":
      return type.precision > 18 ? fixedWriter(16) : byVector(decimalWriter(valueWidth(type)));
    case "timestamp":
      if (isZoned(type) && type.unit !== "us") return byVector(zonedWriter(codec, MICROS[type.unit as "s" | "ms"]));
      return fixedWriter(8);
    default:
      return fixedWriter(valueWidth(type));
  }
}

/** Both sides have the same bytes. */
function fixedWriter(width: number): ValueWriter {
  return (binding, target, at, column, from, count) => {
    const { values } = column as FixedColumn;
    writeFixed(binding, target, at, width, values, count, from * width);
  };
}

type Codes = FixedColumn<Uint8Array | Uint16Array | Uint32Array>;

/** DuckDB's codes are those of the declaration too. One that is not in it would be read as null: it is refused. */
function enumWriter(codec: Codec): ValueWriter {
  const { type, name, column: columnName } = codec.field;
  const width = valueWidth(type);
  const { size } = codec.dictionary as { size: number };
  const scratch =
    width === 1 ? new Uint8Array(VECTOR_ROWS) : width === 2 ? new Uint16Array(VECTOR_ROWS) : new Uint32Array(VECTOR_ROWS);
  const checked = byVector((binding, target, at, column, from, count) => {
    const { values } = column as Codes;
    for (let i = 0; i < count; i++) {
      const code = values[from + i] as number;
      if (code < size) scratch[i] = code;
      else if (column.isNull(from + i)) scratch[i] = 0;
      else
        throw new TypeConversionError(
          codec.schema.name,
          columnName,
          "an enum code",
          describeType(type),
          `the code ${code} of a row is none of the ${size} values of ${name}`,
        );
    }
    writeFixed(binding, target, at, width, scratch, count);
  });
  const asTheyAre = fixedWriter(width);
  return (binding, target, at, column, from, count) => {
    const { values } = column as Codes;
    const fine = values.BYTES_PER_ELEMENT === width && allBelow(values, from, from + count, size);
    (fine ? asTheyAre : checked)(binding, target, at, column, from, count);
  };
}

function categoryWriter(codec: Codec): ValueWriter {
  const offsets = new Float64Array(VECTOR_ROWS + 1);
  let bytes = new Uint8Array(VECTOR_ROWS * 16);
  const encoded: (Uint8Array | undefined)[] = [];
  let truncations = 0;
  return (binding, target, at, column, from, count) => {
    const { values } = column as Codes;
    const dictionary = codec.dictionary as { values: readonly string[]; truncations: number };
    if (dictionary.truncations !== truncations) encoded.length = 0;
    truncations = dictionary.truncations;
    let end = 0;
    for (let i = 0; i < count; i++) {
      offsets[i] = end;
      if (column.isNull(from + i)) continue;
      const code = values[from + i] as number;
      encoded[code] ??= encodeUtf8(dictionary.values[code] as string);
      const text = encoded[code] as Uint8Array;
      if (end + text.length > bytes.length) {
        const larger = new Uint8Array((end + text.length) * 2);
        larger.set(bytes.subarray(0, end));
        bytes = larger;
      }
      bytes.set(text, end);
      end += text.length;
    }
    offsets[count] = end;
    writeStrings(binding, target, at, offsets, bytes, count);
  };
}

/** Decimals of up to 18 digits are narrower integers in DuckDB. */
function decimalWriter(width: number): ValueWriter {
  const scratch: FixedArray =
    width === 2 ? new Int16Array(VECTOR_ROWS) : width === 4 ? new Int32Array(VECTOR_ROWS) : new Int32Array(VECTOR_ROWS * 2);
  return (binding, target, at, column, from, count) => {
    const words = (column as FixedColumn).words as Uint32Array;
    // The low words are those of the narrower number: it fits, or the column would not hold it.
    if (width < 8) for (let i = 0; i < count; i++) scratch[i] = words[(from + i) * 4] as number;
    else {
      for (let i = 0; i < count; i++) {
        scratch[2 * i] = words[(from + i) * 4] as number;
        scratch[2 * i + 1] = words[(from + i) * 4 + 1] as number;
      }
    }
    writeFixed(binding, target, at, width, scratch, count);
  };
}

const MAX_MICROS = 2n ** 63n - 1n;

function zonedWriter(codec: Codec, factor: number): ValueWriter {
  const scratch = new BigInt64Array(VECTOR_ROWS);
  const words = new Int32Array(scratch.buffer);
  const big = BigInt(factor);
  const safe = Math.floor(Number.MAX_SAFE_INTEGER / factor);
  const { column: columnName, type } = codec.field;
  return (binding, target, at, column, from, count) => {
    const { values, words: ticks } = column as FixedColumn<BigInt64Array> & { words: Uint32Array };
    for (let i = 0; i < count; i++) {
      const high = (ticks[2 * (from + i) + 1] as number) | 0;
      const double = high * 2 ** 32 + (ticks[2 * (from + i)] as number);
      if (double <= safe && double >= -safe) {
        const micros = double * factor;
        words[2 * i] = micros % 2 ** 32;
        words[2 * i + 1] = Math.floor(micros / 2 ** 32);
      } else if (column.isNull(from + i)) scratch[i] = 0n;
      else {
        const micros = (values[from + i] as bigint) * big;
        if (micros > MAX_MICROS || micros < -MAX_MICROS)
          throw new TypeConversionError(
            codec.schema.name,
            columnName,
            describeType(type),
            "TIMESTAMP WITH TIME ZONE",
            `DuckDB counts zoned time in microseconds, and ${values[from + i]} ${type.kind === "timestamp" ? type.unit : ""} is beyond what 64 bits of them reach`,
          );
        scratch[i] = micros;
      }
    }
    writeFixed(binding, target, at, 8, scratch, count);
  };
}
