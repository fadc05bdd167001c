import type { OperationOptions } from "../backend.ts";
import type { Overlay } from "../overlay/overlay.ts";
import type { Storage } from "../storage/storage.ts";
import type { CheckpointFormat } from "./checkpoint.ts";
import type { CheckpointWriter } from "./checkpoint-writer.ts";
import type { LogSize } from "./layers.ts";
import type { LoggedOptions } from "./logged-options.ts";
import type { Opened } from "./opened.ts";

const NOTHING: LogSize = { rows: 0, bytes: 0 };

/**
 * Writes what the log has into checkpoints: beside the commits when it has grown, or while they wait. To be called by
 * those whose turn it is, but for `limit`: so whoever knows that none is under way can rely on it until its turn ends.
 */
export class Folding {
  readonly #storage: Storage;
  readonly #format: CheckpointFormat;
  readonly #checkpoints: CheckpointWriter;
  readonly #least: LogSize;
  #underWay: Promise<void> | null = null;
  /** How large the log was when one failed: the next is tried when it is twice as large. */
  #failedAt: LogSize = NOTHING;

  constructor(
    storage: Storage,
    format: CheckpointFormat,
    checkpoints: CheckpointWriter,
    { foldRows, foldBytes }: Pick<LoggedOptions, "foldRows" | "foldBytes">,
  ) {
    this.#storage = storage;
    this.#format = format;
    this.#checkpoints = checkpoints;
    this.#least = { rows: foldRows, bytes: foldBytes };
  }

  /** The size of the log from which it is folded: a share of the checkpoint, so that writing that anew is paid for. */
  limit({ layers: { checkpoint } }: Opened): LogSize {
    const { rows, bytes } = this.#least;
    return { rows: Math.max(rows, checkpoint.rows / 10), bytes: Math.max(bytes, checkpoint.bytes / 10) };
  }

  /** Whether one is, and takes room beside what it replaces. */
  get isUnderWay(): boolean {
    return this.#underWay !== null;
  }

  /** Resolves when none is under way, however it went. */
  async over(): Promise<void> {
    await this.#underWay;
  }

  /** Begins one where the log has outgrown its share. Resolves when commits may go on beside it; never rejects. */
  async beginIfDue(opened: Opened): Promise<void> {
    if (this.#underWay !== null || !this.#isDue(opened)) return;
    // The log has it all: what fails is tried again when there is more, and by close().
    const failed = () => {
      this.#failedAt = opened.layers.logged;
    };
    try {
      await this.#freeze(opened);
    } catch {
      failed();
      return;
    }
    // It waits for no turn, for those who have theirs wait for it.
    this.#underWay = this.#foldFrozen(opened, {})
      .catch(failed)
      .finally(() => {
        this.#underWay = null;
      });
  }

  #isDue(opened: Opened): boolean {
    const { rows, bytes } = opened.layers.logged;
    const limit = this.limit(opened);
    return rows > Math.max(limit.rows, this.#failedAt.rows * 2) || bytes > Math.max(limit.bytes, this.#failedAt.bytes * 2);
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
    this.#checkpoints.letGo(layers.replaced(next, false));
    this.#failedAt = NOTHING;
    // What is left of the log says nothing that the checkpoint does not.
    await log.dropThrough(frozenFacts.seq).catch(() => {});
  }
}
