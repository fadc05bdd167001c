import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALIGNMENT, type Allocator, align, type Slab } from "../../src/columns/allocator.ts";
import { HeapAllocator } from "../../src/columns/heap-allocator.ts";
import { SharedAllocator } from "../../src/columns/shared-allocator.ts";

const makers: [string, () => Allocator][] = [
  ["heap", () => new HeapAllocator()],
  ["shared", () => new SharedAllocator()],
];

const bytesOf = (slab: Slab) => new Uint8Array(slab.buffer, slab.byteOffset, slab.byteLength);
const sizes = fc.constantFrom(0, 1, 63, 64, 65, 1000, 16_384, 16_385, 70_000, 200_000);

test("align rounds up to 64, also beyond 2^31", () => {
  expect([0, 1, 63, 64, 65].map(align)).toEqual([0, 64, 64, 64, 128]);
  for (const bytes of [2 ** 31 - 65, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 + 1, 2 ** 40 + 65]) {
    expect(align(bytes)).toBeGreaterThanOrEqual(bytes);
    expect(align(bytes) - bytes).toBeLessThan(ALIGNMENT);
    expect(align(bytes) % ALIGNMENT).toBe(0);
  }
});

describe.each(makers)("%s", (_, make) => {
  test("slabs are aligned, zeroed, large enough and apart from each other; counts of bytes add up", () => {
    const operation = fc.record({
      size: sizes,
      drop: fc.option(fc.nat(), { nil: undefined }),
      reusable: fc.boolean(),
      handedOut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const allocator = make();
        const live: { slab: Slab; mark: number }[] = [];
        const lost: { slab: Slab; mark: number }[] = [];
        let mark = 0;
        for (const { size, drop, reusable, handedOut } of operations) {
          const slab = allocator.allocate(size);
          expect(slab.byteOffset % ALIGNMENT).toBe(0);
          expect(slab.byteLength).toBeGreaterThanOrEqual(size);
          expect(bytesOf(slab).every((byte) => byte === 0)).toBe(true);
          mark = (mark % 250) + 1;
          bytesOf(slab).fill(mark);
          live.push({ slab, mark });
          if (drop === undefined) continue;
          const [dropped] = live.splice(drop % live.length, 1);
          dropped!.slab.handedOut = handedOut;
          allocator.release(dropped!.slab, reusable);
          // What a snapshot or somebody outside may read must stay as it is for good.
          if (handedOut || !reusable) lost.push(dropped!);
        }
        for (const { slab, mark: written } of [...live, ...lost])
          expect(bytesOf(slab).every((byte) => byte === written)).toBe(true);
        expect(allocator.stats().liveBytes).toBe(live.reduce((bytes, { slab }) => bytes + slab.byteLength, 0));
        if (allocator.kind === "shared")
          expect(allocator.stats().pinnedBytes).toBe(lost.reduce((bytes, { slab }) => bytes + slab.byteLength, 0));
      }),
    );
  });
});

describe("shared", () => {
  test("a released slab is reused by the next of its size, one handed out or seen by a snapshot never", () => {
    for (const size of [64, 16_384, 16_448, 524_288]) {
      const allocator = new SharedAllocator();
      const first = allocator.allocate(size);
      allocator.release(first, true);
      expect(allocator.stats()).toEqual({ liveBytes: 0, deadBytes: size, pinnedBytes: 0 });
      const second = allocator.allocate(size);
      expect(second).toBe(first);
      second.handedOut = true;
      allocator.release(second, true);
      const third = allocator.allocate(size);
      expect(third).not.toBe(second);
      allocator.release(third, false);
      expect(allocator.allocate(size)).not.toBe(third);
      expect(allocator.stats()).toEqual({ liveBytes: size, deadBytes: 0, pinnedBytes: 2 * size });
    }
  });

  test("bytes stay readable and writable through slabs made before their arena grew", () => {
    const allocator = new SharedAllocator();
    const slabs = Array.from({ length: 200 }, () => allocator.allocate(100_000));
    slabs.forEach((slab, i) => {
      bytesOf(slab).fill(i + 1);
    });
    slabs.forEach((slab, i) => {
      expect(slab.buffer).toBeInstanceOf(SharedArrayBuffer);
      const bytes = bytesOf(slab);
      expect([bytes[0], bytes.at(-1)]).toEqual([i + 1, i + 1]);
    });
  });

  test("a slab larger than an arena gets one of its own, and a full arena is followed by another", () => {
    const allocator = new SharedAllocator();
    const large = allocator.allocate((256 << 20) + 1);
    expect(large.byteLength).toBeGreaterThan(256 << 20);
    const halves = Array.from({ length: 3 }, () => allocator.allocate(100 << 20));
    expect(new Set(halves.map((slab) => slab.byteOffset)).size).toBe(2);
    halves.forEach((slab, i) => {
      bytesOf(slab)[slab.byteLength - 1] = i + 1;
    });
    expect(halves.map((slab) => bytesOf(slab).at(-1))).toEqual([1, 2, 3]);
  });
});
