import { UnsupportedError } from "../../errors.ts";
import { crc32 } from "../crc32.ts";

/**
 * The frames that a segment of the log is made of; docs/format.md is the specification.
 *
 *     0   u32  CRC-32 of the rest of the frame: header, payload and padding
 *     4   u32  bytes of the payload, without padding; at least 1
 *     8   u16  kind
 *     10  u16  flags, 0
 *     12  u32  reserved, 0
 *     16  u64  sequence number
 *     24  u64  the sequence number up to which everything was durable when this frame was written
 *     32       payload, padded with zeros to a multiple of 8 bytes
 *
 * All numbers are little-endian.
 */
export const FRAME_HEADER_BYTES = 32;

/** Kinds from 0x8000 on are reserved for later: a reader that does not know one refuses the log. */
export const FrameKind = {
  /** First in a segment: JSON. */
  Header: 1,
  /** What columns the rows of later frames have: an Arrow schema, with the dictionaries of its enums. */
  Schema: 2,
  /** A commit: what it changes, and the rows as Arrow record batches. */
  Commit: 3,
  /** How the rows of later frames lie: the metadata of an Arrow record batch. */
  Layout: 4,
  /** The name of a writer that later frames are of. */
  Writer: 5,
} as const;

export const LAST_KIND = 5;

/** Where a frame lies in its segment. */
export interface Frame {
  readonly kind: number;
  readonly seq: bigint;
  /** Where the frame begins. */
  readonly start: number;
  /** Bytes of its payload, without padding. */
  readonly length: number;
}

/** A frame to be written. */
export interface FrameToWrite {
  readonly kind: number;
  readonly payload: readonly Uint8Array[];
}

const payloadOf = (frame: Frame) => frame.start + FRAME_HEADER_BYTES;
export const endOf = ({ start, length }: Frame): number => start + FRAME_HEADER_BYTES + padded(length);

/** The largest payload of one frame. */
const MAX_PAYLOAD = 0x7fff_ffff;

/**
 * The bytes of frames behind each other. O(bytes): copies the payloads.
 * @throws UnsupportedError for a payload that no reader would take
 */
export function encodeFrames(seq: bigint, durable: bigint, frames: readonly FrameToWrite[]): Uint8Array<ArrayBuffer> {
  const lengths = frames.map(({ payload }) => payload.reduce((sum, part) => sum + part.byteLength, 0));
  const largest = Math.max(...lengths);
  if (largest > MAX_PAYLOAD)
    throw new UnsupportedError(
      `a commit of ${largest} bytes is more than the log takes at once, ${MAX_PAYLOAD}: add the rows in smaller batches, or save them as a whole`,
    );
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + FRAME_HEADER_BYTES + padded(length), 0));
  const view = new DataView(bytes.buffer);
  let start = 0;
  frames.forEach(({ kind, payload }, i) => {
    view.setUint32(start + 4, lengths[i], true);
    view.setUint16(start + 8, kind, true);
    view.setBigUint64(start + 16, seq, true);
    view.setBigUint64(start + 24, durable, true);
    let at = start + FRAME_HEADER_BYTES;
    for (const part of payload) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    const end = start + FRAME_HEADER_BYTES + padded(lengths[i]);
    view.setUint32(start, crc32(bytes.subarray(start + 4, end)), true);
    start = end;
  });
  return bytes;
}

/** Finds frames in the bytes of a segment. */
export class FrameReader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the frame at an offset ends; -1 where there is no whole and sound one. O(bytes of the frame). */
  endOf(start: number): number {
    const { view, bytes } = this;
    const room = bytes.length - start - FRAME_HEADER_BYTES;
    if (room <= 0) return -1;
    const length = view.getUint32(start + 4, true);
    if (length === 0 || length > MAX_PAYLOAD || padded(length) > room) return -1;
    const kind = view.getUint16(start + 8, true);
    if (kind === 0 || view.getUint16(start + 10, true) !== 0 || view.getUint32(start + 12, true) !== 0) return -1;
    const end = start + FRAME_HEADER_BYTES + padded(length);
    return crc32(bytes.subarray(start + 4, end)) === view.getUint32(start, true) ? end : -1;
  }

  /** What lies at the offset of a frame. */
  kind(start: number): number {
    return this.view.getUint16(start + 8, true);
  }

  /** The frames from one offset to another, which are known to be sound. */
  *between(from: number, to: number): Generator<Frame> {
    for (let start = from; start < to; ) {
      const frame = this.frame(start);
      yield frame;
      start = endOf(frame);
    }
  }

  /** The frame at an offset, where there is a sound one. */
  frame(start: number): Frame {
    const { view } = this;
    return {
      kind: view.getUint16(start + 8, true),
      seq: view.getBigUint64(start + 16, true),
      start,
      length: view.getUint32(start + 4, true),
    };
  }

  /** Over the bytes of the segment. */
  payload(frame: Frame): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(payloadOf(frame), payloadOf(frame) + frame.length);
  }

  /** Where its payload begins. */
  payloadStart(frame: Frame): number {
    return payloadOf(frame);
  }

  /** Everything up to here was durable when the frame was written. */
  durable({ start }: Frame): bigint {
    return this.view.getBigUint64(start + 24, true);
  }

  /** The first sound frame that begins at `from` or later; null where there is none. O(bytes), of sound frames alone. */
  first(from: number): Frame | null {
    const { view, bytes } = this;
    for (let at = from; at <= bytes.length - FRAME_HEADER_BYTES; at += 8) {
      // Room that was not written to yet is passed over quickly: a frame has a length.
      if (view.getUint32(at + 4, true) === 0) continue;
      if (this.endOf(at) >= 0) return this.frame(at);
    }
    return null;
  }

  /** Where the last byte that is not zero ends, from `from` on. */
  lastByte(from: number): number {
    let end = this.bytes.length;
    while (end > from && this.bytes[end - 1] === 0) end--;
    return end;
  }
}

export const padded = (length: number): number => Math.ceil(length / 8) * 8;
