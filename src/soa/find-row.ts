import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { EntityRow } from "../entity/types.ts";
import type { SoA } from "./soa.ts";

/** The row of a keyed kernel whose key is the one at `at` of a key column of another kernel, or -1. */
export function findRow<T extends EntityRow>(soa: SoA<T>, codec: Codec, column: Column, at: number): number {
  if (soa.index === null || soa.size === 0) return -1;
  if (codec.field.type.kind === "category") return soa.find(codec.read(column, at));
  const row = soa.index.find(soa.chunkList, column, at);
  return row < soa.length ? row : -1;
}
