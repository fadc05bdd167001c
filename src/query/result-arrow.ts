import type { Table } from "apache-arrow";
import { type ToArrowOptions, toArrowTable } from "../arrow/table.ts";
import type { Rows } from "../soa/rows.ts";
import type { ResultTable } from "./engine/result-table.ts";
import { pickRows, resultRows, resultSchema } from "./result-rows.ts";

/**
 * A result as an Arrow table. Columns are named as fields are: in snake_case, where no two would share a name. What was
 * computed from integers is Int64 or, from 64-bit ones in bigint mode, Decimal128(38, 0), which their sums fit.
 */
export function resultToArrow(entity: string, result: ResultTable, options?: ToArrowOptions): Table {
  return toArrowTable(resultRows(resultSchema(entity, result.columns), result), options);
}

/** Rows of a source, given by their positions, as an Arrow table of their entity. */
export function rowsToArrow(rows: Rows, positions: Uint32Array, options?: ToArrowOptions): Table {
  return toArrowTable(pickRows(rows, positions), options);
}
