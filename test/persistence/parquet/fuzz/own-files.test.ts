import { expect, test } from "vitest";
import { COMPRESSIONS } from "../../../../src/persistence/parquet/codecs/codec.ts";
import { fuzz, type Kind, same, sameRows, seeds, typedError } from "./check.ts";
import { damage } from "./damage.ts";
import { footerLie, pageLie } from "./lies.ts";
import { takeApart } from "./parts.ts";
import type { Outcome } from "./run-batch.ts";
import { fileOf } from "./thing-file.ts";

/** For `npm test`; each is done for every compression. */
const DAMAGES = 150;
const LIES = 75;

const corrupt = (outcome: Outcome) =>
  "error" in outcome && outcome.error === "CorruptDataError" && outcome.message.startsWith("memory/data.parquet: ");

/** One who signs for the pages, too, may say anything, but must not harm. */
const harmless = (outcome: Outcome) => typedError(outcome) || "rows" in outcome;

const KINDS: readonly Kind[] = [
  { make: damage, how: "own", cases: DAMAGES, allowed: (outcome, sound) => same(outcome, sound) || corrupt(outcome) },
  { make: damage, how: "attached", cases: DAMAGES / 3, allowed: (outcome, sound) => same(outcome, sound) || corrupt(outcome) },
  // A liar who signs the footer is found out by the checksums of the pages, and by what does not hang together. Only
  // statistics that lie are believed.
  { make: footerLie, how: "own", cases: LIES, allowed: (outcome, sound) => typedError(outcome) || sameRows(outcome, sound) },
  { make: footerLie, how: "attached", cases: LIES / 3, allowed: harmless },
  { make: pageLie, how: "own", cases: LIES, allowed: harmless },
];

test.concurrent.each(COMPRESSIONS.map((compression, i) => [compression, i] as const))(
  "damaged files of Faun in %s give the right rows, or CorruptDataError",
  { timeout: 300_000 + seeds.minutes * 120_000 },
  async (compression, i) => {
    const parts = takeApart(await fileOf(compression));
    expect(parts.metadata.rowGroups.length).toBe(3);
    expect(parts.pages.length).toBeGreaterThan(parts.ranges.length);
    const codecs = parts.metadata.rowGroups.flatMap(({ columns }) => columns.map(({ metaData }) => metaData?.codec));
    expect(new Set(codecs).size).toBe(compression === "uncompressed" ? 1 : 2);
    const tally = await fuzz(1000 * (i + 1), { parts, entity: "Thing", kinds: KINDS });
    expect(tally.refused).toBeGreaterThan(tally.cases * 0.5);
    expect(tally.read).toBeGreaterThan(tally.cases * 0.02);
    if (seeds.minutes > 0) console.log(`${compression}: ${JSON.stringify(tally)}`);
  },
);
