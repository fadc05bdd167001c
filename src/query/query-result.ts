import type { Table } from "apache-arrow";
import type { ToArrowOptions } from "../arrow/table.ts";
import type { BoundPlan } from "./bound.ts";
import type { QueryColumns, ValueOfExpression } from "./column-types.ts";
import { execute, executeRows } from "./engine/execute.ts";
import { ResultTable } from "./engine/result-table.ts";
import type { QuerySource } from "./engine/source.ts";
import { resultToArrow, rowsToArrow } from "./result-arrow.ts";
import { type RowSource, viewsAt } from "./row-source.ts";

/**
 * The answer to a query, computed once: the rows of one moment. Rows are plain objects, or views of stored rows where
 * nothing was selected, computed or made distinct.
 */
export class QueryResult<C extends QueryColumns, R> implements Iterable<R> {
  /** Number of rows. */
  readonly length: number;
  readonly #plan: BoundPlan;
  /** Both null where the answer came as a table. */
  readonly #source: RowSource | null;
  readonly #rows: QuerySource | null;
  readonly #positions: Uint32Array | null;
  #table: ResultTable | null;

  /** @internal */
  constructor(plan: BoundPlan, source: RowSource | ResultTable) {
    this.#plan = plan;
    if (source instanceof ResultTable) {
      this.#source = null;
      this.#rows = null;
      this.#positions = null;
      this.#table = source;
    } else {
      this.#source = source;
      this.#rows = source.open();
      this.#positions = plan.wholeRows ? executeRows(plan, this.#rows) : null;
      this.#table = plan.wholeRows ? null : execute(plan, this.#rows);
    }
    this.length = this.#positions?.length ?? this.#whole().length;
  }

  [Symbol.iterator](): IterableIterator<R> {
    return this.toArray()[Symbol.iterator]();
  }

  /** The rows. O(rows x columns), or O(rows) for views. */
  toArray(): R[] {
    if (this.#positions === null) return this.#whole().toRows() as R[];
    const source = this.#source as RowSource;
    return viewsAt((this.#rows as QuerySource).rows, this.#positions, (chunk, row) => source.view(chunk, row)) as R[];
  }

  /** The rows as columns: one array of values each. */
  toColumns(): { readonly [N in keyof C]: ValueOfExpression<C[N]>[] } {
    return this.#whole().toColumns() as { readonly [N in keyof C]: ValueOfExpression<C[N]>[] };
  }

  toArrow(options?: ToArrowOptions): Table {
    if (this.#positions !== null) return rowsToArrow((this.#rows as QuerySource).rows, this.#positions, options);
    return resultToArrow(this.#plan.schema.name, this.#whole(), options);
  }

  #whole(): ResultTable {
    this.#table ??= execute(this.#plan, this.#rows as QuerySource);
    return this.#table;
  }
}
