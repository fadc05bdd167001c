/**
 * The loops of Parquet's encodings, both ways. AssemblyScript; `npm run build:wasm` compiles it into
 * src/persistence/parquet/kernels/wasm-module.ts. Formats: apache/parquet-format, Encodings.md.
 *
 * No data of its own, no allocation: every address is the caller's, who gives the outputs the room that each kernel says.
 * Up to eight bytes behind an input may be read, and behind an output be written. What kernels read is checked against
 * its length; at what they do not know they give up, and the caller's own code tells why.
 */

const BLOCK: u32 = 128;
const MINIBLOCKS: u32 = 4;
const MINIBLOCK: u32 = 32;

@inline
function varint(out: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(out++, value | 0x80);
    value >>>= 7;
  }
  store<u8>(out++, value);
  return out;
}

@inline
function zigzag(out: usize, value: i64): usize {
  return varint(out, <u64>((value << 1) ^ (value >> 63)));
}

/** Packs `count` values of `width` bits, 0 to 64, in whole bytes; bits of the last byte that no value has are 0. */
@inline
function pack<T>(from: usize, count: u32, width: u32, out: usize): usize {
  if (width == 0) return out;
  const end = from + count * sizeof<T>();
  let word: u64 = 0;
  let used: u32 = 0;
  while (from < end) {
    const value = <u64>load<T>(from);
    from += sizeof<T>();
    word |= value << used;
    used += width;
    if (used >= 64) {
      store<u64>(out, word);
      out += 8;
      used -= 64;
      // A shift by 64 would be one by 0.
      word = used == 0 ? 0 : value >>> (width - used);
    }
  }
  store<u64>(out, word);
  return out + ((used + 7) >>> 3);
}

@inline
function delta<S, U>(input: usize, count: u32, scratch: usize, out: usize): usize {
  out = varint(out, BLOCK);
  out = varint(out, MINIBLOCKS);
  out = varint(out, count);
  out = zigzag(out, count == 0 ? 0 : <i64>load<S>(input));
  for (let start: u32 = 1; start < count; start += BLOCK) {
    const values = min(BLOCK, count - start);
    const from = input + start * sizeof<S>();
    let least = load<S>(from) - load<S>(from - sizeof<S>());
    for (let i: u32 = 0; i < values; i++) {
      const at = from + i * sizeof<S>();
      const difference = load<S>(at) - load<S>(at - sizeof<S>());
      store<S>(scratch + i * sizeof<S>(), difference);
      if (difference < least) least = difference;
    }
    for (let i = values; i < BLOCK; i++) store<S>(scratch + i * sizeof<S>(), least);
    out = zigzag(out, <i64>least);
    const widths = out;
    store<u32>(widths, 0);
    out += MINIBLOCKS;
    for (let m: u32 = 0; m < MINIBLOCKS && m * MINIBLOCK < values; m++) {
      const part = scratch + m * MINIBLOCK * sizeof<S>();
      let all: U = 0;
      for (let i: u32 = 0; i < MINIBLOCK; i++) {
        const packed = <U>(load<S>(part + i * sizeof<S>()) - least);
        store<U>(part + i * sizeof<S>(), packed);
        all |= packed;
      }
      const width = <u32>(sizeof<U>() * 8) - <u32>clz<U>(all);
      store<u8>(widths + m, width);
      out = pack<U>(part, MINIBLOCK, width, out);
    }
  }
  return out;
}

/**
 * DELTA_BINARY_PACKED 32-bit integers; gives the end of the output. Room: 32 bytes, and 16 + 128 x the bytes of a value for
 * every 128 values begun. The scratch has 128 values.
 */
export function delta32(input: usize, count: u32, scratch: usize, out: usize): usize {
  return delta<i32, u32>(input, count, scratch, out);
}

/** The same of 64 bits. */
export function delta64(input: usize, count: u32, scratch: usize, out: usize): usize {
  return delta<i64, u64>(input, count, scratch, out);
}

/** Least and greatest of 64-bit integers, one at least, to the output. `flip` is the bit that makes their order a signed one. */
export function bounds64(input: usize, count: u32, flip: i64, out: usize): void {
  const end = input + (<usize>count << 3);
  let least = load<i64>(input) ^ flip;
  let most = least;
  for (let at = input; at < end; at += 8) {
    const value = load<i64>(at) ^ flip;
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  store<i64>(out, least ^ flip);
  store<i64>(out, most ^ flip, 8);
}

@inline
function slotOf<T>(value: T, shift: u32): usize {
  // Fibonacci hashing: the product's upper bits depend on all of the value's.
  return <usize>((<u64>value * 0x9e3779b97f4a7c15) >>> shift) << 2;
}

@inline
function distinct<T>(
  input: usize,
  count: u32,
  most: u32,
  limit: f64,
  firstSlots: u32,
  slots: usize,
  values: usize,
  indices: usize,
): i32 {
  let capacity = firstSlots;
  let shift = 32 + <u32>clz<u32>(capacity) + 1;
  memory.fill(slots, 0, <usize>capacity << 2);
  const bounded = limit != Infinity;
  let size: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<T>(input + <usize>i * sizeof<T>());
    const mask = (<usize>capacity << 2) - 1;
    let slot = slotOf<T>(value, shift);
    let entry = load<u32>(slots + slot);
    while (entry != 0 && load<T>(values + <usize>(entry - 1) * sizeof<T>()) != value) {
      slot = (slot + 4) & mask;
      entry = load<u32>(slots + slot);
    }
    if (entry != 0) {
      store<u32>(indices + (<usize>i << 2), entry - 1);
      continue;
    }
    if (size == most || (bounded && i >= FIRST_LOOK && <f64>size > <f64>i * HARDLY)) return -1;
    store<T>(values + <usize>size * sizeof<T>(), value);
    store<u32>(indices + (<usize>i << 2), size);
    size++;
    store<u32>(slots + slot, size);
    if (size * 2 < capacity) continue;
    const width = 32 - <u32>clz<u32>(size);
    if (<f64>size * <f64>sizeof<T>() + (<f64>width * <f64>count) / 8 > limit) return -1;
    // The next power of two that leaves a quarter taken at most.
    capacity = 1 << (32 - <u32>clz<u32>(size * 4 + 1));
    shift = 32 + <u32>clz<u32>(capacity) + 1;
    memory.fill(slots, 0, <usize>capacity << 2);
    const grown = (<usize>capacity << 2) - 1;
    for (let e: u32 = 0; e < size; e++) {
      let free = slotOf<T>(load<T>(values + <usize>e * sizeof<T>()), shift);
      while (load<u32>(slots + free) != 0) free = (free + 4) & grown;
      store<u32>(slots + free, e + 1);
    }
  }
  return <i32>size;
}

/** As in write/dictionary.ts. */
const FIRST_LOOK: u32 = 16384;
const HARDLY: f64 = 0.75;

/**
 * The distinct values in order of appearance, and the index of each value; gives how many there are, or -1 where they are
 * more than `most` or would take more than `limit` bytes. Room: `most` values, `count` indices of 32 bits, and slots of
 * 32 bits: `firstSlots`, a power of two, at first, up to eight a distinct value later.
 */
export function distinct32(
  input: usize,
  count: u32,
  most: u32,
  limit: f64,
  firstSlots: u32,
  slots: usize,
  values: usize,
  indices: usize,
): i32 {
  return distinct<u32>(input, count, most, limit, firstSlots, slots, values, indices);
}

export function distinct64(
  input: usize,
  count: u32,
  most: u32,
  limit: f64,
  firstSlots: u32,
  slots: usize,
  values: usize,
  indices: usize,
): i32 {
  return distinct<u64>(input, count, most, limit, firstSlots, slots, values, indices);
}

@inline
function packedRun(from: usize, to: usize, width: u32, out: usize): usize {
  if (from == to) return out;
  const count = <u32>((to - from) >>> 2);
  const groups = (count + 7) >>> 3;
  out = varint(out, groups * 2 + 1);
  const end = out + groups * width;
  const written = pack<u32>(from, count, width, out);
  if (written < end) memory.fill(written, 0, end - written);
  return end;
}

@inline
function repeatedRun(value: u32, count: u32, width: u32, out: usize): usize {
  out = varint(out, <u64>count * 2);
  store<u32>(out, value);
  return out + ((width + 7) >>> 3);
}

/**
 * 32-bit numbers of `width` bits as the hybrid of runs and packed bits, as write/rle.ts makes it; gives the end of the
 * output. Room: 16 bytes, and 4 bytes a value.
 */
export function hybrid(values: usize, count: u32, width: u32, worthARun: u32, out: usize): usize {
  const end = values + (<usize>count << 2);
  let packedFrom = values;
  let at = values;
  while (at < end) {
    const value = load<u32>(at);
    let next = at + 4;
    while (next < end && load<u32>(next) == value) next += 4;
    const run = <u32>((next - at) >>> 2);
    if (run >= worthARun) {
      // Packed bits come in eights: the run gives up what those before it lack.
      const lacking = <u32>((0 - ((at - packedFrom) >>> 2)) & 7);
      if (run >= lacking + worthARun) {
        out = packedRun(packedFrom, at + (lacking << 2), width, out);
        out = repeatedRun(value, run - lacking, width, out);
        packedFrom = next;
      }
    }
    at = next;
  }
  return packedRun(packedFrom, end, width, out);
}

/** Widens numbers of 8 or 16 bits to 32. */
export function widen(input: usize, count: u32, bytes: u32, out: usize): void {
  if (bytes == 1) for (let i: usize = 0; i < count; i++) store<u32>(out + (i << 2), load<u8>(input + i));
  else for (let i: usize = 0; i < count; i++) store<u32>(out + (i << 2), load<u16>(input + (i << 1)));
}

/** Where reading stands: 0 after it stumbled. */
let at: usize = 0;

/** An LEB128 number at `at`, which moves on, or 0 there. */
@inline
function readVarint(end: usize): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  while (at < end && shift < 70) {
    const byte = <u64>load<u8>(at++);
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
    shift += 7;
  }
  at = 0;
  return 0;
}

/** The same of 32 bits. */
@inline
function readVarint32(end: usize): u32 {
  let value: u32 = 0;
  let shift: u32 = 0;
  while (at < end && shift < 35) {
    const byte = <u32>load<u8>(at++);
    if (shift == 28 && byte > 0x0f) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
    shift += 7;
  }
  at = 0;
  return 0;
}

/** The end of what was read, or 0. Miniblocks of other than 32 values, or multiples of it, are not known here. */
@inline
function undelta<T>(input: usize, length: u32, count: u32, out: usize): usize {
  const end = input + length;
  at = input;
  const block = readVarint32(end);
  if (at == 0) return 0;
  const miniblocks = readVarint32(end);
  if (at == 0) return 0;
  const total = readVarint32(end);
  if (at == 0) return 0;
  const first = readVarint(end);
  if (at == 0 || miniblocks == 0 || miniblocks > 512 || block > 65536 || block % (miniblocks * 32) != 0 || block == 0) return 0;
  if (total != count) return 0;
  if (count == 0) return at;
  const size = block / miniblocks;
  let value = <T>((<i64>(first >>> 1)) ^ -(<i64>(first & 1)));
  store<T>(out, value);
  out += sizeof<T>();
  let left = count - 1;
  while (left > 0) {
    const zigzagged = readVarint(end);
    if (at == 0) return 0;
    const least = <T>((<i64>(zigzagged >>> 1)) ^ -(<i64>(zigzagged & 1)));
    const widths = at;
    at += miniblocks;
    if (at > end) return 0;
    for (let m: u32 = 0; m < miniblocks && left > 0; m++) {
      const width = <u32>load<u8>(widths + m);
      if (width > <u32>(sizeof<T>() * 8)) return 0;
      const values = min(size, left);
      const needed = <usize>(values * width + 7) >>> 3;
      if (needed > end - at) return 0;
      if (width == 0) {
        for (let i: u32 = 0; i < values; i++) {
          value += least;
          store<T>(out, value);
          out += sizeof<T>();
        }
      } else if (width <= 57) {
        const mask = ((<u64>1) << width) - 1;
        let bit: u32 = 0;
        for (let i: u32 = 0; i < values; i++) {
          value += least + <T>((load<u64>(at + (bit >>> 3)) >>> (bit & 7)) & mask);
          store<T>(out, value);
          out += sizeof<T>();
          bit += width;
        }
      } else {
        let bit: u32 = 0;
        const mask = <u64>-1 >>> (64 - width);
        for (let i: u32 = 0; i < values; i++) {
          const from = at + (bit >>> 3);
          const shift = <u64>(bit & 7);
          let packed = load<u64>(from) >>> shift;
          if (shift > 0) packed |= <u64>load<u8>(from, 8) << (64 - shift);
          value += least + <T>(packed & mask);
          store<T>(out, value);
          out += sizeof<T>();
          bit += width;
        }
      }
      left -= values;
      // Some writers leave out what lies behind the last value.
      at += min(<usize>((size >>> 3) * width), end - at);
    }
  }
  return at;
}

/** `count` values of DELTA_BINARY_PACKED: gives the end of what was read, or 0. Room: the values. */
export function undelta32(input: usize, length: u32, count: u32, out: usize): usize {
  return undelta<i32>(input, length, count, out);
}

export function undelta64(input: usize, length: u32, count: u32, out: usize): usize {
  return undelta<i64>(input, length, count, out);
}

/** Numbers of the hybrid, all below `size`, as they are or as the elements of a dictionary. The end of what was read, or 0. */
@inline
function unhybrid<T>(input: usize, length: u32, width: u32, size: u32, dictionary: usize, count: u32, out: usize): usize {
  const end = input + length;
  const mask = (<u64>1 << width) - 1;
  at = input;
  let left = count;
  while (left > 0) {
    const header = readVarint32(end);
    if (at == 0) return 0;
    const told = header >>> 1;
    if (told == 0) return 0;
    if (header & 1) {
      const groups = <u64>told;
      const values = <u32>min<u64>(groups << 3, left);
      const needed = (<u64>values * width + 7) >>> 3;
      if (needed > <u64>(end - at)) return 0;
      let from = at;
      let bit: u32 = 0;
      for (let i: u32 = 0; i < values; i++) {
        const code = <u32>((load<u64>(from) >>> bit) & mask);
        if (code >= size) return 0;
        if (dictionary != 0) store<T>(out, load<T>(dictionary + <usize>code * sizeof<T>()));
        else store<T>(out, <T>code);
        out += sizeof<T>();
        bit += width;
        from += bit >>> 3;
        bit &= 7;
      }
      at += <usize>min<u64>(groups * width, <u64>(end - at));
      left -= values;
    } else {
      const bytes = <usize>((width + 7) >>> 3);
      if (bytes > end - at) return 0;
      const code = <u32>(load<u64>(at) & ((<u64>1 << <u64>(bytes << 3)) - 1));
      at += bytes;
      if (code >= size || (<u64>code) >>> width != 0) return 0;
      const values = min(told, left);
      const element = dictionary != 0 ? load<T>(dictionary + <usize>code * sizeof<T>()) : <T>code;
      for (let i: u32 = 0; i < values; i++) {
        store<T>(out, element);
        out += sizeof<T>();
      }
      left -= values;
    }
  }
  return at;
}

/** `count` codes of up to `width` bits, 0 to 32, all below `size`; gives the end of what was read, or 0. Room: the codes. */
export function codes8(input: usize, length: u32, width: u32, size: u32, count: u32, out: usize): usize {
  return unhybrid<u8>(input, length, width, size, 0, count, out);
}

export function codes16(input: usize, length: u32, width: u32, size: u32, count: u32, out: usize): usize {
  return unhybrid<u16>(input, length, width, size, 0, count, out);
}

export function codes32(input: usize, length: u32, width: u32, size: u32, count: u32, out: usize): usize {
  return unhybrid<u32>(input, length, width, size, 0, count, out);
}

/** The elements of a dictionary of `size` that `count` codes stand for. Room: the elements. */
export function elements32(
  input: usize,
  length: u32,
  width: u32,
  size: u32,
  dictionary: usize,
  count: u32,
  out: usize,
): usize {
  return unhybrid<u32>(input, length, width, size, dictionary, count, out);
}

export function elements64(
  input: usize,
  length: u32,
  width: u32,
  size: u32,
  dictionary: usize,
  count: u32,
  out: usize,
): usize {
  return unhybrid<u64>(input, length, width, size, dictionary, count, out);
}
