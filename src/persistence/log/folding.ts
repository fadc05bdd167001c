import type { OperationOptions } from "../backend.ts";
import type { Overlay } from "../overlay/overlay.ts";
import type { Storage } from "../storage/storage.ts";
import type { CheckpointFormat } from "./checkpoint.ts";
import type { CheckpointWriter } from "./checkpoint-writer.ts";
import type { Opened } from "./opened.ts";
import { layersRows } from "./step-counts.ts";

/** Runs a call when those before it are done. */
export type InTurn = <R>(run: () => Promise<R>) => Promise<R>;

/** Writes what the log has into checkpoints: beside the commits when it has grown, or while they wait. */
export class Folding {
  readonly #storage: Storage;
  readonly #format: CheckpointFormat;
  readonly #checkpoints: CheckpointWriter;
  readonly #foldRows: number;
  readonly #inTurn: InTurn;
  #underWay: Promise<void> | null = null;
  /** Rows of the log at which the next one is tried, after one failed. */
  #retryAt = 0;

  constructor(
    storage: Storage,
    format: CheckpointFormat,
    checkpoints: CheckpointWriter,
    options: { readonly foldRows: number; readonly inTurn: InTurn },
  ) {
    this.#storage = storage;
    this.#format = format;
    this.#checkpoints = checkpoints;
    this.#foldRows = options.foldRows;
    this.#inTurn = options.inTurn;
  }

  /** Rows of the log from which it is folded. */
  limit({ layers }: Opened): number {
    return Math.max(this.#foldRows, layers.checkpoint.rows / 10);
  }

  /** Resolves when none is under way, however it went. */
  async over(): Promise<void> {
    await this.#underWay?.catch(() => {});
  }

  /** Begins one where the log has outgrown its share. */
  beginIfDue(opened: Opened): void {
    const { layers } = opened;
    if (this.#underWay !== null || layers.frozen !== null) return;
    if (layers.top.rowsTaken <= Math.max(this.limit(opened), this.#retryAt)) return;
    this.#underWay = this.#inTurn(() => this.#freeze(opened))
      .then(() => this.#foldFrozen(opened, {}))
      // The log has it all: it is tried again when there is more, and by close().
      .catch(() => {
        this.#retryAt = layersRows(opened.layers) * 2;
      })
      .finally(() => {
        this.#underWay = null;
      });
  }

  /** Folds until the checkpoint has everything. @throws IoError */
  async all(opened: Opened, options: OperationOptions): Promise<void> {
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
    const { checkpoint } = layers;
    const view = (layers.frozen as Overlay).view();
    const next = await this.#checkpoints.write(() => this.#format.fold(this.#storage, checkpoint, view, frozenFacts, options));
    await layers.replaced(next, false).release();
    this.#retryAt = 0;
    // What is left of the log says nothing that the checkpoint does not.
    await log.dropThrough(frozenFacts.seq).catch(() => {});
  }
}
