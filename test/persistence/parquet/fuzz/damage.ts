import type { Random } from "../../../storage/simulated-disk.ts";
import type { Parts } from "./parts.ts";

/** A file that something happened to. */
export interface Damaged {
  /** What happened, for whoever has to find out. */
  readonly what: string;
  readonly bytes: Uint8Array;
}

export const below = (random: Random, end: number): number => Math.floor(random() * end);
export const oneOf = <E>(random: Random, list: readonly E[]): E => list[below(random, list.length)] as E;

type Damage = (parts: Parts, random: Random) => Damaged;

function flip(file: Uint8Array, at: number, bit: number): Damaged {
  const bytes = file.slice();
  bytes[at]! ^= 1 << bit;
  return { what: `bit ${bit} of byte ${at} of ${file.length} flipped`, bytes };
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Two ranges of a file in each other's place. */
function swapped(file: Uint8Array, a: readonly [number, number], b: readonly [number, number]): Uint8Array {
  const [first, second] = a[0] <= b[0] ? [a, b] : [b, a];
  return joined(
    file.subarray(0, first[0]),
    file.subarray(...second),
    file.subarray(first[1], second[0]),
    file.subarray(...first),
    file.subarray(second[1]),
  );
}

/** What happens to bytes on their way, on disks and in copies; the more likely of them more often. */
const DAMAGES: readonly Damage[] = [
  ({ file }, random) => flip(file, below(random, file.length), below(random, 8)),
  ({ file }, random) => flip(file, below(random, file.length), below(random, 8)),
  ({ file, footer }, random) => flip(file, footer[0] + below(random, file.length - footer[0]), below(random, 8)),
  ({ file, pages }, random) => {
    // Of headers there are few bytes, and they decide.
    const page = oneOf(random, pages);
    return flip(file, page.from + below(random, page.body - page.from), below(random, 8));
  },
  ({ file }, random) => {
    const bytes = file.slice();
    const at = below(random, file.length);
    const length = 1 + below(random, 8);
    for (let i = at; i < Math.min(at + length, file.length); i++) bytes[i] = below(random, 256);
    return { what: `${length} bytes from ${at} of ${file.length} written over`, bytes };
  },
  ({ file }, random) => {
    const length = below(random, file.length);
    return { what: `cut to ${length} of ${file.length} bytes`, bytes: file.slice(0, length) };
  },
  ({ file }, random) => {
    const at = below(random, file.length);
    const length = 1 + below(random, oneOf(random, [4, 100, 4096]));
    return {
      what: `${length} bytes from ${at} of ${file.length} left out`,
      bytes: joined(file.subarray(0, at), file.subarray(at + length)),
    };
  },
  ({ file }, random) => {
    const bytes = file.slice();
    const at = below(random, file.length / 512) * 512;
    const length = 512 * (1 + below(random, 8));
    bytes.fill(0, at, at + length);
    return { what: `${length} bytes from ${at} of ${file.length} never written`, bytes };
  },
  ({ file }, random) => {
    const bytes = file.slice();
    const [to, from, length] = [below(random, file.length), below(random, file.length), 1 + below(random, 400)];
    bytes.copyWithin(to, from, from + length);
    return { what: `${length} bytes from ${from} of ${file.length} written to ${to}`, bytes };
  },
  ({ file, ranges }, random) => {
    const [a, b] = [oneOf(random, ranges), oneOf(random, ranges)];
    return {
      what: `column chunks at ${a.offset} and ${b.offset} swapped`,
      bytes: a === b ? file.slice(0, -1) : swapped(file, [a.offset, a.offset + a.length], [b.offset, b.offset + b.length]),
    };
  },
  ({ file, pages }, random) => {
    // Of one length, where there are such: nothing moves then.
    const a = oneOf(random, pages);
    const same = pages.filter((page) => page !== a && page.to - page.from === a.to - a.from);
    const b = same.length > 0 ? oneOf(random, same) : oneOf(random, pages);
    return {
      what: `pages at ${a.from} and ${b.from} swapped`,
      bytes: a === b ? file.slice(1) : swapped(file, [a.from, a.to], [b.from, b.to]),
    };
  },
  ({ file, footer }, random) => {
    const bytes = file.slice();
    const length = oneOf(random, [
      0,
      1,
      footer[1] - footer[0] - 1,
      footer[1] - footer[0] + 1,
      file.length - 12,
      file.length,
      2 ** 32 - 1,
    ]);
    new DataView(bytes.buffer).setUint32(file.length - 8, length, true);
    return { what: `a footer that says it has ${length} bytes`, bytes };
  },
];

export const damage = (parts: Parts, random: Random): Damaged => oneOf(random, DAMAGES)(parts, random);
