import { getBit } from "../columns/bitmap.ts";
import type { CodeArray } from "../columns/codecs/dictionary.ts";
import { loadSafeInteger } from "../columns/codecs/int64.ts";
import { allBelow } from "../columns/codes-below.ts";
import type { Column } from "../columns/column.ts";
import type { Dictionary } from "../columns/dictionary.ts";
import { type FixedArray, FixedColumn } from "../columns/fixed-column.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import type { FieldType } from "../entity/field-type.ts";
import { describeValue, nearest } from "../errors.ts";
import type { ForeignArray, ForeignType } from "./foreign.ts";
import { elementsOf, filled, freshColumn, nullRefusal, type ReadColumn, type Span, type Target, validityOf } from "./span.ts";
import { bytesReader, textOf } from "./texts.ts";

type CodedType = Extract<FieldType, { kind: "enum" | "category" }>;
type DictionaryForeign = Extract<ForeignType, { kind: "dictionary" }>;
type TextForeign = Extract<ForeignType, { kind: "utf8" }>;
type Strings = readonly (string | null)[];

const CODE_BITS = { u8: 8, u16: 16, u32: 32 } as const;
const CODE_ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;

const decoded = new WeakMap<readonly ForeignArray[], Strings>();

/** Dictionary-encoded strings into an enum or category. Codes are taken as they are where both dictionaries agree. */
export function codeReader(target: Target, type: CodedType, from: DictionaryForeign & { values: TextForeign }): ReadColumn {
  const dictionary = target.codec.dictionary as Dictionary;
  return (span) => {
    const strings = stringsOf(target, from.values, span.array);
    const codes = codesOf(target, from, span);
    const validity = validityOf(target, span);
    const reach = from.codes.signed ? Math.min(strings.length, 2 ** (from.codes.bits - 1)) : strings.length;
    if (
      span.adopt &&
      from.codes.bits === CODE_BITS[type.codes] &&
      allBelow(codes.array, 0, codes.array.length, reach) &&
      align(dictionary, strings, type.kind === "category")
    ) {
      return FixedColumn.adopt(codes.array as CodeArray, 1, validity, span.rows);
    }
    const ours = new Int32Array(strings.length).fill(-1);
    const store = coder(target, type, span);
    return filled(freshColumn<FixedColumn<CodeArray>>(target, span, validity), (column) => {
      for (let i = 0; i < span.rows; i++) {
        if (validity !== null && !getBit(validity, i)) continue;
        const code = codes.at(i);
        if (!(code >= 0 && code < strings.length)) throw outside(target, span, i, code, strings.length);
        const value = strings[code];
        if (value === null) {
          if (!target.nullable) throw nullRefusal(target, span.firstRow + i);
          column.markNull(i);
          continue;
        }
        if (ours[code] < 0) ours[code] = store(value, i);
        column.values[i] = ours[code];
      }
    });
  };
}

/** Plain strings into an enum or category. */
export function textCodeReader(target: Target, type: CodedType, from: TextForeign): ReadColumn {
  return (span) => {
    const validity = validityOf(target, span);
    const bytes = bytesReader(target, from, span.array);
    const store = coder(target, type, span);
    return filled(freshColumn<FixedColumn<CodeArray>>(target, span, validity), (column) => {
      for (let i = 0; i < span.rows; i++) {
        if (validity !== null && !getBit(validity, i)) continue;
        column.values[i] = store(textOf(target, bytes(span.from + i), span.firstRow + i), i);
      }
    });
  };
}

/** A dictionary-encoded column into a field that is not coded: each value is converted once, then copied to its rows. */
export function decodingReader(target: Target, from: DictionaryForeign, readValues: ReadColumn): ReadColumn {
  const converted = new WeakMap<readonly ForeignArray[], { column: Column; size: number }>();
  return (span) => {
    const parts = partsOf(span.array);
    let values = converted.get(parts);
    if (values === undefined) {
      values = joined(target, parts, readValues);
      converted.set(parts, values);
    }
    const { column: source, size } = values;
    const codes = codesOf(target, from, span);
    const validity = validityOf(target, span);
    const { codec } = target;
    return filled(codec.makeColumn(span.allocator, span.rows, span.epoch), (column) => {
      for (let i = 0; i < span.rows; i++) {
        if (validity !== null && !getBit(validity, i)) {
          codec.append(column, i, null);
          continue;
        }
        const code = codes.at(i);
        if (!(code >= 0 && code < size)) throw outside(target, span, i, code, size);
        if (!target.nullable && source.isNull(code)) throw nullRefusal(target, span.firstRow + i);
        column.copyRows(source, code, i, 1);
      }
    });
  };
}

function joined(target: Target, parts: readonly ForeignArray[], readValues: ReadColumn): { column: Column; size: number } {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const allocator = new HeapAllocator();
  const column = target.codec.makeColumn(allocator, size, 0);
  let at = 0;
  for (const array of parts) {
    const rows = array.length;
    if (rows > 0)
      column.copyRows(readValues({ array, from: 0, rows, firstRow: 0, adopt: false, allocator, epoch: 0 }), 0, at, rows);
    at += rows;
  }
  return { column, size };
}

const partsOf = (array: ForeignArray): readonly ForeignArray[] => array.dictionary ?? [];

function stringsOf(target: Target, type: TextForeign, array: ForeignArray): Strings {
  const parts = partsOf(array);
  let strings = decoded.get(parts);
  if (strings === undefined) {
    strings = parts.flatMap((part) => {
      const bytes = bytesReader(target, type, part);
      const valid = part.validity;
      return Array.from({ length: part.length }, (_, row) =>
        valid !== null && !getBit(valid, part.bitOffset + row) ? null : textOf(target, bytes(row), row),
      );
    });
    decoded.set(parts, strings);
  }
  return strings;
}

interface Codes {
  /** Codes as unsigned elements. */
  readonly array: FixedArray;
  readonly at: (i: number) => number;
}

function codesOf(target: Target, { codes }: DictionaryForeign, { array, from, rows }: Span): Codes {
  const elements = elementsOf<FixedArray>(target, array.values, CODE_ARRAYS[codes.bits as 8 | 16 | 32 | 64], from, rows);
  if (codes.bits === 64) {
    const words = new Uint32Array(elements.buffer, elements.byteOffset, rows * 2);
    return { array: elements, at: (i) => loadSafeInteger(words, i, codes.signed) };
  }
  const unsigned = elements as Uint32Array;
  const shift = 32 - codes.bits;
  return { array: elements, at: codes.signed ? (i) => (unsigned[i] << shift) >> shift : (i) => unsigned[i] };
}

/** Whether the foreign codes mean the same here; strings behind the known ones are added to a dictionary that grows. */
function align(dictionary: Dictionary, strings: Strings, grows: boolean): boolean {
  const known = dictionary.size;
  for (let i = 0; i < Math.min(known, strings.length); i++) if (strings[i] !== dictionary.values[i]) return false;
  if (strings.length <= known) return true;
  const more = strings.slice(known);
  if (!grows || strings.length > dictionary.limit || new Set(more).size !== more.length) return false;
  if (more.some((value) => value === null || dictionary.codeOf(value) >= 0)) return false;
  for (const value of more) dictionary.intern(value as string);
  return true;
}

/** Gives the code of a string. */
function coder(target: Target, type: CodedType, span: Span): (value: string, i: number) => number {
  const dictionary = target.codec.dictionary as Dictionary;
  if (type.kind === "enum") {
    return (value, i) => {
      const code = dictionary.codeOf(value);
      if (code >= 0) return code;
      const near = nearest(value, type.values);
      const hint = near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`;
      throw target.refusal(`row ${span.firstRow + i} holds ${describeValue(value)}, which is none of its values${hint}`);
    };
  }
  return (value, i) => {
    const code = dictionary.intern(value);
    if (code >= 0) return code;
    throw target.refusal(
      `row ${span.firstRow + i} holds one more than the ${dictionary.limit} distinct values that fit; declare it with category({ codes: "u32" })`,
    );
  };
}

const outside = (target: Target, span: Span, i: number, code: number, size: number) =>
  target.damage(`row ${span.firstRow + i} has the code ${code} in a dictionary of ${size} values`);
