import type { Table } from "apache-arrow";
import { type ToArrowOptions, toArrowTable } from "../arrow/table.ts";
import type { EntityRow, KeyArg } from "../entity/types.ts";
import { Queryable } from "../query/queryable.ts";
import type { RowSource } from "../query/row-source.ts";
import type { Workers } from "../query/workers/workers.ts";
import { FrozenRows } from "../soa/frozen-rows.ts";
import type { SoA } from "../soa/soa.ts";
import { filterRows } from "./filter-rows.ts";
import { readOnlySource } from "./kernel-source.ts";
import { INSPECT, printed } from "./print.ts";

/**
 * The rows of a store as they were when it was taken. Taking one costs O(1); a later write to the store
 * copies the touched column of the touched chunk, once. Views are read-only.
 */
export class Snapshot<T extends EntityRow> extends Queryable<T, "source"> implements Iterable<T> {
  /** @internal */
  readonly rows: FrozenRows<T>;
  readonly #workers: Workers;

  /** @internal */
  constructor(soa: SoA<T>, workers: Workers = 0) {
    super();
    this.#workers = soa.allocator.kind === "heap" ? 0 : workers;
    this.rows = new FrozenRows(soa);
  }

  /** What a console shows. @internal */
  [INSPECT](): string {
    return printed(this, this.rows.schema.name);
  }

  /** Number of rows. */
  get size(): number {
    return this.rows.size;
  }

  /** The row with this key. O(1) while the store deleted nothing since; the first call after that indexes the rows, O(rows). */
  get(...key: KeyArg<T>): T | undefined {
    const row = this.rows.find(key[0]);
    return row < 0 ? undefined : this.rows.at(row);
  }

  has(...key: KeyArg<T>): boolean {
    return this.rows.find(key[0]) >= 0;
  }

  /** The row of this index; undefined where there was none. */
  at(row: number): T | undefined {
    return this.rows.at(row);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.rows.rows();
  }

  /** Read-only views of the rows for which `predicate` holds. O(rows). */
  filter(predicate: (row: T) => boolean): T[] {
    return filterRows(this.rows.schema.name, this, predicate);
  }

  /** An apache-arrow Table over the same bytes; chunks with deleted rows are copied. */
  toArrow(options?: ToArrowOptions): Table {
    return toArrowTable(this.rows, options);
  }

  /** @internal */
  protected override querySource(): RowSource<T> {
    return readOnlySource(this.rows, this.#workers);
  }
}
