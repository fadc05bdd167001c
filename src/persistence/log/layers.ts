import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import type { OperationOptions } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import { type KeyId, keyId } from "../key-id.ts";
import { type HasBelow, Overlay } from "../overlay/overlay.ts";
import type { OverlayView } from "../overlay/overlay-view.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** How much of the log is in no checkpoint yet. */
export interface LogSize {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * A checkpoint and the changes over it: one overlay that takes new changes and, while that below is being written
 * into a checkpoint, another one beneath that takes none.
 */
export class Layers {
  readonly #entity: EntityClass<EntityRow>;
  readonly #schema: EntitySchema;
  #checkpoint: Checkpoint;
  #frozen: Overlay | null = null;
  #top: Overlay;
  #frozenBytes = 0;
  #topBytes: number;

  /** @param bytes that the changes of `top` take in the log */
  constructor(
    entity: EntityClass<EntityRow>,
    schema: EntitySchema,
    checkpoint: Checkpoint,
    top = new Overlay(entity, schema),
    bytes = 0,
  ) {
    this.#entity = entity;
    this.#schema = schema;
    this.#checkpoint = checkpoint;
    this.#top = top;
    this.#topBytes = bytes;
  }

  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  /** The overlay that takes changes. */
  get top(): Overlay {
    return this.#top;
  }

  /** The overlay that is on its way into a checkpoint. */
  get frozen(): Overlay | null {
    return this.#frozen;
  }

  /** Whether the rows are those of the checkpoint. */
  get areEmpty(): boolean {
    return this.#frozen === null && this.#top.isEmpty;
  }

  /** What the changes over the checkpoint take in the log. */
  get logged(): LogSize {
    const rows = this.#top.rowsTaken + (this.#frozen?.rowsTaken ?? 0);
    return { rows, bytes: this.#topBytes + this.#frozenBytes };
  }

  /** Notes that changes which the top takes take bytes of the log. */
  noteLogged(bytes: number): void {
    this.#topBytes += bytes;
  }

  get size(): number {
    const below = this.#checkpoint.rows;
    return this.#top.countOver(this.#frozen === null ? below : this.#frozen.countOver(below));
  }

  /** Bottom first. */
  views(): OverlayView[] {
    return [...(this.#frozen === null ? [] : [this.#frozen]), this.#top].map((overlay) => overlay.view());
  }

  /** Puts a fresh overlay on top of the one there is. */
  freeze(): Overlay {
    if (this.#frozen === null) {
      this.#frozen = this.#top;
      this.#frozenBytes = this.#topBytes;
      this.#startTop();
    }
    return this.#frozen;
  }

  /** A checkpoint has what was frozen, or all there was. Gives the one it replaces. */
  replaced(checkpoint: Checkpoint, all: boolean): Checkpoint {
    const old = this.#checkpoint;
    this.#checkpoint = checkpoint;
    this.#frozen = null;
    this.#frozenBytes = 0;
    if (all) this.#startTop();
    return old;
  }

  /** Finds out which of the keys that the top does not settle are there below it. */
  async lookUp(steps: readonly Step[], options: OperationOptions): Promise<HasBelow> {
    const open = this.#top.unsettled(steps);
    const there = new Set<KeyId>();
    const deeper: unknown[] = [];
    for (const key of open) {
      const settled = this.#frozen === null ? undefined : this.#frozen.has(key);
      if (settled === undefined) deeper.push(key);
      else if (settled) there.add(keyId(key));
    }
    if (deeper.length > 0) for (const id of await this.#checkpoint.findKeys(deeper, options)) there.add(id);
    return (key) => there.has(keyId(key));
  }

  #startTop(): void {
    this.#top = new Overlay(this.#entity, this.#schema);
    this.#topBytes = 0;
  }
}
