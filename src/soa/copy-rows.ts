import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import type { FixedArray, FixedColumn } from "../columns/fixed-column.ts";
import type { EntityRow } from "../entity/types.ts";
import { liveRuns } from "./compact.ts";
import type { RowRange } from "./row-range.ts";
import type { Rows } from "./rows.ts";
import type { SoA } from "./soa.ts";

/** Copies `count` rows of a column into one of the same field in another kernel. */
export type ColumnCopier = (source: Column, from: number, target: Column, at: number, count: number) => void;

/**
 * Appends the rows of another kernel of the entity, or of a snapshot of one, column by column; values are not
 * validated again. All or none. @throws DuplicateKeyError, ValidationError where a category has no room for its strings
 */
export function appendRows<T extends EntityRow>(to: SoA<T>, from: Rows): RowRange {
  const copy = columnCopiers(from.codecs, to.codecs);
  return to.append((appender) => {
    for (const chunk of from.chunkList) {
      liveRuns(chunk, (begin, end) => {
        appender.columns(end - begin, (field, column, at, offset, count) => {
          copy[field](chunk.columns[field], begin + offset, column, at, count);
        });
      });
    }
  });
}

/** One copier a field, between kernels whose dictionaries may differ. */
export function columnCopiers(from: readonly Codec[], to: readonly Codec[]): ColumnCopier[] {
  return to.map((codec, field) => copier(from[field], codec));
}

function copier(from: Codec, to: Codec): ColumnCopier {
  // The codes of an enum are its declaration's; those of a category are the kernel's own.
  if (to.field.type.kind !== "category" || from.dictionary === to.dictionary) {
    return (source, begin, target, at, count) => target.copyRows(source, begin, at, count);
  }
  const strings = from.dictionary?.values ?? [];
  const codes = new Map<number, number>();
  return (source, begin, target, at, count) => {
    const given = (source as FixedColumn).values;
    target.copyRows(source, begin, at, count);
    const values = (target as FixedColumn).values as Exclude<FixedArray, BigInt64Array | BigUint64Array>;
    for (let i = 0; i < count; i++) {
      if (source.isNull(begin + i)) {
        values[at + i] = 0;
        continue;
      }
      const code = given[begin + i] as number;
      let own = codes.get(code);
      if (own === undefined) {
        // Throws where the dictionary is full.
        to.store(target, at + i, strings[code]);
        own = values[at + i];
        codes.set(code, own);
      }
      values[at + i] = own;
    }
  };
}
