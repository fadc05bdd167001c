import type { EntityRow } from "../entity/types.ts";
import type { RowAccess } from "../soa/row-access.ts";
import type { Rows } from "../soa/rows.ts";

/** The rows of several kernels that share their access, one after the other. O(chunks). */
export function joinRows<T extends EntityRow>(access: RowAccess<T>, parts: readonly Rows[]): Rows {
  return {
    schema: access.schema,
    codecs: access.codecs,
    chunkList: parts.flatMap((part) => part.chunkList),
    length: parts.reduce((rows, part) => rows + part.length, 0),
    size: parts.reduce((rows, part) => rows + part.size, 0),
  };
}
