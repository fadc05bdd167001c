import { compareBytes } from "../../columns/utf8.ts";
import type { FieldType } from "../../entity/field-type.ts";
import { isoFromDays } from "../../entity/values/date.ts";
import { textFromUnscaled } from "../../entity/values/decimal.ts";
import { isoFromTicks } from "../../entity/values/timestamp.ts";
import type { Footer } from "../../persistence/parquet/format/read-footer.ts";
import type { Leaf } from "../../persistence/parquet/format/schema-tree.ts";
import { type Bound, columnBounds } from "../../persistence/parquet/read/column-bounds.ts";

export interface Extremes {
  readonly min: string | null;
  readonly max: string | null;
  readonly exact: boolean;
}

const UNKNOWN: Extremes = { min: null, max: null, exact: true };

/** The least and the greatest value of a column over all row groups, by their statistics. O(row groups). */
export function extremesOf({ metadata, checked }: Footer, leaf: Leaf, type: FieldType | null): Extremes {
  if (type === null) return UNKNOWN;
  let min: Bound | undefined;
  let max: Bound | undefined;
  let exact = true;
  for (let g = 0; g < metadata.rowGroups.length; g++) {
    const bounds = columnBounds(metadata, g, leaf, type, checked);
    const values = metadata.rowGroups[g].columns[leaf.index].metaData?.numValues ?? bounds.rows;
    if (bounds.nulls === values) continue;
    if (bounds.min === undefined || bounds.max === undefined) return UNKNOWN;
    const statistics = metadata.rowGroups[g].columns[leaf.index].metaData?.statistics;
    if (statistics?.isMinValueExact === false || statistics?.isMaxValueExact === false) exact = false;
    if (min === undefined || compare(bounds.min, min) < 0) min = bounds.min;
    if (max === undefined || compare(bounds.max, max) > 0) max = bounds.max;
  }
  return { min: textOf(min, type), max: textOf(max, type), exact };
}

function compare(a: Bound, b: Bound): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf(value: Bound | undefined, type: FieldType): string | null {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) {
    if (type.kind !== "binary") return new TextDecoder().decode(value);
    return `0x${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  if (type.kind === "date") return isoFromDays(Number(value));
  if (type.kind === "decimal") return textFromUnscaled(BigInt(value as bigint), type.scale);
  // A zero minimum is written as -0 whichever zero there is.
  if (type.kind !== "timestamp") return String(value);
  const iso = isoFromTicks(value as bigint, type.unit);
  // Without a zone it is the time on a clock.
  return type.timezone === null ? iso.slice(0, -1) : iso;
}
