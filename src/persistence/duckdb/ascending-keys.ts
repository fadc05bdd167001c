import type { Column } from "../../columns/column.ts";
import { FixedColumn } from "../../columns/fixed-column.ts";

/**
 * Whether integer keys ascend strictly from row to row, as those that are given out in order do: they are distinct then,
 * and the smallest is the first. 2 ns a row; of keys that do not, nothing is known.
 */
export class AscendingKeys {
  /** undefined before the first row. */
  first: number | undefined;
  ascending = true;
  #last = Number.NEGATIVE_INFINITY;

  add(column: Column, count: number): void {
    if (!this.ascending || count === 0) return;
    if (!(column instanceof FixedColumn) || column.stride !== 1 || column.validity !== null) {
      this.ascending = false;
      return;
    }
    const { values, words } = column as FixedColumn;
    let last = this.#last;
    if (words === null) {
      for (let i = 0; i < count; i++) {
        const value = values[i] as number;
        if (!(value > last)) {
          this.ascending = false;
          return;
        }
        last = value;
      }
      this.first ??= values[0] as number;
    } else if (values instanceof Float64Array) {
      this.ascending = false;
      return;
    } else {
      const signed = values instanceof BigInt64Array;
      for (let i = 0; i < count; i++) {
        const high = words[2 * i + 1] as number;
        const value = (signed ? high | 0 : high) * 2 ** 32 + (words[2 * i] as number);
        // Beyond what a double tells apart.
        if (!(value > last) || value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) {
          this.ascending = false;
          return;
        }
        last = value;
      }
      const high = words[1] as number;
      this.first ??= (signed ? high | 0 : high) * 2 ** 32 + (words[0] as number);
    }
    this.#last = last;
  }
}
