import type { Table } from "apache-arrow";
import type { ToArrowOptions } from "../arrow/table.ts";
import { QueryError, UnsupportedError } from "../errors.ts";
import { avg, count, max, min, sum } from "./aggregate-functions.ts";
import type { QueryColumns } from "./column-types.ts";
import { executeRows } from "./engine/execute.ts";
import { explain } from "./engine/explain.ts";
import { QueryPlan, type QueryState } from "./query.ts";
import { QueryResult } from "./query-result.ts";
import type { RowSource, RowsWriter } from "./row-source.ts";

type Of = string | ((columns: never) => unknown);

/** A query over rows that are there; `SourceQuery` and `RowsQuery` say what TypeScript knows of it. Every call runs it anew. */
export class BoundQuery extends QueryPlan {
  readonly #source: RowSource;
  /** Queries of one value, by what is asked: bound once, however often they run. */
  readonly #values = new Map<string, BoundQuery>();

  constructor(state: QueryState, source: RowSource) {
    super(state);
    this.#source = source;
  }

  /** The rows that are asked. @internal */
  get source(): RowSource {
    return this.#source;
  }

  [Symbol.iterator](): IterableIterator<unknown> {
    return this.toArray()[Symbol.iterator]();
  }

  toArray(): unknown[] {
    return this.#run().toArray();
  }

  toColumns(): Record<string, readonly unknown[]> {
    return this.#run().toColumns();
  }

  toArrow(options?: ToArrowOptions): Table {
    return this.#run().toArrow(options);
  }

  first(): unknown {
    return (this.limit(1) as BoundQuery).toArray()[0];
  }

  exists(): boolean {
    return this.first() !== undefined;
  }

  count(): number {
    return this.#value("count", "", () => count()) as number;
  }

  sum(of: Of): unknown {
    return this.#value("sum", of, sum);
  }
  min(of: Of): unknown {
    return this.#value("min", of, min);
  }
  max(of: Of): unknown {
    return this.#value("max", of, max);
  }
  avg(of: Of): unknown {
    return this.#value("avg", of, avg);
  }

  explain(): string {
    return explain(this.bound, this.#source.open());
  }

  rowIndices(): Uint32Array {
    const writer = this.#writer("rowIndices");
    if (writer.indexed) return this.#positions("rowIndices");
    throw new UnsupportedError(
      `${this.state.schema.name}: row indices are those of one shard; ask each by shard(i).where(…).rowIndices()`,
    );
  }

  update(patch: Readonly<Record<string, unknown>>): number {
    const writer = this.#writer("update");
    const positions = this.#positions("update");
    writer.update(positions, patch);
    return positions.length;
  }

  delete(): number {
    const writer = this.#writer("delete");
    const positions = this.#positions("delete");
    writer.delete(positions);
    return positions.length;
  }

  protected override derive(state: QueryState): BoundQuery {
    return new BoundQuery(state, this.#source);
  }

  #run(): QueryResult<QueryColumns, unknown> {
    return new QueryResult(this.bound, this.#source);
  }

  #value(fn: string, of: Of, make: (column: never) => unknown): unknown {
    const known = typeof of === "string" ? `${fn} ${of}` : null;
    let query = known === null ? undefined : this.#values.get(known);
    if (query === undefined) {
      const measures =
        typeof of === "function" ? (columns: never) => ({ value: make(of(columns) as never) }) : { value: make(of as never) };
      query = this.aggregate(measures) as BoundQuery;
      if (known !== null) this.#values.set(known, query);
    }
    return (query.toArray()[0] as { value: unknown }).value;
  }

  #writer(what: string): RowsWriter {
    const { writer } = this.#source;
    if (writer !== undefined) return writer;
    throw new UnsupportedError(`${this.state.schema.name}: ${what} is for the rows of a Store; these are read-only`);
  }

  #positions(what: string): Uint32Array {
    if (!this.state.steps.every(({ step }) => step === "where")) {
      throw new QueryError(`${this.state.schema.name}: ${what} takes the rows of a where; this query goes on behind it`);
    }
    return executeRows(this.bound, this.#source.open());
  }
}
