import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../../entity/schema.ts";
import type { BoundExpression } from "../../query/bound.ts";
import type { MemoryStats } from "../../store/memory-stats.ts";
import type { Commit, OperationOptions, ScanOptions } from "../backend.ts";
import type { KeyId } from "../key-id.ts";
import type { OverlayView } from "../overlay/overlay-view.ts";
import type { Storage } from "../storage/storage.ts";
import type { CommitHistory } from "./commit-history.ts";

/** What a checkpoint knows besides its rows. */
export interface CheckpointFacts {
  /** The last commit that it has; 0 where it has none. */
  readonly seq: bigint;
  /** The last transaction of each writer, that of the latest last. */
  readonly writers: ReadonlyMap<string, { readonly seq: bigint; readonly commit: Commit }>;
  readonly commits: CommitHistory;
}

/** The rows of an entity as they were after some commit. It stays readable for as long as somebody holds it. */
export interface Checkpoint {
  readonly facts: CheckpointFacts;
  /** Number of rows. */
  readonly rows: number;
  /** Bytes it takes in the storage. */
  readonly bytes: number;
  /** One more holder, who has to call `release` as well. */
  retain(): this;
  release(): Promise<void>;
  scan(options: ScanOptions): AsyncIterable<RecordBatch>;
  /** Which of these keys there are. */
  findKeys(keys: readonly unknown[], options?: OperationOptions): Promise<ReadonlySet<KeyId>>;
  stats(): MemoryStats;
  /** What a scan of these fields, by their names, would read, in words. */
  explain(columns: readonly string[], where: BoundExpression | null): string;
}

/** How checkpoints are kept in a storage. */
export interface CheckpointFormat {
  /** The present one; an empty one where there is none yet. @throws SchemaMismatchError, CorruptDataError, IoError */
  open(storage: Storage, schema: EntitySchema): Promise<Checkpoint>;
  /** Whether a checkpoint is still the one that `open` would give; much cheaper than that. @throws IoError */
  isPresent(storage: Storage, checkpoint: Checkpoint): Promise<boolean>;
  /**
   * Replaces the present checkpoint by what an overlay makes of it, at once and durably.
   * @param facts those of the new one
   * @throws IoError with outcome "failed" where the present one stays, "unknown" where the new one may be there
   */
  fold(
    storage: Storage,
    present: Checkpoint,
    view: OverlayView,
    facts: CheckpointFacts,
    options?: OperationOptions,
  ): Promise<void>;
  /**
   * Replaces the present checkpoint by these rows, at once and durably; holds a part of them at a time.
   * @param facts gives those of the new one, once it is known how many rows there are
   * @throws IoError as for `fold`, and what the batches throw, after which the present one stays
   */
  replace(
    storage: Storage,
    schema: EntitySchema,
    batches: AsyncIterable<RecordBatch>,
    facts: (rows: number) => CheckpointFacts,
    options?: OperationOptions,
  ): Promise<void>;
}
