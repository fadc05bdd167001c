import type { OrderInit } from "../conformance/entities.ts";

/** What a PersistentStore of orders should hold: rows by index, undefined where one was deleted. */
export class StoreModel {
  rows: (OrderInit | undefined)[] = [];
  readonly #at = new Map<bigint, number>();

  get(key: bigint): OrderInit | undefined {
    const at = this.#at.get(key);
    return at === undefined ? undefined : this.rows[at];
  }

  get present(): OrderInit[] {
    return this.rows.filter((row) => row !== undefined);
  }

  add(row: OrderInit): number {
    if (this.#at.has(row.orderId)) throw new Error(`the model has ${row.orderId} already`);
    this.#at.set(row.orderId, this.rows.length);
    return this.rows.push({ ...row }) - 1;
  }

  update(key: bigint, change: (row: OrderInit) => void): void {
    const row = this.get(key);
    if (row === undefined) throw new Error(`the model has no ${key}`);
    change(row);
  }

  upsert(row: OrderInit): number {
    const at = this.#at.get(row.orderId);
    if (at === undefined) return this.add(row);
    this.rows[at] = { ...row };
    return at;
  }

  delete(key: bigint): boolean {
    const at = this.#at.get(key);
    if (at === undefined) return false;
    this.rows[at] = undefined;
    return this.#at.delete(key);
  }

  clear(): void {
    this.rows = [];
    this.#at.clear();
  }

  /** As rows are numbered after they were loaded. */
  compact(): void {
    const { present } = this;
    this.clear();
    for (const row of present) this.add(row);
  }
}
