/**
 * Snappy and LZ4 blocks, both ways. AssemblyScript; `npm run build:wasm` compiles it into
 * src/persistence/parquet/codecs/wasm-module.ts. Formats: google/snappy format_description.txt, lz4 lz4_Block_format.md.
 *
 * The caller places input, output and hash table in memory, with SLACK readable bytes behind the input and SLACK writable
 * ones behind the room of the output: copies go by eight bytes and may pass their end by less than that.
 */

const HASH_BITS: u32 = 14;
/** Snappy's blocks: every offset fits 16 bits. */
const BLOCK: u32 = 65536;
/** No match is searched for in the last bytes of a block, so that loads stay within it. */
const MARGIN: u32 = 15;
/** LZ4: the last match begins this many bytes before the end, and the last five bytes are literals. */
const LZ4_MARGIN: u32 = 12;
const LZ4_LAST: u32 = 5;

@inline
function hash(x: u32): u32 {
  return (x * 0x9e3779b1) >>> (32 - HASH_BITS);
}

/** How many bytes from `a` on equal those from `b` on, b < end. */
@inline
function matchLength(a: usize, b: usize, end: usize): u32 {
  const from = b;
  while (b + 8 <= end) {
    const x = load<u64>(a) ^ load<u64>(b);
    if (x != 0) return <u32>(b - from) + <u32>(ctz(x) >>> 3);
    a += 8;
    b += 8;
  }
  while (b < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return <u32>(b - from);
}

/** Copies by eight bytes; may write up to 7 bytes more. Source and target do not overlap. */
@inline
function copyLiteral(to: usize, from: usize, n: u32): void {
  if (n > 64) {
    memory.copy(to, from, n);
    return;
  }
  const end = to + n;
  do {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  } while (to < end);
}

/** Copies `n` bytes from `offset` before `to`, repeating them where they overlap; may write up to 15 bytes more. */
@inline
function copyMatch(to: usize, offset: u32, n: u32): void {
  const from = to - offset;
  const end = to + n;
  // What repeats every `offset` bytes repeats every multiple of it too: until they are eight apart.
  while (<u32>(to - from) < 8) {
    store<u64>(to, load<u64>(from));
    to += to - from;
  }
  let source = from;
  while (to < end) {
    store<u64>(to, load<u64>(source));
    to += 8;
    source += 8;
  }
}

@inline
function snappyLiteral(out: usize, from: usize, n: u32): usize {
  const m = n - 1;
  if (m < 60) {
    store<u8>(out, m << 2);
    out += 1;
  } else if (m < 256) {
    store<u8>(out, 60 << 2);
    store<u8>(out + 1, m);
    out += 2;
  } else {
    store<u8>(out, 61 << 2);
    store<u16>(out + 1, m);
    out += 3;
  }
  copyLiteral(out, from, n);
  return out + n;
}

@inline
function snappyCopy(out: usize, offset: u32, n: u32): usize {
  while (n >= 68) {
    store<u8>(out, (63 << 2) | 2);
    store<u16>(out + 1, offset);
    out += 3;
    n -= 64;
  }
  if (n > 64) {
    store<u8>(out, (59 << 2) | 2);
    store<u16>(out + 1, offset);
    out += 3;
    n -= 60;
  }
  if (n < 12 && offset < 2048) {
    store<u8>(out, ((offset >>> 8) << 5) | ((n - 4) << 2) | 1);
    store<u8>(out + 1, offset);
    return out + 2;
  }
  store<u8>(out, ((n - 1) << 2) | 2);
  store<u16>(out + 1, offset);
  return out + 3;
}

function snappyBlock(base: usize, length: u32, out: usize, table: usize): usize {
  const end = base + length;
  let literal = base;
  if (length > MARGIN) {
    memory.fill(table, 0, 2 << HASH_BITS);
    const limit = end - MARGIN;
    let at = base + 1;
    while (at < limit) {
      let skip: u32 = 32;
      let candidate: usize = 0;
      let found = false;
      while (at < limit) {
        const word = load<u32>(at);
        const slot = table + (hash(word) << 1);
        candidate = base + load<u16>(slot);
        store<u16>(slot, <u32>(at - base));
        if (load<u32>(candidate) == word) {
          found = true;
          break;
        }
        at += skip >>> 5;
        skip++;
      }
      if (!found) break;
      out = at > literal ? snappyLiteral(out, literal, <u32>(at - literal)) : out;
      do {
        const n = 4 + matchLength(candidate + 4, at + 4, end);
        out = snappyCopy(out, <u32>(at - candidate), n);
        at += n;
        literal = at;
        if (at >= limit) break;
        store<u16>(table + (hash(load<u32>(at - 1)) << 1), <u32>(at - 1 - base));
        const slot = table + (hash(load<u32>(at)) << 1);
        candidate = base + load<u16>(slot);
        store<u16>(slot, <u32>(at - base));
      } while (load<u32>(candidate) == load<u32>(at));
      at++;
    }
  }
  if (end > literal) out = snappyLiteral(out, literal, <u32>(end - literal));
  return out;
}

/** Bytes written. The output has room for 32 + length + length / 6 bytes, the table for 2 << 14. */
export function snappyCompress(input: usize, length: u32, output: usize, table: usize): u32 {
  let out = output;
  let n = length;
  while (n >= 0x80) {
    store<u8>(out++, n | 0x80);
    n >>>= 7;
  }
  store<u8>(out++, n);
  for (let from: u32 = 0; from < length; from += BLOCK) {
    out = snappyBlock(input + from, min(BLOCK, length - from), out, table);
  }
  return <u32>(out - output);
}

/** Whether the input is a Snappy block of exactly `size` bytes, written to the output if so. */
export function snappyDecompress(input: usize, length: u32, output: usize, size: u32): bool {
  let at = input;
  const end = input + length;
  let declared: u64 = 0;
  let shift: u64 = 0;
  while (true) {
    if (at >= end || shift > 28) return false;
    const byte = load<u8>(at++);
    declared |= (<u64>(byte & 0x7f)) << shift;
    if (byte < 0x80) break;
    shift += 7;
  }
  if (declared != size) return false;
  let to = output;
  const stop = output + size;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    if ((tag & 3) == 0) {
      let n = (tag >>> 2) + 1;
      if (n > 60) {
        const bytes = n - 60;
        if (<u32>(end - at) < bytes) return false;
        // Up to three bytes too many are read and masked off.
        n = load<u32>(at) & (0xffffffff >>> (32 - (bytes << 3)));
        at += bytes;
        if (n == 0xffffffff) return false;
        n++;
      }
      if (n > <u32>(end - at) || n > <u32>(stop - to)) return false;
      copyLiteral(to, at, n);
      at += n;
      to += n;
      continue;
    }
    let n: u32;
    let offset: u32;
    if ((tag & 3) == 1) {
      if (at >= end) return false;
      n = ((tag >>> 2) & 7) + 4;
      offset = ((tag >>> 5) << 8) | <u32>load<u8>(at);
      at += 1;
    } else if ((tag & 3) == 2) {
      if (<u32>(end - at) < 2) return false;
      n = (tag >>> 2) + 1;
      offset = <u32>load<u16>(at);
      at += 2;
    } else {
      if (<u32>(end - at) < 4) return false;
      n = (tag >>> 2) + 1;
      offset = load<u32>(at);
      at += 4;
    }
    if (offset == 0 || offset > <u32>(to - output) || n > <u32>(stop - to)) return false;
    copyMatch(to, offset, n);
    to += n;
  }
  return to == stop;
}

@inline
function lz4Length(out: usize, n: u32): usize {
  while (n >= 255) {
    store<u8>(out++, 255);
    n -= 255;
  }
  store<u8>(out++, n);
  return out;
}

@inline
function lz4Literals(out: usize, from: usize, n: u32, match: u32): usize {
  store<u8>(out++, (min<u32>(n, 15) << 4) | min<u32>(match, 15));
  if (n >= 15) out = lz4Length(out, n - 15);
  if (n > 0) copyLiteral(out, from, n);
  return out + n;
}

/** Bytes written. The output has room for 16 + length + length / 255 bytes, the table for 4 << 14. */
export function lz4Compress(input: usize, length: u32, output: usize, table: usize): u32 {
  let out = output;
  const end = input + length;
  let literal = input;
  if (length > LZ4_MARGIN) {
    memory.fill(table, 0, 4 << HASH_BITS);
    const limit = end - LZ4_MARGIN;
    let at = input + 1;
    while (at < limit) {
      let skip: u32 = 64;
      let candidate: usize = 0;
      let found = false;
      while (at < limit) {
        const word = load<u32>(at);
        const slot = table + (hash(word) << 2);
        candidate = input + load<u32>(slot);
        store<u32>(slot, <u32>(at - input));
        if (<u32>(at - candidate) <= 0xffff && load<u32>(candidate) == word) {
          found = true;
          break;
        }
        at += skip >>> 6;
        skip++;
      }
      if (!found) break;
      const n = matchLength(candidate + 4, at + 4, end - LZ4_LAST);
      out = lz4Literals(out, literal, <u32>(at - literal), n);
      store<u16>(out, <u32>(at - candidate));
      out += 2;
      if (n >= 15) out = lz4Length(out, n - 15);
      at += n + 4;
      literal = at;
      if (at < limit) store<u32>(table + (hash(load<u32>(at - 2)) << 2), <u32>(at - 2 - input));
    }
  }
  out = lz4Literals(out, literal, <u32>(end - literal), 0);
  return <u32>(out - output);
}

/** Whether the input is an LZ4 block of exactly `size` bytes, written to the output if so. */
export function lz4Decompress(input: usize, length: u32, output: usize, size: u32): bool {
  let at = input;
  const end = input + length;
  let to = output;
  const stop = output + size;
  while (at < end) {
    const token = <u32>load<u8>(at++);
    let n = token >>> 4;
    if (n == 15) {
      let byte: u32 = 255;
      while (byte == 255) {
        if (at >= end) return false;
        byte = <u32>load<u8>(at++);
        n += byte;
        if (n > size) return false;
      }
    }
    if (n > <u32>(end - at) || n > <u32>(stop - to)) return false;
    if (n > 0) copyLiteral(to, at, n);
    at += n;
    to += n;
    // The last sequence has no match.
    if (at == end) return to == stop;
    if (<u32>(end - at) < 2) return false;
    const offset = <u32>load<u16>(at);
    at += 2;
    n = token & 15;
    if (n == 15) {
      let byte: u32 = 255;
      while (byte == 255) {
        if (at >= end) return false;
        byte = <u32>load<u8>(at++);
        n += byte;
        if (n > size) return false;
      }
    }
    n += 4;
    if (offset == 0 || offset > <u32>(to - output) || n > <u32>(stop - to)) return false;
    copyMatch(to, offset, n);
    to += n;
  }
  return false;
}
