import type { Table } from "apache-arrow";
import { type ToArrowOptions, toArrowTable } from "../arrow/table.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityRow, KeyArg } from "../entity/types.ts";
import { ValidationError } from "../errors.ts";
import { Queryable } from "../query/queryable.ts";
import type { RowSource } from "../query/row-source.ts";
import type { Workers } from "../query/workers/workers.ts";
import type { RowAccess } from "../soa/row-access.ts";
import { Cursor } from "../soa/row-iterator.ts";
import type { ShardRouter } from "../soa/shard-router.ts";
import { filterRows } from "./filter-rows.ts";
import { joinRows } from "./join-rows.ts";
import { shardsSource } from "./kernel-source.ts";
import { INSPECT, printed } from "./print.ts";
import type { Snapshot } from "./snapshot.ts";

/** @throws ValidationError if there is no such shard */
export function shardAt<S>(schema: EntitySchema, shards: readonly S[], index: number): S {
  const shard = shards[index];
  if (shard !== undefined) return shard;
  const expected = `a shard from 0 to ${shards.length - 1}`;
  throw new ValidationError({ entity: schema.name, value: index, expected });
}

/** The rows of a sharded store as they were when it was taken. Views are read-only. */
export class ShardedSnapshot<T extends EntityRow> extends Queryable<T, "source"> implements Iterable<T> {
  readonly #access: RowAccess<T>;
  readonly #router: ShardRouter<T>;
  readonly #shards: readonly Snapshot<T>[];
  readonly #workers: Workers;

  /** @internal */
  constructor(access: RowAccess<T>, router: ShardRouter<T>, shards: readonly Snapshot<T>[], workers: Workers) {
    super();
    this.#workers = workers;
    this.#access = access;
    this.#router = router;
    this.#shards = shards;
  }

  /** What a console shows. @internal */
  [INSPECT](): string {
    return printed(this, this.#access.schema.name);
  }

  /** Number of rows. */
  get size(): number {
    return this.#shards.reduce((rows, shard) => rows + shard.size, 0);
  }

  get shardCount(): number {
    return this.#shards.length;
  }

  /** @throws ValidationError if there is no such shard */
  shard(index: number): Snapshot<T> {
    return shardAt(this.#access.schema, this.#shards, index);
  }

  /** The row with this key. */
  get(...key: KeyArg<T>): T | undefined {
    return this.#shards[this.#router.ofKey(key[0])].get(...key);
  }

  has(...key: KeyArg<T>): boolean {
    return this.#shards[this.#router.ofKey(key[0])].has(...key);
  }

  [Symbol.iterator](): IterableIterator<T> {
    const spans = this.#shards.map((shard) => shard.rows.span);
    return this.#access.iterate(new Cursor(this.#access.schema.name, spans));
  }

  /** Read-only views of the rows for which `predicate` holds. O(rows). */
  filter(predicate: (row: T) => boolean): T[] {
    return filterRows(this.#access.schema.name, this, predicate);
  }

  toArrow(options?: ToArrowOptions): Table {
    return toArrowTable(this.rows, options);
  }

  /** @internal */
  get rows() {
    return joinRows(
      this.#access,
      this.#shards.map((shard) => shard.rows),
    );
  }

  /** @internal */
  protected override querySource(): RowSource<T> {
    return shardsSource(
      this.#access,
      this.#router,
      this.#shards.map((shard) => shard.rows),
      this.#workers,
    );
  }
}
