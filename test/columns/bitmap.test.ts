import fc from "fast-check";
import { expect, test } from "vitest";
import { bitmapBytes, clearBit, copyBits, countBits, fillBits, getBit, setBit } from "../../src/columns/bitmap.ts";

const MAX = 200;
const bools = fc.array(fc.boolean(), { minLength: MAX, maxLength: MAX });
const offset = fc.nat({ max: MAX / 2 });
const length = fc.nat({ max: MAX / 2 });

function pack(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(bitmapBytes(bits.length));
  bits.forEach((bit, i) => {
    if (bit) bytes[Math.floor(i / 8)]! += 2 ** (i % 8);
  });
  return bytes;
}

const unpack = (bytes: Uint8Array, bits = MAX) => Array.from({ length: bits }, (_, i) => getBit(bytes, i));

test("getBit reads what was packed; setBit and clearBit touch one bit", () => {
  fc.assert(
    fc.property(bools, fc.nat({ max: MAX - 1 }), fc.boolean(), (bits, at, value) => {
      const bytes = pack(bits);
      expect(unpack(bytes)).toEqual(bits);
      value ? setBit(bytes, at) : clearBit(bytes, at);
      expect(unpack(bytes)).toEqual(bits.map((bit, i) => (i === at ? value : bit)));
    }),
  );
});

test("fillBits sets a range and nothing else", () => {
  fc.assert(
    fc.property(bools, offset, length, fc.boolean(), (bits, from, count, value) => {
      const bytes = pack(bits);
      fillBits(bytes, from, from + count, value);
      expect(unpack(bytes)).toEqual(bits.map((bit, i) => (i >= from && i < from + count ? value : bit)));
    }),
  );
});

test("copyBits copies from any bit to any bit and touches nothing else", () => {
  fc.assert(
    fc.property(bools, bools, offset, offset, length, (source, target, from, to, count) => {
      const bytes = pack(target);
      copyBits(pack(source), from, bytes, to, count);
      expect(unpack(bytes)).toEqual(target.map((bit, i) => (i >= to && i < to + count ? source[from + i - to] : bit)));
    }),
    { numRuns: 500 },
  );
});

test("copyBits up to the last bit of both bitmaps reads and writes no byte behind them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), bools, (from, to, bits) => {
      const count = 64;
      const source = bits.slice(0, from + count);
      const target = new Uint8Array(bitmapBytes(to + count));
      copyBits(pack(source), from, target, to, count);
      expect(unpack(target, to + count).slice(to)).toEqual(source.slice(from));
      expect(unpack(target, to).some(Boolean)).toBe(false);
    }),
  );
});

test("countBits counts a range", () => {
  fc.assert(
    fc.property(bools, offset, length, (bits, from, count) => {
      expect(countBits(pack(bits), from, from + count)).toBe(bits.slice(from, from + count).filter(Boolean).length);
    }),
  );
});
