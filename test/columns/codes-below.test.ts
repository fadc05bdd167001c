import fc from "fast-check";
import { expect, test } from "vitest";
import { allBelow } from "../../src/columns/codes-below.ts";

test("tells whether all codes are below a number, wherever they lie", () => {
  const one = (most: number, size: number) => fc.oneof({ weight: 9, arbitrary: fc.nat(Math.max(0, size - 1)) }, fc.nat(most));
  const cases = fc.constantFrom(Uint8Array, Uint16Array, Uint32Array).chain((array) => {
    const most = 2 ** (8 * array.BYTES_PER_ELEMENT) - 1;
    return fc.oneof(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: most })).chain((size) =>
      fc.record({
        array: fc.constant(array),
        size: fc.constant(size),
        values: fc.oneof(
          fc.array(fc.nat(Math.min(size - 1, most)), { maxLength: 40 }),
          fc.array(one(most, size), { maxLength: 40 }),
        ),
        offset: fc.nat(5),
        from: fc.nat(10),
      }),
    );
  });
  fc.assert(
    fc.property(cases, ({ array, size, values, offset, from }) => {
      const whole = new array(values.length + offset);
      whole.set(values, offset);
      const codes = whole.subarray(offset);
      const begin = Math.min(from, values.length);
      expect(allBelow(codes, begin, values.length, size)).toBe(values.slice(begin).every((value) => value < size));
    }),
    { numRuns: 2000 },
  );
});
