import type { RecordBatch } from "apache-arrow";
import { readArrow } from "../../arrow/read.ts";
import { schemaOf } from "../../entity/entity.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ConflictError, IoError, UnsupportedError } from "../../errors.ts";
import { SoA } from "../../soa/soa.ts";
import type {
  Backend,
  BackendSnapshot,
  Capabilities,
  Change,
  Commit,
  CommitOptions,
  OperationOptions,
  Version,
} from "../backend.ts";
import { ChangeReader, type GatheredChange, gatherChanges } from "../change-steps.ts";
import { assertSameSchema } from "../schema-check.ts";
import { applySteps, checkSteps } from "./apply-steps.ts";
import { ArrowSnapshot } from "./arrow-snapshot.ts";

export interface ArrowBackendOptions {
  /** Commits that `history()` remembers. At least 1, default 1,000. */
  history?: number;
}

/** Deleted rows below which their room is not worth giving back. */
const WORTH_COMPACTING = 65_536;

/**
 * Arrow batches in the memory of this process: batches of many rows are kept as they come, small ones gathered
 * behind each other. Every change costs what it changes, whatever is stored. Rows live as long as this object.
 */
export class ArrowBackend<T extends EntityRow> implements Backend {
  readonly capabilities: Capabilities = {
    mutations: "native",
    atomicCommit: true,
    expectedVersion: true,
    timeTravel: false,
    evolve: false,
    appendCost: "constant",
  };
  readonly #entity: EntityClass<EntityRow>;
  readonly #schema: EntitySchema;
  readonly #reader: ChangeReader;
  readonly #remembered: number;
  readonly #history: Commit[] = [];
  readonly #writers = new Map<string, { seq: bigint; commit: Commit }>();
  #storage: SoA<EntityRow>;
  #version = 0n;
  /** Why the storage can no longer be trusted. */
  #broken: IoError | null = null;

  constructor(entity: EntityClass<T>, options: ArrowBackendOptions = {}) {
    this.#entity = entity as unknown as EntityClass<EntityRow>;
    this.#schema = schemaOf(entity);
    this.#reader = new ChangeReader(this.#entity, this.#schema);
    this.#remembered = options.history ?? 1000;
    this.#storage = new SoA(this.#entity);
  }

  async open(schema: EntitySchema, options: OperationOptions = {}): Promise<Version> {
    options.signal?.throwIfAborted();
    assertSameSchema(this.#schema, schema);
    return this.#versionName;
  }

  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<Commit> {
    this.#assertSound();
    const gathered = await gatherChanges(this.#schema, changes, options);
    // From here to the end nothing waits: the commit is made in one go.
    this.#assertSound();
    const { txn, expected } = options;
    const made = txn === undefined ? undefined : this.#writers.get(txn.writer);
    if (txn !== undefined && made !== undefined && txn.seq <= made.seq) return made.commit;
    if (expected !== undefined && expected !== this.#versionName) {
      throw new ConflictError(
        `${this.#schema.name}: the storage is at version ${this.#versionName}, not ${expected}: something else changed it first`,
      );
    }
    try {
      this.#apply(gathered);
    } finally {
      this.#reader.forget();
    }
    this.#version++;
    const commit: Commit = { version: this.#versionName, rows: BigInt(this.#storage.size), at: new Date(), durability: "memory" };
    this.#history.push(commit);
    if (this.#history.length > this.#remembered * 2) this.#history.splice(0, this.#history.length - this.#remembered);
    if (txn !== undefined) this.#writers.set(txn.writer, { seq: txn.seq, commit });
    return commit;
  }

  async lastTxn(writer: string): Promise<{ seq: bigint; commit: Commit } | undefined> {
    return this.#writers.get(writer);
  }

  async snapshot(at?: { version: Version } | { asOf: Date }, options: OperationOptions = {}): Promise<BackendSnapshot> {
    options.signal?.throwIfAborted();
    this.#assertSound();
    if (at !== undefined && !("version" in at && at.version === this.#versionName)) {
      throw new UnsupportedError(
        `${this.#schema.name}: in-memory Arrow storage keeps its present version only (${this.#versionName}); take a snapshot while a version is present to keep it`,
      );
    }
    return new ArrowSnapshot(this.#versionName, this.#storage);
  }

  async *history(options: OperationOptions = {}): AsyncGenerator<Commit> {
    for (const commit of this.#history.slice(-this.#remembered)) {
      options.signal?.throwIfAborted();
      yield commit;
    }
  }

  async evolve(): Promise<Commit> {
    throw new UnsupportedError(
      `${this.#schema.name}: in-memory Arrow storage keeps the schema it was made with; load the rows and save them under the new one`,
    );
  }

  async maintain(task: "checkpoint" | "compact" | "vacuum", options: OperationOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#assertSound();
    if (task === "compact") this.#storage.compact();
  }

  async close(): Promise<void> {}

  get #versionName(): Version {
    return String(this.#version);
  }

  #assertSound(): void {
    if (this.#broken !== null) throw this.#broken;
  }

  #apply(changes: readonly GatheredChange[]): void {
    const cleared = changes.findLastIndex((change) => change.kind === "clear");
    const [only] = changes;
    if (changes.length === 1 && only.kind === "append") {
      // Whole or not at all by itself, and so without a check beforehand.
      readBatches(this.#storage, only.batches);
    } else if (cleared >= 0) {
      // What a clear leaves behind is of no use, but the changes before it must be sound all the same.
      checkSteps(
        this.#storage,
        changes.slice(0, cleared).map((change) => this.#reader.read(change)),
      );
      const fresh = new SoA(this.#entity);
      this.#applyTo(fresh, changes.slice(cleared + 1));
      this.#storage = fresh;
    } else {
      this.#applyTo(this.#storage, changes);
    }
  }

  #applyTo(storage: SoA<EntityRow>, changes: readonly GatheredChange[]): void {
    const [only] = changes;
    if (changes.length === 1 && only.kind === "append") {
      readBatches(storage, only.batches);
      return;
    }
    const steps = changes.map((change) => this.#reader.read(change));
    checkSteps(storage, steps);
    try {
      applySteps(storage, steps);
    } catch (cause) {
      if (storage === this.#storage)
        this.#broken = new IoError(`${this.#schema.name}: a commit failed halfway; the rows in memory are not to be trusted`, {
          cause,
        });
      throw cause;
    }
    if (storage.deletedRows > Math.max(storage.size, WORTH_COMPACTING)) storage.compact();
  }
}

function readBatches(storage: SoA<EntityRow>, batches: readonly RecordBatch[]): void {
  if (batches.length > 0) readArrow(storage, batches);
}
