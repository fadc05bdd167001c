import { SerializationError } from "../../errors.ts";
import { encodeFrame, FRAME_HEADER_BYTES, type Frame, FrameKind, readFrame } from "./frame.ts";

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
  /** Schemas and commits, in order. */
  readonly frames: readonly Frame[];
  /** Where the sound frames end. */
  readonly end: number;
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
  return encodeFrame(FrameKind.Header, firstSeq, 0n, [utf8.encode(JSON.stringify(head))]);
}

/**
 * The frames of a segment up to the first that is not whole. O(bytes).
 * @throws SerializationError for a format of another version
 */
export function readSegment(bytes: Uint8Array<ArrayBuffer>): Segment {
  const first = readFrame(bytes, 0);
  const head = first?.kind === FrameKind.Header ? decodeHead(first) : null;
  const frames: Frame[] = [];
  let end = head === null ? 0 : (first as Frame).end;
  if (head !== null) {
    for (let frame = readFrame(bytes, end); frame !== null; frame = readFrame(bytes, end)) {
      if (frame.kind !== FrameKind.Schema && frame.kind !== FrameKind.Commit)
        throw new SerializationError(`the log has a record of kind ${frame.kind}: it was written by a later version of Faun`);
      frames.push(frame);
      end = frame.end;
    }
  }
  return { head, frames, end, durableBeyond: durableBeyond(bytes, end) };
}

function decodeHead(frame: Frame): SegmentHead {
  const head = JSON.parse(text.decode(frame.payload)) as Record<string, unknown>;
  if (head.format !== "faun-log" || head.version !== 1)
    throw new SerializationError(`the log is of version ${String(head.version)}: this version of Faun reads version 1`);
  return { format: "faun-log", version: 1, entity: String(head.entity), firstSeq: BigInt(head.firstSeq as string) };
}

/** Frames begin at multiples of 8 bytes. */
function durableBeyond(bytes: Uint8Array<ArrayBuffer>, from: number): bigint | null {
  let durable: bigint | null = null;
  for (let at = from; at <= bytes.length - FRAME_HEADER_BYTES; ) {
    const frame = readFrame(bytes, at);
    if (frame !== null && (durable === null || frame.durable > durable)) durable = frame.durable;
    at = frame === null ? at + 8 : frame.end;
  }
  return durable;
}
