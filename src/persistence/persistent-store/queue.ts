import { ConflictError, type FaunError, IoError } from "../../errors.ts";
import type { Change, OperationOptions, Transaction } from "../backend.ts";
import { type Committer, isRefusalOfData } from "./committer.ts";
import { Group, notAsBatches } from "./group.ts";
import { fail, type Operation, tell } from "./operation.ts";
import { PartialRows } from "./partial-rows.ts";
import type { Unit } from "./pending-rows.ts";
import type { Staging } from "./staging.ts";

/** A commit of which the storage did not say whether it was made. */
interface Unknown {
  readonly txn: Transaction;
  readonly error: FaunError;
  /** Brings memory to where the storage is. */
  whenMade(): void;
}

/**
 * Works the pending units off, one at a time and in order. While a group is on its way others gather behind it: the
 * next group. Memory takes a group in when it is durable, in one go, before its promises resolve.
 */
export class Queue {
  readonly #staging: Staging;
  readonly #committer: Committer;
  readonly #partial: PartialRows;
  #working = false;
  #unknown: Unknown | null = null;
  /** Memory took in what turned out made after its promises had rejected; what is queued was validated without it. */
  #late = false;
  /** Memory could not take in what is durable. */
  #damage: FaunError | null = null;

  constructor(staging: Staging, committer: Committer) {
    this.#staging = staging;
    this.#committer = committer;
    this.#partial = new PartialRows(staging.pending.memory.schema);
    this.lock();
  }

  /** Starts working after the code that is running now: what it asks for goes together. */
  start(): void {
    if (this.#working) return;
    this.#working = true;
    queueMicrotask(() => void this.#work());
  }

  /** Keeps memory from being changed by others. */
  lock(): void {
    const { memory } = this.#staging.pending;
    memory.lock(
      `${memory.schema.name}: rows of a PersistentStore change through its own methods, for memory follows the storage`,
    );
  }

  /** Runs what brings memory to where the storage is. */
  unlocked(change: () => void): void {
    const { memory } = this.#staging.pending;
    memory.lock(null);
    try {
      change();
      this.#staging.settled();
    } finally {
      this.lock();
    }
  }

  /** Memory and storage are the same again: one was replaced by the other. */
  reconciled(): void {
    this.#damage = null;
    this.#unknown = null;
    this.lock();
  }

  /** @throws FaunError while memory lacks what is stored */
  assertWhole(): void {
    if (this.#damage !== null) throw this.#damage;
  }

  /**
   * Makes a commit for a barrier, and `whenMade` once it is made, be it that this turns out later.
   * @param overwrite commit whatever the storage's version is
   * @param txn names the commit
   */
  async commit(
    change: Change,
    overwrite: boolean,
    options: OperationOptions,
    whenMade: () => void,
    txn?: Transaction,
  ): Promise<void> {
    const outcome = await this.#committer.commit([change], overwrite, options, txn);
    if (outcome.kind === "unknown") this.#unknown = { ...outcome, whenMade };
    if (outcome.kind !== "made") throw outcome.error;
    whenMade();
  }

  async #work(): Promise<void> {
    const { pending } = this.#staging;
    try {
      while (pending.units.length > 0) {
        const [first] = pending.units;
        const settles = !(first instanceof Group) && first.settles;
        const obstacle = settles ? null : await this.#obstacle();
        this.#revise(false).forEach(tell);
        // What was there may have turned out invalid.
        const unit = pending.units.at(0);
        if (unit !== undefined) await this.#unit(unit, obstacle);
      }
    } catch (cause) {
      this.#giveUp(cause);
    } finally {
      this.#working = false;
    }
  }

  /** A fault in this library: nobody is left waiting, and memory is not trusted until it is loaded anew. */
  #giveUp(cause: unknown): void {
    const { pending } = this.#staging;
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#damage = new ConflictError(`${pending.memory.schema.name}: the store failed (${why}); call loadFromStorage()`, {
      cause,
    });
    for (const unit of pending.units.splice(0)) {
      if (unit instanceof Group) {
        failAll(unit, this.#damage);
        unit.operations.forEach(tell);
      } else {
        unit.reject(this.#damage);
      }
    }
  }

  /** Whoever asked is told last, for a call made in answer must find everything in order. */
  async #unit(unit: Unit, obstacle: FaunError | null): Promise<void> {
    const { units } = this.#staging.pending;
    if (unit instanceof Group) {
      unit.sealed = true;
      if (obstacle === null) await this.#group(unit);
      else failAll(unit, obstacle);
      units.shift();
      const failed = this.#revise(unit.operations.some(({ state, needed }) => state === "failed" && needed));
      this.#staging.release(unit);
      this.#staging.settled();
      unit.operations.forEach(tell);
      failed.forEach(tell);
      return;
    }
    let error: unknown = obstacle;
    let done = false;
    try {
      if (obstacle === null) {
        await unit.run();
        done = true;
      }
    } catch (cause) {
      error = cause;
    }
    units.shift();
    const failed = this.#revise(unit.changesRows);
    this.#staging.settled();
    if (done) unit.resolve();
    else unit.reject(error);
    failed.forEach(tell);
  }

  /**
   * Validates what is queued again, if it was validated on top of what did not come about or without what did. Gives
   * the operations that failed by it.
   */
  #revise(needed: boolean): Operation[] {
    if (!needed && !this.#late) return [];
    this.#late = false;
    return this.#staging.restage();
  }

  /** Why nothing can be done at present; null if there is no reason. Finds out first what became of an earlier commit. */
  async #obstacle(): Promise<FaunError | null> {
    if (this.#unknown !== null) {
      const { txn, error, whenMade } = this.#unknown;
      const outcome = await this.#committer.settle(txn, error);
      if (outcome.kind === "unknown") {
        const { name } = this.#staging.pending.memory.schema;
        return new IoError(
          `${name}: nothing was written, for the storage does not tell what became of an earlier change (${error.message})`,
          { cause: error },
        );
      }
      this.#unknown = null;
      if (outcome.kind === "made") {
        this.#late = true;
        whenMade();
      }
    }
    return this.#damage;
  }

  async #group(group: Group): Promise<void> {
    let changes: Change[];
    try {
      changes = group.seal(this.#partial, () => this.#staging.spare());
    } catch (cause) {
      failAll(group, notAsBatches(this.#staging.pending.memory.schema.name, cause));
      return;
    }
    if (changes.length === 0) {
      this.#apply(group);
      return;
    }
    const outcome = await this.#committer.commit(changes, false, {});
    if (outcome.kind === "made") {
      this.#apply(group);
    } else if (outcome.kind === "unknown") {
      group.held = true;
      this.#unknown = { ...outcome, whenMade: () => this.#applyLate(group) };
      failAll(group, outcome.error);
    } else if (group.operations.length > 1 && isRefusalOfData(outcome.error)) {
      await this.#narrow(group);
    } else {
      failAll(group, outcome.error);
    }
  }

  /** Makes the operations of a refused group in smaller ones, down to single operations, so that those at fault are refused alone. */
  async #narrow(group: Group): Promise<void> {
    const { operations } = group;
    const half = operations.length >> 1;
    for (const part of [operations.slice(0, half), operations.slice(half)]) {
      let rest: Operation[] = part;
      while (rest.length > 0) {
        const obstacle = await this.#obstacle();
        if (obstacle !== null) {
          for (const operation of rest) fail(operation, obstacle);
          break;
        }
        const next = this.#staging.regroup(rest);
        rest = next.rest;
        await this.#group(next.group);
        this.#staging.release(next.group);
      }
    }
  }

  #applyLate(group: Group): void {
    this.#apply(group);
    group.held = false;
    this.#staging.release(group);
  }

  #apply(group: Group): void {
    const { memory } = this.#staging.pending;
    memory.lock(null);
    try {
      group.apply(memory);
      this.#staging.settled();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#damage = new ConflictError(
        `${memory.schema.name}: memory could not take in what was stored (${why}); call loadFromStorage()`,
        { cause },
      );
      failAll(group, this.#damage);
    } finally {
      this.lock();
    }
  }
}

function failAll(group: Group, error: FaunError): void {
  for (const operation of group.operations) if (operation.state === "pending") fail(operation, error);
}
