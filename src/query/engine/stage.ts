import type { Codec } from "../../columns/codec.ts";
import type { BoundExpression, BoundProjection, BoundSortKey } from "../bound.ts";
import type { Batch } from "./batch.ts";
import type { Filter } from "./filter.ts";
import type { KeyLookup } from "./key-lookup.ts";
import { planFilters } from "./plan-filters.ts";
import { substitute } from "./substitute.ts";

/**
 * Steps that wait to be run together: which rows of some batches, in what order, how many of them, and what to make of
 * each. Every expression is in terms of the batches' own columns.
 */
export class Stage {
  readonly batches: readonly Batch[];
  /** null where the batches are no chunks of a store. */
  readonly codecs: readonly Codec[] | null;
  readonly conditions: BoundExpression[] = [];
  columns: readonly BoundProjection[];
  order: readonly BoundSortKey[] = [];
  offset = 0;
  /** null: all that remain. */
  limit: number | null = null;

  /** What the key index has answered; its condition is none of `conditions`. */
  readonly lookup: KeyLookup | null;

  constructor(
    batches: readonly Batch[],
    codecs: readonly Codec[] | null,
    columns: readonly BoundProjection[],
    lookup: KeyLookup | null = null,
  ) {
    this.batches = batches;
    this.codecs = codecs;
    this.columns = columns;
    this.lookup = lookup;
  }

  get isCut(): boolean {
    return this.limit !== null || this.offset > 0;
  }

  /** An expression over the columns that this stage gives, in terms of those of its batches. */
  resolve(expr: BoundExpression): BoundExpression {
    return substitute(
      expr,
      this.columns.map((column) => column.expr),
    );
  }

  resolveKeys(keys: readonly BoundSortKey[]): BoundSortKey[] {
    return keys.map((key) => ({ ...key, expr: this.resolve(key.expr) }));
  }

  filters(): Filter[] {
    return planFilters(this.conditions, this.codecs);
  }
}
