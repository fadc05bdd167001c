import type { Codec } from "../columns/codec.ts";
import { codecFor } from "../columns/codecs/index.ts";
import { schemaOf } from "../entity/entity.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import { type RowIteratorFactory, rowIterators } from "./row-iterator.ts";
import { type RowViews, rowViews } from "./row-view.ts";
import { type RowWriter, rowWriter } from "./row-writer.ts";

/**
 * How rows of an entity get into columns and are seen there: codecs with their dictionaries, and the
 * writer, views and iterators made for the schema. Several kernels may share one, such as the shards of a store.
 */
export class RowAccess<T extends EntityRow> {
  readonly entity: EntityClass<T>;
  readonly schema: EntitySchema;
  /** One a field, in the order of the declaration. */
  readonly codecs: readonly Codec[];
  /** Rows are being added: what they added to the dictionaries may leave them again, so no other change may build on it. */
  adding = false;
  // Made when first used: kernels that only carry columns from one place to another need none of them.
  #write: RowWriter | null = null;
  #views: RowViews<T> | null = null;
  #iterate: RowIteratorFactory<T> | null = null;

  /** @throws ValidationError if `entity` is no entity class */
  constructor(entity: EntityClass<T>) {
    this.entity = entity;
    this.schema = schemaOf(entity);
    this.codecs = this.schema.fields.map((field) => codecFor(this.schema, field));
  }

  get write(): RowWriter {
    this.#write ??= rowWriter(this.schema, this.codecs, this.entity as unknown as abstract new () => object);
    return this.#write;
  }

  /** @throws ValidationError if the entity hides one of its columns, the first time */
  get views(): RowViews<T> {
    this.#views ??= rowViews(this.schema, this.codecs, this.entity);
    return this.#views;
  }

  get iterate(): RowIteratorFactory<T> {
    this.#iterate ??= rowIterators(this.views);
    return this.#iterate;
  }

  /** As a user's own kernel is made: an entity that hides a column is refused at once. @throws ValidationError */
  checked(): this {
    void this.views;
    return this;
  }

  /** The row itself or, where it leaves its key to a default, the row with that key: a default is asked once a row. */
  withKey(row: unknown): unknown {
    const { key } = this.schema;
    if (key?.defaultValue === undefined || typeof row !== "object" || row === null) return row;
    if ((row as Record<string, unknown>)[key.name] !== undefined) return row;
    const value = this.codecs[key.index].take(undefined);
    return Object.create(row, { [key.name]: { value, enumerable: true } }) as unknown;
  }

  /** Runs `change`; where it throws, strings that it added to dictionaries leave them again. */
  keepingDictionaries<R>(change: () => R): R {
    const sizes = this.codecs.map((codec) => codec.dictionary?.size ?? 0);
    try {
      return change();
    } catch (error) {
      this.codecs.forEach((codec, i) => {
        codec.dictionary?.truncate(sizes[i]);
      });
      throw error;
    }
  }
}
