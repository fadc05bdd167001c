import { describeForeign } from "../../../arrow/foreign.ts";
import type { Allocator } from "../../../columns/allocator.ts";
import type { Codec } from "../../../columns/codec.ts";
import type { Column } from "../../../columns/column.ts";
import { HeapAllocator } from "../../../columns/heap-allocator.ts";
import { describeType } from "../../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../../entity/schema.ts";
import { CorruptDataError, UnsupportedError } from "../../../errors.ts";
import type { Appender } from "../../../soa/appender.ts";
import { CHUNK_ROWS } from "../../../soa/chunk.ts";
import type { PageCodec, PageCodecName } from "../codecs/codec.ts";
import { CompressionCodec } from "../format/metadata.ts";
import { chunkRange, type Footer } from "../format/read-footer.ts";
import type { Leaf } from "../format/schema-tree.ts";
import { arrowHints, isUntyped } from "./arrow-hints.ts";
import { absentMaker, columnMaker, type MakeColumn } from "./column-maker.ts";
import { type ColumnPlan, decodingOf, widthOf } from "./column-plan.ts";
import { type DecodedColumn, decodedSize, defaultDecodedBytes } from "./decode-chunk.ts";
import { fileColumns } from "./file-columns.ts";
import { type ChunkTask, runTask } from "./run-task.ts";

export type { ChunkTask } from "./run-task.ts";

export interface ReadLimits {
  /**
   * Bytes that the read columns of one row group may take decoded, the page that is being decoded besides: by default
   * 256 MiB, or 64 times what is stored if that is more. What would take more is refused before it is allocated, with an
   * UnsupportedError. The rows of a file together have no limit: `load` takes as much memory as they need, `count` tells
   * how many there are, and `loadBatches` holds two row groups, of small ones three.
   */
  readonly decodedBytes?: number | undefined;
}

interface FieldSource {
  readonly field: FieldSpec;
  readonly leaf: Leaf | null;
  readonly plan: ColumnPlan | null;
  readonly make: MakeColumn;
}

/**
 * Reads the row groups of a file as rows of an entity, or of a projection of one. Made once a file and dictionary: it holds
 * no bytes. Reading a row group has three steps, of which the second can run elsewhere: `tasks`, `runTask` for each with
 * the bytes of its range, `columns` or `append`.
 */
export class RowGroupReader {
  readonly #schema: EntitySchema;
  readonly #footer: Footer;
  readonly #place: string;
  readonly #sources: readonly FieldSource[];
  readonly #limits: ReadLimits;

  /**
   * @param codecs of the schema's fields; their dictionaries are those of the columns made here
   * @param place begins the messages of errors: the file
   * @throws SchemaMismatchError where a field has no column, or only a nested one
   * @throws TypeConversionError where no value of a column is a value of its field
   */
  constructor(schema: EntitySchema, codecs: readonly Codec[], footer: Footer, place: string, limits: ReadLimits = {}) {
    this.#schema = schema;
    this.#footer = footer;
    this.#place = place;
    this.#limits = limits;
    let hints: ReturnType<typeof arrowHints> | null = null;
    this.#sources = fileColumns(schema, footer.leaves, place).map((leaf, index) => {
      const field = schema.fields[index];
      const codec = codecs[index];
      if (leaf === null) return { field, leaf, plan: null, make: absentMaker(codec) };
      const decoding = decodingOf(leaf.element, field.type);
      const plan = { ...decoding, maxDefinition: leaf.maxDefinition };
      if (isOfTime(field) && isUntyped(leaf)) {
        hints ??= arrowHints(footer.metadata);
        plan.type = hints.get(leaf.path[0]) ?? decoding.type;
      }
      return { field, leaf, plan, make: columnMaker(schema, codec, plan) };
    });
  }

  /** The column of the file that each field is read from; null where it has none. */
  get leaves(): readonly (Leaf | null)[] {
    return this.#sources.map(({ leaf }) => leaf);
  }

  /** Bytes that a row takes decoded in columns whose values are of one width. */
  get fixedWidth(): number {
    return this.#sources.reduce((bytes, { plan }) => bytes + (plan === null ? 0 : widthOf(plan)), 0);
  }

  /** What is to be read of a row group: one task for each field that the file has. @throws CorruptDataError, UnsupportedError */
  tasks(rowGroup: number): ChunkTask[] {
    const group = this.#footer.metadata.rowGroups[rowGroup];
    this.#assertAbsent(rowGroup, group.numRows);
    return this.#sources.flatMap(({ field, leaf, plan }) => {
      if (leaf === null || plan === null) return [];
      const place = `${this.#place}: row group ${rowGroup}, column ${JSON.stringify(leaf.path[0])}`;
      const chunk = group.columns[leaf.index];
      const range = chunkRange(chunk);
      const { metaData } = chunk;
      if (range === undefined || metaData === undefined)
        throw new UnsupportedError(`${place}: its pages are encrypted or in another file`);
      const target = {
        entity: this.#schema.name,
        column: field.column,
        from: describeForeign(plan.type),
        to: describeType(field.type),
      };
      const codec = codecNameOf(metaData.codec, place);
      return [{ leaf: leaf.index, range, metaData, codec, rows: group.numRows, plan, place, target }];
    });
  }

  /** Fields that the file does not have cost it nothing, but memory all the same. */
  #assertAbsent(rowGroup: number, rows: number): void {
    const absent = this.#sources.filter(({ leaf }) => leaf === null).length;
    const limit = this.decodedBytes([]);
    if (rows * absent * ABSENT_BYTES <= limit) return;
    throw new UnsupportedError(
      `${this.#place}: row group ${rowGroup}: its ${rows} rows, with ${absent} fields that the file does not have, take more than the limit decodedBytes, ${limit}`,
    );
  }

  /** Bytes that the columns of the tasks may take decoded, together. */
  decodedBytes(tasks: readonly ChunkTask[]): number {
    return this.#limits.decodedBytes ?? defaultDecodedBytes(tasks.reduce((sum, { range }) => sum + range.length, 0));
  }

  /**
   * Decodes the columns of a row group, one after the other.
   * @param bytes those of each task's range
   * @throws CorruptDataError, UnsupportedError, TypeConversionError
   */
  decode(
    tasks: readonly ChunkTask[],
    bytes: readonly Uint8Array[],
    codecs: ReadonlyMap<PageCodecName, PageCodec>,
  ): DecodedColumn[] {
    let left = this.decodedBytes(tasks);
    return tasks.map((task, i) => {
      const codec = codecs.get(task.codec);
      if (codec === undefined) throw new UnsupportedError(`${task.place}: the codec ${task.codec} was not loaded`);
      const decoded = runTask(task, bytes[i], codec, left);
      left -= decodedSize(decoded);
      return decoded;
    });
  }

  /**
   * Some rows of a decoded row group as columns, one a field.
   * @param firstRow the row group's first row within the file, for messages
   * @throws TypeConversionError for a value or null that a field cannot hold, naming its row
   */
  columns(decoded: readonly DecodedColumn[], from: number, rows: number, firstRow = 0, made: Made = {}): Column[] {
    const { allocator = new HeapAllocator(), epoch = 0 } = made;
    const slice = { from, rows, firstRow: firstRow + from, allocator, epoch };
    let next = 0;
    return this.#sources.map(({ leaf, make }) => make(leaf === null ? null : decoded[next++], slice));
  }

  /** Adds a decoded row group to a kernel of the schema, in chunks over the decoded bytes. O(rows) for keys and text, else O(1). */
  append(appender: Appender, rowGroup: number, decoded: readonly DecodedColumn[], firstRow = 0, made: Made = {}): void {
    const { numRows } = this.#footer.metadata.rowGroups[rowGroup];
    for (const column of decoded) {
      if (column.rows !== numRows)
        throw new CorruptDataError(`${this.#place}: row group ${rowGroup}: columns of different length`);
    }
    for (let from = 0; from < numRows; from += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, numRows - from);
      appender.adopt(this.columns(decoded, from, rows, firstRow, made), rows);
    }
  }
}

/** Bytes of a value that is absent, about. */
const ABSENT_BYTES = 8;

const isOfTime = ({ type }: FieldSpec): boolean => type.kind === "timestamp" || type.kind === "date";

interface Made {
  readonly allocator?: Allocator;
  readonly epoch?: number;
}

const CODEC_NAMES: Readonly<Record<number, PageCodecName>> = {
  [CompressionCodec.UNCOMPRESSED]: "uncompressed",
  [CompressionCodec.SNAPPY]: "snappy",
  [CompressionCodec.GZIP]: "gzip",
  [CompressionCodec.BROTLI]: "brotli",
  [CompressionCodec.LZ4]: "lz4_hadoop",
  [CompressionCodec.ZSTD]: "zstd",
  [CompressionCodec.LZ4_RAW]: "lz4",
};

function codecNameOf(codec: number, place: string): PageCodecName {
  const name = CODEC_NAMES[codec];
  if (name !== undefined) return name;
  throw new UnsupportedError(`${place}: its compression ${codec === CompressionCodec.LZO ? "LZO" : codec} cannot be read`);
}
