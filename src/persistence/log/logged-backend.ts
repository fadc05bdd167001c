import type { RecordBatch } from "apache-arrow";
import { schemaOf } from "../../entity/entity.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ConflictError, type FaunError, IoError, UnsupportedError } from "../../errors.ts";
import type {
  Backend,
  BackendSnapshot,
  Capabilities,
  Change,
  Commit,
  CommitOptions,
  OperationOptions,
  Transaction,
  Version,
} from "../backend.ts";
import { ChangeReader, gatherChanges, type Step } from "../change-steps.ts";
import { Overlay } from "../overlay/overlay.ts";
import { settleSteps } from "../overlay/settle-steps.ts";
import { assertSameSchema } from "../schema-check.ts";
import { removeLeftovers } from "../storage/atomic-replace.ts";
import type { Storage, StorageLock } from "../storage/storage.ts";
import { StorageFullError } from "../storage/storage-full-error.ts";
import { CategoryRoom } from "./category-room.ts";
import type { CheckpointFacts, CheckpointFormat } from "./checkpoint.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import { assertTransaction } from "./commit-record.ts";
import { Folding } from "./folding.ts";
import type { LoggedOptions } from "./logged-options.ts";
import { LoggedSnapshot } from "./logged-snapshot.ts";
import { LOG_FOLDER, WRITER_LOCK } from "./names.ts";
import { openLayers } from "./open-layers.ts";
import type { Opened } from "./opened.ts";
import { RedoLog } from "./redo-log.ts";
import { replacementOf } from "./replacement.ts";
import { asLogged } from "./replay.ts";
import { factsAfter, rowsAfter, rowsOf, startsAnew } from "./step-counts.ts";

/**
 * Rows in a checkpoint file, and a log of what was committed since. A commit costs what it changes, whatever is stored;
 * one of more rows than the log should hold goes into a checkpoint at once.
 */
export class LoggedBackend implements Backend {
  readonly capabilities: Capabilities;
  readonly #entity: EntityClass<EntityRow>;
  readonly #schema: EntitySchema;
  readonly #storage: Storage;
  readonly #format: CheckpointFormat;
  readonly #options: LoggedOptions;
  readonly #reader: ChangeReader;
  readonly #categories: CategoryRoom;
  readonly #checkpoints: CheckpointWriter;
  readonly #folding: Folding;
  #opened: Opened | null = null;
  /** Calls that change something wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #broken: FaunError | null = null;

  constructor(entity: EntityClass<EntityRow>, storage: Storage, format: CheckpointFormat, options: LoggedOptions) {
    this.#entity = entity;
    this.#schema = schemaOf(entity);
    this.#storage = storage;
    this.#format = format;
    this.#options = options;
    this.#reader = new ChangeReader(entity, this.#schema);
    this.#categories = new CategoryRoom(this.#schema);
    this.#checkpoints = new CheckpointWriter(entity, storage, format);
    this.#folding = new Folding(storage, format, this.#checkpoints, options);
    this.capabilities = {
      mutations: options.log ? "native" : "rewrite",
      atomicCommit: true,
      expectedVersion: true,
      timeTravel: false,
      evolve: false,
      appendCost: options.log ? "constant" : "linear",
    };
  }

  open(schema: EntitySchema, options: OperationOptions = {}): Promise<Version> {
    return this.#inTurn(async () => {
      options.signal?.throwIfAborted();
      assertSameSchema(this.#schema, schema);
      this.#opened ??= await this.#open(options);
      return String(this.#opened.facts.seq);
    });
  }

  commit(changes: readonly Change[], options: CommitOptions = {}): Promise<Commit> {
    return this.#inTurn(async () => {
      const opened = await this.#writing(options);
      const replacement = replacementOf(this.#schema, changes, options);
      const gathered = replacement === null ? await gatherChanges(this.#schema, changes, options, true) : [];
      const { txn, expected } = options;
      assertTransaction(this.#schema.name, txn);
      const made = txn === undefined ? undefined : opened.facts.writers.get(txn.writer);
      if (txn !== undefined && made !== undefined && txn.seq <= made.seq) return made.commit;
      await this.#settle(opened);
      if (expected !== undefined && expected !== String(opened.facts.seq)) {
        throw new ConflictError(
          `${this.#schema.name}: the storage is at version ${opened.facts.seq}, not ${expected}: something else changed it first`,
        );
      }
      if (replacement !== null) return await this.#commitReplacement(opened, replacement, options);
      try {
        const steps = gathered.map((change) => this.#reader.read(change));
        const direct =
          changes.some(({ kind }) => kind === "replace") ||
          !this.#options.log ||
          rowsOf(steps) > this.#folding.limit(opened).rows;
        return await this.#commit(opened, steps, direct, options);
      } finally {
        this.#reader.forget();
      }
    });
  }

  lastTxn(writer: string): Promise<{ seq: bigint; commit: Commit } | undefined> {
    return this.#inTurn(async () => {
      const opened = await this.#seeing({});
      if (opened.lock !== null) await this.#settle(opened);
      return opened.facts.writers.get(writer);
    });
  }

  async snapshot(at?: { version: Version } | { asOf: Date }, options: OperationOptions = {}): Promise<BackendSnapshot> {
    options.signal?.throwIfAborted();
    const present = this.#present();
    const opened = present.lock === null ? await this.#inTurn(() => this.#seeing(options)) : present;
    const version = String(opened.facts.seq);
    if (at !== undefined && !("version" in at && at.version === version)) {
      throw new UnsupportedError(
        `${this.#schema.name}: this storage keeps its present version only (${version}); take a snapshot while a version is present to keep it`,
      );
    }
    const { layers } = opened;
    return new LoggedSnapshot(version, this.#schema, layers.checkpoint.retain(), layers.views());
  }

  async *history(options: OperationOptions = {}): AsyncGenerator<Commit> {
    for (const commit of this.#present().facts.commits.last()) {
      options.signal?.throwIfAborted();
      yield commit;
    }
  }

  async evolve(): Promise<Commit> {
    throw new UnsupportedError(
      `${this.#schema.name}: this storage keeps the schema it was made with; load the rows and save them under the new one elsewhere`,
    );
  }

  /** "checkpoint" and "compact" fold the log into the checkpoint; "vacuum" removes what is left of logs that were. */
  async maintain(task: "checkpoint" | "compact" | "vacuum", options: OperationOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    await this.#inTurn(async () => {
      await this.#folding.over();
      const opened = await this.#writing(options);
      await this.#settle(opened);
      if (task !== "vacuum") await this.#folding.all(opened, options);
      await opened.log.dropThrough(opened.layers.checkpoint.facts.seq);
    });
  }

  /** Folds the log into the checkpoint, and gives files and the lock back; what is in the log is durable in any case. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#folding.over();
      const opened = this.#opened;
      if (opened === null) return;
      try {
        if (opened.lock !== null && this.#broken === null) {
          await this.#settle(opened);
          await this.#folding.all(opened, {});
        }
      } finally {
        this.#opened = null;
        this.#broken = null;
        this.#checkpoints.forget();
        this.#categories.forget();
        try {
          await opened.log.close();
        } finally {
          await opened.layers.checkpoint.release();
          await this.#checkpoints.over();
          await opened.lock?.release();
        }
      }
    });
  }

  async #open(options: OperationOptions, lock: StorageLock | null = null): Promise<Opened> {
    const { readOnly, includeLog, onDamage } = this.#options;
    const { layers, facts } = await openLayers(this.#entity, this.#schema, this.#storage, this.#format, {
      log: !readOnly || includeLog,
      // Only who has the lock may set damaged segments aside.
      onDamage,
      setAside: lock !== null,
      // Who is going to change something looks at everything anew.
      known: lock === null ? this.#opened?.layers.checkpoint : undefined,
      ...options,
    });
    const log = new RedoLog(this.#storage, LOG_FOLDER, this.#schema.name, facts.seq, this.#options);
    return { lock, log, layers, facts, frozenFacts: facts };
  }

  /** To change something: with the lock, on top of what is there once it is held. */
  async #writing(options: OperationOptions): Promise<Opened> {
    const present = this.#present();
    if (present.lock !== null) return present;
    if (this.#options.readOnly)
      throw new UnsupportedError(`${this.#schema.name}: ${this.#storage.location} was opened to be read only`);
    await this.#storage.createFolder("");
    const lock = await this.#storage.lock(WRITER_LOCK);
    try {
      for (const folder of ["", LOG_FOLDER]) await removeLeftovers(this.#storage, folder);
      const opened = await this.#replace(await this.#open(options, lock));
      // What only the log has goes into the checkpoint where there is to be no log.
      if (!this.#options.log) await this.#folding.all(opened, options);
      return opened;
    } catch (error) {
      if (this.#opened?.lock !== lock) await lock.release();
      throw error;
    }
  }

  /** To read: what there is now. */
  async #seeing(options: OperationOptions): Promise<Opened> {
    const present = this.#present();
    return present.lock === null ? this.#replace(await this.#open(options)) : present;
  }

  async #replace(opened: Opened): Promise<Opened> {
    const old = this.#opened;
    this.#opened = opened;
    this.#categories.forget();
    await old?.layers.checkpoint.release();
    return opened;
  }

  async #commit(opened: Opened, steps: readonly Step[], direct: boolean, options: CommitOptions): Promise<Commit> {
    const { layers, log } = opened;
    if (log.writer.lost !== null || direct) await this.#finishFold(opened, options, !startsAnew(steps));
    // Whether an upsert adds or overwrites a row cannot be taken from the caller.
    const checked = options.checked === true && !steps.some(({ kind }) => kind === "upsert");
    const hasBelow = checked ? asLogged : await layers.lookUp(steps, options);
    layers.top.check(steps, hasBelow);
    const admitted = checked ? null : await this.#categories.admit(steps, () => this.snapshot());
    const settled = settleSteps(layers.top, steps, hasBelow);
    options.signal?.throwIfAborted();
    const seq = opened.facts.seq + 1n;
    const commit: Commit = {
      version: String(seq),
      rows: BigInt(rowsAfter(layers.size, settled)),
      at: new Date(),
      durability: this.#durability,
    };
    const facts = factsAfter(opened.facts, commit, options.txn);
    if (direct) await this.#commitCheckpoint(opened, settled, facts, options);
    else await this.#commitLogged(opened, settled, commit, facts, options.txn ?? null);
    admitted?.();
    return commit;
  }

  async #commitLogged(
    opened: Opened,
    steps: readonly Step[],
    commit: Commit,
    facts: CheckpointFacts,
    txn: Transaction | null,
  ): Promise<void> {
    const { layers, log } = opened;
    const append = () => log.append(facts.seq, commit.at, commit.rows, txn, steps);
    layers.noteLogged(await append().catch((error: unknown) => this.#whenFolded(error, append)));
    opened.facts = facts;
    try {
      layers.top.apply(steps, asLogged);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#broken = new IoError(
        `${this.#schema.name}: a commit is in the log, but memory could not take it in (${why}); close the storage and open it again`,
        { cause },
      );
      throw this.#broken;
    }
    await this.#folding.beginIfDue(opened);
  }

  /** Tries once more what found no room, where a fold was under way: that takes room of its own until it is over. */
  async #whenFolded<R>(error: unknown, attempt: () => Promise<R>): Promise<R> {
    const full = error instanceof StorageFullError && error.outcome === "failed";
    if (!full || !this.#folding.isUnderWay) throw error;
    await this.#folding.over();
    return attempt();
  }

  /** The commit is a checkpoint: that of all there is, or of what the steps put in its place. */
  async #commitCheckpoint(opened: Opened, steps: readonly Step[], facts: CheckpointFacts, options: CommitOptions): Promise<void> {
    const overlay = new Overlay(this.#entity, this.#schema);
    overlay.apply(steps, asLogged);
    const { checkpoint } = opened.layers;
    await this.#becoming(opened, facts.seq, () => this.#format.fold(this.#storage, checkpoint, overlay.view(), facts, options));
    opened.facts = facts;
  }

  /** The commit is a checkpoint of rows that are written as they come, whatever there was. */
  async #commitReplacement(opened: Opened, batches: AsyncIterable<RecordBatch>, options: CommitOptions): Promise<Commit> {
    await this.#folding.over();
    const seq = opened.facts.seq + 1n;
    let { facts } = opened;
    const factsOf = (rows: number) => {
      const { durability } = this.#storage;
      facts = factsAfter(facts, { version: String(seq), rows: BigInt(rows), at: new Date(), durability }, options.txn);
      return facts;
    };
    await this.#becoming(opened, seq, () => this.#format.replace(this.#storage, this.#schema, batches, factsOf, options));
    opened.facts = facts;
    this.#categories.forget();
    return facts.commits.last(1)[0];
  }

  /** A new checkpoint takes the place of all there was. */
  async #becoming(opened: Opened, seq: bigint, write: () => Promise<void>): Promise<void> {
    const { layers, log } = opened;
    // A log that could not be synced is no reason not to write the checkpoint that makes up for it.
    await log.roll().catch((error: unknown) => {
      if (log.writer.lost === null) throw error;
    });
    const next = await this.#checkpoints.write(write);
    this.#checkpoints.letGo(layers.replaced(next, true));
    await log.dropThrough(seq).catch(() => {});
  }

  /** Finds out what became of a checkpoint of unknown outcome, and of a log whose end is not known. @throws IoError */
  async #settle(opened: Opened): Promise<void> {
    if (this.#broken !== null) throw this.#broken;
    const found = await this.#checkpoints.settled(opened.layers.checkpoint);
    if (found !== null) {
      const all = found.facts.seq > opened.facts.seq || opened.layers.frozen === null;
      if (found.facts.seq > opened.facts.seq) opened.facts = found.facts;
      this.#checkpoints.letGo(opened.layers.replaced(found, all));
    }
    await opened.log.writer.settle(opened.facts.seq + 1n);
  }

  /** The fold under way is waited for, and what else there is folded. @param all false where nothing of it will be left */
  async #finishFold(opened: Opened, options: OperationOptions, all: boolean): Promise<void> {
    await this.#folding.over();
    if (all || opened.log.writer.lost !== null) await this.#folding.all(opened, options);
  }

  get #durability(): Commit["durability"] {
    return this.#options.durability === "sync" ? this.#storage.durability : "memory";
  }

  #present(): Opened {
    if (this.#opened === null)
      throw new UnsupportedError(`${this.#schema.name}: the storage ${this.#storage.location} is not open`);
    return this.#opened;
  }

  #inTurn<R>(run: () => Promise<R>): Promise<R> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }
}
