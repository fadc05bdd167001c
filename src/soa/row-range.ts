/** A range of consecutive row indices. Iterates over them. */
export class RowRange implements Iterable<number> {
  constructor(
    /** Row index of the first row. */
    readonly first: number,
    /** Number of rows. */
    readonly length: number,
  ) {}

  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.length; i++) yield this.first + i;
  }
}
