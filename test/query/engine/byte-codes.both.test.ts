import fc from "fast-check";
import { expect, test } from "vitest";
import { byteCodeWords, countByteCode, selectByteCode } from "../../../src/query/engine/kernels/byte-codes.ts";

/** Few codes, so that they repeat, among them those whose bits carry the most; long enough that counts in a byte fill up. */
const codesOf = fc
  .record({
    among: fc.constantFrom([0, 1, 2, 3], [0, 127, 128, 255], [254, 255], [7]),
    length: fc.oneof(fc.nat(40), fc.integer({ min: 1000, max: 5000 })),
    seed: fc.integer(),
  })
  .map(({ among, length, seed }) => {
    let state = seed;
    return Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return among[(state >>> 16) % among.length] as number;
    });
  });

test("codes of one byte are found four at a time as one by one", () => {
  fc.assert(
    fc.property(codesOf, fc.nat(2), fc.constantFrom(0, 1, 3, 7, 127, 128, 254, 255), (codes, skipped, code) => {
      // A column may begin at any word of its buffer, and rows end anywhere within it.
      const inside = new Uint8Array(4 * skipped + codes.length + 5).fill(code);
      inside.set(codes, 4 * skipped);
      const column = inside.subarray(4 * skipped);
      const expected = [...codes.keys()].filter((row) => codes[row] === code);
      const words = byteCodeWords(column, codes.length) as Uint32Array;
      const out = new Uint32Array(codes.length);
      const found = selectByteCode(words, column, codes.length, code, out);
      expect([...out.subarray(0, found)]).toEqual(expected);
      expect(countByteCode(words, column, codes.length, code)).toBe(expected.length);
    }),
    { numRuns: 500 },
  );
});

test("codes that do not begin at a word are not read by words", () => {
  const buffer = new Uint8Array(16);
  expect([0, 1, 2, 3, 4].map((begin) => byteCodeWords(buffer.subarray(begin), 8) !== null)).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
});

test("every one of a chunk of rows is counted", () => {
  const codes = new Uint8Array(65_536).fill(255);
  expect(countByteCode(byteCodeWords(codes, 65_536) as Uint32Array, codes, 65_536, 255)).toBe(65_536);
});
