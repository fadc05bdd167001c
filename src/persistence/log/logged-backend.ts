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
import { CategoryRoom } from "./category-room.ts";
import type { CheckpointFacts, CheckpointFormat } from "./checkpoint.ts";
import type { Layers } from "./layers.ts";
import type { Durability } from "./log-writer.ts";
import { LoggedSnapshot } from "./logged-snapshot.ts";
import { openLayers } from "./open-layers.ts";
import { RedoLog } from "./redo-log.ts";
import { asLogged } from "./replay.ts";

export interface LoggedOptions {
  /** Whether commits go to the log first; else every commit is a new checkpoint. */
  readonly log: boolean;
  readonly durability: Durability;
  /** Milliseconds between syncs at durability "interval". */
  readonly interval: number;
  /** Rows of the log from which it is folded into the checkpoint; more where the checkpoint has ten times as many. */
  readonly foldRows: number;
  /** Reads the last checkpoint, takes no lock and refuses commits. */
  readonly readOnly: boolean;
  /** With `readOnly`: the commits of the log too. */
  readonly includeLog: boolean;
  /** What a log that is damaged before its end means: an error, or an end there. */
  readonly onDamage: "refuse" | "keep sound";
}

export const LOG_FOLDER = "log";
const LOCK = "writer.lock";
/** Commits that `history()` remembers. */
const REMEMBERED = 1000;

/** What there is while the backend is open. */
interface Opened {
  /** Held from the first change on; until then others may write, and every snapshot looks anew. */
  readonly lock: StorageLock | null;
  readonly log: RedoLog;
  readonly layers: Layers;
  /** Of the last commit. */
  facts: CheckpointFacts;
  /** Those of the frozen overlay: what a checkpoint of it knows. */
  frozenFacts: CheckpointFacts;
}

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
  #opened: Opened | null = null;
  /** Calls that change something wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #folding: Promise<void> | null = null;
  /** Rows of the log at which the next fold is tried, after one failed. */
  #foldAt = 0;
  /** A checkpoint of which nobody knows whether it is there. */
  #doubt: bigint | null = null;
  #broken: FaunError | null = null;

  constructor(entity: EntityClass<EntityRow>, storage: Storage, format: CheckpointFormat, options: LoggedOptions) {
    this.#entity = entity;
    this.#schema = schemaOf(entity);
    this.#storage = storage;
    this.#format = format;
    this.#options = options;
    this.#reader = new ChangeReader(entity, this.#schema);
    this.#categories = new CategoryRoom(this.#schema);
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
      const gathered = await gatherChanges(this.#schema, changes, options);
      const { txn, expected } = options;
      const made = txn === undefined ? undefined : opened.facts.writers.get(txn.writer);
      if (txn !== undefined && made !== undefined && txn.seq <= made.seq) return made.commit;
      await this.#settle(opened);
      if (expected !== undefined && expected !== String(opened.facts.seq)) {
        throw new ConflictError(
          `${this.#schema.name}: the storage is at version ${opened.facts.seq}, not ${expected}: something else changed it first`,
        );
      }
      try {
        const steps = gathered.map((change) => this.#reader.read(change));
        const direct =
          changes.some(({ kind }) => kind === "replace") || !this.#options.log || rowsOf(steps) > this.#limit(opened);
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
    for (const commit of this.#present().facts.commits) {
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
    await this.#folding?.catch(() => {});
    await this.#inTurn(async () => {
      const opened = await this.#writing(options);
      await this.#settle(opened);
      if (task !== "vacuum") await this.#foldAll(opened, options);
      await opened.log.dropThrough(opened.layers.checkpoint.facts.seq);
    });
  }

  /** Folds the log into the checkpoint, and gives files and the lock back; what is in the log is durable in any case. */
  async close(): Promise<void> {
    await this.#folding?.catch(() => {});
    await this.#inTurn(async () => {
      const opened = this.#opened;
      if (opened === null) return;
      try {
        if (opened.lock !== null && this.#broken === null) {
          await this.#settle(opened);
          await this.#foldAll(opened, {});
        }
      } finally {
        this.#opened = null;
        this.#broken = null;
        this.#doubt = null;
        this.#categories.forget();
        try {
          await opened.log.close();
        } finally {
          await opened.layers.checkpoint.release();
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
    const lock = await this.#storage.lock(LOCK);
    try {
      await removeLeftovers(this.#storage, "");
      const opened = await this.#replace(await this.#open(options, lock));
      // What only the log has goes into the checkpoint where there is to be no log.
      if (!this.#options.log) await this.#foldAll(opened, options);
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
    await log.append(facts.seq, commit.at, commit.rows, txn, steps);
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
    if (layers.frozen === null && layers.top.rowsTaken > Math.max(this.#limit(opened), this.#foldAt)) this.#foldLater(opened);
  }

  /** The commit is a checkpoint: that of all there is, or of what the steps put in its place. */
  async #commitCheckpoint(opened: Opened, steps: readonly Step[], facts: CheckpointFacts, options: CommitOptions): Promise<void> {
    const { layers, log } = opened;
    const overlay = new Overlay(this.#entity, this.#schema);
    overlay.apply(steps, asLogged);
    await log.roll();
    await this.#writeCheckpoint(opened, overlay, facts, options);
    opened.facts = facts;
    const next = await this.#format.open(this.#storage, this.#schema);
    await layers.replaced(next, true).release();
    await log.dropThrough(facts.seq).catch(() => {});
  }

  async #writeCheckpoint(opened: Opened, overlay: Overlay, facts: CheckpointFacts, options: OperationOptions): Promise<void> {
    try {
      await this.#format.fold(this.#storage, opened.layers.checkpoint, overlay.view(), facts, options);
    } catch (error) {
      if (error instanceof IoError && error.outcome === "unknown") this.#doubt = facts.seq;
      throw error;
    }
  }

  /** Finds out what became of a checkpoint of unknown outcome, and of a log whose end is not known. @throws IoError */
  async #settle(opened: Opened): Promise<void> {
    if (this.#broken !== null) throw this.#broken;
    if (this.#doubt !== null) {
      const found = await this.#format.open(this.#storage, this.#schema);
      if (found.facts.seq > opened.layers.checkpoint.facts.seq) {
        // Whether its name outlives a crash is not known: it is written once more.
        try {
          const nothing = new Overlay(this.#entity, this.#schema);
          await this.#format.fold(this.#storage, found, nothing.view(), found.facts);
        } catch (error) {
          await found.release();
          throw error;
        }
        const all = found.facts.seq > opened.facts.seq || opened.layers.frozen === null;
        if (found.facts.seq > opened.facts.seq) opened.facts = found.facts;
        await opened.layers.replaced(found, all).release();
      } else {
        await found.release();
      }
      this.#doubt = null;
    }
    await opened.log.writer.settle(opened.facts.seq + 1n);
  }

  /** The fold under way is waited for, and what else there is folded. @param all false where nothing of it will be left */
  async #finishFold(opened: Opened, options: OperationOptions, all: boolean): Promise<void> {
    await this.#folding?.catch(() => {});
    if (all || opened.log.writer.lost !== null) await this.#foldAll(opened, options);
  }

  async #foldAll(opened: Opened, options: OperationOptions): Promise<void> {
    while (!opened.layers.areEmpty) {
      await this.#freeze(opened);
      await this.#foldFrozen(opened, options);
    }
  }

  async #freeze(opened: Opened): Promise<void> {
    if (opened.layers.frozen !== null) return;
    // A log that could not be synced is no reason not to write the checkpoint that makes up for it.
    await opened.log.roll().catch((error: unknown) => {
      if (opened.log.writer.lost === null) throw error;
    });
    opened.layers.freeze();
    opened.frozenFacts = opened.facts;
  }

  async #foldFrozen(opened: Opened, options: OperationOptions): Promise<void> {
    const { layers, log, frozenFacts } = opened;
    await this.#writeCheckpoint(opened, layers.frozen as Overlay, frozenFacts, options);
    const next = await this.#format.open(this.#storage, this.#schema);
    await layers.replaced(next, false).release();
    this.#foldAt = 0;
    // What is left of the log says nothing that the checkpoint does not.
    await log.dropThrough(frozenFacts.seq).catch(() => {});
  }

  #foldLater(opened: Opened): void {
    if (this.#folding !== null) return;
    this.#folding = this.#inTurn(() => this.#freeze(opened))
      .then(() => this.#foldFrozen(opened, {}))
      // The log has it all: it is tried again when there is more, and by close().
      .catch(() => {
        this.#foldAt = layersRows(opened.layers) * 2;
      })
      .finally(() => {
        this.#folding = null;
      });
  }

  #limit({ layers }: Opened): number {
    return Math.max(this.#options.foldRows, layers.checkpoint.rows / 10);
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

const layersRows = ({ top, frozen }: Layers): number => top.rowsTaken + (frozen?.rowsTaken ?? 0);

/** Whether nothing of what was there is left once the steps are made. */
const startsAnew = (steps: readonly Step[]): boolean => steps[0]?.kind === "clear";

const rowsOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + (step.kind === "clear" ? 0 : step.rows.size), 0);

/** Of settled steps: rows deleted are there, rows appended are not. */
function rowsAfter(before: number, steps: readonly Step[]): number {
  return steps.reduce((rows, step) => {
    if (step.kind === "clear") return 0;
    if (step.kind === "append") return rows + step.rows.size;
    return step.kind === "delete" ? rows - step.rows.size : rows;
  }, before);
}

function factsAfter({ writers, commits }: CheckpointFacts, commit: Commit, txn?: Transaction): CheckpointFacts {
  const after = new Map(writers);
  if (txn !== undefined) {
    after.delete(txn.writer);
    after.set(txn.writer, { seq: txn.seq, commit });
  }
  return { seq: BigInt(commit.version), writers: after, commits: [...commits.slice(1 - REMEMBERED), commit] };
}
