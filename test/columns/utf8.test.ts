import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, copyIfShared, encodeUtf8, equalBytes, maxUtf8Bytes, readUtf8, writeUtf8 } from "../../src/columns/utf8.ts";

// Both sides of every length of encoding, and of the length from which the platform decodes.
const borders = [
  "",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{10ffff}",
  "\ufeffa",
  "\0",
  "a".repeat(24),
  "a".repeat(25),
];
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
  fc.array(fc.constantFrom(...borders), { maxLength: 8 }).map((parts) => parts.join("")),
);

test("writeUtf8 writes what TextEncoder does, at any place, within maxUtf8Bytes", () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 9 }), (value, at) => {
      const target = new Uint8Array(at + maxUtf8Bytes(value) + 1).fill(0xee);
      const end = writeUtf8(value, target, at);
      expect(target.slice(at, end)).toEqual(new TextEncoder().encode(value));
      expect(end).toBeLessThanOrEqual(at + maxUtf8Bytes(value));
      expect(target.slice(0, at).every((byte) => byte === 0xee)).toBe(true);
      expect(target.slice(end).every((byte) => byte === 0xee)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("readUtf8 gives back what was encoded, from memory of its own and from shared memory", () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 9 }), fc.boolean(), (value, at, shared) => {
      const bytes = encodeUtf8(value);
      const buffer = shared ? new SharedArrayBuffer(at + bytes.length + 3) : new ArrayBuffer(at + bytes.length + 3);
      const holder = new Uint8Array(buffer).fill(0x61);
      holder.set(bytes, at);
      expect(readUtf8(holder, at, at + bytes.length)).toBe(value);
    }),
    { numRuns: 500 },
  );
});

test("readUtf8 refuses what is not UTF-8", () => {
  for (const bytes of [[0x80], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]]) {
    expect(() => readUtf8(Uint8Array.from(bytes), 0, bytes.length)).toThrow(TypeError);
  }
});

test("copyIfShared copies shared memory and nothing else", () => {
  const own = Uint8Array.of(1, 2, 3);
  expect(copyIfShared(own)).toBe(own);
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(own);
  const copy = copyIfShared(shared);
  expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
  expect(copy).toEqual(own);
});

test("compareBytes orders UTF-8 as code points, equalBytes agrees", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [left, right] = [encodeUtf8(a), encodeUtf8(b)];
      expect(Math.sign(compareBytes(left, right))).toBe(Math.sign(compareCodePoints(a, b)));
      expect(equalBytes(left, right)).toBe(a === b);
    }),
    { numRuns: 500 },
  );
});

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
