import { CorruptDataError, FaunError } from "../../errors.ts";
import type { Storage } from "../storage/storage.ts";
import { type CommitRecord, decodeCommit } from "./commit-record.ts";
import { FrameKind } from "./frame.ts";
import { firstSeqOf, readSegment, type Segment } from "./segment.ts";

/** A commit of the log. */
export interface LoggedCommit {
  readonly seq: bigint;
  readonly record: CommitRecord;
  /** Schema frames of its segment by their number: Arrow IPC bytes. */
  readonly schemas: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
  /** Bytes of its frame. */
  readonly bytes: number;
}

export interface ReadLogOptions {
  /** The checkpoint has the commits up to here. */
  readonly after: bigint;
  readonly entity: string;
  /** Give what comes before damage instead of refusing: the rest of the log is lost. */
  readonly untilDamage?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Segments of a log folder by their names, oldest first. */
export async function segmentsIn(storage: Storage, folder: string): Promise<{ name: string; firstSeq: bigint; size: number }[]> {
  const segments = [];
  for (const { name, size } of await storage.list(folder)) {
    const firstSeq = firstSeqOf(name);
    if (firstSeq !== null) segments.push({ name: `${folder}/${name}`, firstSeq, size });
  }
  return segments.sort((a, b) => (a.firstSeq < b.firstSeq ? -1 : 1));
}

/**
 * The commits behind a checkpoint, in order. One segment is in memory at a time.
 *
 * A crash may leave the last write of the log torn: it was never reported as made, and is left out. What is missing
 * before a commit that was written when the missing one was durable is damage.
 * @throws CorruptDataError telling up to which commit the log is sound, IoError
 */
export async function* readLog(storage: Storage, folder: string, options: ReadLogOptions): AsyncGenerator<LoggedCommit> {
  const segments = await segmentsIn(storage, folder);
  let last = options.after;
  for (const [i, { name, firstSeq }] of segments.entries()) {
    options.signal?.throwIfAborted();
    const next = segments[i + 1]?.firstSeq ?? null;
    // All of it is in the checkpoint.
    if (next !== null && next <= last + 1n) continue;
    if (firstSeq > last + 1n) {
      const missing = damaged(storage, name, last, `commits ${last + 1n} to ${firstSeq - 1n} are missing before it`);
      // A segment that was being made when it all ended promises nothing.
      if ((await sound(storage, name)).head === null && next === null) return;
      if (options.untilDamage === true) return;
      throw missing;
    }
    const segment = await sound(storage, name);
    if (segment.head !== null && segment.head.entity !== options.entity)
      throw damaged(
        storage,
        name,
        last,
        `it is of ${JSON.stringify(segment.head.entity)}, not of ${JSON.stringify(options.entity)}`,
      );
    for (const commit of commitsOf(storage, name, segment)) {
      // Commits from there on were given up.
      if (next !== null && commit.seq >= next) break;
      if (commit.seq <= last) continue;
      if (commit.seq !== last + 1n) throw damaged(storage, name, last, `commit ${commit.seq} follows commit ${last}`);
      yield commit;
      last = commit.seq;
    }
    const lost =
      next !== null
        ? next > last + 1n
          ? `commits ${last + 1n} to ${next - 1n} are damaged`
          : null
        : // Behind a head that was never whole nothing was written.
          segment.durableBeyond !== null && (segment.head === null || segment.durableBeyond > last)
          ? `commit ${last + 1n} is damaged, and others follow it`
          : null;
    if (lost === null) continue;
    if (options.untilDamage === true) return;
    throw damaged(storage, name, last, lost);
  }
}

async function sound(storage: Storage, name: string): Promise<Segment> {
  const file = await storage.open(name);
  if (file === null) return { head: null, frames: [], end: 0, durableBeyond: null };
  try {
    return readSegment(await file.read(0, file.size));
  } catch (cause) {
    if (cause instanceof FaunError) throw cause;
    throw new CorruptDataError(`${storage.location}/${name}: this segment of the log cannot be read`, { cause });
  } finally {
    await file.close();
  }
}

function* commitsOf(storage: Storage, name: string, { frames }: Segment): Generator<LoggedCommit> {
  const schemas = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const { kind, seq, payload, start, end } of frames) {
    if (kind === FrameKind.Schema) {
      schemas.set(new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true), payload.subarray(8));
      continue;
    }
    let record: CommitRecord;
    try {
      record = decodeCommit(payload);
    } catch (cause) {
      throw new CorruptDataError(`${storage.location}/${name}: commit ${seq} at byte ${start} cannot be read`, { cause });
    }
    yield { seq, record, schemas, bytes: end - start };
  }
}

function damaged(storage: Storage, name: string, last: bigint, what: string): CorruptDataError {
  return new CorruptDataError(
    `${storage.location}/${name}: the log is damaged: ${what}. It is sound up to commit ${last}; ` +
      'open with { onDamage: "keep sound" } to go on from there and lose the rest',
  );
}
