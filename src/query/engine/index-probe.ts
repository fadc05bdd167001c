import type { Codec } from "../../columns/codec.ts";
import { HeapAllocator } from "../../columns/heap-allocator.ts";
import type { Chunk } from "../../soa/chunk.ts";
import { keyHashFor } from "../../soa/key-hash.ts";
import type { BoundExpression } from "../bound.ts";
import { type ColumnOrder, orderLayout, orderOf, rowsBelow } from "./column-order.ts";
import { CodeFilter, type Filter, GeneralFilter, RangeFilter } from "./filter.ts";
import { toJs } from "./js-value.ts";
import { comparisonRange } from "./range.ts";
import { canBeStored } from "./storable.ts";

interface Bounds {
  readonly low: number | bigint;
  readonly high: number | bigint;
}

/** Past so many constants a condition is not looked up. */
const MAX_LOOKUPS = 256;

/** What a secondary index found in a chunk. */
export interface IndexRows {
  readonly order: ColumnOrder;
  /** Positions in the order, from and to by turns. */
  readonly runs: readonly number[];
  /** How many of the rows that the order covers: at most, where the chunk has fewer rows than that. */
  readonly count: number;
}

/** A condition as a lookup in the secondary index of a field. */
export class IndexProbe {
  readonly codec: Codec;
  /** Whether every row it finds meets the condition; else they are still to be tried. */
  readonly exact: boolean;
  readonly #bounds: readonly Bounds[];
  readonly #negated: boolean;
  #chunk: Chunk | null = null;
  #found: IndexRows | null = null;

  /** `bounds` do not overlap; with `negated` there is one. */
  constructor(codec: Codec, bounds: readonly Bounds[], negated: boolean) {
    this.codec = codec;
    this.exact = orderLayout(codec.field.type) !== "hash";
    this.#bounds = bounds;
    this.#negated = negated;
  }

  /** null where the chunk is to be scanned. O(log rows) once the chunk is sorted. */
  find(chunk: Chunk): IndexRows | null {
    // A run of a query asks up to three times for one chunk, and nothing is written meanwhile.
    if (chunk === this.#chunk) return this.#found;
    this.#chunk = chunk;
    this.#found = this.#look(chunk);
    return this.#found;
  }

  /** What `find` gave for this chunk, where it was the last one asked for; else null. */
  lastFound(chunk: Chunk | null): IndexRows | null {
    return chunk === this.#chunk ? this.#found : null;
  }

  #look(chunk: Chunk): IndexRows | null {
    const { index, type } = this.codec.field;
    const order = orderOf(chunk, index, type);
    if (order === null) return null;
    const column = chunk.columns[index];
    const runs: number[] = [];
    let count = 0;
    const add = (from: number, to: number) => {
      if (from === to) return;
      runs.push(from, to);
      count += to - from;
    };
    for (const { low, high } of this.#bounds) {
      const from = rowsBelow(order, column, type, low, false);
      const to = rowsBelow(order, column, type, high, true);
      if (this.#negated) {
        add(0, from);
        add(to, order.sorted.length);
      } else add(from, to);
    }
    return { order, runs, count };
  }
}

/** The lookup that answers a condition, or narrows it down; null where its column has no index that can. */
export function indexProbe(filter: Filter, codecs: readonly Codec[]): IndexProbe | null {
  if (filter.fields.length !== 1) return null;
  const codec = codecs[filter.fields[0]];
  if (!codec.field.indexed) return null;
  if (filter instanceof RangeFilter) {
    const { range } = filter;
    // All but one value is no question for an index.
    if (range.negated && (range.layout !== "float" || range.low === range.high)) return null;
    return new IndexProbe(codec, [range], range.negated);
  }
  if (filter instanceof CodeFilter) {
    const ranges = filter.ranges(MAX_LOOKUPS);
    return ranges === null ? null : new IndexProbe(codec, ranges, false);
  }
  const bounds = filter instanceof GeneralFilter ? equalities(filter.condition, codec) : null;
  return bounds === null ? null : new IndexProbe(codec, bounds, false);
}

/** The values that a column must equal one of, as bounds. */
function equalities(condition: BoundExpression, codec: Codec): Bounds[] | null {
  const values = constantsOf(condition);
  if (values === null || values.length > MAX_LOOKUPS) return null;
  const { type } = codec.field;
  if (orderLayout(type) === "hash") {
    const hash = keyHashFor(type);
    const probe = codec.makeColumn(new HeapAllocator(), 1, 0);
    const storable = values.filter((value) => canBeStored(type, value) && codec.probe(probe, toJs(type)(value)));
    const hashes = new Set<number>();
    for (const value of storable) {
      codec.probe(probe, toJs(type)(value));
      hashes.add(hash.hash(probe, 0) >>> 0);
    }
    return [...hashes].map((one) => ({ low: one, high: one }));
  }
  // 0 and -0 are one value, as they are to a Set.
  const distinct = new Set<number | bigint>();
  for (const value of values) {
    const range = comparisonRange(type, "eq", value);
    if (range === "none") continue;
    if (range === null || range === "all" || range.negated) return null;
    distinct.add(range.low);
  }
  return [...distinct].map((value) => ({ low: value, high: value }));
}

function constantsOf(condition: BoundExpression) {
  if (condition.op === "in") return condition.args[0].op === "column" ? condition.values : null;
  if (condition.op !== "eq" || condition.comparison !== "same") return null;
  const [left, right] = condition.args;
  return left.op === "column" && right.op === "literal" && right.value !== null ? [right.value] : null;
}
