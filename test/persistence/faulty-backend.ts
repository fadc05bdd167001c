import {
  type Backend,
  type BackendSnapshot,
  type Change,
  type Commit,
  type CommitOptions,
  IoError,
  type Transaction,
  ValidationError,
} from "faun";

/** What goes wrong with a commit. */
export type Fault =
  | "none"
  /** The storage fails before anything is made, and says so. */
  | "failed"
  /** It does not say what became of the commit, which was made or not. */
  | "made, unknown"
  | "not made, unknown"
  /** It throws something that is no error of the library's. */
  | "made, foreign error"
  | "not made, foreign error";

export interface Trouble {
  /** One per commit, in order; none afterwards. */
  faults: readonly Fault[];
  /** Turns of the event loop that each commit takes, in order, again and again. */
  delays: readonly number[];
  /** Whether each question for the last transaction fails, in order; none afterwards. */
  silences: readonly boolean[];
  /** Keys that the storage refuses rows of. */
  poison: ReadonlySet<bigint>;
}

export const noTrouble: Trouble = { faults: [], delays: [], silences: [], poison: new Set() };

/** A backend that fails, refuses and delays as it is told, and knows what it really made. */
export class FaultyBackend implements Backend {
  readonly inner: Backend;
  trouble: Trouble;
  /** Commits that were made. */
  commits: (readonly Change[])[] = [];
  /** Called when a commit arrives, before anything is made of it. */
  onCommit: (changes: readonly Change[]) => Promise<void> = async () => {};
  /** Called wherever a call of this backend waits, after it waited. */
  onWait: () => void = () => {};
  readonly #made = new WeakMap<object, boolean>();
  /** Commits of which the backend below did not know what became of them, until it tells. */
  #open: { readonly error: object; readonly txn: Transaction }[] = [];
  #turn = 0;
  #question = 0;

  constructor(inner: Backend, trouble: Trouble = noTrouble) {
    this.inner = inner;
    this.trouble = trouble;
  }

  /** Whether the commit that this error was thrown for was made after all. */
  wasMade(error: unknown): boolean {
    // What says that nothing was written is believed: the checks that follow show whether it is so.
    if (typeof error !== "object" || error === null || (error instanceof IoError && error.outcome === "failed")) return false;
    return this.#made.get(error) ?? this.wasMade((error as { cause?: unknown }).cause);
  }

  get capabilities() {
    return this.inner.capabilities;
  }

  async open(...args: Parameters<Backend["open"]>) {
    await this.#wait();
    return this.inner.open(...args);
  }

  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<Commit> {
    const turn = this.#turn++;
    const { faults, delays, poison } = this.trouble;
    await this.onCommit(changes);
    await this.#wait();
    for (let i = delays.length === 0 ? 0 : delays[turn % delays.length]; i > 0; i--) await this.#wait(true);
    if (poison.size > 0) await this.#refuse(changes, poison);
    const fault = faults[turn] ?? "none";
    if (fault === "failed") throw new IoError("the disk is full");
    if (fault.startsWith("not made")) throw this.#error(fault, false);
    const commit = await this.inner.commit(changes, options).catch((error: unknown) => {
      const { txn } = options;
      if (error instanceof IoError && error.outcome === "unknown" && txn !== undefined) this.#open.push({ error, txn });
      throw error;
    });
    this.commits.push(changes);
    await this.#wait();
    if (fault !== "none") throw this.#error(fault, true);
    return commit;
  }

  async lastTxn(writer: string) {
    await this.#wait(true);
    if (this.trouble.silences[this.#question++] === true) throw new IoError("no answer");
    const last = await this.#lastTxn(writer);
    await this.#wait();
    return last;
  }

  async snapshot(...args: Parameters<Backend["snapshot"]>): Promise<BackendSnapshot> {
    await this.#wait();
    // Whoever reads everything anew need not ask, but the model has to know.
    for (const { txn } of this.#open) await this.#lastTxn(txn.writer);
    const snapshot = await this.inner.snapshot(...args);
    await this.#wait();
    return snapshot;
  }

  history(...args: Parameters<Backend["history"]>) {
    return this.inner.history(...args);
  }

  evolve(...args: Parameters<Backend["evolve"]>) {
    return this.inner.evolve(...args);
  }

  maintain(...args: Parameters<Backend["maintain"]>) {
    return this.inner.maintain(...args);
  }

  close() {
    return this.inner.close();
  }

  async #lastTxn(writer: string) {
    const last = await this.inner.lastTxn(writer);
    for (const { error, txn } of this.#open) {
      if (txn.writer === writer) this.#made.set(error, last !== undefined && last.seq >= txn.seq);
    }
    this.#open = this.#open.filter(({ txn }) => txn.writer !== writer);
    return last;
  }

  /** A microtask, or a turn of the event loop. */
  async #wait(turn = false): Promise<void> {
    await (turn ? new Promise((resolve) => setImmediate(resolve)) : null);
    this.onWait();
  }

  #error(fault: Fault, made: boolean): Error {
    const error = fault.endsWith("unknown")
      ? new IoError("the connection broke", { outcome: "unknown" })
      : new TypeError("socket hang up");
    this.#made.set(error, made);
    return error;
  }

  async #refuse(changes: readonly Change[], poison: ReadonlySet<bigint>): Promise<void> {
    for (const change of changes) {
      if (change.kind === "clear" || change.kind === "delete") continue;
      for await (const batch of change.rows()) {
        for (const key of batch.getChild("order_id") ?? []) {
          if (poison.has(key))
            throw new ValidationError({
              entity: "orders",
              field: "orderId",
              value: key,
              expected: "a key that this storage likes",
            });
        }
      }
    }
  }
}
