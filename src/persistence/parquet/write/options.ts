import type { FieldType } from "../../../entity/field-type.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import { ValidationError } from "../../../errors.ts";
import { COMPRESSIONS, type Compression, LEVELS } from "../codecs/codec.ts";
import { isReservedKey } from "../format/footer-metadata.ts";
import type { KeyValue } from "../format/metadata.ts";

/** Encodings of pages that are written, as Parquet calls them. */
export const ENCODINGS = [
  "PLAIN",
  "RLE_DICTIONARY",
  "DELTA_BINARY_PACKED",
  "DELTA_LENGTH_BYTE_ARRAY",
  "BYTE_STREAM_SPLIT",
] as const;

export type ColumnEncoding = (typeof ENCODINGS)[number];

export interface ParquetWriteOptions {
  /** How pages are compressed; "snappy" by default. Columns that it would hardly make smaller are stored as they are. */
  compression?: Compression;
  /** zstd 1 to 22 (3 by default), gzip 1 to 9 (6), brotli 0 to 11 (4). */
  compressionLevel?: number;
  /**
   * Rows of a row group, 1 to 16,777,216; 262,144 by default. Readers skip and decode whole row groups, and writing holds
   * one in memory.
   */
  rowGroupSize?: number;
  /** Bytes of a page before compression, about: 1,024 to 268,435,456; 1 MiB by default. */
  pageSize?: number;
  /**
   * Encodings by field name, for what should not be chosen from the values. Readers that know BYTE_STREAM_SPLIT of floats
   * only, as DuckDB 1.5, cannot read other fields in it; PyArrow 26 reads no enums and categories in DELTA_LENGTH_BYTE_ARRAY.
   */
  encodings?: Readonly<Record<string, ColumnEncoding>>;
  /** Key-value metadata for the footer, of every file that is written with these options. Keys that begin with "faun.", and "ARROW:schema", are taken. */
  metadata?: Readonly<Record<string, string>>;
}

/** Options that were checked, with everything said. */
export interface WriteSettings {
  readonly compression: Compression;
  readonly compressionLevel: number | undefined;
  readonly rowGroupSize: number;
  readonly pageSize: number;
  /** One a field; undefined where the values decide. */
  readonly encodings: readonly (ColumnEncoding | undefined)[];
  readonly keyValueMetadata: readonly KeyValue[];
}

/** @throws ValidationError, ColumnNotFoundError for an encoding of a field that is not there */
export function writeSettings(schema: EntitySchema, options: ParquetWriteOptions = {}): WriteSettings {
  const refuse = (field: string, value: unknown, expected: string): never => {
    throw new ValidationError({ entity: `${schema.name}: Parquet options`, field, value, expected });
  };
  const { compression = "snappy", compressionLevel, rowGroupSize = 262_144, pageSize = 1_048_576 } = options;
  if (!COMPRESSIONS.includes(compression)) refuse("compression", compression, `one of ${COMPRESSIONS.join(", ")}`);
  const integer = (field: string, value: number, min: number, max: number) => {
    if (!Number.isInteger(value) || value < min || value > max) refuse(field, value, `an integer from ${min} to ${max}`);
  };
  integer("rowGroupSize", rowGroupSize, 1, 2 ** 24);
  integer("pageSize", pageSize, 1024, 2 ** 28);
  if (compressionLevel !== undefined) {
    const levels = LEVELS[compression];
    if (levels === undefined) refuse("compressionLevel", compressionLevel, `none: ${compression} has no levels`);
    else integer("compressionLevel", compressionLevel, ...levels);
  }
  const entriesOf = <V>(field: string, record: Readonly<Record<string, V>> = {}): [name: string, value: V][] => {
    // A Map has no properties, and what it says would be lost.
    if (typeof record !== "object" || record === null || Symbol.iterator in record)
      refuse(field, record, "an object whose properties are the entries");
    return Object.entries(record);
  };
  const encodings: (ColumnEncoding | undefined)[] = schema.fields.map(() => undefined);
  for (const [name, encoding] of entriesOf("encodings", options.encodings)) {
    const { index, type } = schema.field(name);
    const possible = ENCODINGS.filter((each) => canEncode(type, each));
    if (!possible.includes(encoding)) refuse(`encodings.${name}`, encoding, `one of ${possible.join(", ")}`);
    encodings[index] = encoding;
  }
  const keyValueMetadata = entriesOf("metadata", options.metadata).map(([key, value]) => {
    if (isReservedKey(key)) refuse("metadata", key, 'a key that is not "ARROW:schema" and does not begin with "faun."');
    if (typeof value !== "string" || !value.isWellFormed() || !key.isWellFormed())
      refuse(`metadata.${key}`, value, "well-formed text");
    return { key, value };
  });
  return { compression, compressionLevel, rowGroupSize, pageSize, encodings, keyValueMetadata };
}

function canEncode(type: FieldType, encoding: ColumnEncoding): boolean {
  switch (type.kind) {
    case "bool":
      return encoding === "PLAIN";
    case "utf8":
    case "binary":
    case "enum":
    case "category":
      return encoding !== "DELTA_BINARY_PACKED" && encoding !== "BYTE_STREAM_SPLIT";
    case "f32":
    case "f64":
      return encoding !== "DELTA_BINARY_PACKED" && encoding !== "DELTA_LENGTH_BYTE_ARRAY";
    case "decimal":
      return encoding !== "DELTA_LENGTH_BYTE_ARRAY" && (encoding !== "DELTA_BINARY_PACKED" || type.precision <= 18);
    default:
      return encoding !== "DELTA_LENGTH_BYTE_ARRAY";
  }
}
