import { expect } from "vitest";
import { DuplicateKeyError } from "../../src/errors.ts";
import { rowOf, type Shape, type Values } from "./shape.ts";
import { show, showRow } from "./show.ts";

/** What a store should hold: its rows in order, null where one was deleted. */
export class Model {
  readonly shape: Shape;
  rows: (Values | null)[];

  constructor(shape: Shape, rows: (Values | null)[] = []) {
    this.shape = shape;
    this.rows = rows;
  }

  get live(): Values[] {
    return this.rows.filter((row) => row !== null);
  }

  get keyed(): boolean {
    return this.shape.keys.length > 0;
  }

  find(key: unknown): number {
    return this.rows.findIndex((row) => row !== null && show(row.key) === show(key));
  }

  /** Adds all, or none if two have the same key. */
  add(inits: readonly Values[]): boolean {
    const rows = inits.map((init) => rowOf(this.shape, init));
    if (this.keyed) {
      const keys = [...this.live, ...rows].map((row) => show(row.key));
      if (new Set(keys).size !== keys.length) return false;
    }
    this.rows.push(...rows);
    return true;
  }

  compact(): void {
    this.rows = this.live;
  }

  copy(): Model {
    return new Model(
      this.shape,
      this.rows.map((row) => (row === null ? null : { ...row })),
    );
  }
}

/** What a store and a snapshot, sharded or not, have in common. */
export interface Readable extends Iterable<object> {
  readonly size: number;
  get(key: never): object | undefined;
  has(key: never): boolean;
  filter(predicate: (row: never) => boolean): object[];
  at?(row: number): object | undefined;
}

/** Checks every way of reading `rows` against the model. Without row indices (shards), in any order. */
export function expectToHold(rows: Readable, model: Model): void {
  const { names } = model.shape;
  const text = (row: object) => showRow(row, names);
  const ordered = rows.at !== undefined;
  const listed = (found: Iterable<object>) => {
    const texts = Array.from(found, text);
    return ordered ? texts : texts.sort();
  };
  const expected = listed(model.live);
  expect(rows.size).toBe(expected.length);
  expect(listed(rows)).toEqual(expected);
  const [first] = model.shape.fields;
  const kept = (row: object) => show((row as Values)[first!.name]).length % 2 === 0;
  expect(listed(rows.filter(kept as (row: never) => boolean))).toEqual(listed(model.live.filter(kept)));
  if (ordered) {
    const at = model.rows.map((_, i) => rows.at!(i)).map((row) => (row === undefined ? null : text(row)));
    expect(at).toEqual(model.rows.map((row) => (row === null ? null : text(row))));
    expect(rows.at!(model.rows.length)).toBeUndefined();
    expect(rows.at!(-1)).toBeUndefined();
  }
  for (const key of model.shape.keys) {
    const row = model.rows[model.find(key)];
    const found = rows.get(key as never);
    expect(found === undefined ? undefined : text(found)).toBe(row ? text(row) : undefined);
    expect(rows.has(key as never)).toBe(row !== undefined);
  }
}

/** Runs an addition that the model takes or refuses as a duplicate; the store must agree. */
export function expectSameOutcome(accepted: boolean, run: () => unknown): void {
  if (accepted) run();
  else expect(run).toThrow(DuplicateKeyError);
}
