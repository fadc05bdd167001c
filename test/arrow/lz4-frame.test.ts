import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeLz4Frame } from "../../src/arrow/lz4-frame.ts";
import { xxh32 } from "../../src/arrow/xxh32.ts";
import { ArrowError } from "../../src/errors.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const word = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

test("xxh32 gives the values that its authors publish", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  expect([xxh32(utf8("")), xxh32(utf8("a")), xxh32(utf8("abc")), xxh32(utf8("Nobody inspects the spammish repetition"))]).toEqual(
    [0x02cc5d05, 0x550d7456, 0x32d153ff, 0xe2293b2f],
  );
  // Of any length and alignment.
  expect(xxh32(bytes.subarray(3, 40))).toBe(xxh32(bytes.slice(3, 40)));
});

interface Block {
  readonly bytes: readonly number[];
  /** Whether it is stored as it is. */
  readonly raw?: boolean;
}

/** A frame around blocks, with every sum that the format has. */
function frame(blocks: readonly Block[], content: Uint8Array): Uint8Array {
  const header = [0x40 | 0x10 | 0x08 | 0x04, 0x40, ...word(content.length), 0, 0, 0, 0];
  return Uint8Array.from([
    ...word(0x184d2204),
    ...header,
    (xxh32(Uint8Array.from(header)) >>> 8) & 0xff,
    ...blocks.flatMap(({ bytes, raw }) => [
      ...word(raw === true ? (bytes.length | 0x8000_0000) >>> 0 : bytes.length),
      ...bytes,
      ...word(xxh32(Uint8Array.from(bytes))),
    ]),
    ...word(0),
    ...word(xxh32(content)),
  ]);
}

/** A block of LZ4, made greedily: literals, then a match wherever four bytes came before. */
function compress(bytes: Uint8Array): number[] {
  const out: number[] = [];
  const lengths = (n: number) => {
    for (n -= 15; n >= 0; n -= 255) out.push(Math.min(n, 255));
  };
  const same = (a: number, b: number) => [0, 1, 2, 3].every((i) => bytes[a + i] === bytes[b + i]);
  let begin = 0;
  const sequence = (at: number, distance: number, match: number) => {
    const literals = at - begin;
    out.push((Math.min(literals, 15) << 4) | (match === 0 ? 0 : Math.min(match - 4, 15)));
    lengths(literals);
    out.push(...bytes.subarray(begin, at));
    if (match === 0) return;
    out.push(distance & 0xff, distance >>> 8);
    lengths(match - 4);
  };
  for (let at = 0; at + 12 < bytes.length; ) {
    let from = at - 1;
    while (from >= 0 && !same(from, at)) from--;
    if (from < 0) {
      at++;
      continue;
    }
    let match = 4;
    while (at + match < bytes.length - 5 && bytes[from + match] === bytes[at + match]) match++;
    sequence(at, at - from, match);
    at += match;
    begin = at;
  }
  sequence(bytes.length, 0, 0);
  return out;
}

describe("frames of LZ4", () => {
  const content = fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(30)), { maxLength: 8 }).map((parts) =>
    Uint8Array.from(
      parts.flatMap(([bytes, times]) =>
        Array<number[]>(times)
          .fill([...bytes])
          .flat(),
      ),
    ),
  );

  test("hold what was compressed", () => {
    fc.assert(
      fc.property(content, (bytes) => {
        expect(decodeLz4Frame(frame([{ bytes: compress(bytes) }], bytes), bytes.length)).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("of several blocks, stored and compressed, of which one reaches into the one before", () => {
    const all = utf8("abcdefghabcdefgh!");
    // No literals, a match of 8 from 8 back; then the literal "!".
    const blocks = [{ bytes: [...utf8("abcdefgh")], raw: true }, { bytes: [0x04, 8, 0, 0x10, 0x21] }];
    expect(decodeLz4Frame(frame(blocks, all), all.length)).toEqual(all);
  });

  test("that are damaged anywhere are refused: the sums cover all of it", () => {
    const bytes = utf8("damage ".repeat(30));
    const good = frame([{ bytes: compress(bytes) }], bytes);
    for (let at = 0; at < good.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = good.slice();
        damaged[at]! ^= 1 << bit;
        expect(() => decodeLz4Frame(damaged, bytes.length), `bit ${bit} of byte ${at}`).toThrow(ArrowError);
      }
      expect(() => decodeLz4Frame(good.subarray(0, at), bytes.length)).toThrow(ArrowError);
    }
  });

  test.each([
    [
      "another size than announced",
      frame([{ bytes: [...utf8("abc")], raw: true }], utf8("abc")),
      4,
      "it tells of 3 bytes where 4 were announced",
    ],
    ["more than it can hold", frame([], utf8("")), 2 ** 31, "cannot hold 2147483648"],
    [
      "a match before the beginning",
      frame([{ bytes: [0x10, 0x61, 2, 0, 0x00] }], utf8("a".repeat(20))),
      20,
      "a match reaches beyond what there is",
    ],
    [
      "a match of distance 0",
      frame([{ bytes: [0x10, 0x61, 0, 0, 0x00] }], utf8("a".repeat(20))),
      20,
      "a match reaches beyond what there is",
    ],
    ["literals beyond the block", frame([{ bytes: [0x50, 0x61] }], utf8("abcde")), 5, "literals reach beyond the end"],
    ["a length without an end", frame([{ bytes: [0xf0, 255, 255] }], utf8("abcde")), 5, "a block ends in a length"],
    ["another format", new Uint8Array(40), 5, "it begins with no frame of LZ4"],
  ])("of %s are refused", (_, bytes, size, message) => {
    expect(() => decodeLz4Frame(bytes, size)).toThrow(message);
  });
});
