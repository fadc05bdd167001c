import type { RecordBatch, Table } from "apache-arrow";
import type { Column } from "../columns/column.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import type { FieldSpec } from "../entity/schema.ts";
import type { EntityRow } from "../entity/types.ts";
import { SchemaMismatchError } from "../errors.ts";
import type { Appender } from "../soa/appender.ts";
import type { RowRange } from "../soa/row-range.ts";
import type { SoA } from "../soa/soa.ts";
import { absentReader, columnReader } from "./column-reader.ts";
import { describeForeign, type ForeignBatch, type ForeignField, type ForeignTable } from "./foreign.ts";
import { foreignTable, naming } from "./foreign-table.ts";
import type { BatchedTableObject, ColumnarTableObject, RecordBatchObject } from "./from-objects.ts";
import { groupPieces, type Piece } from "./pieces.ts";
import type { ReadColumn } from "./span.ts";

/**
 * Arrow data: a table, record batch or list of record batches of apache-arrow, of any copy or recent version of it;
 * Arrow IPC bytes, stream or file, whole or in pieces; a table of another library that speaks Arrow by structure
 * (flechette), or one with a `toArrow()`, `toArrowIPC()` or `toArrowBuffer()` method (a Store, arquero).
 */
export type ArrowInput =
  | Table
  | RecordBatch
  | Iterable<RecordBatch>
  | ArrayBufferView
  | ArrayBufferLike
  | Iterable<Uint8Array>
  | BatchedTableObject
  | RecordBatchObject
  | ColumnarTableObject
  | { toArrow(): unknown }
  | { toArrowIPC(): unknown }
  | { toArrowBuffer(): unknown };

/**
 * Adds the rows of Arrow data to a kernel, all or none; gives their row indices.
 *
 * Columns are matched by their column name, else by the field's name; others are ignored. A field without a column
 * takes its default or null. A column of the field's own type is adopted: the kernel reads the foreign bytes, which must
 * not change from then on (an update copies first). Others are converted where nothing is lost. Every value is checked
 * where its bits could be none of the field's. Batches of a few rows are copied into larger chunks.
 *
 * O(rows): adopting a column costs no copy, but keys are indexed and text is checked to be UTF-8.
 * @throws ArrowError for data that is broken or of a form not understood
 * @throws SchemaMismatchError if a field without default and null has no column
 * @throws TypeConversionError naming the column, for a type or value that the field cannot hold
 * @throws DuplicateKeyError
 */
export function readArrow<T extends EntityRow>(soa: SoA<T>, input: ArrowInput): RowRange {
  return new ArrowReader(soa).read(input);
}

/**
 * Reads Arrow data into a kernel part by part, each all or none; what was found out about the columns and dictionaries
 * of one part serves the next.
 */
export class ArrowReader<T extends EntityRow> {
  readonly #soa: SoA<T>;
  readonly #matcher: Matcher<T>;

  constructor(soa: SoA<T>) {
    this.#soa = soa;
    this.#matcher = new Matcher(soa);
  }

  /** As {@link readArrow}; rows in messages are counted over all that was read. */
  read(input: ArrowInput): RowRange {
    return this.readTable(foreignTable(this.#soa.schema.name, input));
  }

  readTable(table: ForeignTable): RowRange {
    const soa = this.#soa;
    const matcher = this.#matcher;
    if (table.fields !== null) matcher.readersOf(table.fields);
    // Every batch is matched before the first is read: a batch of another schema is found at once.
    const readers = table.batches.map((batch) => matcher.readersOf(batch.fields));
    const { groups, coalesced } = groupPieces(
      table.batches.map((batch) => batch.length),
      soa.length === 0,
    );
    const range = soa.append((appender) => {
      const addition = new Addition(soa, appender, table, readers);
      for (const group of groups) coalesced ? addition.copy(group) : addition.adopt(group);
    });
    matcher.rowsBefore += range.length;
    return range;
  }
}

type BatchReader = (batch: ForeignBatch, piece: Piece, adopt: boolean) => Column;

/** Finds the columns of the fields in a foreign schema. */
class Matcher<T extends EntityRow> {
  readonly #soa: SoA<T>;
  readonly #known = new Map<readonly ForeignField[], BatchReader[]>();
  /** One reader a field and foreign type, so that what it learns of a dictionary serves all batches. */
  readonly #readers = new Map<string, ReadColumn>();
  /** Rows that were read before those at hand. */
  rowsBefore = 0;

  constructor(soa: SoA<T>) {
    this.#soa = soa;
  }

  /** @throws SchemaMismatchError, TypeConversionError */
  readersOf(fields: readonly ForeignField[]): BatchReader[] {
    let readers = this.#known.get(fields);
    if (readers === undefined) {
      readers = this.#soa.schema.fields.map((field) => this.#reader(field, fields));
      this.#known.set(fields, readers);
    }
    return readers;
  }

  #reader(field: FieldSpec, fields: readonly ForeignField[]): BatchReader {
    const { schema, codecs, allocator } = this.#soa;
    const codec = codecs[field.index];
    // Temporary columns are copied from and dropped; those to be adopted belong to the store.
    const made = (adopt: boolean) => ({ adopt, allocator: adopt ? allocator : new HeapAllocator(), epoch: this.#soa.epoch });
    const index = this.#indexOf(field, fields);
    if (index < 0) {
      if (!field.nullable && field.defaultValue === undefined) {
        const found = fields.length === 0 ? "none" : fields.map(({ name }) => name).join(", ");
        throw new SchemaMismatchError(
          schema.name,
          `a column ${JSON.stringify(field.column)} for the field ${field.name}`,
          `the columns ${found}`,
        );
      }
      const absent = absentReader(codec);
      return (_, { rows, firstRow }, adopt) => absent({ rows, firstRow: this.rowsBefore + firstRow, ...made(adopt) });
    }
    const { type } = fields[index];
    const key = `${field.index} ${describeForeign(type)}`;
    const read = this.#readers.get(key) ?? columnReader(schema, codec, type);
    this.#readers.set(key, read);
    return (batch, { from, rows, firstRow }, adopt) => {
      const array = naming(schema.name, () => batch.column(index));
      if (array.length !== batch.length || describeForeign(array.type) !== describeForeign(type)) {
        throw new SchemaMismatchError(
          schema.name,
          `the column ${JSON.stringify(fields[index].name)} with ${batch.length} rows of type ${describeForeign(type)}, as its batch says`,
          `${array.length} rows of type ${describeForeign(array.type)}`,
        );
      }
      return naming(schema.name, () => read({ array, from, rows, firstRow: this.rowsBefore + firstRow, ...made(adopt) }));
    };
  }

  #indexOf(field: FieldSpec, fields: readonly ForeignField[]): number {
    const names = fields.map(({ name }) => name);
    // A name that is another field's column is that field's.
    const byName = this.#soa.schema.byColumn(field.name) === undefined ? field.name : field.column;
    const name = names.includes(field.column) ? field.column : byName;
    const index = names.indexOf(name);
    if (index >= 0 && names.indexOf(name, index + 1) >= 0) {
      throw new SchemaMismatchError(this.#soa.schema.name, `one column ${JSON.stringify(name)}`, "several of that name");
    }
    return index;
  }
}

/** Puts pieces of batches into a kernel. */
class Addition<T extends EntityRow> {
  readonly #soa: SoA<T>;
  readonly #appender: Appender;
  readonly #table: ForeignTable;
  readonly #readers: readonly (readonly BatchReader[])[];

  constructor(soa: SoA<T>, appender: Appender, table: ForeignTable, readers: readonly (readonly BatchReader[])[]) {
    this.#soa = soa;
    this.#appender = appender;
    this.#table = table;
    this.#readers = readers;
  }

  /** As a chunk: one piece as it is, several copied together. */
  adopt(group: readonly Piece[]): void {
    const rows = group.reduce((sum, piece) => sum + piece.rows, 0);
    const columns = group.length === 1 ? this.#columns(group[0], true) : this.#joined(group, rows);
    this.#appender.adopt(columns, rows);
  }

  /** Behind the rows that are there, in the chunks of the kernel. */
  copy(group: readonly Piece[]): void {
    for (const piece of group) {
      const sources = this.#columns(piece, false);
      this.#appender.columns(piece.rows, (field, column, at, from, count) => column.copyRows(sources[field], from, at, count));
    }
  }

  #columns(piece: Piece, adopt: boolean): Column[] {
    const batch = this.#table.batches[piece.batch];
    return releasingOnError((columns) => {
      for (const read of this.#readers[piece.batch]) columns.push(read(batch, piece, adopt));
    });
  }

  #joined(group: readonly Piece[], rows: number): Column[] {
    const { codecs, allocator, epoch } = this.#soa;
    return releasingOnError((columns) => {
      for (const codec of codecs) columns.push(codec.makeColumn(allocator, rows, epoch));
      let at = 0;
      for (const piece of group) {
        const sources = this.#columns(piece, false);
        for (let i = 0; i < columns.length; i++) columns[i].copyRows(sources[i], 0, at, piece.rows);
        at += piece.rows;
      }
    });
  }
}

function releasingOnError(fill: (columns: Column[]) => void): Column[] {
  const columns: Column[] = [];
  try {
    fill(columns);
  } catch (error) {
    for (const column of columns) column.release(true);
    throw error;
  }
  return columns;
}
