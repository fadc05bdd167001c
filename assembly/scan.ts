/**
 * Scans over the columns of a chunk where they lie: the memory is the arena's. AssemblyScript; `npm run build:wasm`
 * compiles it into src/query/wasm/module.ts. No data of its own, no allocation: every address is the caller's.
 *
 * A mask has one bit a row, the lowest first, in 64-bit words. All kernels work on blocks of 64 rows: columns must be
 * readable to the end of the last block; bits behind the last row are the caller's to clear.
 */

/** How a test is put into its mask. */
const SET: i32 = 0;

@inline
function put(out: usize, bits: u64, invert: u64, mode: i32): void {
  const word = bits ^ invert;
  store<u64>(out, mode == SET ? word : load<u64>(out) | word);
}

@inline
function put16(out: usize, bits: u64, invert: u64, mode: i32): void {
  const word = <u16>(bits ^ invert);
  store<u16>(out, mode == SET ? word : load<u16>(out) | word);
}

/** Lanes of 64 bits, all ones or all zeros, to those of 32. */
@inline
function halves(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

@inline
function atLeast<T>(x: v128, c: v128): v128 {
  if (isInteger<T>() && sizeof<T>() == 8) return v128.ge<i64>(x, c);
  return v128.ge<T>(x, c);
}

@inline
function atMost<T>(x: v128, c: v128): v128 {
  if (isInteger<T>() && sizeof<T>() == 8) return v128.le<i64>(x, c);
  return v128.le<T>(x, c);
}

/** Unsigned 64-bit values in the order of signed ones. */
@inline
function read<T>(p: usize): v128 {
  if (isInteger<T>() && sizeof<T>() == 8 && !isSigned<T>()) return v128.xor(v128.load(p), i64x2.splat(i64.MIN_VALUE));
  return v128.load(p);
}

@inline
function splat<T>(c: T): v128 {
  if (isInteger<T>() && sizeof<T>() == 8 && !isSigned<T>()) return i64x2.splat(<i64>c ^ i64.MIN_VALUE);
  return v128.splat<T>(c);
}

// What a range comes to where one of its bounds says nothing, or both are one value. They are types, which a loop is
// compiled for: of loops that differ in a constant Binaryen makes one, which asks at every value.
type Between = f64;
type Equal = bool;
type AtLeast = u32;
type AtMost = i32;

@inline
function test<T, Kind>(p: usize, low: v128, high: v128): v128 {
  const x = read<T>(p);
  if (isBoolean<Kind>()) return v128.eq<T>(x, low);
  if (isFloat<Kind>()) return v128.and(atLeast<T>(x, low), atMost<T>(x, high));
  return isSigned<Kind>() ? atMost<T>(x, high) : atLeast<T>(x, low);
}

/** Tests of 16 rows, as 16 bits. */
@inline
function sixteen<T, Kind>(p: usize, low: v128, high: v128): u64 {
  let all: v128;
  if (sizeof<T>() == 1) {
    all = test<T, Kind>(p, low, high);
  } else if (sizeof<T>() == 2) {
    all = v128.narrow<i16>(test<T, Kind>(p, low, high), test<T, Kind>(p + 16, low, high));
  } else if (sizeof<T>() == 4) {
    all = v128.narrow<i16>(
      v128.narrow<i32>(test<T, Kind>(p, low, high), test<T, Kind>(p + 16, low, high)),
      v128.narrow<i32>(test<T, Kind>(p + 32, low, high), test<T, Kind>(p + 48, low, high)),
    );
  } else {
    all = v128.narrow<i16>(
      v128.narrow<i32>(
        halves(test<T, Kind>(p, low, high), test<T, Kind>(p + 16, low, high)),
        halves(test<T, Kind>(p + 32, low, high), test<T, Kind>(p + 48, low, high)),
      ),
      v128.narrow<i32>(
        halves(test<T, Kind>(p + 64, low, high), test<T, Kind>(p + 80, low, high)),
        halves(test<T, Kind>(p + 96, low, high), test<T, Kind>(p + 112, low, high)),
      ),
    );
  }
  return <u64>(<u32>i8x16.bitmask(all) & 0xffff);
}

@inline
function scan<T, Kind>(p: usize, blocks: i32, low: T, high: T, invert: u64, mode: i32, out: usize): void {
  const lows = splat<T>(low);
  const highs = splat<T>(high);
  const step = <usize>16 * sizeof<T>();
  const end = out + (<usize>blocks << 3);
  if (sizeof<T>() >= 4) {
    // Tests of 64 wide values at once would not fit the registers.
    for (; out < end; out += 2, p += step) put16(out, sixteen<T, Kind>(p, lows, highs), invert, mode);
    return;
  }
  for (; out < end; out += 8, p += 4 * step) {
    const bits =
      sixteen<T, Kind>(p, lows, highs) |
      (sixteen<T, Kind>(p + step, lows, highs) << 16) |
      (sixteen<T, Kind>(p + 2 * step, lows, highs) << 32) |
      (sixteen<T, Kind>(p + 3 * step, lows, highs) << 48);
    put(out, bits, invert, mode);
  }
}

/** low <= x <= high; `invert` -1 for its opposite. */
@inline
function range<T>(p: usize, blocks: i32, low: T, high: T, invert: i64, mode: i32, out: usize): void {
  if (low == high) scan<T, Equal>(p, blocks, low, high, <u64>invert, mode, out);
  else if (high == greatest<T>()) scan<T, AtLeast>(p, blocks, low, high, <u64>invert, mode, out);
  else if (low == least<T>()) scan<T, AtMost>(p, blocks, low, high, <u64>invert, mode, out);
  else scan<T, Between>(p, blocks, low, high, <u64>invert, mode, out);
}

@inline
function greatest<T>(): T {
  if (isFloat<T>()) return <T>Infinity;
  return <T>(isSigned<T>() ? u64.MAX_VALUE >> (65 - 8 * sizeof<T>()) : u64.MAX_VALUE);
}

@inline
function least<T>(): T {
  if (isFloat<T>()) return <T>-Infinity;
  return <T>(isSigned<T>() ? <u64>1 << (8 * sizeof<T>() - 1) : 0);
}

export function rangeU8(p: usize, blocks: i32, low: i32, high: i32, invert: i64, mode: i32, out: usize): void {
  range<u8>(p, blocks, <u8>low, <u8>high, invert, mode, out);
}
export function rangeI8(p: usize, blocks: i32, low: i32, high: i32, invert: i64, mode: i32, out: usize): void {
  range<i8>(p, blocks, <i8>low, <i8>high, invert, mode, out);
}
export function rangeU16(p: usize, blocks: i32, low: i32, high: i32, invert: i64, mode: i32, out: usize): void {
  range<u16>(p, blocks, <u16>low, <u16>high, invert, mode, out);
}
export function rangeI16(p: usize, blocks: i32, low: i32, high: i32, invert: i64, mode: i32, out: usize): void {
  range<i16>(p, blocks, <i16>low, <i16>high, invert, mode, out);
}
export function rangeU32(p: usize, blocks: i32, low: i32, high: i32, invert: i64, mode: i32, out: usize): void {
  range<u32>(p, blocks, <u32>low, <u32>high, invert, mode, out);
}
export function rangeI32(p: usize, blocks: i32, low: i32, high: i32, invert: i64, mode: i32, out: usize): void {
  range<i32>(p, blocks, low, high, invert, mode, out);
}
export function rangeU64(p: usize, blocks: i32, low: u64, high: u64, invert: i64, mode: i32, out: usize): void {
  range<u64>(p, blocks, low, high, invert, mode, out);
}
export function rangeI64(p: usize, blocks: i32, low: i64, high: i64, invert: i64, mode: i32, out: usize): void {
  range<i64>(p, blocks, low, high, invert, mode, out);
}
/** NaN is in no range. */
export function rangeF32(p: usize, blocks: i32, low: f32, high: f32, invert: i64, mode: i32, out: usize): void {
  range<f32>(p, blocks, low, high, invert, mode, out);
}
export function rangeF64(p: usize, blocks: i32, low: f64, high: f64, invert: i64, mode: i32, out: usize): void {
  range<f64>(p, blocks, low, high, invert, mode, out);
}
/** mask = mask & other. */
export function maskAnd(mask: usize, other: usize, blocks: i32): void {
  for (let i = 0; i < blocks; i++, mask += 8, other += 8) store<u64>(mask, load<u64>(mask) & load<u64>(other));
}

/** mask = mask | other. */
export function maskOr(mask: usize, other: usize, blocks: i32): void {
  for (let i = 0; i < blocks; i++, mask += 8, other += 8) store<u64>(mask, load<u64>(mask) | load<u64>(other));
}

/** mask = mask & ~other. */
export function maskAndNot(mask: usize, other: usize, blocks: i32): void {
  for (let i = 0; i < blocks; i++, mask += 8, other += 8) store<u64>(mask, load<u64>(mask) & ~load<u64>(other));
}

/** Ones for the first `rows` bits, zeros to the end of their block. */
export function maskRows(mask: usize, rows: i32): void {
  const whole = rows >> 6;
  for (let i = 0; i < whole; i++, mask += 8) store<u64>(mask, u64.MAX_VALUE);
  if (rows & 63) store<u64>(mask, (<u64>1 << (rows & 63)) - 1);
}

/** Number of ones. */
export function count(mask: usize, blocks: i32): i32 {
  let total: i64 = 0;
  for (let i = 0; i < blocks; i++, mask += 8) total += popcnt<i64>(load<i64>(mask));
  return <i32>total;
}

/** `first` plus the positions of the ones, ascending, as u32. @returns how many */
export function rows(mask: usize, blocks: i32, out: usize, first: i32): i32 {
  const start = out;
  for (let i = 0; i < blocks; i++, mask += 8) {
    let word = load<u64>(mask);
    const base = first + (i << 6);
    while (word != 0) {
      store<i32>(out, base + <i32>ctz<u64>(word));
      out += 4;
      word &= word - 1;
    }
  }
  return <i32>((out - start) >> 2);
}

/** Two lanes of 64 bits, where the bits of `bits` are set in `words`. */
@inline
function lanes(words: v128, bits: v128): v128 {
  return i64x2.eq(v128.and(words, bits), bits);
}

/**
 * Blocks of each of two stretches that are summed side by side: two streams of memory are read faster than one, as the
 * processor finds the next page of both at once. What is left behind them is one block or two, the last of which may be partial.
 */
@inline
function stretch(blocks: i32): i32 {
  return blocks > 2 ? (blocks - 1) >> 1 : 0;
}

/** The sum of eight parts, each of the rows of one remainder modulo 8. */
@inline
function joined(a: v128, b: v128, c: v128, d: v128): f64 {
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Two values: those whose bits, a different one in each lane of `bits`, are set in `words`, and zero for others. */
@inline
function chosen(p: usize, words: v128, bits: v128): v128 {
  return v128.and(v128.load(p), lanes(words, bits));
}

/**
 * Sum of the chosen rows: in eight interleaved parts (row modulo 8) of either stretch and of what is behind them, which are
 * added up in the end. The order is the same whatever is chosen, and that of `sumAllF64`. A block of one stretch after the
 * other: in step with each other they would need more registers than there are.
 */
export function sumF64(p: usize, mask: usize, blocks: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  let e = f64x2.splat(0);
  let f = f64x2.splat(0);
  let g = f64x2.splat(0);
  let h = f64x2.splat(0);
  const half = <usize>stretch(blocks);
  const far = half << 9;
  const other = half << 3;
  for (const end = mask + other; mask < end; mask += 8, p += 512) {
    const near = load<u64>(mask);
    const beyond = load<u64>(mask + other);
    if ((near | beyond) == 0) continue;
    let words = i64x2.splat(near);
    for (let at = p, stop = p + 512; at < stop; at += 64) {
      a = f64x2.add(a, chosen(at, words, i64x2(1, 2)));
      b = f64x2.add(b, chosen(at + 16, words, i64x2(4, 8)));
      c = f64x2.add(c, chosen(at + 32, words, i64x2(16, 32)));
      d = f64x2.add(d, chosen(at + 48, words, i64x2(64, 128)));
      words = i64x2.shr_u(words, 8);
    }
    words = i64x2.splat(beyond);
    for (let at = p + far, stop = p + far + 512; at < stop; at += 64) {
      e = f64x2.add(e, chosen(at, words, i64x2(1, 2)));
      f = f64x2.add(f, chosen(at + 16, words, i64x2(4, 8)));
      g = f64x2.add(g, chosen(at + 32, words, i64x2(16, 32)));
      h = f64x2.add(h, chosen(at + 48, words, i64x2(64, 128)));
      words = i64x2.shr_u(words, 8);
    }
  }
  const both = joined(f64x2.add(a, e), f64x2.add(b, f), f64x2.add(c, g), f64x2.add(d, h));
  return both + sumBlocks(p + far, mask + other, blocks - 2 * <i32>half);
}

/** Sum of the chosen rows of a few blocks. */
function sumBlocks(p: usize, mask: usize, blocks: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  for (let i = 0; i < blocks; i++, mask += 8, p += 512) {
    let words = i64x2.splat(load<u64>(mask));
    for (let at = p, stop = p + 512; at < stop; at += 64) {
      a = f64x2.add(a, chosen(at, words, i64x2(1, 2)));
      b = f64x2.add(b, chosen(at + 16, words, i64x2(4, 8)));
      c = f64x2.add(c, chosen(at + 32, words, i64x2(16, 32)));
      d = f64x2.add(d, chosen(at + 48, words, i64x2(64, 128)));
      words = i64x2.shr_u(words, 8);
    }
  }
  return joined(a, b, c, d);
}

/** As `sumF64` of every one of `rows` rows; the mask, of which the end is written, has room for two blocks. */
export function sumAllF64(p: usize, mask: usize, rows: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  let e = f64x2.splat(0);
  let f = f64x2.splat(0);
  let g = f64x2.splat(0);
  let h = f64x2.splat(0);
  const half = stretch((rows + 63) >> 6);
  const far = <usize>half << 9;
  for (const end = p + far; p < end; p += 64) {
    a = f64x2.add(a, v128.load(p));
    b = f64x2.add(b, v128.load(p, 16));
    c = f64x2.add(c, v128.load(p, 32));
    d = f64x2.add(d, v128.load(p, 48));
    e = f64x2.add(e, v128.load(p + far));
    f = f64x2.add(f, v128.load(p + far, 16));
    g = f64x2.add(g, v128.load(p + far, 32));
    h = f64x2.add(h, v128.load(p + far, 48));
  }
  const both = joined(f64x2.add(a, e), f64x2.add(b, f), f64x2.add(c, g), f64x2.add(d, h));
  const left = rows - (half << 7);
  maskRows(mask, left);
  return both + sumBlocks(p + far, mask, (left + 63) >> 6);
}

/** Exact: sums of low and of high 32 bits at `out` and `out + 8`. */
@inline
function sum64(p: usize, mask: usize, blocks: i32, out: usize, signed: bool): void {
  let low = i64x2.splat(0);
  let high = i64x2.splat(0);
  const half = i64x2.splat(0xffff_ffff);
  for (let i = 0; i < blocks; i++, mask += 8, p += 512) {
    const word = load<u64>(mask);
    if (word == 0) continue;
    let words = i64x2.splat(word);
    for (let at = p, end = p + 512; at < end; at += 16) {
      const x = v128.and(v128.load(at), lanes(words, i64x2(1, 2)));
      low = i64x2.add(low, v128.and(x, half));
      high = i64x2.add(high, signed ? i64x2.shr_s(x, 32) : i64x2.shr_u(x, 32));
      words = i64x2.shr_u(words, 2);
    }
  }
  store<i64>(out, i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1));
  store<i64>(out + 8, i64x2.extract_lane(high, 0) + i64x2.extract_lane(high, 1));
}

export function sumU64(p: usize, mask: usize, blocks: i32, out: usize): void {
  sum64(p, mask, blocks, out, false);
}
export function sumI64(p: usize, mask: usize, blocks: i32, out: usize): void {
  sum64(p, mask, blocks, out, true);
}

/** Exact: 65,536 values of 32 bits stay within 49. */
@inline
function sumNarrow<T>(p: usize, mask: usize, blocks: i32): f64 {
  let total: i64 = 0;
  for (let i = 0; i < blocks; i++, mask += 8, p += 64 * sizeof<T>()) {
    let word = load<u64>(mask);
    if (word == u64.MAX_VALUE) {
      for (let at = p, end = p + 64 * sizeof<T>(); at < end; at += sizeof<T>()) total += <i64>load<T>(at);
      continue;
    }
    while (word != 0) {
      total += <i64>load<T>(p + (<usize>ctz<u64>(word)) * sizeof<T>());
      word &= word - 1;
    }
  }
  return <f64>total;
}

export function sumU8(p: usize, mask: usize, blocks: i32): f64 {
  return sumNarrow<u8>(p, mask, blocks);
}
export function sumI8(p: usize, mask: usize, blocks: i32): f64 {
  return sumNarrow<i8>(p, mask, blocks);
}
export function sumU16(p: usize, mask: usize, blocks: i32): f64 {
  return sumNarrow<u16>(p, mask, blocks);
}
export function sumI16(p: usize, mask: usize, blocks: i32): f64 {
  return sumNarrow<i16>(p, mask, blocks);
}
export function sumU32(p: usize, mask: usize, blocks: i32): f64 {
  return sumNarrow<u32>(p, mask, blocks);
}
export function sumI32(p: usize, mask: usize, blocks: i32): f64 {
  return sumNarrow<i32>(p, mask, blocks);
}

/** Number of NaN among the chosen; with it min and max of the others at `out` and `out + 8`: +Infinity and -Infinity of none. */
export function extremesF64(p: usize, mask: usize, blocks: i32, out: usize): i32 {
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let nan: i64 = 0;
  for (let i = 0; i < blocks; i++, mask += 8, p += 512) {
    const word = load<u64>(mask);
    if (word == 0) continue;
    let words = i64x2.splat(word);
    for (let at = p, end = p + 512; at < end; at += 16) {
      const chosen = lanes(words, i64x2(1, 2));
      const x = v128.load(at);
      const number = v128.and(chosen, f64x2.eq(x, x));
      nan += popcnt<i64>(<i64>(i64x2.bitmask(chosen) ^ i64x2.bitmask(number)));
      // pmin(a, b) is b < a ? b : a.
      least = f64x2.pmin(least, v128.bitselect(x, f64x2.splat(Infinity), number));
      most = f64x2.pmax(most, v128.bitselect(x, f64x2.splat(-Infinity), number));
      words = i64x2.shr_u(words, 2);
    }
  }
  const a = f64x2.extract_lane(least, 0);
  const b = f64x2.extract_lane(least, 1);
  const c = f64x2.extract_lane(most, 0);
  const d = f64x2.extract_lane(most, 1);
  store<f64>(out, a < b ? a : b);
  store<f64>(out + 8, c > d ? c : d);
  return <i32>nan;
}

// Grouping by the codes of an enum or category. Four accumulators a group, taken in turn: a group that comes twice running
// does not wait for itself. `sums` and `counts` hold 4 * groups values (group-major within each of the four).

@inline
function groupSum<C>(codes: usize, p: usize, mask: usize, blocks: i32, sums: usize, groups: i32): void {
  const next = <usize>groups << 3;
  for (let i = 0; i < blocks; i++, mask += 8, codes += 64 * sizeof<C>(), p += 512) {
    let word = load<u64>(mask);
    if (word == u64.MAX_VALUE) {
      for (let k: usize = 0; k < 64; k += 4) {
        const a = sums + (<usize>load<C>(codes + k * sizeof<C>()) << 3);
        const b = sums + next + (<usize>load<C>(codes + (k + 1) * sizeof<C>()) << 3);
        const c = sums + 2 * next + (<usize>load<C>(codes + (k + 2) * sizeof<C>()) << 3);
        const d = sums + 3 * next + (<usize>load<C>(codes + (k + 3) * sizeof<C>()) << 3);
        store<f64>(a, load<f64>(a) + load<f64>(p + (k << 3)));
        store<f64>(b, load<f64>(b) + load<f64>(p + (k << 3), 8));
        store<f64>(c, load<f64>(c) + load<f64>(p + (k << 3), 16));
        store<f64>(d, load<f64>(d) + load<f64>(p + (k << 3), 24));
      }
      continue;
    }
    while (word != 0) {
      const k = <usize>ctz<u64>(word);
      const a = sums + (k & 3) * next + (<usize>load<C>(codes + k * sizeof<C>()) << 3);
      store<f64>(a, load<f64>(a) + load<f64>(p + (k << 3)));
      word &= word - 1;
    }
  }
}

export function groupSumU8(codes: usize, p: usize, mask: usize, blocks: i32, sums: usize, groups: i32): void {
  groupSum<u8>(codes, p, mask, blocks, sums, groups);
}
export function groupSumU16(codes: usize, p: usize, mask: usize, blocks: i32, sums: usize, groups: i32): void {
  groupSum<u16>(codes, p, mask, blocks, sums, groups);
}
export function groupSumU32(codes: usize, p: usize, mask: usize, blocks: i32, sums: usize, groups: i32): void {
  groupSum<u32>(codes, p, mask, blocks, sums, groups);
}

@inline
function groupCount<C>(codes: usize, mask: usize, blocks: i32, counts: usize, groups: i32): void {
  const next = <usize>groups << 2;
  for (let i = 0; i < blocks; i++, mask += 8, codes += 64 * sizeof<C>()) {
    let word = load<u64>(mask);
    if (word == u64.MAX_VALUE) {
      for (let k: usize = 0; k < 64; k += 4) {
        const a = counts + (<usize>load<C>(codes + k * sizeof<C>()) << 2);
        const b = counts + next + (<usize>load<C>(codes + (k + 1) * sizeof<C>()) << 2);
        const c = counts + 2 * next + (<usize>load<C>(codes + (k + 2) * sizeof<C>()) << 2);
        const d = counts + 3 * next + (<usize>load<C>(codes + (k + 3) * sizeof<C>()) << 2);
        store<i32>(a, load<i32>(a) + 1);
        store<i32>(b, load<i32>(b) + 1);
        store<i32>(c, load<i32>(c) + 1);
        store<i32>(d, load<i32>(d) + 1);
      }
      continue;
    }
    while (word != 0) {
      const k = <usize>ctz<u64>(word);
      const a = counts + (k & 3) * next + (<usize>load<C>(codes + k * sizeof<C>()) << 2);
      store<i32>(a, load<i32>(a) + 1);
      word &= word - 1;
    }
  }
}

export function groupCountU8(codes: usize, mask: usize, blocks: i32, counts: usize, groups: i32): void {
  groupCount<u8>(codes, mask, blocks, counts, groups);
}
export function groupCountU16(codes: usize, mask: usize, blocks: i32, counts: usize, groups: i32): void {
  groupCount<u16>(codes, mask, blocks, counts, groups);
}
export function groupCountU32(codes: usize, mask: usize, blocks: i32, counts: usize, groups: i32): void {
  groupCount<u32>(codes, mask, blocks, counts, groups);
}
