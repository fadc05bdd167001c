import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, tableCrc32 } from "../../src/persistence/crc32.ts";

test("sums are those of zlib, with and without it, in one go and in two", () => {
  expect(tableCrc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 200 }), (bytes, at) => {
      const sum = zlibCrc32(bytes);
      for (const crc of [crc32, tableCrc32]) {
        expect(crc(bytes)).toBe(sum);
        expect(crc(bytes.subarray(at), crc(bytes.subarray(0, at)))).toBe(sum);
      }
    }),
  );
});

test("shared memory is summed as any other", () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(20)).fill(7);
  expect(crc32(bytes)).toBe(zlibCrc32(new Uint8Array(bytes)));
});
