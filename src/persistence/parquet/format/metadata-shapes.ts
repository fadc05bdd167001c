/** The Thrift field ids and shapes of `metadata.ts`. Fields that Faun has no use for are left out, and passed over when read. */

import type {
  ColumnChunk,
  ColumnMetaData,
  ColumnOrder,
  DataPageHeader,
  DataPageHeaderV2,
  DecimalType,
  DictionaryPageHeader,
  Empty,
  FileMetaData,
  IntType,
  KeyValue,
  LogicalType,
  PageEncodingStats,
  PageHeader,
  RowGroup,
  SchemaElement,
  SortingColumn,
  Statistics,
  TimeType,
  TimeUnitUnion,
} from "./metadata.ts";
import { struct } from "./thrift-shape.ts";

const empty = struct<Empty>("Empty", {});

const timeUnit = struct<TimeUnitUnion>("TimeUnit", { millis: [1, empty], micros: [2, empty], nanos: [3, empty] });

const decimalType = struct<DecimalType>("DecimalType", { scale: [1, "i32", "required"], precision: [2, "i32", "required"] });

const timeType = struct<TimeType>("TimeType", {
  isAdjustedToUTC: [1, "bool", "required"],
  unit: [2, timeUnit, "required"],
});

const intType = struct<IntType>("IntType", { bitWidth: [1, "i8", "required"], isSigned: [2, "bool", "required"] });

const logicalType = struct<LogicalType>("LogicalType", {
  string: [1, empty],
  map: [2, empty],
  list: [3, empty],
  enum: [4, empty],
  decimal: [5, decimalType],
  date: [6, empty],
  time: [7, timeType],
  timestamp: [8, timeType],
  integer: [10, intType],
  unknown: [11, empty],
  json: [12, empty],
  bson: [13, empty],
  uuid: [14, empty],
  float16: [15, empty],
});

const schemaElement = struct<SchemaElement>("SchemaElement", {
  type: [1, "i32"],
  typeLength: [2, "i32"],
  repetitionType: [3, "i32"],
  name: [4, "string", "required"],
  numChildren: [5, "i32"],
  convertedType: [6, "i32"],
  scale: [7, "i32"],
  precision: [8, "i32"],
  fieldId: [9, "i32"],
  logicalType: [10, logicalType],
});

const statistics = struct<Statistics>("Statistics", {
  max: [1, "binary"],
  min: [2, "binary"],
  nullCount: [3, "i64"],
  distinctCount: [4, "i64"],
  maxValue: [5, "binary"],
  minValue: [6, "binary"],
  isMaxValueExact: [7, "bool"],
  isMinValueExact: [8, "bool"],
});

const keyValue = struct<KeyValue>("KeyValue", { key: [1, "string", "required"], value: [2, "string"] });

const pageEncodingStats = struct<PageEncodingStats>("PageEncodingStats", {
  pageType: [1, "i32", "required"],
  encoding: [2, "i32", "required"],
  count: [3, "i32", "required"],
});

const columnMetaData = struct<ColumnMetaData>("ColumnMetaData", {
  type: [1, "i32", "required"],
  encodings: [2, { list: "i32" }, "required"],
  pathInSchema: [3, { list: "string" }, "required"],
  codec: [4, "i32", "required"],
  numValues: [5, "i64", "required"],
  totalUncompressedSize: [6, "i64", "required"],
  totalCompressedSize: [7, "i64", "required"],
  keyValueMetadata: [8, { list: keyValue }],
  dataPageOffset: [9, "i64", "required"],
  indexPageOffset: [10, "i64"],
  dictionaryPageOffset: [11, "i64"],
  statistics: [12, statistics],
  encodingStats: [13, { list: pageEncodingStats }],
  bloomFilterOffset: [14, "i64"],
  bloomFilterLength: [15, "i32"],
});

const columnChunk = struct<ColumnChunk>("ColumnChunk", {
  filePath: [1, "string"],
  fileOffset: [2, "i64", "required"],
  metaData: [3, columnMetaData],
  offsetIndexOffset: [4, "i64"],
  offsetIndexLength: [5, "i32"],
  columnIndexOffset: [6, "i64"],
  columnIndexLength: [7, "i32"],
  cryptoMetadata: [8, empty],
});

const sortingColumn = struct<SortingColumn>("SortingColumn", {
  columnIdx: [1, "i32", "required"],
  descending: [2, "bool", "required"],
  nullsFirst: [3, "bool", "required"],
});

const rowGroup = struct<RowGroup>("RowGroup", {
  columns: [1, { list: columnChunk }, "required"],
  totalByteSize: [2, "i64", "required"],
  numRows: [3, "i64", "required"],
  sortingColumns: [4, { list: sortingColumn }],
  fileOffset: [5, "i64"],
  totalCompressedSize: [6, "i64"],
  ordinal: [7, "i16"],
});

const columnOrder = struct<ColumnOrder>("ColumnOrder", { typeOrder: [1, empty] });

export const fileMetaData = struct<FileMetaData>("FileMetaData", {
  version: [1, "i32", "required"],
  schema: [2, { list: schemaElement }, "required"],
  numRows: [3, "i64", "required"],
  rowGroups: [4, { list: rowGroup }, "required"],
  keyValueMetadata: [5, { list: keyValue }],
  createdBy: [6, "string"],
  columnOrders: [7, { list: columnOrder }],
});

const dataPageHeader = struct<DataPageHeader>("DataPageHeader", {
  numValues: [1, "i32", "required"],
  encoding: [2, "i32", "required"],
  definitionLevelEncoding: [3, "i32", "required"],
  repetitionLevelEncoding: [4, "i32", "required"],
  statistics: [5, statistics],
});

const dictionaryPageHeader = struct<DictionaryPageHeader>("DictionaryPageHeader", {
  numValues: [1, "i32", "required"],
  encoding: [2, "i32", "required"],
  isSorted: [3, "bool"],
});

const dataPageHeaderV2 = struct<DataPageHeaderV2>("DataPageHeaderV2", {
  numValues: [1, "i32", "required"],
  numNulls: [2, "i32", "required"],
  numRows: [3, "i32", "required"],
  encoding: [4, "i32", "required"],
  definitionLevelsByteLength: [5, "i32", "required"],
  repetitionLevelsByteLength: [6, "i32", "required"],
  isCompressed: [7, "bool"],
  statistics: [8, statistics],
});

export const pageHeader = struct<PageHeader>("PageHeader", {
  type: [1, "i32", "required"],
  uncompressedPageSize: [2, "i32", "required"],
  compressedPageSize: [3, "i32", "required"],
  crc: [4, "i32"],
  dataPageHeader: [5, dataPageHeader],
  indexPageHeader: [6, empty],
  dictionaryPageHeader: [7, dictionaryPageHeader],
  dataPageHeaderV2: [8, dataPageHeaderV2],
});
