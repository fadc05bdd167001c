import type { StorageLock } from "../storage/storage.ts";
import type { CheckpointFacts } from "./checkpoint.ts";
import type { Layers } from "./layers.ts";
import type { RedoLog } from "./redo-log.ts";

/** What there is of a checkpoint and its log while they are open. */
export interface Opened {
  /** Held from the first change on; until then others may write, and every snapshot looks anew. */
  readonly lock: StorageLock | null;
  readonly log: RedoLog;
  readonly layers: Layers;
  /** Of the last commit. */
  facts: CheckpointFacts;
  /** Those of the frozen overlay: what a checkpoint of it knows. */
  frozenFacts: CheckpointFacts;
}
