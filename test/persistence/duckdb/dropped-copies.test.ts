import { expect, test } from "vitest";
import { DroppedCopies } from "../../../src/persistence/duckdb/dropped-copies.ts";

test("buffers that were given up are freed: they have no bytes any more", () => {
  const copies = new DroppedCopies();
  const whole = Array.from({ length: 300 }, () => new Uint8Array(16_384));
  for (const bytes of whole) copies.add(bytes);
  expect(whole.filter(({ length }) => length === 0)).toHaveLength(256);
  copies.free();
  copies.free();
  expect(whole.every(({ length }) => length === 0)).toBe(true);
});

test("what others may read stays: a part of a buffer, and shared memory", () => {
  const copies = new DroppedCopies();
  const buffer = new ArrayBuffer(8192);
  const part = new Uint8Array(buffer, 4096);
  const shared = new Uint8Array(new SharedArrayBuffer(4096));
  copies.add(part);
  copies.free();
  expect(part).toHaveLength(4096);
  copies.add(shared);
  copies.free();
  expect(shared).toHaveLength(4096);
});
