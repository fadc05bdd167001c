import { crc32 } from "../crc32.ts";

/**
 * The frames that a segment of the log is made of; docs/format.md is the specification.
 *
 *     0   u32  bytes of the payload, without padding
 *     4   u32  CRC-32 of the frame with zeros in these four bytes: header, payload and padding
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
  /** A commit: JSON and Arrow record batches. */
  Commit: 3,
} as const;

export interface Frame {
  readonly kind: number;
  readonly seq: bigint;
  /** Everything up to here was durable when the frame was written. */
  readonly durable: bigint;
  /** Over the bytes it was read from. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Where the frame begins, and where the next one does. */
  readonly start: number;
  readonly end: number;
}

/** The bytes of a frame. O(bytes): copies the payload. */
export function encodeFrame(kind: number, seq: bigint, durable: bigint, payload: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = payload.reduce((sum, part) => sum + part.byteLength, 0);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + padded(length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(8, kind, true);
  view.setBigUint64(16, seq, true);
  view.setBigUint64(24, durable, true);
  let at = FRAME_HEADER_BYTES;
  for (const part of payload) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  view.setUint32(4, crc32(bytes), true);
  return bytes;
}

/** The largest payload of one frame. */
export const MAX_PAYLOAD = 0x7fff_ffff;

/** The frame at an offset; null where there is no whole and sound one. O(bytes of the frame). */
export function readFrame(bytes: Uint8Array<ArrayBuffer>, start: number): Frame | null {
  if (bytes.length - start < FRAME_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, FRAME_HEADER_BYTES);
  const length = view.getUint32(0, true);
  if (length > MAX_PAYLOAD || padded(length) > bytes.length - start - FRAME_HEADER_BYTES) return null;
  const kind = view.getUint16(8, true);
  // No frame is all zeros, as a hole in a file is: its sum would be right by chance of no other kind.
  if (kind === 0 || view.getUint16(10, true) !== 0 || view.getUint32(12, true) !== 0) return null;
  const end = start + FRAME_HEADER_BYTES + padded(length);
  if (sumOf(bytes, start, end) !== view.getUint32(4, true)) return null;
  const from = start + FRAME_HEADER_BYTES;
  return {
    kind,
    seq: view.getBigUint64(16, true),
    durable: view.getBigUint64(24, true),
    payload: bytes.subarray(from, from + length),
    start,
    end,
  };
}

const ZEROS = new Uint8Array(4);

function sumOf(bytes: Uint8Array, start: number, end: number): number {
  let sum = crc32(bytes.subarray(start, start + 4));
  sum = crc32(ZEROS, sum);
  return crc32(bytes.subarray(start + 8, end), sum);
}

export const padded = (length: number): number => Math.ceil(length / 8) * 8;
