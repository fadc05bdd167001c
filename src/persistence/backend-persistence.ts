import type { RecordBatch } from "apache-arrow";
import { readArrow } from "../arrow/read.ts";
import { type ArrowSource, isArrowSource, rowsOf, toRecordBatches } from "../arrow/record-batches.ts";
import { schemaOf } from "../entity/entity.ts";
import { projectEntity } from "../entity/projection.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import { UnsupportedError, ValidationError } from "../errors.ts";
import { bindPlan } from "../query/bind.ts";
import type { BoundPlan } from "../query/bound.ts";
import type { QueryColumns } from "../query/column-types.ts";
import { explain } from "../query/engine/explain.ts";
import { sourceOf } from "../query/engine/source.ts";
import type { Plan } from "../query/plan.ts";
import { planOf } from "../query/query.ts";
import { QueryResult } from "../query/query-result.ts";
import type { Query } from "../query/query-types.ts";
import { SoA, type SoAOptions } from "../soa/soa.ts";
import { readOnlySource } from "../store/kernel-source.ts";
import type { MemoryStats } from "../store/memory-stats.ts";
import type { Backend, BackendSnapshot, Batches, Change, Commit, OperationOptions } from "./backend.ts";
import { assertBatches, cutBatches, eachBatch, rowsOnce } from "./batches.ts";
import { loadRows } from "./load-rows.ts";
import { assertOperationOptions } from "./operation-options.ts";
import type { Persistence } from "./persistence.ts";
import { scanNeeds } from "./scan-needs.ts";
import { assertSameSchema } from "./schema-check.ts";

/** The public methods of every persistence, from its backend. */
export class BackendPersistence<T extends EntityRow> implements Persistence<T> {
  readonly entity: EntityClass<T>;
  readonly backend: Backend;
  readonly #schema: EntitySchema;
  /** The place as it was opened, and the signal of whoever did. */
  #opened: { readonly done: Promise<unknown>; readonly signal: AbortSignal | undefined } | null = null;
  /** Calls that wait until it is open, to ask the backend in the same turn. */
  readonly #entering = new Set<Promise<void>>();
  /** Calls that read, which `close` lets come to their end. */
  readonly #reading = new Set<Promise<unknown>>();
  #closing: Promise<void> | null = null;

  constructor(entity: EntityClass<T>, backend: Backend) {
    this.entity = entity;
    this.backend = backend;
    this.#schema = schemaOf(entity);
  }

  open(options?: OperationOptions): Promise<void> {
    const entering = this.#open(options);
    this.#entering.add(entering);
    const over = () => this.#entering.delete(entering);
    entering.then(over, over);
    return entering;
  }

  async #open(options?: OperationOptions): Promise<void> {
    assertOperationOptions(this.#schema.name, options);
    const signal = options?.signal ?? undefined;
    for (;;) {
      signal?.throwIfAborted();
      this.#opened ??= { done: this.backend.open(this.#schema, options), signal };
      const opened = this.#opened;
      try {
        await opened.done;
        return;
      } catch (error) {
        if (this.#opened === opened) this.#opened = null;
        // Whoever opened for several callers gave up for himself.
        if (opened.signal?.aborted !== true || opened.signal === signal) throw error;
      }
    }
  }

  save(rows: ArrowSource, options?: OperationOptions): Promise<Commit> {
    // The keys of a kernel are distinct.
    return this.#write("replace", () => this.#batchesOf(rows), options, true);
  }

  append(rows: ArrowSource, options?: OperationOptions): Promise<Commit> {
    return this.#write("append", () => this.#batchesOf(rows), options);
  }

  saveBatches(batches: Batches, options?: OperationOptions): Promise<Commit> {
    return this.#write("replace", () => this.#checked(batches), options);
  }

  appendBatches(batches: Batches, options?: OperationOptions): Promise<Commit> {
    return this.#write("append", () => this.#checked(batches), options);
  }

  async clear(options?: OperationOptions): Promise<Commit> {
    assertOperationOptions(this.#schema.name, options);
    await this.open();
    return this.backend.commit([{ kind: "clear" }], options);
  }

  load(options: OperationOptions & Pick<SoAOptions<T>, "allocator"> = {}): Promise<SoA<T>> {
    return this.#read(
      async (snapshot) => {
        const soa = new SoA(this.entity, options.allocator === undefined ? {} : { allocator: options.allocator });
        await loadRows(soa, snapshot.scan({ ...options, kept: true }), Number(await snapshot.count(options)));
        return soa;
      },
      options,
      { allocator: true },
    );
  }

  query<C extends QueryColumns, R>(query: Query<C, R>, options?: OperationOptions): Promise<QueryResult<C, R>>;
  query(plan: Plan, options?: OperationOptions): Promise<QueryResult<QueryColumns, Record<string, unknown>>>;
  async query(query: Query<QueryColumns, unknown> | Plan, options?: OperationOptions): Promise<QueryResult<QueryColumns, never>> {
    // Before the storage is asked: a question that makes no sense costs nothing.
    const plan = bindPlan(planOf(query), this.#schema);
    return this.#read((snapshot) => this.#answer(snapshot, plan, options), options);
  }

  async explain<C extends QueryColumns, R>(query: Query<C, R> | Plan, options?: OperationOptions): Promise<string> {
    const plan = bindPlan(planOf(query), this.#schema);
    return this.#read(async (snapshot) => {
      if (snapshot.explain !== undefined) return snapshot.explain(plan, options);
      if (snapshot.rows !== undefined) return explain(plan, sourceOf(snapshot.rows));
      return `${this.#schema.name}: reads ${scanNeeds(plan).columns.join(", ")} of every row that the storage gives`;
    }, options);
  }

  count(options?: OperationOptions): Promise<number> {
    return this.#read(async (snapshot) => {
      const rows = await snapshot.count(options);
      if (rows > BigInt(Number.MAX_SAFE_INTEGER))
        throw new UnsupportedError(
          `${this.#schema.name}: ${rows} rows are more than a number counts exactly; ask a snapshot of the backend`,
        );
      return Number(rows);
    }, options);
  }

  async isEmpty(options?: OperationOptions): Promise<boolean> {
    return (await this.count(options)) === 0;
  }

  memoryStats(options?: OperationOptions): Promise<MemoryStats> {
    return this.#read((snapshot) => snapshot.stats(options), options);
  }

  loadBatches(rows: number, options?: OperationOptions): AsyncIterableIterator<RecordBatch> {
    if (!Number.isInteger(rows) || rows < 1) {
      throw new ValidationError({ entity: this.#schema.name, value: rows, expected: "rows per batch: an integer from 1" });
    }
    assertOperationOptions(this.#schema.name, options);
    return this.#scan(rows, options);
  }

  async close(): Promise<void> {
    this.backend.assertCommittable?.();
    // What was asked for before is done before.
    while (this.#entering.size + this.#reading.size > 0) await Promise.allSettled([...this.#entering, ...this.#reading]);
    const opened = this.#opened;
    this.#opened = null;
    if (opened !== null) {
      const closing = this.backend.close();
      const over = () => {
        if (this.#closing === closing) this.#closing = null;
      };
      this.#closing = closing;
      closing.then(over, over);
    }
    await this.#closing;
  }

  async *#scan(rows: number, options?: OperationOptions): AsyncGenerator<RecordBatch> {
    await this.open();
    const snapshot = await this.backend.snapshot(undefined, options);
    try {
      for await (const batch of cutBatches(snapshot.scan(options), rows)) {
        yield batch;
        options?.signal?.throwIfAborted();
      }
    } finally {
      await snapshot.close();
    }
  }

  /** `checked`: the rows have distinct keys. */
  async #write(
    kind: "append" | "replace",
    take: () => () => Batches,
    options?: OperationOptions,
    checked = false,
  ): Promise<Commit> {
    assertOperationOptions(this.#schema.name, options);
    // At once: rows added to the source while the place is being opened are not meant.
    const change: Change = { kind, rows: take() };
    await this.open();
    return this.backend.commit([change], checked ? { ...options, checked } : options);
  }

  #read<R>(
    read: (snapshot: BackendSnapshot) => Promise<R>,
    options?: OperationOptions,
    others?: Readonly<Record<string, true>>,
  ): Promise<R> {
    const reading = this.#readSnapshot(read, options, others);
    this.#reading.add(reading);
    const over = () => this.#reading.delete(reading);
    reading.then(over, over);
    return reading;
  }

  async #readSnapshot<R>(
    read: (snapshot: BackendSnapshot) => Promise<R>,
    options?: OperationOptions,
    others?: Readonly<Record<string, true>>,
  ): Promise<R> {
    assertOperationOptions(this.#schema.name, options, others);
    await this.open();
    const snapshot = await this.backend.snapshot(undefined, options);
    try {
      return await read(snapshot);
    } finally {
      await snapshot.close();
    }
  }

  async #answer(
    snapshot: BackendSnapshot,
    plan: BoundPlan,
    options?: OperationOptions,
  ): Promise<QueryResult<QueryColumns, never>> {
    if (snapshot.rows !== undefined) return new QueryResult(plan, readOnlySource(snapshot.rows));
    const answer = await snapshot.answer?.(plan, options);
    if (answer !== undefined) return "table" in answer ? new QueryResult(plan, answer.table) : this.#rowsOf(plan, answer.batches);
    const needs = scanNeeds(plan);
    // Rows that are handed out are of the user's class; all else is computed of the columns that are read, without a key.
    const whole = plan.wholeRows || needs.columns.length === this.#schema.fields.length;
    const entity = whole ? this.entity : projectEntity(this.#schema, needs.columns, { keyed: false });
    const rows = new SoA<EntityRow>(entity as unknown as EntityClass<EntityRow>, { readOnlyViews: true });
    await loadRows(rows, snapshot.scan({ ...options, ...needs, kept: true }));
    return new QueryResult(whole ? plan : bindPlan(plan.plan, schemaOf(entity as EntityClass<EntityRow>)), readOnlySource(rows));
  }

  /** Rows of the entity that are the answer already. */
  #rowsOf({ plan }: BoundPlan, batches: readonly RecordBatch[]): QueryResult<QueryColumns, never> {
    const rows = new SoA<EntityRow>(this.entity as unknown as EntityClass<EntityRow>, { readOnlyViews: true });
    if (batches.length > 0) readArrow(rows, batches);
    return new QueryResult(bindPlan({ ...plan, steps: [] }, this.#schema), readOnlySource(rows));
  }

  #batchesOf(source: ArrowSource): () => Batches {
    if (!isArrowSource(source)) {
      throw new ValidationError({
        entity: this.#schema.name,
        value: source,
        expected: "a store, its kernel, or a snapshot; saveBatches() and appendBatches() take Arrow batches",
      });
    }
    assertSameSchema(this.#schema, rowsOf(source).schema);
    const batches = toRecordBatches(source);
    return () => batches;
  }

  #checked(batches: Batches): () => Batches {
    assertBatches(this.#schema.name, batches);
    const rows = rowsOnce(this.#schema.name, batches);
    return () => eachBatch(this.#schema.name, rows());
  }
}
