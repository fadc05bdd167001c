import { ColumnNotFoundError } from "../errors.ts";
import type { FieldType } from "./field-type.ts";

/** One field of an entity after declaration: everything the rooms below need to know of it. */
export interface FieldSpec {
  /** Name in TypeScript. */
  readonly name: string;
  /** Name in Arrow, Parquet and SQL. */
  readonly column: string;
  /** Stable id, written as field_id; survives renames and reordering. */
  readonly id: number;
  /** Position in the declaration and in every list of columns. */
  readonly index: number;
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly key: boolean;
  /** Has a secondary index. */
  readonly indexed: boolean;
  /** Gives the value of an absent field; undefined where there is no default. */
  readonly defaultValue: (() => unknown) | undefined;
}

/** A declared entity as data: name, fields in order, key, shards. */
export class EntitySchema {
  readonly name: string;
  readonly fields: readonly FieldSpec[];
  readonly key: FieldSpec | null;
  /** Number of shards of a ShardedStore when it is not told otherwise. */
  readonly shards: number;
  readonly #byName: ReadonlyMap<string, FieldSpec>;
  readonly #byColumn: ReadonlyMap<string, FieldSpec>;

  constructor(name: string, fields: readonly FieldSpec[], shards: number) {
    this.name = name;
    this.fields = fields;
    this.key = fields.find((f) => f.key) ?? null;
    this.shards = shards;
    this.#byName = new Map(fields.map((f) => [f.name, f]));
    this.#byColumn = new Map(fields.map((f) => [f.column, f]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** @throws ColumnNotFoundError naming the nearest field. */
  field(name: string): FieldSpec {
    const field = this.#byName.get(name);
    if (field === undefined) throw new ColumnNotFoundError(this.name, name, [...this.#byName.keys()]);
    return field;
  }

  /** The field stored under this column name, if there is one. */
  byColumn(column: string): FieldSpec | undefined {
    return this.#byColumn.get(column);
  }
}
