import { PhysicalType } from "../format/metadata.ts";
import { readByteArrays } from "./byte-arrays.ts";
import type { Conversion, TicksOf96 } from "./column-plan.ts";
import { type Cursor, damaged } from "./cursor.ts";
import { readStored, type Stored } from "./stored.ts";

/** A value that is whole and that the field cannot hold. Who decodes the column makes it a TypeConversionError. */
export class Misfit extends Error {}

/** `count` stored values as elements from element `at` of `out` on. @throws CorruptDataError, Misfit */
type Convert = (stored: Stored, cursor: Cursor, out: Uint8Array, at: number, count: number) => void;

export function converter(convert: Exclude<Conversion, "none">): Convert {
  switch (convert) {
    case "u8":
    case "i8":
    case "u16":
    case "i16":
      return NARROW[convert];
    case "int32To128":
      return int32To128;
    case "int64To128":
      return int64To128;
    case "bytesTo128":
      return bytesTo128;
    default:
      return (stored, cursor, out, at, count) => ticksOf96(convert, stored, cursor, out, at, count);
  }
}

function int32s(stored: Stored, cursor: Cursor, count: number): Int32Array {
  const values = new Int32Array(count);
  readStored(stored, cursor, new Uint8Array(values.buffer), count);
  return values;
}

const outside = (value: number, bits: string) => damaged(`the value ${value} in a column of ${bits} bits`);

const NARROW: Readonly<Record<"u8" | "i8" | "u16" | "i16", Convert>> = {
  u8(stored, cursor, out, at, count) {
    const values = int32s(stored, cursor, count);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value !== (value & 0xff)) throw outside(value, "8 unsigned");
      out[at + i] = value;
    }
  },
  i8(stored, cursor, out, at, count) {
    const values = int32s(stored, cursor, count);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value !== (value << 24) >> 24) throw outside(value, "8 signed");
      out[at + i] = value;
    }
  },
  u16(stored, cursor, out, at, count) {
    const values = int32s(stored, cursor, count);
    const target = new Uint16Array(out.buffer, out.byteOffset, out.length >>> 1);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value !== (value & 0xffff)) throw outside(value, "16 unsigned");
      target[at + i] = value;
    }
  },
  i16(stored, cursor, out, at, count) {
    const values = int32s(stored, cursor, count);
    const target = new Int16Array(out.buffer, out.byteOffset, out.length >>> 1);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value !== (value << 16) >> 16) throw outside(value, "16 signed");
      target[at + i] = value;
    }
  },
};

const wordsOf = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);

const int32To128: Convert = (stored, cursor, out, at, count) => {
  const values = int32s(stored, cursor, count);
  const words = wordsOf(out);
  for (let i = 0, to = at * 4; i < count; i++, to += 4) {
    words[to] = values[i];
    words[to + 1] = words[to + 2] = words[to + 3] = values[i] >> 31;
  }
};

const int64To128: Convert = (stored, cursor, out, at, count) => {
  const values = new Uint32Array(count * 2);
  readStored(stored, cursor, new Uint8Array(values.buffer), count);
  const words = wordsOf(out);
  for (let i = 0, to = at * 4; i < count; i++, to += 4) {
    words[to] = values[2 * i];
    words[to + 1] = values[2 * i + 1];
    words[to + 2] = words[to + 3] = (values[2 * i + 1] | 0) >> 31;
  }
};

/** Big-endian two's complement of any number of bytes. */
const bytesTo128: Convert = (stored, cursor, out, at, count) => {
  if (stored.physical === PhysicalType.BYTE_ARRAY) {
    const { offsets, data } = readByteArrays(stored.encoding, cursor, count);
    for (let i = 0; i < count; i++) reverse(data, offsets[i], offsets[i + 1], out, (at + i) * 16);
    return;
  }
  const { width } = stored;
  const data = new Uint8Array(count * width);
  readStored(stored, cursor, data, count);
  for (let i = 0; i < count; i++) reverse(data, i * width, (i + 1) * width, out, (at + i) * 16);
};

function reverse(bytes: Uint8Array, from: number, end: number, out: Uint8Array, to: number): void {
  const sign = end > from && bytes[from] >= 0x80 ? 0xff : 0;
  // What has more bytes than 128 bits need only repeats the sign.
  for (; end - from > 16; from++) {
    if (bytes[from] !== sign || (end - from === 17 && bytes[from + 1] >>> 7 !== (sign & 1)))
      throw new Misfit("it holds a value of more than 128 bits");
  }
  const length = end - from;
  for (let b = 0; b < length; b++) out[to + b] = bytes[end - 1 - b];
  out.fill(sign, to + length, to + 16);
}

const EPOCH_JULIAN_DAY = 2_440_588;
const SECONDS_A_DAY = 86_400;
const NANOS_A_DAY = 86_400_000_000_000;
const TICKS_A_SECOND = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;

/** INT96: nanoseconds of the day in 8 bytes, then the Julian day in 4. */
function ticksOf96(convert: TicksOf96, stored: Stored, cursor: Cursor, out: Uint8Array, at: number, count: number): void {
  const unit = convert.slice(6) as keyof typeof TICKS_A_SECOND;
  const perSecond = TICKS_A_SECOND[unit];
  const nanosATick = 1e9 / perSecond;
  const bytes = new Uint8Array(count * 12);
  readStored(stored, cursor, bytes, count);
  const words = new Uint32Array(bytes.buffer);
  const ticks = new BigInt64Array(out.buffer, out.byteOffset, out.length >>> 3);
  const target = wordsOf(out);
  for (let i = 0; i < count; i++) {
    const nanos = words[3 * i + 1] * 2 ** 32 + words[3 * i];
    const day = (words[3 * i + 2] | 0) - EPOCH_JULIAN_DAY;
    const part = nanos / nanosATick;
    if (nanos >= NANOS_A_DAY) throw damaged(`an INT96 timestamp of ${nanos} ns within a day`);
    if (!Number.isInteger(part))
      throw new Misfit(`it holds a time with ${nanos} ns of a day, which is no whole number of ${unit}`);
    const value = day * SECONDS_A_DAY * perSecond + part;
    if (Number.isSafeInteger(value) && Number.isSafeInteger(day * SECONDS_A_DAY * perSecond)) {
      const low = value >>> 0;
      target[2 * (at + i)] = low;
      target[2 * (at + i) + 1] = (value - low) / 2 ** 32;
      continue;
    }
    const exact = BigInt(day) * BigInt(SECONDS_A_DAY * perSecond) + BigInt(part);
    if (exact !== BigInt.asIntN(64, exact))
      throw new Misfit(`it holds a time ${day} days from 1970, which in ${unit} is beyond 64 bits`);
    ticks[at + i] = exact;
  }
}
