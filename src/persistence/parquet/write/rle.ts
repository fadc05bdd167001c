import { bitmapBytes, copyBits, countBits } from "../../../columns/bitmap.ts";
import { packBits } from "./bit-packing.ts";
import type { ByteSink } from "./byte-sink.ts";

/** Equal numbers from which on a run pays: it costs its header, its value and the header of the packed bits after it. */
export const worthARun = (width: number): number => Math.max(8, Math.ceil(64 / Math.max(1, width)));

/**
 * Appends numbers of `width` bits as Parquet's RLE/bit-packing hybrid, without a length before it: runs of one value
 * where that is shorter, packed bits between them. O(count).
 * @see https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 */
export function encodeHybrid(values: Uint32Array, from: number, to: number, width: number, sink: ByteSink): void {
  const worth = worthARun(width);
  let packedFrom = from;
  let at = from;
  while (at < to) {
    const value = values[at];
    let end = at + 1;
    while (end < to && values[end] === value) end++;
    // Packed bits come in eights: the run gives up what those before it lack.
    const lacking = -(at - packedFrom) & 7;
    if (end - at - lacking >= worth) {
      appendPacked(values, packedFrom, at + lacking, width, sink);
      appendRun(value, end - at - lacking, width, sink);
      packedFrom = end;
    }
    at = end;
  }
  appendPacked(values, packedFrom, to, width, sink);
}

function appendRun(value: number, count: number, width: number, sink: ByteSink): void {
  sink.varint(count * 2);
  for (let bits = 0; bits < width; bits += 8) sink.byte(value >>> bits);
}

/** The last eight may be filled up with zeros. */
function appendPacked(values: Uint32Array, from: number, to: number, width: number, sink: ByteSink): void {
  if (from === to) return;
  const groups = Math.ceil((to - from) / 8);
  sink.varint(groups * 2 + 1);
  const end = sink.length + groups * width;
  sink.reserve(groups * width);
  packBits(values, from, to - from, width, sink);
  sink.bytes.fill(0, sink.length, end);
  sink.length = end;
}

/** Appends rows [from, to) of a validity bitmap as definition levels of one bit, after their length in four bytes. O(rows / 8). */
export function encodeValidity(validity: Uint8Array | null, from: number, to: number, sink: ByteSink): void {
  const start = sink.length;
  const rows = to - from;
  sink.uint32(0);
  const valid = validity === null ? rows : countBits(validity, from, to);
  if (valid === rows || valid === 0) {
    appendRun(valid === 0 ? 0 : 1, rows, 1, sink);
  } else {
    const bits = new Uint8Array(bitmapBytes(rows));
    copyBits(validity as Uint8Array, from, bits, 0, rows);
    sink.varint(bits.length * 2 + 1);
    sink.append(bits);
  }
  sink.setUint32(start, sink.length - start - 4);
}
