import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getBit } from "../../../src/columns/bitmap.ts";
import { CorruptDataError } from "../../../src/errors.ts";
import { readByteArrays } from "../../../src/persistence/parquet/read/byte-arrays.ts";
import { readByteStreamSplit } from "../../../src/persistence/parquet/read/byte-stream-split.ts";
import { Cursor } from "../../../src/persistence/parquet/read/cursor.ts";
import { readDelta32, readDelta64 } from "../../../src/persistence/parquet/read/delta.ts";
import { readHybrid, readHybridBits } from "../../../src/persistence/parquet/read/rle.ts";
import { unpack } from "../../../src/persistence/parquet/read/unpack.ts";

// Plain encoders, bit by bit, that the decoders are held against.

const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  for (; value >= 128n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return [...bytes, Number(value)];
};
const zigzag = (value: bigint): number[] => varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));

function packed(values: readonly bigint[], width: number): number[] {
  const bytes: number[] = Array.from({ length: Math.ceil((values.length * width) / 8) }, () => 0);
  values.forEach((value, i) => {
    for (let b = 0; b < width; b++) {
      const bit = i * width + b;
      if ((value >> BigInt(b)) & 1n) bytes[bit >>> 3]! |= 1 << (bit & 7);
    }
  });
  return bytes;
}

/** Runs, some bit-packed and some repeated. */
type Runs = { readonly values: number[]; readonly packed: boolean }[];
const runsOf = (width: number): fc.Arbitrary<Runs> => {
  const value = fc.integer({ min: 0, max: 2 ** width - 1 });
  const repeated = fc
    .tuple(value, fc.integer({ min: 1, max: 90 }))
    .map(([v, n]) => ({ values: Array<number>(n).fill(v), packed: false }));
  const groups = fc
    .integer({ min: 1, max: 9 })
    .chain((g) => fc.array(value, { minLength: g * 8, maxLength: g * 8 }))
    .map((values) => ({ values, packed: true }));
  return fc.array(fc.oneof(repeated, groups), { minLength: 1, maxLength: 8 });
};

function hybrid(runs: Runs, width: number): number[] {
  return runs.flatMap(({ values, packed: bits }) => {
    if (bits) return [...varint(BigInt((values.length / 8) * 2 + 1)), ...packed(values.map(BigInt), width)];
    const value = Array.from({ length: Math.ceil(width / 8) }, (_, b) => Math.floor(values[0]! / 2 ** (8 * b)) & 255);
    return [...varint(BigInt(values.length * 2)), ...value];
  });
}

function delta(values: readonly bigint[], bits: number, miniblocks: number, size: number): number[] {
  const wrap = (v: bigint) => BigInt.asIntN(bits, v);
  const bytes = [
    ...varint(BigInt(miniblocks * size)),
    ...varint(BigInt(miniblocks)),
    ...varint(BigInt(values.length)),
    ...zigzag(values[0] ?? 0n),
  ];
  const deltas = values.slice(1).map((v, i) => wrap(v - values[i]!));
  for (let from = 0; from < deltas.length; from += miniblocks * size) {
    const block = deltas.slice(from, from + miniblocks * size);
    const min = block.reduce((a, b) => (b < a ? b : a));
    const rest = block.map((d) => BigInt.asUintN(bits, d - min));
    const parts = Array.from({ length: miniblocks }, (_, m) => rest.slice(m * size, (m + 1) * size));
    const widths = parts.map((part) => part.reduce((w, d) => Math.max(w, d === 0n ? 0 : d.toString(2).length), 0));
    bytes.push(...zigzag(min), ...widths);
    parts.forEach((part, m) => {
      if (part.length > 0) bytes.push(...packed([...part, ...Array<bigint>(size - part.length).fill(0n)], widths[m]!));
    });
  }
  return bytes;
}

const blocks = fc.constantFrom([4, 32], [1, 32], [8, 64], [2, 8], [1, 2048]);
/** Values that stand close, far, and at the ends of the range. */
const integers = (bits: number): fc.Arbitrary<bigint[]> => {
  const [min, max] = [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n];
  const steps = fc
    .tuple(fc.bigInt({ min, max }), fc.array(fc.bigInt({ min: -3n, max: 300n }), { maxLength: 300 }))
    .map(([first, ds]) => {
      let value = first;
      return [first, ...ds.map((d) => (value = BigInt.asIntN(bits, value + d)))];
    });
  return fc.oneof(
    fc.array(fc.bigInt({ min, max }), { maxLength: 200 }),
    steps,
    fc.array(fc.constantFrom(min, max, 0n, -1n, 1n), { maxLength: 150 }),
  );
};

describe("decoders give what was encoded", () => {
  test("bit-packed integers of every width, into every kind of array", () => {
    for (let width = 0; width <= 32; width++) {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 2 ** width - 1 }), { maxLength: 70 }), fc.nat(9), (values, skip) => {
          const bytes = Uint8Array.from([...Array<number>(skip).fill(255), ...packed(values.map(BigInt), width), 255, 255]);
          for (const array of [Uint8Array, Uint16Array, Uint32Array]) {
            if (width > array.BYTES_PER_ELEMENT * 8) continue;
            const out = new array(values.length + 2).fill(7);
            unpack(bytes, skip, width, out, 1, values.length);
            expect([...out]).toEqual([7, ...values, 7]);
          }
        }),
        { numRuns: 15 },
      );
    }
  });

  test("runs and packed groups, also where the last group ends early", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 32 }).chain((width) => fc.tuple(fc.constant(width), runsOf(width))),
        fc.nat(7),
        ([width, runs], less) => {
          const values = runs.flatMap((run) => run.values);
          const count = Math.max(1, values.length - less);
          const array = width <= 8 ? Uint8Array : width <= 16 ? Uint16Array : Uint32Array;
          const out = new array(count);
          readHybrid(new Cursor(Uint8Array.from(hybrid(runs, width))), width, out, 0, count);
          expect([...out]).toEqual(values.slice(0, count));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("levels as bits, from any bit on", () => {
    fc.assert(
      fc.property(runsOf(1), fc.nat(20), (runs, at) => {
        const values = runs.flatMap((run) => run.values);
        const out = new Uint8Array(Math.ceil((at + values.length) / 8) + 1).fill(0xaa);
        readHybridBits(new Cursor(Uint8Array.from(hybrid(runs, 1))), out, at, values.length);
        expect(values.map((_, i) => Number(getBit(out, at + i)))).toEqual(values);
        for (let i = 0; i < at; i++) expect(getBit(out, i)).toBe(i % 2 === 1);
      }),
      { numRuns: 200 },
    );
  });

  test("deltas of 32 and of 64 bits, over the ends of the range too", () => {
    fc.assert(
      fc.property(integers(32), blocks, (values, [miniblocks, size]) => {
        const out = new Int32Array(values.length + 1);
        readDelta32(new Cursor(Uint8Array.from(delta(values, 32, miniblocks!, size!))), out, 1, values.length);
        expect([...out].slice(1)).toEqual(values.map(Number));
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(integers(64), blocks, (values, [miniblocks, size]) => {
        const out = new BigInt64Array(values.length + 1);
        readDelta64(
          new Cursor(Uint8Array.from(delta(values, 64, miniblocks!, size!))),
          new Uint32Array(out.buffer),
          1,
          values.length,
        );
        expect([...out].slice(1)).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  test("byte arrays, plain, with their lengths first, and front-coded", () => {
    const strings = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom("", "abc", "abcdef", "abd").map((s) => new TextEncoder().encode(s)),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(strings, (values) => {
        const lengths = values.map((v) => BigInt(v.length));
        const plain = values.flatMap((v) => [v.length & 255, v.length >>> 8, 0, 0, ...v]);
        const shared = values.map((v, i) => {
          const before = values[i - 1] ?? new Uint8Array(0);
          let n = 0;
          while (n < Math.min(v.length, before.length) && v[n] === before[n]) n++;
          return n;
        });
        const rests = values.map((v, i) => v.subarray(shared[i]));
        const encoded = {
          0: plain,
          6: [...delta(lengths, 32, 4, 32), ...values.flatMap((v) => [...v])],
          7: [
            ...delta(shared.map(BigInt), 32, 4, 32),
            ...delta(
              rests.map((r) => BigInt(r.length)),
              32,
              4,
              32,
            ),
            ...rests.flatMap((r) => [...r]),
          ],
        };
        for (const [encoding, bytes] of Object.entries(encoded)) {
          const { offsets, data } = readByteArrays(Number(encoding), new Cursor(Uint8Array.from(bytes)), values.length);
          expect(values.map((_, i) => [...data.subarray(offsets[i], offsets[i + 1])])).toEqual(values.map((v) => [...v]));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("split byte streams", () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 4, 8, 12), fc.nat(40), (width, count) => {
        const values = Uint8Array.from({ length: width * count }, (_, i) => i * 37);
        const split = Uint8Array.from(values, (_, i) => values[(i % count) * width + Math.floor(i / count)]!);
        const out = new Uint8Array(values.length);
        readByteStreamSplit(new Cursor(split), width, out, count);
        expect(out).toEqual(values);
      }),
    );
  });
});

test("decoders of any bytes end, with values or CorruptDataError", () => {
  const readers: ((cursor: Cursor, count: number) => unknown)[] = [
    (c, n) => readHybrid(c, 5, new Uint8Array(n), 0, n),
    (c, n) => readHybridBits(c, new Uint8Array(n), 0, n),
    (c, n) => readDelta32(c, new Int32Array(n), 0, n),
    (c, n) => readDelta64(c, new Uint32Array(2 * n), 0, n),
    (c, n) => readByteStreamSplit(c, 8, new Uint8Array(8 * n), n),
    ...[0, 6, 7].map((encoding) => (c: Cursor, n: number) => readByteArrays(encoding, c, n, 1 << 20)),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(300), fc.constantFrom(...readers), (bytes, count, read) => {
      try {
        read(new Cursor(bytes), count);
      } catch (error) {
        expect((error as Error).constructor.name).toMatch(/^(CorruptDataError|UnsupportedError)$/);
      }
    }),
    { numRuns: 3000 },
  );
  // A count that the page's header took from nowhere.
  expect(() => readDelta32(new Cursor(Uint8Array.of(128, 1, 4, 5, 0)), new Int32Array(4), 0, 4)).toThrow(CorruptDataError);
});
