import { SerializationError } from "../../errors.ts";
import { encodeFrames, endOf, type Frame, FrameKind, FrameReader, LAST_KIND } from "./frame.ts";

/** What the first frame of a segment says. */
export interface SegmentHead {
  readonly format: "faun-log";
  readonly version: 1;
  readonly entity: string;
  /** The sequence number of its first commit. Commits from here on in segments before this one never came about. */
  readonly firstSeq: bigint;
}

/** A segment as it was found. */
export interface Segment {
  /** Null where the head is not whole: the segment was being made. */
  readonly head: SegmentHead | null;
  readonly reader: FrameReader;
  /** Where the sound frames behind the head begin and end. */
  readonly start: number;
  readonly end: number;
  /** How many of them are commits. */
  readonly commits: number;
  /** Where what was written ends; behind it are zeros, room for what was to come. */
  readonly written: number;
  /** The first sound frame behind something that is none. */
  readonly beyond: Frame | null;
  /** What sound frames behind something that is none say was durable; null where there are no such frames. */
  readonly durableBeyond: bigint | null;
}

const SUFFIX = ".log";
const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });

/** Names sort as the segments follow each other. */
export const segmentName = (firstSeq: bigint): string => `${String(firstSeq).padStart(20, "0")}${SUFFIX}`;

/** The first sequence number of a segment by its name; null for another file. */
export function firstSeqOf(name: string): bigint | null {
  return /^\d{20}\.log$/.test(name) ? BigInt(name.slice(0, 20)) : null;
}

export function encodeHead(entity: string, firstSeq: bigint): Uint8Array<ArrayBuffer> {
  const head = { format: "faun-log", version: 1, entity, firstSeq: String(firstSeq) };
  return encodeFrames(firstSeq, 0n, [{ kind: FrameKind.Header, payload: [utf8.encode(JSON.stringify(head))] }]);
}

/**
 * The frames of a segment up to the first that is not whole. O(bytes).
 * @throws SerializationError for a format of another version
 */
export function readSegment(bytes: Uint8Array<ArrayBuffer>): Segment {
  const reader = new FrameReader(bytes);
  const first = reader.endOf(0);
  const head = first >= 0 && reader.kind(0) === FrameKind.Header ? decodeHead(reader, reader.frame(0)) : null;
  const start = head === null ? 0 : first;
  let end = start;
  let commits = 0;
  if (head !== null) {
    for (let next = reader.endOf(end); next >= 0; next = reader.endOf(end)) {
      const kind = reader.kind(end);
      if (kind > LAST_KIND)
        throw new SerializationError(`the log has a record of kind ${kind}: it was written by a later version of Faun`);
      if (kind === FrameKind.Commit) commits++;
      end = next;
    }
  }
  const beyond = reader.first(end);
  const durableBeyond = durableFrom(reader, beyond);
  return { head, reader, start, end, commits, written: reader.lastByte(end), beyond, durableBeyond };
}

function decodeHead(reader: FrameReader, frame: Frame): SegmentHead {
  const head = JSON.parse(text.decode(reader.payload(frame))) as Record<string, unknown>;
  if (head.format !== "faun-log" || head.version !== 1)
    throw new SerializationError(`the log is of version ${String(head.version)}: this version of Faun reads version 1`);
  return { format: "faun-log", version: 1, entity: String(head.entity), firstSeq: BigInt(head.firstSeq as string) };
}

/** The most that this frame and those behind it say was durable. */
function durableFrom(reader: FrameReader, from: Frame | null): bigint | null {
  let durable: bigint | null = null;
  for (let frame = from; frame !== null; frame = reader.first(endOf(frame))) {
    const upTo = reader.durable(frame);
    if (durable === null || upTo > durable) durable = upTo;
  }
  return durable;
}
