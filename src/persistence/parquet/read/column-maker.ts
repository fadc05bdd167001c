import { absentReader, columnReader } from "../../../arrow/column-reader.ts";
import { type Span, Target, validityOf } from "../../../arrow/span.ts";
import type { Allocator } from "../../../columns/allocator.ts";
import { getBit } from "../../../columns/bitmap.ts";
import type { Codec } from "../../../columns/codec.ts";
import type { CodeArray } from "../../../columns/codecs/dictionary.ts";
import { NUMBER_ARRAYS } from "../../../columns/codecs/number.ts";
import type { Column } from "../../../columns/column.ts";
import type { Dictionary } from "../../../columns/dictionary.ts";
import { FixedColumn } from "../../../columns/fixed-column.ts";
import type { CodeKind } from "../../../entity/field-type.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import { describeValue, nearest } from "../../../errors.ts";
import type { ColumnPlan } from "./column-plan.ts";
import type { DecodedColumn } from "./decode-chunk.ts";

/** Some rows of a decoded chunk. */
export interface Slice {
  /** First row within the row group: a multiple of 8, so that bitmaps need not be copied. */
  readonly from: number;
  readonly rows: number;
  /** First row within the file, for messages. */
  readonly firstRow: number;
  /** Where columns are made that are not the decoded bytes themselves. */
  readonly allocator: Allocator;
  readonly epoch: number;
}

/** Gives rows of a decoded chunk as a column: over its bytes, where they are what the field stores. @throws TypeConversionError */
export type MakeColumn = (decoded: DecodedColumn | null, slice: Slice) => Column;

/**
 * How decoded columns become those of a field. Codes are brought to those of the codec's dictionary, to which a category
 * adds what it does not know; values are checked where their bits could be none of the field's.
 * @throws TypeConversionError where no value of the one type is a value of the other
 */
export function columnMaker(schema: EntitySchema, codec: Codec, plan: ColumnPlan): MakeColumn {
  if (plan.layout.kind === "codes" && plan.type.kind !== "null") return codeMaker(new Target(schema, codec, plan.type));
  const read = columnReader(schema, codec, plan.type);
  if (plan.type.kind !== "null") return (decoded, slice) => read(spanOf(plan, decoded as DecodedColumn, slice));
  const target = new Target(schema, codec, plan.type);
  return (decoded, slice) => {
    assertNulls(target, decoded as DecodedColumn, slice);
    return read(spanOf(plan, decoded as DecodedColumn, slice));
  };
}

/** A column whose type says that there are only nulls has no values that would be lost. @throws TypeConversionError */
function assertNulls(target: Target, { validity }: DecodedColumn, { from, rows, firstRow }: Slice): void {
  for (let i = 0; i < rows; i++) {
    if (validity !== null && !getBit(validity, from + i)) continue;
    throw target.refusal(`row ${firstRow + i} holds a value, and the column's type says that all are null`);
  }
}

/** Rows of a field that the file does not have: its default each, else null. */
export function absentMaker(codec: Codec): MakeColumn {
  const read = absentReader(codec);
  return (_, slice) => read({ ...slice, adopt: true });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function spanOf({ type }: ColumnPlan, decoded: DecodedColumn, slice: Slice): Span {
  const { rows, validity, values, offsets } = decoded;
  const array = {
    type,
    length: rows,
    bitOffset: 0,
    validity,
    values: bytesOf(values),
    offsets: offsets === null ? null : bytesOf(offsets),
    viewed: [],
    dictionary: null,
  };
  return { ...slice, array, adopt: true };
}

function codeMaker(target: Target): MakeColumn {
  const known = new WeakMap<DecodedColumn, CodeArray>();
  return (decoded, slice) => {
    const chunk = decoded as DecodedColumn;
    const { from, rows } = slice;
    const validity = validityOf(target, spanOf({ type: target.from } as ColumnPlan, chunk, slice));
    let codes = known.get(chunk);
    if (codes === undefined) {
      codes = codesOf(target, chunk, slice);
      known.set(chunk, codes);
    }
    return FixedColumn.adopt(codes.subarray(from, from + rows), 1, validity, rows);
  };
}

/** The codes of a whole chunk as those of the field's dictionary. */
function codesOf(target: Target, { rows, values, strings, validity }: DecodedColumn, slice: Slice): CodeArray {
  const dictionary = target.codec.dictionary as Dictionary;
  const type = target.field.type as { kind: "enum" | "category"; codes: CodeKind };
  const texts = strings as readonly string[];
  const ours = Int32Array.from(texts, (text) => (type.kind === "enum" ? dictionary.codeOf(text) : dictionary.intern(text)));
  const array = NUMBER_ARRAYS[type.codes];
  if (values instanceof array && ours.every((code, i) => code === i)) return values;
  const unknown = ours.includes(-1);
  const codes = new array(rows);
  remap(values, ours, codes);
  if (!unknown) return codes;
  // Only a value that some row has is too much.
  for (let i = 0; i < rows; i++) {
    if (ours[values[i]] >= 0) continue;
    if (validity !== null && !getBit(validity, i)) codes[i] = 0;
    else throw misfit(target, texts[values[i]], slice.firstRow - slice.from + i);
  }
  return codes;
}

function remap(from: CodeArray | Uint8Array, ours: Int32Array, to: CodeArray): void {
  for (let i = 0; i < from.length; i++) to[i] = ours[from[i]];
}

function misfit(target: Target, text: string, row: number): Error {
  const { type } = target.field;
  if (type.kind !== "enum") {
    const { limit } = target.codec.dictionary as Dictionary;
    return target.refusal(
      `row ${row} holds one more than the ${limit} distinct values that fit; declare it with category({ codes: "u32" })`,
    );
  }
  const near = nearest(text, type.values);
  const hint = near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`;
  return target.refusal(`row ${row} holds ${describeValue(text)}, which is none of its values${hint}`);
}
