import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { wasmModuleText } from "../../../scripts/build-wasm.mjs";
import { type PageKernels, pageKernels, releaseKernels } from "../../../src/persistence/parquet/kernels/page-kernels.ts";
import { Cursor } from "../../../src/persistence/parquet/read/cursor.ts";
import { decodeDelta32, decodeDelta64 } from "../../../src/persistence/parquet/read/delta.ts";
import { readHybrid } from "../../../src/persistence/parquet/read/rle.ts";
import { ByteSink } from "../../../src/persistence/parquet/write/byte-sink.ts";
import { encodeDelta32, encodeDelta64 } from "../../../src/persistence/parquet/write/delta.ts";
import { firstSlots, words32, words64 } from "../../../src/persistence/parquet/write/dictionary.ts";
import { encodeHybrid, worthARun } from "../../../src/persistence/parquet/write/rle.ts";

// Each kernel against the loop in TypeScript that does the same.

const kernels = pageKernels(1000) as PageKernels;
afterEach(() => releaseKernels());

const any64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Integers as columns have them: anything, in sequence, in runs, close together, across the ends of the range. */
const integers = fc
  .array(
    fc.oneof(
      fc.array(any64, { maxLength: 200 }),
      fc
        .tuple(
          any64,
          fc.oneof(any64, fc.bigInt({ min: -300n, max: 300n })),
          fc.nat({ max: 400 }),
          fc.integer({ min: 1, max: 2 ** 32 }),
        )
        .map(([start, step, count, range]) =>
          Array.from({ length: count }, (_, i) => BigInt.asIntN(64, start + BigInt(i) * step + BigInt((i * 7919) % range))),
        ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => BigInt64Array.from(parts.flat()));

const wordsOf = (values: BigInt64Array) => new Uint32Array(values.buffer);
const lowWords = (values: BigInt64Array) => Uint32Array.from(values, (value) => Number(BigInt.asUintN(32, value)));

function written(encode: (sink: ByteSink) => void): Uint8Array {
  const sink = new ByteSink(16);
  encode(sink);
  return sink.written;
}

/** Some bytes changed or cut off. */
const damage = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
  cut: fc.option(fc.nat(), { freq: 3 }),
});

function damaged(bytes: Uint8Array, { flips, cut }: { flips: [number, number][]; cut: number | null }): Uint8Array {
  const changed = bytes.slice(0, cut === null ? bytes.length : cut % (bytes.length + 1));
  for (const [at, by] of flips) if (changed.length > 0) changed[at % changed.length]! ^= by;
  return changed;
}

test("kernels are compiled from their source as it is", async () => {
  const path = "src/persistence/parquet/kernels/wasm-module.ts";
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")).toBe(await wasmModuleText(path));
});

describe("writing", () => {
  test("differences of 32 and of 64 bits, from any value on", () => {
    fc.assert(
      fc.property(integers, fc.nat(), (values, first) => {
        const from = values.length === 0 ? 0 : first % values.length;
        const [wide, narrow] = [wordsOf(values), lowWords(values)];
        const [of32, of64] = [
          written((sink) => encodeDelta32(narrow, from, values.length, sink)),
          written((sink) => encodeDelta64(wide, from, values.length, sink)),
        ];
        expect(kernels.delta(narrow, 4, from, values.length)).toEqual(of32);
        expect(kernels.delta(wide, 8, from, values.length)).toEqual(of64);
      }),
      { numRuns: 300 },
    );
  });

  test("numbers of any width in runs and packed", () => {
    const runs = fc.array(fc.tuple(fc.nat({ max: 2 ** 32 - 1 }), fc.oneof(fc.constant(1), fc.nat({ max: 70 }))), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 32 }), fc.nat({ max: 30 }), (parts, width, from) => {
        const numbers = Uint32Array.from(parts.flatMap(([value, count]) => Array(count).fill(value >>> (32 - width))));
        const start = Math.min(from, numbers.length);
        const expected = written((sink) => encodeHybrid(numbers, start, numbers.length, width, sink));
        expect(kernels.hybrid(numbers, start, numbers.length, width, worthARun(width))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("distinct values, as far as they pay", () => {
    const limits = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat({ max: 20_000 }));
    fc.assert(
      fc.property(integers, fc.integer({ min: 1, max: 3000 }), limits, (some, spread, limit) => {
        // Few values many times, or many.
        const values = BigInt64Array.from({ length: some.length * 4 }, (_, i) => some[(i * spread) % some.length]!);
        const [wide, narrow] = [wordsOf(values), lowWords(values)];
        const most = (width: number) => Math.min(values.length, Math.floor(limit / width));
        expect(kernels.distinct(wide, 8, most(8), limit, firstSlots(most(8)))).toEqual(words64(wide, values.length, limit));
        expect(kernels.distinct(narrow, 4, most(4), limit, firstSlots(most(4)))).toEqual(words32(narrow, values.length, limit));
      }),
      { numRuns: 200 },
    );
  });

  test("what hardly repeats is given up after the first look", () => {
    const distinct = Float64Array.from({ length: 40_000 }, (_, i) => i * 1.1);
    const repeating = distinct.map((value, i) => (i % 2 === 0 ? value : 0));
    const limit = 39_000 * 8;
    expect(kernels.distinct(new Uint32Array(distinct.buffer), 8, 39_000, limit, 2048)).toBeNull();
    expect(words64(new Uint32Array(distinct.buffer), 40_000, limit)).toBeNull();
    const words = new Uint32Array(repeating.buffer);
    const found = kernels.distinct(words, 8, 39_000, limit, 2048);
    expect(found?.size).toBe(20_000);
    expect(found).toEqual(words64(words, 40_000, limit));
  });

  test("least and greatest, signed and unsigned", () => {
    fc.assert(
      fc.property(integers, (values) => {
        if (values.length === 0) return;
        const least = (all: bigint[]) => all.reduce((a, b) => (b < a ? b : a));
        const most = (all: bigint[]) => all.reduce((a, b) => (b > a ? b : a));
        const signed = [...values];
        const unsigned = signed.map((value) => BigInt.asUintN(64, value));
        expect(new BigInt64Array(kernels.bounds64(wordsOf(values), true).buffer)).toEqual(
          BigInt64Array.of(least(signed), most(signed)),
        );
        expect(new BigUint64Array(kernels.bounds64(wordsOf(values), false).buffer)).toEqual(
          BigUint64Array.of(least(unsigned), most(unsigned)),
        );
      }),
    );
  });

  test("an array is copied in once, and anew after it was let go", () => {
    const numbers = Uint32Array.from({ length: 200 }, (_, i) => i);
    const first = kernels.delta(numbers, 4, 0, 200).slice();
    numbers.fill(7);
    expect(kernels.delta(numbers, 4, 0, 200)).toEqual(first);
    releaseKernels();
    expect(kernels.delta(numbers, 4, 0, 200)).toEqual(written((sink) => encodeDelta32(numbers, 0, 200, sink)));
  });
});

describe("reading what was written, and what was damaged since", () => {
  /** The kernel gives what the loop gives, or gives up; of what is whole it does not give up. */
  function check<A extends Uint8Array | Uint16Array | Uint32Array>(
    bytes: Uint8Array,
    whole: boolean,
    make: () => A,
    byKernel: (bytes: Uint8Array, out: A) => number,
    byLoop: (cursor: Cursor, out: A) => void,
  ): void {
    const out = make();
    const read = byKernel(bytes, out);
    if (read === 0) {
      expect(whole).toBe(false);
      expect(out).toEqual(make());
      return;
    }
    const [cursor, expected] = [new Cursor(bytes), make()];
    byLoop(cursor, expected);
    expect(out).toEqual(expected);
    expect(read).toBe(cursor.at);
  }

  test("differences of 32 and of 64 bits", () => {
    fc.assert(
      fc.property(integers, damage, fc.nat({ max: 3 }), (values, harm, at) => {
        const count = values.length;
        const whole64 = written((sink) => encodeDelta64(wordsOf(values), 0, count, sink));
        const whole32 = written((sink) => encodeDelta32(lowWords(values), 0, count, sink));
        for (const [whole, bytes64, bytes32] of [
          [true, whole64, whole32],
          [false, damaged(whole64, harm), damaged(whole32, harm)],
        ] as const) {
          check(
            bytes64,
            whole,
            () => new Uint32Array(2 * (count + at)),
            (bytes, out) => kernels.undelta(bytes, 0, bytes.length, out, 8, at, count),
            (cursor, out) => decodeDelta64(cursor, out, at, count),
          );
          check(
            bytes32,
            whole,
            () => new Uint32Array(count + at),
            (bytes, out) => kernels.undelta(bytes, 0, bytes.length, out, 4, at, count),
            (cursor, out) => decodeDelta32(cursor, new Int32Array(out.buffer), at, count),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  const numbers = fc
    .tuple(
      fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constant(1), fc.nat({ max: 70 }))), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
    )
    .map(([parts, width]) => {
      return { width, codes: Uint32Array.from(parts.flatMap(([value, count]) => Array(count).fill(value % 2 ** width))) };
    });
  const sizeOf = (codes: Uint32Array) => codes.reduce((most, code) => Math.max(most, code), 0) + 1;

  test("codes of 8, 16 and 32 bits", () => {
    fc.assert(
      fc.property(numbers, damage, fc.nat({ max: 3 }), ({ width, codes }, harm, at) => {
        const size = sizeOf(codes);
        const encoded = written((sink) => encodeHybrid(codes, 0, codes.length, width, sink));
        const rooms = [Uint8Array, Uint16Array, Uint32Array].filter((room) => size <= 2 ** (8 * room.BYTES_PER_ELEMENT));
        for (const Room of rooms) {
          for (const bytes of [encoded, damaged(encoded, harm)]) {
            if (codes.length === 0) continue;
            check<Uint8Array | Uint16Array | Uint32Array>(
              bytes,
              bytes === encoded,
              () => new Room(codes.length + at),
              (of, out) => kernels.codes(of, 0, of.length, width, size, out, at, codes.length),
              (cursor, out) => {
                const all = new Uint32Array(codes.length);
                readHybrid(cursor, width, all, 0, codes.length);
                expect(sizeOf(all)).toBeLessThanOrEqual(size);
                out.set(all, at);
              },
            );
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("elements of 4 and 8 bytes that codes stand for", () => {
    fc.assert(
      fc.property(numbers, damage, fc.nat({ max: 3 }), ({ width, codes }, harm, at) => {
        if (codes.length === 0) return;
        const size = sizeOf(codes);
        const encoded = written((sink) => encodeHybrid(codes, 0, codes.length, width, sink));
        for (const element of [4, 8] as const) {
          const dictionary = Uint8Array.from({ length: size * element }, (_, i) => (i * 31) ^ (i >>> 8));
          for (const bytes of [encoded, damaged(encoded, harm)]) {
            check(
              bytes,
              bytes === encoded,
              () => new Uint8Array((codes.length + at) * element),
              (of, out) => kernels.elements(of, 0, of.length, width, dictionary, element, out, at, codes.length),
              (cursor, out) => {
                const all = new Uint32Array(codes.length);
                readHybrid(cursor, width, all, 0, codes.length);
                expect(sizeOf(all)).toBeLessThanOrEqual(size);
                all.forEach((code, i) => {
                  out.set(dictionary.subarray(code * element, (code + 1) * element), (at + i) * element);
                });
              },
            );
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

test("the memory of a large column is let go, and one too large is not taken in", () => {
  expect(pageKernels(2 ** 20 + 1)).toBeNull();
  expect(pageKernels(100)).toBeNull();
  const words = Uint32Array.from({ length: 2 ** 21 }, (_, i) => i >>> 2);
  const used = pageKernels(2 ** 20) as PageKernels;
  used.distinct(words, 8, 2 ** 20, Number.POSITIVE_INFINITY, 2048);
  expect(used.byteLength).toBeGreaterThan(32 << 20);
  releaseKernels();
  expect((pageKernels(1000) as PageKernels).byteLength).toBeLessThan(1 << 20);
});
