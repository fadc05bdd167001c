import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { CorruptDataError } from "../../errors.ts";
import type { OperationOptions } from "../backend.ts";
import { Overlay } from "../overlay/overlay.ts";
import type { Storage } from "../storage/storage.ts";
import type { Checkpoint, CheckpointFacts, CheckpointFormat } from "./checkpoint.ts";
import { CommitHistory } from "./commit-history.ts";
import { Layers } from "./layers.ts";
import { LOG_FOLDER } from "./names.ts";
import { readLog, segmentsIn } from "./read-log.ts";
import { Replay } from "./replay.ts";

export interface OpenLayersOptions extends OperationOptions {
  readonly log: boolean;
  readonly onDamage: "refuse" | "keep sound";
  /** Whether what is lost by "keep sound" is moved out of the way of what comes next. */
  readonly setAside: boolean;
  /** Of an earlier look: it is read anew only if another one took its place. */
  readonly known?: Checkpoint | undefined;
}

/** How often a reader looks again whose log was folded away while it read. */
const ATTEMPTS = 5;

/**
 * The checkpoint and the commits of the log since. O(log).
 * @throws CorruptDataError, SchemaMismatchError, IoError
 */
export async function openLayers(
  entity: EntityClass<EntityRow>,
  schema: EntitySchema,
  storage: Storage,
  format: CheckpointFormat,
  options: OpenLayersOptions,
): Promise<{ layers: Layers; facts: CheckpointFacts }> {
  for (let attempt = 1; ; attempt++) {
    const known = attempt === 1 ? options.known : undefined;
    // With a log it is held against what is there once the log is read.
    const stays = known !== undefined && (options.log || (await format.isPresent(storage, known)));
    const checkpoint = stays ? known.retain() : await format.open(storage, schema);
    try {
      if (!options.log) return { layers: new Layers(entity, schema, checkpoint), facts: checkpoint.facts };
      const opened = await replayed(entity, schema, storage, checkpoint, options);
      // Without the lock: a writer may have folded the log, all of it, into a later checkpoint meanwhile.
      if (options.setAside || attempt >= ATTEMPTS || (await format.isPresent(storage, checkpoint))) return opened;
    } catch (error) {
      const again =
        error instanceof CorruptDataError &&
        attempt < ATTEMPTS &&
        !(await format.isPresent(storage, checkpoint).catch(() => true));
      if (!again) {
        await checkpoint.release();
        throw error;
      }
    }
    await checkpoint.release();
  }
}

async function replayed(
  entity: EntityClass<EntityRow>,
  schema: EntitySchema,
  storage: Storage,
  checkpoint: Checkpoint,
  { onDamage, setAside, signal, onProgress }: OpenLayersOptions,
): Promise<{ layers: Layers; facts: CheckpointFacts }> {
  const overlay = new Overlay(entity, schema);
  const { seq } = checkpoint.facts;
  const replay = new Replay(entity, schema, overlay);
  const reading = { after: seq, entity: schema.name, untilDamage: onDamage === "keep sound", signal };
  await readLog(storage, LOG_FOLDER, reading, (commit) => {
    replay.take(commit);
    onProgress?.({ rows: replay.rows, bytes: replay.bytes });
  });
  replay.end();
  if (onDamage === "keep sound" && setAside) await setDamagedAside(storage, replay.commits === 0 ? seq : replay.seq);
  const { durability } = storage;
  const writers = new Map(checkpoint.facts.writers);
  for (const [writer, last] of replay.writers(durability)) {
    writers.delete(writer);
    writers.set(writer, last);
  }
  const facts =
    replay.commits === 0
      ? checkpoint.facts
      : { seq: replay.seq, writers, commits: CommitHistory.of([...checkpoint.facts.commits.last(), ...replay.last(durability)]) };
  return { layers: new Layers(entity, schema, checkpoint, overlay, replay.bytes), facts };
}

/** Segments behind the last sound commit are kept under another name: what comes next takes their numbers. */
async function setDamagedAside(storage: Storage, last: bigint): Promise<void> {
  const segments = (await segmentsIn(storage, LOG_FOLDER)).filter(({ firstSeq }) => firstSeq > last);
  for (const { name } of segments.reverse()) await storage.rename(name, `${name}.damaged`);
  if (segments.length > 0) await storage.syncFolder(LOG_FOLDER);
}
