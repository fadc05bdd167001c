/**
 * DELTA_BINARY_PACKED: the first value, then blocks of differences, each less the block's smallest, bit-packed in
 * miniblocks of their own widths. Differences wrap as the physical type does.
 * @see https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
 */

import { bitWidth, packBits } from "./bit-packing.ts";
import type { ByteSink } from "./byte-sink.ts";

const BLOCK = 128;
const MINIBLOCKS = 4;
const MINIBLOCK = BLOCK / MINIBLOCKS;
const TWO_32 = 2 ** 32;

const packed = new Uint32Array(BLOCK);
const deltas = new Float64Array(BLOCK);

function header(count: number, first: bigint, sink: ByteSink): void {
  sink.varint(BLOCK);
  sink.varint(MINIBLOCKS);
  sink.varint(count);
  sink.zigzag64(first);
}

/** Widths of the miniblocks, then their bits; unused miniblocks take nothing. `packed` holds `count` numbers, then zeros. */
function appendBlock(count: number, sink: ByteSink): void {
  const widths = sink.length;
  sink.reserve(MINIBLOCKS + BLOCK * 4 + 4);
  sink.length += MINIBLOCKS;
  for (let m = 0; m < MINIBLOCKS; m++) {
    const start = m * MINIBLOCK;
    if (start >= count) {
      sink.bytes[widths + m] = 0;
      continue;
    }
    let all = 0;
    for (let i = start; i < start + MINIBLOCK; i++) all |= packed[i];
    const width = bitWidth(all);
    sink.bytes[widths + m] = width;
    packBits(packed, start, MINIBLOCK, width, sink);
  }
}

/** Appends INT32 values [from, to). O(values). */
export function encodeDelta32(words: Uint32Array, from: number, to: number, sink: ByteSink): void {
  header(to - from, to === from ? 0n : BigInt(words[from] | 0), sink);
  for (let start = from + 1; start < to; start += BLOCK) {
    const count = Math.min(BLOCK, to - start);
    let least = 0x7fff_ffff;
    for (let i = 0; i < count; i++) {
      const delta = (words[start + i] - words[start + i - 1]) | 0;
      packed[i] = delta;
      if (delta < least) least = delta;
    }
    for (let i = 0; i < count; i++) packed[i] -= least;
    packed.fill(0, count);
    sink.zigzag64(BigInt(least));
    appendBlock(count, sink);
  }
}

/**
 * Appends INT64 values [from, to), two words each. O(values); where the differences of a block do not lie within 2^32 of
 * each other, at ten times the cost.
 */
export function encodeDelta64(words: Uint32Array, from: number, to: number, sink: ByteSink): void {
  header(to - from, to === from ? 0n : int64At(words, from), sink);
  for (let start = from + 1; start < to; start += BLOCK) {
    const count = Math.min(BLOCK, to - start);
    let low = words[2 * start - 2];
    let high = words[2 * start - 1] | 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const nextLow = words[2 * (start + i)];
      const nextHigh = words[2 * (start + i) + 1] | 0;
      const delta = (nextHigh - high) * TWO_32 + (nextLow - low);
      deltas[i] = delta;
      if (delta < least) least = delta;
      if (delta > most) most = delta;
      low = nextLow;
      high = nextHigh;
    }
    // Beyond 2^53 a double need not be the difference.
    if (most - least >= TWO_32 || least < Number.MIN_SAFE_INTEGER || most > Number.MAX_SAFE_INTEGER) {
      appendWideBlock(words, start, count, sink);
      continue;
    }
    for (let i = 0; i < count; i++) packed[i] = deltas[i] - least;
    packed.fill(0, count);
    sink.zigzag64(BigInt(least));
    appendBlock(count, sink);
  }
}

const int64At = (words: Uint32Array, i: number): bigint => (BigInt(words[2 * i + 1] | 0) << 32n) | BigInt(words[2 * i]);

function appendWideBlock(words: Uint32Array, start: number, count: number, sink: ByteSink): void {
  const wide: bigint[] = [];
  for (let i = 0; i < count; i++) wide.push(BigInt.asIntN(64, int64At(words, start + i) - int64At(words, start + i - 1)));
  const least = wide.reduce((a, b) => (b < a ? b : a));
  sink.zigzag64(least);
  const widths = sink.length;
  for (let m = 0; m < MINIBLOCKS; m++) sink.byte(0);
  for (let m = 0; m * MINIBLOCK < count; m++) {
    const part = wide.slice(m * MINIBLOCK, (m + 1) * MINIBLOCK).map((delta) => BigInt.asUintN(64, delta - least));
    const all = part.reduce((a, b) => a | b);
    const width = all === 0n ? 0 : all.toString(2).length;
    sink.bytes[widths + m] = width;
    let bits = 0n;
    part.forEach((delta, i) => {
      bits |= delta << BigInt(i * width);
    });
    for (let b = 0; b < (MINIBLOCK / 8) * width; b++) sink.byte(Number(BigInt.asUintN(8, bits >> BigInt(8 * b))));
  }
}

/** What a value would take, in bits, as the blocks at some places of the column tell: an estimate. O(1). */
export function estimateDeltaBits(words: Uint32Array, width: 4 | 8, count: number): number {
  const SAMPLES = 24;
  const step = Math.max(BLOCK, Math.floor(count / SAMPLES));
  let bits = 0;
  let blocks = 0;
  for (let start = 1; start < count; start += step) {
    const end = Math.min(count, start + BLOCK);
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) {
      const delta =
        width === 4
          ? (words[i] - words[i - 1]) | 0
          : ((words[2 * i + 1] | 0) - (words[2 * i - 1] | 0)) * TWO_32 + (words[2 * i] - words[2 * i - 2]);
      if (delta < least) least = delta;
      if (delta > most) most = delta;
    }
    const range = most - least;
    bits += range < TWO_32 ? bitWidth(range) : Math.ceil(Math.log2(range + 1));
    blocks++;
  }
  // Each block says its smallest difference and four widths.
  return blocks === 0 ? 64 : bits / blocks + 64 / BLOCK;
}
