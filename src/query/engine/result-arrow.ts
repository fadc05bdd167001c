import {
  Vector as ArrowVector,
  Data,
  type DataType,
  Decimal,
  Field,
  Int64,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
} from "apache-arrow";
import { arrowType } from "../../arrow/schema.ts";
import { bitmapBytes, setBit } from "../../columns/bitmap.ts";
import { storeInt128 } from "../../columns/codecs/decimal.ts";
import { storeSafeInteger } from "../../columns/codecs/int64.ts";
import { NUMBER_ARRAYS } from "../../columns/codecs/number.ts";
import { encodeUtf8 } from "../../columns/utf8.ts";
import { QueryError } from "../../errors.ts";
import type { ValueType } from "../value-type.ts";
import type { ResultColumn, ResultTable } from "./result-table.ts";
import { type BigArray, type CodeVector, isValid, type Vector } from "./vector.ts";

/**
 * The result as an apache-arrow Table of one record batch, in memory of its own. Columns have the Arrow type of a field of
 * their type; computed integers are int64, those of bigints decimal(38, 0). O(rows x columns).
 * @throws QueryError where a computed bigint has more than 38 digits
 */
export function resultToArrow(table: ResultTable): Table {
  const fields = table.columns.map(({ name, type, nullable }, i) => new Field(name, resultType(type, i), nullable));
  const schema = new Schema(fields);
  const children = table.columns.map((column, i) => dataOf(fields[i].type, column, table.length));
  return new Table(schema, [new RecordBatch(schema, new Data(new Struct(fields), 0, table.length, 0, [] as never, children))]);
}

function resultType(type: ValueType, index: number): DataType {
  if (type.kind === "null") return new Null();
  if (type.kind === "integer") return type.mode === "number" ? new Int64() : new Decimal(0, 38, 128);
  return arrowType({ type, id: index + 1 });
}

function dataOf(type: DataType, { name, type: valueType, vector }: ResultColumn, rows: number): Data {
  if (valueType.kind === "null") return new Data(type, 0, rows, rows, [] as never);
  const [validity, nulls] = validityOf(vector, rows);
  if (vector.kind === "text" || vector.kind === "bytes") {
    const { offsets, data } = packed(vector.values.map((value, i) => (isValid(vector, i) ? bytesOf(value) : EMPTY)));
    return new Data(type, 0, rows, nulls, [offsets, data, validity] as never);
  }
  const dictionary = vector.kind === "code" ? stringsVector(vector) : undefined;
  return new Data(type, 0, rows, nulls, [undefined, valuesOf(name, valueType, vector, rows), validity] as never, [], dictionary);
}

function validityOf(vector: Vector, rows: number): [Uint8Array | undefined, number] {
  if (vector.valid === null) return [undefined, 0];
  const bits = new Uint8Array(bitmapBytes(rows));
  let nulls = 0;
  for (let i = 0; i < rows; i++) {
    if (vector.valid[i] === 1) setBit(bits, i);
    else nulls++;
  }
  return [bits, nulls];
}

const EMPTY = new Uint8Array(0);
const bytesOf = (value: string | Uint8Array): Uint8Array => (typeof value === "string" ? encodeUtf8(value) : value);

function packed(values: readonly Uint8Array[]): { offsets: Int32Array; data: Uint8Array } {
  const offsets = new Int32Array(values.length + 1);
  const bytes = values.reduce((sum, value) => sum + value.length, 0);
  if (bytes > 0x7fff_ffff)
    throw new QueryError(
      `a result column of ${bytes} bytes of text: one Arrow column holds 2^31 - 1; select fewer rows at a time`,
    );
  const data = new Uint8Array(bytes);
  values.forEach((value, i) => {
    data.set(value, offsets[i]);
    offsets[i + 1] = offsets[i] + value.length;
  });
  return { offsets, data };
}

function stringsVector({ dictionary }: CodeVector): ArrowVector {
  const { offsets, data } = packed(dictionary.values.map(encodeUtf8));
  return new ArrowVector([new Data(new Utf8(), 0, dictionary.values.length, 0, [offsets, data] as never)]);
}

/** The values in the layout of their Arrow type; zeros under nulls. */
function valuesOf(
  name: string,
  type: ValueType,
  vector: Exclude<Vector, { kind: "text" | "bytes" }>,
  rows: number,
): ArrayBufferView {
  switch (vector.kind) {
    case "bool": {
      const bits = new Uint8Array(bitmapBytes(rows));
      for (let i = 0; i < rows; i++) if (vector.values[i] === 1 && isValid(vector, i)) setBit(bits, i);
      return bits;
    }
    case "code": {
      const codes = new NUMBER_ARRAYS[type.kind === "enum" || type.kind === "category" ? type.codes : "u32"](rows);
      for (let i = 0; i < rows; i++) codes[i] = isValid(vector, i) ? vector.values[i] : 0;
      return codes;
    }
    case "num": {
      if (type.kind === "u64" || type.kind === "i64" || type.kind === "integer" || type.kind === "timestamp") {
        const words = new Uint32Array(rows * 2);
        for (let i = 0; i < rows; i++) if (isValid(vector, i)) storeSafeInteger(words, i, vector.values[i]);
        return type.kind === "u64" ? new BigUint64Array(words.buffer) : new BigInt64Array(words.buffer);
      }
      const array = type.kind === "date" ? Int32Array : NUMBER_ARRAYS[type.kind as keyof typeof NUMBER_ARRAYS];
      const values = new array(rows);
      for (let i = 0; i < rows; i++) if (isValid(vector, i)) values[i] = vector.values[i];
      return values;
    }
    case "big": {
      const from = vector.values as BigArray;
      if (type.kind === "decimal" || type.kind === "integer") return decimals(name, vector.valid, from);
      const values = type.kind === "u64" ? new BigUint64Array(rows) : new BigInt64Array(rows);
      for (let i = 0; i < rows; i++) if (isValid(vector, i)) values[i] = from[i];
      return values;
    }
  }
}

const LIMIT = 10n ** 38n;

/** 128-bit integers; apache-arrow reads them as 32-bit words. */
function decimals(name: string, valid: Uint8Array | null, values: BigArray): Uint32Array {
  const halves = new BigUint64Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    if (valid !== null && valid[i] === 0) continue;
    if (values[i] >= LIMIT || values[i] <= -LIMIT)
      throw new QueryError(`${name}: ${values[i]} has more than the 38 digits of an Arrow decimal`);
    storeInt128(halves, i, values[i]);
  }
  return new Uint32Array(halves.buffer);
}
