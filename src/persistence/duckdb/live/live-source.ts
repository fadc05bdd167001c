import type { Table } from "apache-arrow";
import type { ToArrowOptions } from "../../../arrow/table.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import { ValidationError } from "../../../errors.ts";
import { BoundQuery } from "../../../query/bound-query.ts";
import { execute, executeRows } from "../../../query/engine/execute.ts";
import type { QuerySource } from "../../../query/engine/source.ts";
import type { QueryPlan } from "../../../query/query.ts";
import { Queryable } from "../../../query/queryable.ts";
import { resultRows, resultSchema } from "../../../query/result-rows.ts";
import type { RowSource } from "../../../query/row-source.ts";
import type { Rows } from "../../../soa/rows.ts";

/**
 * What SQL can be asked over: a Store, ShardedStore or PersistentStore, a snapshot of one, or a query of one, which is
 * answered by Faun's own engine before DuckDB sees its rows.
 */
export interface LiveRows {
  toArrow(options?: ToArrowOptions): Table;
}

/** Rows in columns; where there are positions, those of them, in that order. */
export interface SelectedRows {
  readonly rows: Rows;
  readonly positions: Uint32Array | null;
}

/** Rows as they were when they were pinned, whatever is written since. */
export interface PinnedRows {
  /** How many they are at most. */
  readonly size: number;
  /** O(1) for a store; for a query what it takes to answer it. Each call does it anew. */
  open(): SelectedRows;
}

/** Rows under a name of SQL. */
export interface LiveSource {
  /** Its columns. */
  readonly schema: EntitySchema;
  /** O(1). */
  pin(): PinnedRows;
}

export const isLiveRows = (value: unknown): value is LiveRows => value instanceof Queryable || value instanceof BoundQuery;

/** @throws ValidationError where `of` is none of {@link LiveRows} */
export function liveSource(name: string, of: unknown): LiveSource {
  if (of instanceof Queryable) return wholeSource(of);
  if (of instanceof BoundQuery) return querySource(of);
  throw new ValidationError({
    entity: name,
    value: of,
    expected: "a Store, ShardedStore, PersistentStore, a snapshot of one, or a query of one",
  });
}

/** The store is asked for its rows each time: what is loaded anew has other ones. */
function wholeSource(store: { readonly source: RowSource }): LiveSource {
  return {
    schema: store.source.schema,
    pin() {
      const rows = store.source.pin();
      return { size: rows.size, open: () => ({ rows, positions: null }) };
    },
  };
}

function querySource(query: BoundQuery): LiveSource {
  const { bound } = query as QueryPlan;
  const schema = bound.wholeRows ? bound.schema : resultSchema(bound.schema.name, bound.output);
  return {
    schema,
    pin() {
      const source: QuerySource = { rows: query.source.pin() };
      return {
        size: source.rows.size,
        open: () =>
          bound.wholeRows
            ? { rows: source.rows, positions: executeRows(bound, source) }
            : { rows: resultRows(schema, execute(bound, source)), positions: null },
      };
    },
  };
}
