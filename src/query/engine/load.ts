import type { BitColumn } from "../../columns/bit-column.ts";
import type { Codec } from "../../columns/codec.ts";
import { loadInt128 } from "../../columns/codecs/decimal.ts";
import type { Column } from "../../columns/column.ts";
import type { Dictionary } from "../../columns/dictionary.ts";
import type { FixedColumn } from "../../columns/fixed-column.ts";
import { readUtf8 } from "../../columns/utf8.ts";
import type { VarColumn } from "../../columns/var-column.ts";
import { bitsToBytes, doublesOfWords, gatherDoublesOfWords, gatherNumbers, gatherWords } from "./kernels/load.ts";
import type { Selection } from "./selection.ts";
import { type CodeDictionary, type Vector, vectorKind, wordsOf } from "./vector.ts";

/** The values of the chosen rows of a stored column. O(rows chosen). */
export function loadColumn(codec: Codec, column: Column, selection: Selection): Vector {
  const { type } = codec.field;
  const { rows, count } = selection;
  const valid = column.validity === null ? null : bitsToBytes(column.validity, rows, count);
  switch (vectorKind(type)) {
    case "bool":
      return { kind: "bool", values: bitsToBytes((column as BitColumn).bits, rows, count), valid };
    case "code": {
      const values = new Uint32Array(count);
      loadNumbers(column as FixedColumn<Uint32Array>, selection, values);
      return { kind: "code", values, valid, dictionary: dictionaryOf(codec) };
    }
    case "num": {
      const values = new Float64Array(count);
      const { words } = column as FixedColumn;
      if (type.kind === "f64" || words === null) loadNumbers(column as FixedColumn<Float64Array>, selection, values);
      else if (rows === null) doublesOfWords("")(words, count, type.kind !== "u64", values);
      else gatherDoublesOfWords("")(words, rows, count, type.kind !== "u64", values);
      return { kind: "num", values, valid };
    }
    case "big":
      if (type.kind === "decimal")
        return { kind: "big", values: loadDecimals(column as FixedColumn<BigUint64Array>, selection), valid };
      return { kind: "big", values: loadInts(column as FixedColumn<BigInt64Array | BigUint64Array>, selection), valid };
    case "text": {
      const values = new Array<string>(count);
      for (let i = 0; i < count; i++) {
        const bytes = (column as VarColumn).bytesAt(rows === null ? i : rows[i]);
        values[i] = readUtf8(bytes, 0, bytes.length);
      }
      return { kind: "text", values, valid };
    }
    case "bytes": {
      const values = new Array<Uint8Array>(count);
      for (let i = 0; i < count; i++) values[i] = new Uint8Array((column as VarColumn).bytesAt(rows === null ? i : rows[i]));
      return { kind: "bytes", values, valid };
    }
  }
}

function loadNumbers(
  column: FixedColumn<Float64Array | Uint32Array>,
  { rows, count }: Selection,
  out: Float64Array | Uint32Array,
): void {
  const { values } = column;
  if (rows === null) out.set(values.subarray(0, count));
  else gatherNumbers(`${values.constructor.name} ${out.constructor.name}`)(values, rows, count, out);
}

function loadInts(
  { values, words }: FixedColumn<BigInt64Array | BigUint64Array>,
  { rows, count }: Selection,
): BigInt64Array | BigUint64Array {
  const out = values instanceof BigUint64Array ? new BigUint64Array(count) : new BigInt64Array(count);
  if (rows === null) (out as BigInt64Array).set(values.subarray(0, count) as BigInt64Array);
  else gatherWords("")(words as Uint32Array, rows, count, wordsOf(out));
  return out;
}

function loadDecimals({ values }: FixedColumn<BigUint64Array>, { rows, count }: Selection): bigint[] {
  const out = new Array<bigint>(count);
  for (let i = 0; i < count; i++) out[i] = loadInt128(values, rows === null ? i : rows[i]);
  return out;
}

const dictionaries = new WeakMap<Dictionary, CodeDictionary>();

/** The strings behind the codes of an enum or category field; one object a dictionary. */
export function dictionaryOf(codec: Codec): CodeDictionary {
  const { dictionary } = codec;
  if (dictionary === null) throw new Error(`${codec.field.name} has no dictionary`);
  let known = dictionaries.get(dictionary);
  if (known === undefined) {
    known = { values: dictionary.values, ordered: codec.field.type.kind === "enum" };
    dictionaries.set(dictionary, known);
  }
  return known;
}
