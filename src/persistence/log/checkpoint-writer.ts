import { schemaOf } from "../../entity/entity.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { IoError } from "../../errors.ts";
import { Overlay } from "../overlay/overlay.ts";
import type { Storage } from "../storage/storage.ts";
import type { Checkpoint, CheckpointFormat } from "./checkpoint.ts";

/** Puts checkpoints in place of each other, and finds out what is there where a failure left that open. */
export class CheckpointWriter {
  readonly #entity: EntityClass<EntityRow>;
  readonly #schema: EntitySchema;
  readonly #storage: Storage;
  readonly #format: CheckpointFormat;
  /** Nobody knows which checkpoint there is. */
  #doubt = false;
  #lettingGo: Promise<unknown> = Promise.resolve();

  constructor(entity: EntityClass<EntityRow>, storage: Storage, format: CheckpointFormat) {
    this.#entity = entity;
    this.#schema = schemaOf(entity);
    this.#storage = storage;
    this.#format = format;
  }

  /** Writes a checkpoint and opens it. @throws IoError; where its outcome is unknown, `settled` is to be called next */
  async write(write: () => Promise<void>): Promise<Checkpoint> {
    await this.#lettingGo;
    try {
      await write();
    } catch (error) {
      if (error instanceof IoError && error.outcome === "unknown") this.#doubt = true;
      throw error;
    }
    try {
      return await this.#format.open(this.#storage, this.#schema);
    } catch (cause) {
      this.#doubt = true;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new IoError(`${this.#schema.name}: what was written cannot be opened: ${why}`, { cause, outcome: "unknown" });
    }
  }

  /**
   * The checkpoint that is there after all, in place of the present one; null where the present one is.
   * @throws IoError where that can still not be told, or not be made durable
   */
  async settled(present: Checkpoint): Promise<Checkpoint | null> {
    if (!this.#doubt) return null;
    const found = await this.#format.open(this.#storage, this.#schema);
    if (found.facts.seq > present.facts.seq) {
      // Whether its name outlives a crash is not known: it is written once more.
      try {
        const nothing = new Overlay(this.#entity, this.#schema);
        await this.#format.fold(this.#storage, found, nothing.view(), found.facts);
      } catch (error) {
        await found.release();
        throw error;
      }
      this.#doubt = false;
      return found;
    }
    await found.release();
    this.#doubt = false;
    return null;
  }

  /** Gives back one that was replaced. Forgetting a large file takes a system a while, for which nobody has to wait. */
  letGo(replaced: Checkpoint): void {
    this.#lettingGo = Promise.allSettled([this.#lettingGo, replaced.release()]);
  }

  /** Resolves when all that were let go are given back. */
  async over(): Promise<void> {
    await this.#lettingGo;
  }

  /** What is there will be looked at anew. */
  forget(): void {
    this.#doubt = false;
  }
}
