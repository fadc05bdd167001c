import type { EntityRow } from "../../entity/types.ts";
import { ConflictError, FaunError, IoError } from "../../errors.ts";
import type { SoA } from "../../soa/soa.ts";
import type { Change, Commit, OperationOptions, Transaction, Version } from "../backend.ts";
import type { Persistence } from "../persistence.ts";
import { ioError } from "../storage/storage-full-error.ts";
import { sessionName } from "../writer-names.ts";

/** How often the storage is asked what became of a commit before the answer is given up for the moment. */
const ATTEMPTS = 3;

/** What became of a commit. */
export type Outcome =
  | { readonly kind: "made"; readonly commit: Commit }
  /** It was not made. */
  | { readonly kind: "refused"; readonly error: FaunError }
  /** Nobody knows yet: `settle` asks again. */
  | { readonly kind: "unknown"; readonly txn: Transaction; readonly error: FaunError };

/** Makes the commits of one store, and finds out what became of those that did not say. */
export class Committer {
  /** The state of the storage that memory follows. */
  version: Version;
  readonly #entity: string;
  readonly #persistence: Persistence<EntityRow>;
  readonly #writer: string;
  #seq = 0n;

  constructor(persistence: Persistence<EntityRow>, memory: SoA<EntityRow>, version: Version) {
    this.#persistence = persistence;
    this.#entity = memory.schema.name;
    this.version = version;
    this.#writer = sessionName();
  }

  /**
   * @param overwrite commit whatever the storage's version is
   * @param txn names the commit; by default as this store numbers its own
   */
  async commit(
    changes: readonly Change[],
    overwrite: boolean,
    options: OperationOptions,
    txn: Transaction = { writer: this.#writer, seq: ++this.#seq },
  ): Promise<Outcome> {
    const { backend } = this.#persistence;
    const expected = backend.capabilities.expectedVersion && !overwrite ? this.version : undefined;
    try {
      await this.#persistence.open();
    } catch (cause) {
      return { kind: "refused", error: this.#wrapped(cause) };
    }
    try {
      const commit = await backend.commit(changes, {
        ...options,
        expected,
        txn,
        // Every change was validated against memory, which is at that version; the keys of its rows are distinct.
        checked: expected !== undefined || changes.every(({ kind }) => kind === "replace"),
      });
      this.version = commit.version;
      return { kind: "made", commit };
    } catch (cause) {
      if (options.signal?.aborted === true && cause === options.signal.reason) throw cause;
      const error = this.#wrapped(cause);
      // What is no error of ours may have been thrown at any point.
      const certain = error instanceof IoError ? error.outcome === "failed" : true;
      return certain ? { kind: "refused", error } : this.settle(txn, error);
    }
  }

  /** Asks what became of a commit. */
  async settle(txn: Transaction, error: FaunError): Promise<Outcome> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        await this.#persistence.open();
        const last = await this.#persistence.backend.lastTxn(txn.writer);
        if (last === undefined || last.seq < txn.seq) return { kind: "refused", error: this.#settled(error) };
        this.version = last.commit.version;
        return { kind: "made", commit: last.commit };
      } catch {
        // The storage does not answer; the next attempt may find it back.
      }
    }
    return { kind: "unknown", txn, error };
  }

  #settled(error: FaunError): FaunError {
    return ioError(`${this.#entity}: the storage failed, and nothing was written: ${error.message}`, {
      cause: error,
      outcome: "failed",
    });
  }

  #wrapped(cause: unknown): FaunError {
    if (cause instanceof FaunError) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    return new IoError(`${this.#entity}: the storage failed: ${message}`, { cause, outcome: "unknown" });
  }
}

/** Whether the storage found fault with the data, so that a part of them may pass. */
export const isRefusalOfData = (error: FaunError) => !(error instanceof IoError) && !(error instanceof ConflictError);
