import { expect } from "vitest";
import { type Random, randomOf } from "../../../storage/simulated-disk.ts";
import type { Damaged } from "./damage.ts";
import { copyOf, type Parts, withFooter } from "./parts.ts";
import { type How, type Outcome, readInChild } from "./run-batch.ts";

/** No file may take more. */
export const MAX_MEMORY = 512 * 2 ** 20;
/** Seconds of processor time, which others' work does not lengthen. */
export const MAX_SECONDS = 5;

export const seeds = {
  /** Only this seed, of FAUN_FUZZ_SEED. */
  only: process.env.FAUN_FUZZ_SEED,
  /** How long to go on, of FAUN_FUZZ_MINUTES (`npm run fuzz:parquet`). */
  minutes: Number(process.env.FAUN_FUZZ_MINUTES ?? 0),
};

/** One kind of damage, and how the files that have it are read. */
export interface Kind {
  readonly make: (parts: Parts, random: Random) => Damaged;
  readonly how: How;
  readonly cases: number;
  /** Whether this may come of a damaged file; `sound` came of the sound one. */
  readonly allowed: (outcome: Outcome, sound: Outcome) => boolean;
}

export interface Fuzz {
  readonly parts: Parts;
  /** Name of the entity in `subject.mjs`. */
  readonly entity: string;
  readonly kinds: readonly Kind[];
}

export interface Tally {
  cases: number;
  read: number;
  refused: number;
  /** Of processor time, that the slowest took. */
  seconds: number;
  /** Bytes that a process had at most. */
  peakMemory: number;
}

/**
 * Damages a file in all ways, and reads what results in a child process: no more than the limits of time and memory may be
 * taken, and nothing come of it but what is allowed. Goes on with further seeds for as long as {@link seeds} says.
 */
export async function fuzz(first: number, { parts, entity, kinds }: Fuzz): Promise<Tally> {
  const tally: Tally = { cases: 0, read: 0, refused: 0, seconds: 0, peakMemory: 0 };
  const start = Date.now();
  // A footer that was signed here, and lies in nothing, is read: else no lie would be heard.
  const signed = withFooter(parts.file.subarray(0, parts.footer[0]), copyOf(parts.metadata));
  for (let seed = Number(seeds.only ?? first); ; seed++) {
    const random = randomOf(seed);
    const cases = kinds.flatMap(({ make, how, cases, allowed }) =>
      Array.from({ length: cases }, () => ({ ...make(parts, random), how, allowed })),
    );
    const controls = [parts.file, signed].map((bytes) => ({ what: "nothing", bytes, how: kinds[0]!.how, allowed: same }));
    const all = [...controls, ...cases, ...controls];
    const { outcomes, peakMemory, exit } = await readInChild(all, entity);
    const told = (i: number) => `FAUN_FUZZ_SEED=${seed}, file ${i}, read as ${all[i]?.how}, has ${all[i]?.what}`;
    if (outcomes.length < all.length || Number.isNaN(peakMemory))
      expect.fail(`${told(outcomes.length)}: the process ended: ${exit}`);
    const sound = outcomes[0] as Outcome;
    outcomes.forEach((outcome, i) => {
      if (!all[i]!.allowed(outcome, sound)) expect.fail(`${told(i)}: ${JSON.stringify(outcome)}`);
      if (outcome.seconds > MAX_SECONDS) expect.fail(`${told(i)}: took ${outcome.seconds} s`);
      tally.seconds = Math.max(tally.seconds, outcome.seconds);
      if ("error" in outcome) tally.refused++;
      else tally.read++;
    });
    expect(peakMemory, `FAUN_FUZZ_SEED=${seed}`).toBeLessThan(MAX_MEMORY);
    tally.peakMemory = Math.max(tally.peakMemory, peakMemory);
    tally.cases += all.length;
    if (seeds.only !== undefined || Date.now() >= start + seeds.minutes * 60_000) return tally;
  }
}

/** The same rows; of files that are read for their size, as many. */
export const sameRows = (outcome: Outcome, sound: Outcome): boolean =>
  "rows" in outcome && "rows" in sound && outcome.rows === sound.rows && outcome.digest === sound.digest;

/** The same rows, and the same answer. */
export const same = (outcome: Outcome, sound: Outcome): boolean =>
  sameRows(outcome, sound) && "rows" in outcome && "rows" in sound && outcome.answer === sound.answer;

export const typedError = (outcome: Outcome): boolean => "error" in outcome;
