/**
 * What stands in the footer and the page headers of a Parquet file, named as in the format's own definition. i64 is a
 * number: counts, sizes and offsets beyond 2^53 are refused when read.
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */

export const PhysicalType = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  INT96: 3,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
} as const;

/** Of these the older readers know; `LogicalType` says the same, and more. */
export const ConvertedType = {
  UTF8: 0,
  MAP: 1,
  MAP_KEY_VALUE: 2,
  LIST: 3,
  ENUM: 4,
  DECIMAL: 5,
  DATE: 6,
  TIME_MILLIS: 7,
  TIME_MICROS: 8,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
  UINT_8: 11,
  UINT_16: 12,
  UINT_32: 13,
  UINT_64: 14,
  INT_8: 15,
  INT_16: 16,
  INT_32: 17,
  INT_64: 18,
  JSON: 19,
  BSON: 20,
  INTERVAL: 21,
} as const;

export const Repetition = { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 } as const;

export const Encoding = {
  PLAIN: 0,
  PLAIN_DICTIONARY: 2,
  RLE: 3,
  BIT_PACKED: 4,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
  BYTE_STREAM_SPLIT: 9,
} as const;

export const CompressionCodec = {
  UNCOMPRESSED: 0,
  SNAPPY: 1,
  GZIP: 2,
  LZO: 3,
  BROTLI: 4,
  LZ4: 5,
  ZSTD: 6,
  LZ4_RAW: 7,
} as const;

export const PageType = { DATA_PAGE: 0, INDEX_PAGE: 1, DICTIONARY_PAGE: 2, DATA_PAGE_V2: 3 } as const;

export type Empty = Record<never, never>;

/** One of these. */
export interface TimeUnitUnion {
  readonly millis?: Empty;
  readonly micros?: Empty;
  readonly nanos?: Empty;
}

export interface DecimalType {
  readonly scale: number;
  readonly precision: number;
}

export interface TimeType {
  readonly isAdjustedToUTC: boolean;
  readonly unit: TimeUnitUnion;
}

export interface IntType {
  /** 8, 16, 32 or 64. */
  readonly bitWidth: number;
  readonly isSigned: boolean;
}

/** At most one of these; none where the file says one that is not known here. */
export interface LogicalType {
  readonly string?: Empty;
  readonly map?: Empty;
  readonly list?: Empty;
  readonly enum?: Empty;
  readonly decimal?: DecimalType;
  readonly date?: Empty;
  readonly time?: TimeType;
  readonly timestamp?: TimeType;
  readonly integer?: IntType;
  /** Every value is null. */
  readonly unknown?: Empty;
  readonly json?: Empty;
  readonly bson?: Empty;
  readonly uuid?: Empty;
  readonly float16?: Empty;
}

/** A node of the schema, which is written as a list in depth-first order. Without `type` it is a group. */
export interface SchemaElement {
  /** A {@link PhysicalType}. */
  readonly type?: number;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength?: number;
  /** A {@link Repetition}; the root has none. */
  readonly repetitionType?: number;
  readonly name: string;
  readonly numChildren?: number;
  /** A {@link ConvertedType}. */
  readonly convertedType?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly fieldId?: number;
  readonly logicalType?: LogicalType;
}

/** Values are as PLAIN has them, without the length of byte arrays. */
export interface Statistics {
  /** Deprecated: ordered by signed bytes. */
  readonly max?: Uint8Array;
  /** Deprecated: ordered by signed bytes. */
  readonly min?: Uint8Array;
  readonly nullCount?: number;
  readonly distinctCount?: number;
  /** Not below any value, in the order that `columnOrders` says. */
  readonly maxValue?: Uint8Array;
  /** Not above any value, in the order that `columnOrders` says. */
  readonly minValue?: Uint8Array;
  readonly isMaxValueExact?: boolean;
  readonly isMinValueExact?: boolean;
}

export interface KeyValue {
  readonly key: string;
  readonly value?: string;
}

export interface PageEncodingStats {
  readonly pageType: number;
  readonly encoding: number;
  readonly count: number;
}

export interface ColumnMetaData {
  /** A {@link PhysicalType}. */
  readonly type: number;
  /** {@link Encoding}s that occur, those of levels included. */
  readonly encodings: readonly number[];
  readonly pathInSchema: readonly string[];
  /** A {@link CompressionCodec}. */
  readonly codec: number;
  /** Nulls included. */
  readonly numValues: number;
  /** Bytes, page headers included. */
  readonly totalUncompressedSize: number;
  /** Bytes in the file, page headers included. */
  readonly totalCompressedSize: number;
  readonly keyValueMetadata?: readonly KeyValue[];
  /** Of the first data page, from the start of the file. */
  readonly dataPageOffset: number;
  readonly indexPageOffset?: number;
  readonly dictionaryPageOffset?: number;
  readonly statistics?: Statistics;
  readonly encodingStats?: readonly PageEncodingStats[];
  readonly bloomFilterOffset?: number;
  readonly bloomFilterLength?: number;
}

export interface ColumnChunk {
  /** Another file that has the pages. */
  readonly filePath?: string;
  readonly fileOffset: number;
  readonly metaData?: ColumnMetaData;
  readonly offsetIndexOffset?: number;
  readonly offsetIndexLength?: number;
  readonly columnIndexOffset?: number;
  readonly columnIndexLength?: number;
  /** Of an encrypted column. */
  readonly cryptoMetadata?: Empty;
}

export interface SortingColumn {
  readonly columnIdx: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface RowGroup {
  /** In the order of the schema's leaves. */
  readonly columns: readonly ColumnChunk[];
  /** Uncompressed bytes. */
  readonly totalByteSize: number;
  readonly numRows: number;
  readonly sortingColumns?: readonly SortingColumn[];
  /** Where its first page begins, from the start of the file. */
  readonly fileOffset?: number;
  readonly totalCompressedSize?: number;
  readonly ordinal?: number;
}

/** The order of a leaf's minima and maxima: that of its type, or one that is not known here. */
export interface ColumnOrder {
  readonly typeOrder?: Empty;
}

export interface FileMetaData {
  readonly version: number;
  readonly schema: readonly SchemaElement[];
  readonly numRows: number;
  readonly rowGroups: readonly RowGroup[];
  readonly keyValueMetadata?: readonly KeyValue[];
  readonly createdBy?: string;
  /** One a leaf. */
  readonly columnOrders?: readonly ColumnOrder[];
}

export interface DataPageHeader {
  /** Nulls included. */
  readonly numValues: number;
  readonly encoding: number;
  readonly definitionLevelEncoding: number;
  readonly repetitionLevelEncoding: number;
  readonly statistics?: Statistics;
}

export interface DictionaryPageHeader {
  readonly numValues: number;
  readonly encoding: number;
  readonly isSorted?: boolean;
}

export interface DataPageHeaderV2 {
  /** Nulls included. */
  readonly numValues: number;
  readonly numNulls: number;
  readonly numRows: number;
  readonly encoding: number;
  /** Bytes; levels are never compressed, and have no length before them. */
  readonly definitionLevelsByteLength: number;
  readonly repetitionLevelsByteLength: number;
  /** True if it is not said. */
  readonly isCompressed?: boolean;
  readonly statistics?: Statistics;
}

export interface PageHeader {
  /** A {@link PageType}. */
  readonly type: number;
  /** Bytes without this header. */
  readonly uncompressedPageSize: number;
  /** Bytes in the file without this header. */
  readonly compressedPageSize: number;
  /** CRC-32 of the page as it lies in the file, without this header. */
  readonly crc?: number;
  readonly dataPageHeader?: DataPageHeader;
  readonly indexPageHeader?: Empty;
  readonly dictionaryPageHeader?: DictionaryPageHeader;
  readonly dataPageHeaderV2?: DataPageHeaderV2;
}
