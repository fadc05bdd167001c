import { pageKernels } from "../kernels/page-kernels.ts";
import { type Cursor, damaged } from "./cursor.ts";
import { unpack } from "./unpack.ts";

const TWO_32 = 4_294_967_296;
/** Sums of doubles stay exact below this. */
const SAFE = 2 ** 53;

/** How the values of a page are cut: blocks of miniblocks, each miniblock of one width. */
interface DeltaHeader {
  readonly miniblocks: number;
  /** Values of a miniblock. */
  readonly size: number;
  readonly count: number;
  readonly first: bigint;
}

/** @throws CorruptDataError unless there are `count` values */
function deltaHeader(cursor: Cursor, count: number): DeltaHeader {
  const block = cursor.varint();
  const miniblocks = cursor.varint();
  const total = cursor.varint();
  const first = cursor.zigzag();
  const size = block / miniblocks;
  // The format asks for miniblocks of a multiple of 32 values; what is packed in whole bytes can be read.
  if (miniblocks === 0 || size === 0 || size % 8 !== 0) throw damaged(`a block of ${block} values in ${miniblocks} parts`);
  if (total !== count) throw damaged(`${total} delta-encoded values, the page has ${count}`);
  return { miniblocks, size, count, first };
}

/** Calls `take` with each miniblock: its width, its values, where its bytes begin, and the smallest delta of its block. */
function eachMiniblock(
  cursor: Cursor,
  { miniblocks, size, count }: DeltaHeader,
  take: (width: number, values: number, from: number, minDelta: bigint) => void,
): void {
  for (let done = 1; done < count; ) {
    const minDelta = cursor.zigzag();
    const widths = cursor.take(miniblocks);
    for (let m = 0; m < miniblocks && done < count; m++) {
      const width = cursor.bytes[widths + m];
      if (width > 64) throw damaged(`deltas of ${width} bits`);
      const values = Math.min(size, count - done);
      const needed = Math.ceil((values * width) / 8);
      if (needed > cursor.left) throw damaged(`${needed} bytes are due where the page has ${cursor.left} left`);
      // Some writers leave out what lies behind the last value.
      const from = cursor.take(Math.min((size / 8) * width, cursor.left));
      take(width, values, from, minDelta);
      done += values;
    }
  }
}

const SCRATCH = 1024;

/** DELTA_BINARY_PACKED 32-bit integers; sums wrap. O(count). @throws CorruptDataError */
export function readDelta32(cursor: Cursor, out: Int32Array, at: number, count: number): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  if (!readByKernel(cursor, words, 4, at, count)) decodeDelta32(cursor, out, at, count);
}

/** What a kernel gives up at, the loops here tell the fault of. */
function readByKernel(cursor: Cursor, out: Uint32Array, width: 4 | 8, at: number, count: number): boolean {
  const { bytes, at: from, end } = cursor;
  const read = pageKernels(count, end - from)?.undelta(bytes, from, end, out, width, at, count) ?? 0;
  cursor.at += read;
  return read > 0;
}

/** {@link readDelta32} without WebAssembly. Deltas of more than 32 bits, as DuckDB writes them, count by their lower 32. */
export function decodeDelta32(cursor: Cursor, out: Int32Array, at: number, count: number): void {
  const header = deltaHeader(cursor, count);
  if (count === 0) return;
  let value = Number(BigInt.asIntN(32, header.first));
  let to = at;
  out[to++] = value;
  const deltas = new Uint32Array(Math.min(SCRATCH, header.size));
  eachMiniblock(cursor, header, (width, values, from, minDelta) => {
    const min = Number(BigInt.asIntN(32, minDelta));
    if (width > 32) {
      for (let i = 0; i < values; i++) {
        value = (value + min + Number(BigInt.asUintN(32, unpackBig(cursor.bytes, from, width, i)))) | 0;
        out[to++] = value;
      }
      return;
    }
    for (let done = 0; done < values; done += SCRATCH) {
      const n = Math.min(values - done, SCRATCH);
      if (width > 0) unpack(cursor.bytes, from + (done / 8) * width, width, deltas, 0, n);
      else deltas.fill(0, 0, n);
      for (let i = 0; i < n; i++) {
        value = (value + min + deltas[i]) | 0;
        out[to++] = value;
      }
    }
  });
}

/**
 * DELTA_BINARY_PACKED 64-bit integers as words, low word first; sums wrap. `at` counts integers. O(count).
 * @throws CorruptDataError
 */
export function readDelta64(cursor: Cursor, out: Uint32Array, at: number, count: number): void {
  if (!readByKernel(cursor, out, 8, at, count)) decodeDelta64(cursor, out, at, count);
}

/** {@link readDelta64} without WebAssembly. O(count): without bigints where deltas have up to 32 bits and values stay within 2^53. */
export function decodeDelta64(cursor: Cursor, out: Uint32Array, at: number, count: number): void {
  const header = deltaHeader(cursor, count);
  if (count === 0) return;
  const wide = new BigInt64Array(out.buffer, out.byteOffset, out.length >>> 1);
  wide[at] = header.first;
  let to = at + 1;
  const deltas = new Uint32Array(Math.min(SCRATCH, header.size));
  eachMiniblock(cursor, header, (width, values, from, minDelta) => {
    const min = Number(minDelta);
    const last = Number(wide[to - 1]);
    if (width <= 32 && Math.abs(last) + values * (Math.abs(min) + TWO_32) < SAFE) {
      let value = last;
      for (let done = 0; done < values; done += SCRATCH) {
        const n = Math.min(values - done, SCRATCH);
        unpack(cursor.bytes, from + (done / 8) * width, width, deltas, 0, n);
        for (let i = 0; i < n; i++, to++) {
          value += min + deltas[i];
          const low = value >>> 0;
          out[2 * to] = low;
          out[2 * to + 1] = (value - low) / TWO_32;
        }
      }
      return;
    }
    for (let i = 0; i < values; i++, to++) wide[to] = wide[to - 1] + minDelta + unpackBig(cursor.bytes, from, width, i);
  });
}

/** The `i`th of integers of up to 64 bits. */
function unpackBig(bytes: Uint8Array, from: number, width: number, i: number): bigint {
  let value = 0n;
  let shift = 0;
  let bit = i * width;
  for (let left = width; left > 0; ) {
    const offset = bit & 7;
    const bits = Math.min(8 - offset, left);
    value |= BigInt((bytes[from + Math.floor(bit / 8)] >>> offset) & ((1 << bits) - 1)) << BigInt(shift);
    shift += bits;
    bit += bits;
    left -= bits;
  }
  return value;
}
