import type { Codec } from "../../columns/codec.ts";
import type { Chunk } from "../../soa/chunk.ts";
import type { ColumnTest } from "../wasm/chunk-mask.ts";
import type { Batch } from "./batch.ts";
import { indexLimits } from "./column-order.ts";
import { type Filter, GeneralFilter, keepBits, type Outlook } from "./filter.ts";
import { type IndexProbe, type IndexRows, indexProbe } from "./index-probe.ts";
import type { RowBuffer } from "./row-buffer.ts";

/** A condition that a secondary index can answer, and how to evaluate it where the index is of no use. */
export class IndexedFilter implements Filter {
  readonly kernel: string;
  readonly fields: readonly number[];
  readonly test: ColumnTest | null;
  readonly probe: IndexProbe;
  readonly #filter: Filter;

  constructor(filter: Filter, probe: IndexProbe) {
    this.#filter = filter;
    this.probe = probe;
    this.fields = filter.fields;
    this.test = filter.test;
    this.kernel = `index on ${probe.codec.field.name}, else ${filter.kernel}`;
  }

  get isGeneral(): boolean {
    return this.#filter instanceof GeneralFilter;
  }

  outlook(chunk: Chunk): Outlook {
    const outlook = this.#filter.outlook(chunk);
    if (outlook !== "some") return outlook;
    const found = this.probe.find(chunk);
    return found !== null && found.count === 0 && found.order.rows >= chunk.length ? "none" : "some";
  }

  narrow(batch: Batch, buffer: RowBuffer): void {
    this.#filter.narrow(batch, buffer);
  }

  count(batch: Batch): number | null {
    return this.countFound(batch) ?? this.#filter.count(batch);
  }

  /** As `count`, by the index alone. */
  countFound({ chunk }: Batch): number | null {
    const found = chunk === null ? null : this.probe.find(chunk);
    return found !== null && this.probe.exact && found.order.rows === chunk?.length ? found.count : null;
  }

  /** The rows of the whole batch for which it holds: those the index found, and those it does not cover yet. */
  fill(batch: Batch, buffer: RowBuffer, found: IndexRows): void {
    const { length } = batch;
    let added = 0;
    for (let row = found.order.rows; row < length; row++) buffer.out[added++] = row;
    if (added > 0) {
      buffer.narrowed(added);
      this.#filter.narrow(batch, buffer);
      added = buffer.count;
      buffer.out.copyWithin(found.count, 0, added);
    }
    buffer.narrowed(collect(found, length, buffer.out) + added);
  }
}

/** The filter, by a secondary index where its column has one that can answer it. */
export function indexed(filter: Filter, codecs: readonly Codec[]): Filter {
  const probe = indexProbe(filter, codecs);
  return probe === null ? filter : new IndexedFilter(filter, probe);
}

/** A lookup whose rows are few enough to be better than a scan: the best of these conditions. */
export function bestLookup(batch: Batch, filters: readonly Filter[]): { filter: IndexedFilter; found: IndexRows } | null {
  let best: { filter: IndexedFilter; found: IndexRows } | null = null;
  for (const filter of filters) {
    if (!(filter instanceof IndexedFilter) || batch.chunk === null) continue;
    const found = filter.probe.find(batch.chunk);
    if (found !== null && found.count <= batch.length / indexLimits.scanShare && found.count < (best?.found.count ?? Infinity))
      best = { filter, found };
  }
  return best;
}

/** The condition for which an index just found no row of a batch. */
export const emptyLookup = ({ chunk }: Batch, filters: readonly Filter[]): IndexedFilter | null =>
  filters.find(
    (filter): filter is IndexedFilter => filter instanceof IndexedFilter && filter.probe.lastFound(chunk)?.count === 0,
  ) ?? null;

/**
 * Narrows a batch to what its best index finds. null where there is none and nothing was done.
 * @returns the conditions that are left
 */
export function narrowByIndex(batch: Batch, filters: readonly Filter[], buffer: RowBuffer): readonly Filter[] | null {
  const best = bestLookup(batch, filters);
  if (best === null) return null;
  const { chunk } = batch;
  best.filter.fill(batch, buffer, best.found);
  if (chunk !== null && chunk.deadCount > 0) keepBits(chunk.dead, 1, buffer);
  return filters.filter((filter) => filter !== best.filter || !best.filter.probe.exact);
}

/** From so many rows on a bitmap sorts them faster. */
const BITMAP_ROWS = 128;

/** Of a chunk's rows, those that were found. Zeros between calls. */
const marks = new Int32Array(2048);

/** Writes the found rows below `length` to `out`, ascending, and gives how many. */
function collect({ order, runs, count }: IndexRows, length: number, out: Uint32Array): number {
  const { sorted } = order;
  if (count < BITMAP_ROWS) {
    let m = 0;
    for (let run = 0; run < runs.length; run += 2) {
      for (let i = runs[run]; i < runs[run + 1]; i++) {
        out[m] = sorted[i];
        m += Number(sorted[i] < length);
      }
    }
    out.subarray(0, m).sort();
    return m;
  }
  for (let run = 0; run < runs.length; run += 2) {
    for (let i = runs[run]; i < runs[run + 1]; i++) {
      const row = sorted[i];
      if (row < length) marks[row >>> 5] |= 1 << (row & 31);
    }
  }
  const words = (length + 31) >>> 5;
  let m = 0;
  for (let word = 0; word < words; word++) {
    let bits = marks[word];
    marks[word] = 0;
    for (; bits !== 0; bits &= bits - 1) out[m++] = (word << 5) + 31 - Math.clz32(bits & -bits);
  }
  return m;
}
