import { CorruptDataError, FaunError } from "../../errors.ts";
import type { Storage, StoredFile } from "../storage/storage.ts";
import { type CommitRecord, decodeCommit, type Numbered } from "./commit-record.ts";
import { endOf, type Frame, FrameKind, type FrameReader } from "./frame.ts";
import { encodeHead, firstSeqOf, readSegment, type Segment } from "./segment.ts";

/** A commit of the log. */
export interface LoggedCommit {
  readonly seq: bigint;
  readonly record: CommitRecord;
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
 * @param visit is given each commit; what it throws ends the reading
 * @throws CorruptDataError telling up to which commit the log is sound, IoError
 */
export async function readLog(
  storage: Storage,
  folder: string,
  options: ReadLogOptions,
  visit: (commit: LoggedCommit) => void,
): Promise<void> {
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
      if (next === null && isBegun(await sound(storage, name), options.entity, firstSeq)) return;
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
    visitCommits(storage, name, segment, (commit) => {
      // Commits from there on were given up.
      if (next !== null && commit.seq >= next) return false;
      if (commit.seq <= last) return true;
      if (commit.seq !== last + 1n) throw damaged(storage, name, last, `commit ${commit.seq} follows commit ${last}`);
      visit(commit);
      last = commit.seq;
      return true;
    });
    const lost = next === null ? lostAtEnd(segment, options.entity, firstSeq, last) : lostBefore(next, last);
    if (lost === null) continue;
    if (options.untilDamage === true) return;
    throw damaged(storage, name, last, lost);
  }
}

/** What is missing before a segment that begins with commit `next`; null for nothing. */
function lostBefore(next: bigint, last: bigint): string | null {
  return next > last + 1n ? `commits ${last + 1n} to ${next - 1n} are damaged` : null;
}

/** What is missing of the last segment; null for nothing but what may have been on its way. */
function lostAtEnd(segment: Segment, entity: string, firstSeq: bigint, last: bigint): string | null {
  if (segment.head === null) return isBegun(segment, entity, firstSeq) ? null : "its head is damaged, and commits follow it";
  const { durableBeyond } = segment;
  return durableBeyond !== null && durableBeyond > last ? `commit ${last + 1n} is damaged, and others follow it` : null;
}

/** Whether a segment was being made: its head is not whole, and nothing is behind it, for it is synced before that. */
function isBegun({ head, written }: Segment, entity: string, firstSeq: bigint): boolean {
  return head === null && written <= encodeHead(entity, firstSeq).length;
}

/** A segment as it is now. @throws CorruptDataError, IoError */
async function sound(storage: Storage, name: string): Promise<Segment> {
  const file = await storage.open(name);
  if (file === null) return readSegment(new Uint8Array(0));
  try {
    return await segmentOf(file);
  } catch (cause) {
    if (cause instanceof FaunError) throw cause;
    throw new CorruptDataError(`${storage.location}/${name}: this segment of the log cannot be read`, { cause });
  } finally {
    await file.close();
  }
}

/**
 * Reads a segment that somebody may be writing to. Reading is not done at one moment: a frame may be there that was
 * written after the place of the one before it was read. So what seems to be missing is read once more.
 */
export async function segmentOf(file: StoredFile): Promise<Segment> {
  const bytes = await file.read(0, file.size);
  for (let segment = readSegment(bytes); ; ) {
    const { end, beyond } = segment;
    if (beyond === null) return segment;
    bytes.set(await file.read(end, beyond.start - end), end);
    segment = readSegment(bytes);
    // It is not on its way, for what came later is there.
    if (segment.end === end) return segment;
  }
}

/** @param visit gives false to have no more */
function visitCommits(
  storage: Storage,
  name: string,
  { reader, start: from, end }: Segment,
  visit: (commit: LoggedCommit) => boolean,
): void {
  const numbered: Numbered = { schemas: new Map(), layouts: new Map(), writers: new Map() };
  for (const frame of reader.between(from, end)) {
    const { seq, start, length } = frame;
    let record: CommitRecord;
    try {
      if (note(frame, reader, numbered)) continue;
      record = decodeCommit(reader, reader.payloadStart(frame), length, numbered);
    } catch (cause) {
      throw new CorruptDataError(`${storage.location}/${name}: commit ${seq} at byte ${start} cannot be read`, { cause });
    }
    if (!visit({ seq, record, bytes: endOf(frame) - start })) return;
  }
}

/** Keeps what later frames name by a number; false for a commit. */
function note(frame: Frame, reader: FrameReader, { schemas, layouts, writers }: Numbered): boolean {
  if (frame.kind === FrameKind.Commit) return false;
  const number = reader.view.getUint32(reader.payloadStart(frame), true);
  const content = reader.payload(frame).subarray(8);
  if (frame.kind === FrameKind.Schema) schemas.set(number, content);
  if (frame.kind === FrameKind.Layout) layouts.set(number, content);
  if (frame.kind === FrameKind.Writer) writers.set(number, text.decode(content));
  return true;
}

const text = new TextDecoder("utf-8", { fatal: true });

function damaged(storage: Storage, name: string, last: bigint, what: string): CorruptDataError {
  return new CorruptDataError(
    `${storage.location}/${name}: the log is damaged: ${what}. It is sound up to commit ${last}; ` +
      'open with { onDamage: "keep sound" } to go on from there and lose the rest',
  );
}
