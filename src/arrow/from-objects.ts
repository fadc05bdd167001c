import { ArrowError } from "../errors.ts";
import { bytesOf, type ForeignArray, type ForeignBatch, type ForeignField, type ForeignTable } from "./foreign.ts";
import { foreignType, type TypeProperties } from "./foreign-type.ts";

/** A field of a schema, of any copy or version of a library. */
interface FieldObject {
  readonly name: unknown;
  readonly type: TypeProperties;
}

interface SchemaObject {
  readonly fields: readonly FieldObject[];
}

/** The column of a batch: `Data` of apache-arrow, `Batch` of flechette. */
interface DataObject {
  readonly type: TypeProperties;
  readonly length: number;
  readonly nullCount?: number;
  readonly values?: unknown;
  /** apache-arrow */
  readonly offset?: number;
  readonly nullBitmap?: unknown;
  readonly valueOffsets?: unknown;
  readonly variadicBuffers?: readonly unknown[];
  /** flechette */
  readonly validity?: unknown;
  readonly offsets?: unknown;
  readonly data?: readonly unknown[];
  readonly dictionary?: ColumnObject;
}

/** `Vector` of apache-arrow, `Column` of flechette. */
interface ColumnObject {
  readonly data: readonly DataObject[];
}

/** A record batch of apache-arrow. */
export interface RecordBatchObject {
  readonly schema: SchemaObject;
  readonly data: { readonly length: number; readonly children: readonly (DataObject | null)[] };
}

/** A table of apache-arrow: a list of batches. */
export interface BatchedTableObject {
  readonly schema: SchemaObject;
  readonly batches: readonly RecordBatchObject[];
}

/** A table of flechette: a list of columns, each in batches. */
export interface ColumnarTableObject {
  readonly schema: SchemaObject;
  readonly children: readonly ColumnObject[];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const hasSchema = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && isObject(value.schema) && Array.isArray(value.schema.fields);

export const isRecordBatch = (value: unknown): value is RecordBatchObject =>
  hasSchema(value) && isObject(value.data) && Array.isArray(value.data.children);
export const isBatchedTable = (value: unknown): value is BatchedTableObject => hasSchema(value) && Array.isArray(value.batches);
export const isColumnarTable = (value: unknown): value is ColumnarTableObject =>
  hasSchema(value) && Array.isArray(value.children);

/** Turns objects of Arrow libraries into plain data. Remembers dictionaries, which batches share. */
export class ObjectReader {
  readonly #dictionaries = new Map<ColumnObject, readonly ForeignArray[]>();
  readonly #fields = new Map<SchemaObject, readonly ForeignField[]>();

  batchedTable({ schema, batches }: BatchedTableObject): ForeignTable {
    return { fields: this.#fieldsOf(schema), batches: batches.map((batch) => this.recordBatch(batch)) };
  }

  recordBatch(batch: unknown): ForeignBatch {
    if (!isRecordBatch(batch)) throw new ArrowError("an item of the Arrow data is no record batch: it has no schema and data");
    const { schema, data } = batch;
    return {
      fields: this.#fieldsOf(schema),
      length: rowCount(data.length),
      column: (index) => this.#array(data.children[index]),
    };
  }

  columnarTable({ schema, children }: ColumnarTableObject): ForeignTable {
    const fields = this.#fieldsOf(schema);
    const parts = children[0]?.data ?? [];
    for (const child of children) {
      if (child?.data?.length !== parts.length || child.data.some((data, i) => data?.length !== parts[i].length)) {
        throw new ArrowError("the columns of the table are cut into batches differently; pass it as IPC bytes");
      }
    }
    const batches = parts.map((part, i) => ({
      fields,
      length: rowCount(part.length),
      column: (index: number) => this.#array(children[index]?.data[i]),
    }));
    return { fields, batches };
  }

  #fieldsOf(schema: SchemaObject): readonly ForeignField[] {
    let fields = this.#fields.get(schema);
    if (fields === undefined) {
      fields = schema.fields.map(({ name, type }) => ({ name: String(name), type: foreignType(type) }));
      this.#fields.set(schema, fields);
    }
    return fields;
  }

  #array(data: DataObject | null | undefined): ForeignArray {
    if (!isObject(data) || !isObject(data.type))
      throw new ArrowError("a column of the Arrow data has no type; pass the table as IPC bytes");
    const type = foreignType(data.type);
    const bitmap = data.nullBitmap ?? data.validity;
    const validity = bytesOf(bitmap);
    // A count of 0 means that the bitmap, if there is one, is not to be looked at.
    const nulls = data.nullCount ?? -1;
    if (nulls > 0 && validity.length === 0 && type.kind !== "null")
      throw new ArrowError(`a column of the Arrow data has ${nulls} nulls and no validity bitmap`);
    return {
      type,
      length: rowCount(data.length),
      bitOffset: rowCount(data.offset ?? 0),
      validity: nulls === 0 || validity.length === 0 ? null : validity,
      values: bytesOf(data.values),
      offsets: type.kind === "utf8" || type.kind === "binary" ? bytesOf(data.valueOffsets ?? data.offsets) : null,
      viewed: (data.variadicBuffers ?? (Array.isArray(data.data) ? data.data : [])).map(bytesOf),
      dictionary: type.kind === "dictionary" ? this.#dictionary(data.dictionary) : null,
    };
  }

  #dictionary(column: ColumnObject | undefined): readonly ForeignArray[] {
    if (!isObject(column) || !Array.isArray(column.data))
      throw new ArrowError("a dictionary-encoded column of the Arrow data has no dictionary; pass the table as IPC bytes");
    let parts = this.#dictionaries.get(column);
    if (parts === undefined) {
      parts = column.data.map((data) => this.#array(data));
      this.#dictionaries.set(column, parts);
    }
    return parts;
  }
}

function rowCount(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fff_ffff) return value as number;
  throw new ArrowError(`a length in the Arrow data is ${String(value)}; expected an integer from 0 to 2147483647`);
}
