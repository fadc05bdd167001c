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
  readonly write: RowWriter;
  readonly views: RowViews<T>;
  readonly iterate: RowIteratorFactory<T>;
  /** Rows are being added: what they added to the dictionaries may leave them again, so no other change may build on it. */
  adding = false;

  /** @throws ValidationError if `entity` is no entity class or hides one of its columns */
  constructor(entity: EntityClass<T>) {
    this.entity = entity;
    this.schema = schemaOf(entity);
    this.codecs = this.schema.fields.map((field) => codecFor(this.schema, field));
    this.write = rowWriter(this.schema, this.codecs, entity as unknown as abstract new () => object);
    this.views = rowViews(this.schema, this.codecs, entity);
    this.iterate = rowIterators(this.views);
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
