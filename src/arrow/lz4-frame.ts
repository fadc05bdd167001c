import { ArrowError } from "../errors.ts";
import { xxh32 } from "./xxh32.ts";

const MAGIC = 0x184d_2204;
const STORED_AS_IS = 0x8000_0000;
/** A length in LZ4 grows by at most 255 a byte. */
const EXPANSION = 256;

const damaged = (reason: string) => new ArrowError(`a buffer that is compressed with LZ4 is damaged: ${reason}`);

/**
 * The bytes of one LZ4 frame, of which there must be `size`. Sums that the frame has are verified. O(size); nothing is
 * allocated for more than the frame can hold.
 *
 * Written after doc/lz4_Frame_format.md (1.6) and doc/lz4_Block_format.md of github.com/lz4/lz4.
 * @throws ArrowError
 */
export function decodeLz4Frame(frame: Uint8Array, size: number): Uint8Array {
  if (size > frame.length * EXPANSION) throw damaged(`${frame.length} bytes cannot hold ${size}`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const need = (at: number, bytes: number): void => {
    if (at + bytes > frame.length) throw damaged(`it ends after ${frame.length} bytes`);
  };
  need(0, 7);
  if (view.getUint32(0, true) !== MAGIC) throw damaged("it begins with no frame of LZ4");
  const flags = frame[4];
  if (flags >>> 6 !== 1) throw damaged(`its format has the version ${flags >>> 6}`);
  if ((flags & 1) !== 0) throw damaged("it needs a dictionary");
  const blockSums = (flags & 0x10) !== 0;
  const tellsSize = (flags & 8) !== 0;
  let at = 6 + (tellsSize ? 8 : 0);
  need(at, 1);
  if (tellsSize && view.getBigUint64(6, true) !== BigInt(size))
    throw damaged(`it tells of ${view.getBigUint64(6, true)} bytes where ${size} were announced`);
  if (frame[at] !== ((xxh32(frame.subarray(4, at)) >>> 8) & 0xff))
    throw damaged("its header does not have the sum that it tells");
  at++;
  const out = new Uint8Array(size);
  let to = 0;
  for (;;) {
    need(at, 4);
    const told = view.getUint32(at, true);
    at += 4;
    if (told === 0) break;
    const length = told & ~STORED_AS_IS;
    need(at, length + (blockSums ? 4 : 0));
    const block = frame.subarray(at, at + length);
    at += length;
    if (blockSums) {
      if (view.getUint32(at, true) !== xxh32(block)) throw damaged("a block does not have the sum that it tells");
      at += 4;
    }
    if (told >= STORED_AS_IS) {
      if (length > size - to) throw damaged(`it holds more than ${size} bytes`);
      out.set(block, to);
      to += length;
    } else to = decodeBlock(block, out, to);
  }
  if (to !== size) throw damaged(`it holds ${to} bytes where ${size} were announced`);
  if ((flags & 4) !== 0) {
    need(at, 4);
    if (view.getUint32(at, true) !== xxh32(out)) throw damaged("its content does not have the sum that it tells");
  }
  return out;
}

/** Writes what a block holds to `out` from `to` on; matches may reach into the blocks before it. Gives where it ends. */
function decodeBlock(block: Uint8Array, out: Uint8Array, to: number): number {
  const end = block.length;
  let at = 0;
  const longer = (length: number): number => {
    for (let byte = 255; byte === 255; length += byte) {
      if (at >= end) throw damaged("a block ends in a length");
      byte = block[at++];
    }
    return length;
  };
  while (at < end) {
    const token = block[at++];
    const literals = token >>> 4 === 15 ? longer(15) : token >>> 4;
    if (literals > end - at || literals > out.length - to) throw damaged("literals reach beyond the end");
    // Short runs are many, and quicker byte by byte.
    if (literals > 32) out.set(block.subarray(at, at + literals), to);
    else for (let i = 0; i < literals; i++) out[to + i] = block[at + i];
    at += literals;
    to += literals;
    // The last sequence has no match.
    if (at === end) return to;
    if (end - at < 2) throw damaged("a block ends in a match");
    const distance = block[at] | (block[at + 1] << 8);
    at += 2;
    const match = ((token & 15) === 15 ? longer(15) : token & 15) + 4;
    if (distance === 0 || distance > to || match > out.length - to) throw damaged("a match reaches beyond what there is");
    // A match may overlap itself, and then repeats.
    if (distance >= match && match > 32) out.copyWithin(to, to - distance, to - distance + match);
    else for (let i = 0; i < match; i++) out[to + i] = out[to - distance + i];
    to += match;
  }
  throw damaged("a block ends in a match");
}
