import type { FileColumn } from "../format/file-schema.ts";
import { PhysicalType } from "../format/metadata.ts";
import { bitWidth } from "./bit-packing.ts";
import type { Values } from "./column-values.ts";
import { estimateDeltaBits } from "./delta.ts";
import { buildDictionary, type ChunkDictionary } from "./dictionary.ts";
import type { ColumnEncoding } from "./options.ts";
import { byteArraysOfCodes, plainBytes } from "./plain.ts";

/** How a column chunk is written. */
export interface EncodingChoice {
  readonly encoding: ColumnEncoding;
  /** Of RLE_DICTIONARY. */
  readonly dictionary: ChunkDictionary | null;
  /** What is encoded: codes are so only with a dictionary. */
  readonly values: Values;
  /** Bytes of a value, about. */
  readonly valueBytes: number;
}

/** A dictionary must save this much, for it is one thing more to decode. */
const WORTH_A_DICTIONARY = 0.95;

/**
 * Chooses from the values what makes the column small: differences for integers that are in sequence or close together,
 * a dictionary for values that repeat, lengths apart for other texts, else PLAIN.
 * @param asked what the user wants
 */
export function chooseEncoding(column: FileColumn, values: Values, asked: ColumnEncoding | undefined): EncodingChoice {
  if (values.count === 0) return { encoding: "PLAIN", dictionary: null, values, valueBytes: 1 };
  if (values.kind === "bits") return { encoding: "PLAIN", dictionary: null, values, valueBytes: 1 / 8 };
  if (asked !== undefined && asked !== "RLE_DICTIONARY") return without(asked, values);
  if (values.kind === "codes" || asked === "RLE_DICTIONARY") {
    const dictionary = buildDictionary(values, Number.POSITIVE_INFINITY) as ChunkDictionary;
    return { encoding: "RLE_DICTIONARY", dictionary, values, valueBytes: indexWidth(dictionary) / 8 };
  }
  const best = withoutDictionary(column, values);
  const bytes = best.valueBytes * values.count;
  const limit = bytes * WORTH_A_DICTIONARY;
  // Not even two values would pay.
  if (limit < values.count / 8) return best;
  const dictionary = buildDictionary(values, limit);
  if (dictionary === null || dictionary.page.length + (values.count * indexWidth(dictionary)) / 8 > limit) return best;
  return { encoding: "RLE_DICTIONARY", dictionary, values, valueBytes: indexWidth(dictionary) / 8 };
}

/** Bits of an index. One at least: not every reader takes none. */
export const indexWidth = ({ size }: ChunkDictionary): number => Math.max(1, bitWidth(size - 1));

function without(encoding: ColumnEncoding, values: Values): EncodingChoice {
  const plain = values.kind === "codes" ? byteArraysOfCodes(values) : values;
  return { encoding, dictionary: null, values: plain, valueBytes: plainBytes(plain) / values.count };
}

function withoutDictionary(column: FileColumn, values: Exclude<Values, { kind: "codes" | "bits" }>): EncodingChoice {
  const plain = without("PLAIN", values);
  if (values.kind === "byteArrays") {
    const bytes = values.offsets[values.count] - values.offsets[0];
    return { ...plain, encoding: "DELTA_LENGTH_BYTE_ARRAY", valueBytes: bytes / values.count + 1 };
  }
  const integers = column.physicalType === PhysicalType.INT32 || column.physicalType === PhysicalType.INT64;
  if (values.kind !== "words" || !integers || values.count < 2) return plain;
  const bits = estimateDeltaBits(values.words, values.width, values.count);
  // Where differences are nearly as long as the values, PLAIN is quicker, both ways.
  return bits < values.width * 7 ? { ...plain, encoding: "DELTA_BINARY_PACKED", valueBytes: bits / 8 } : plain;
}
