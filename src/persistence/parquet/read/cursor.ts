import { CorruptDataError } from "../../../errors.ts";

/** Bytes that cannot be what the page's header says. Who decodes the chunk adds where it lies. */
export const damaged = (reason: string): CorruptDataError => new CorruptDataError(reason);

/** A place in the bytes of a page; never passes their end. */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Steps over `length` bytes; gives where they began. @throws CorruptDataError */
  take(length: number): number {
    if (length > this.end - this.at) throw damaged(`${length} bytes are due where the page has ${this.end - this.at} left`);
    const from = this.at;
    this.at += length;
    return from;
  }

  /** An unsigned LEB128 integer of up to 32 bits. @throws CorruptDataError */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.take(1)];
      if (shift === 28 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw damaged("a variable-length integer does not fit 32 bits");
  }

  /** A zigzag LEB128 integer of up to 64 bits. @throws CorruptDataError */
  zigzag(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.take(1)];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw damaged("a variable-length integer does not fit 64 bits");
  }

  /** A little-endian 32-bit length of bytes that follow. @throws CorruptDataError */
  length(): number {
    const at = this.take(4);
    const { bytes } = this;
    const length = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
    if (length > this.left) throw damaged(`${length} bytes are due where the page has ${this.left} left`);
    return length;
  }
}
