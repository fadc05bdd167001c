import { codecFor } from "../../columns/codecs/index.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import { projectSchema } from "../../entity/projection.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { CHUNK_ROWS, Chunk } from "../../soa/chunk.ts";
import type { Rows } from "../../soa/rows.ts";

/** New values of some fields of the row with a key. */
export interface Patch {
  readonly key: unknown;
  /** Field index to checked value. */
  readonly values: Map<number, unknown>;
}

/** Makes the rows of changes that carry less than whole rows. */
export class PartialRows {
  readonly #schema: EntitySchema;
  readonly #key: FieldSpec | null;
  readonly #projections = new Map<string, EntitySchema>();

  constructor(schema: EntitySchema) {
    this.#schema = schema;
    this.#key = schema.key;
  }

  /** Rows of the key's column. */
  ofKeys(keys: readonly unknown[]): Rows {
    return this.#rows([], keys, () => undefined);
  }

  /** Rows of the key and the changed fields, for each set of fields changed. */
  ofPatches(patches: Iterable<Patch>): { fields: string[]; rows: Rows }[] {
    const bySet = new Map<string, { indices: number[]; patches: Patch[] }>();
    for (const patch of patches) {
      const indices = [...patch.values.keys()].sort((a, b) => a - b);
      const id = indices.join();
      const set = bySet.get(id);
      if (set === undefined) bySet.set(id, { indices, patches: [patch] });
      else set.patches.push(patch);
    }
    return [...bySet.values()].map((set) => {
      const fields = set.indices.map((index) => this.#schema.fields[index].name);
      const keys = set.patches.map((patch) => patch.key);
      return { fields, rows: this.#rows(fields, keys, (row, field) => set.patches[row].values.get(field)) };
    });
  }

  #rows(fields: readonly string[], keys: readonly unknown[], valueAt: (row: number, field: number) => unknown): Rows {
    const schema = this.#projection(fields);
    const codecs = schema.fields.map((field) => codecFor(schema, field));
    const source = schema.fields.map((field) => this.#schema.field(field.name).index);
    const allocator = new HeapAllocator();
    const chunkList: Chunk[] = [];
    for (let start = 0; start < keys.length; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, keys.length - start);
      const columns = codecs.map((codec, i) => {
        const column = codec.makeColumn(allocator, count, 0);
        for (let at = 0; at < count; at++)
          codec.append(column, at, codec.field.key ? keys[start + at] : valueAt(start + at, source[i]));
        return column;
      });
      const chunk = new Chunk(schema.name, columns, start, count, null);
      chunk.length = count;
      chunkList.push(chunk);
    }
    return { schema, codecs, chunkList, length: keys.length, size: keys.length };
  }

  #projection(fields: readonly string[]): EntitySchema {
    const id = fields.join();
    let projection = this.#projections.get(id);
    if (projection === undefined) {
      projection = projectSchema(this.#schema, this.#key === null ? fields : [this.#key.name, ...fields]);
      // Bounded, for there may be as many sets of fields as subsets.
      if (this.#projections.size >= 256) this.#projections.clear();
      this.#projections.set(id, projection);
    }
    return projection;
  }
}
