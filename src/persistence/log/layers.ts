import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import type { OperationOptions } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import { type KeyId, keyId } from "../key-id.ts";
import { type HasBelow, Overlay } from "../overlay/overlay.ts";
import type { OverlayView } from "../overlay/overlay-view.ts";
import type { Checkpoint } from "./checkpoint.ts";

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

  constructor(entity: EntityClass<EntityRow>, schema: EntitySchema, checkpoint: Checkpoint, top = new Overlay(entity, schema)) {
    this.#entity = entity;
    this.#schema = schema;
    this.#checkpoint = checkpoint;
    this.#top = top;
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
    this.#frozen ??= this.#top;
    if (this.#frozen === this.#top) this.#top = new Overlay(this.#entity, this.#schema);
    return this.#frozen;
  }

  /** A checkpoint has what was frozen, or all there was. Gives the one it replaces. */
  replaced(checkpoint: Checkpoint, all: boolean): Checkpoint {
    const old = this.#checkpoint;
    this.#checkpoint = checkpoint;
    this.#frozen = null;
    if (all) this.#top = new Overlay(this.#entity, this.#schema);
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
}
