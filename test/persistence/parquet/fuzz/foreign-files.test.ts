import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fuzz, type Kind, seeds, typedError } from "./check.ts";
import { damage } from "./damage.ts";
import { footerLie, pageLie } from "./lies.ts";
import { copyOf, takeApart, withFooter } from "./parts.ts";
import type { Outcome } from "./run-batch.ts";
import { fileOf } from "./thing-file.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-foreign-"));
let duck: DuckDBConnection;

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  writeFileSync(join(folder, "things.parquet"), await fileOf("snappy"));
});
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

/** Nothing protects these: what was damaged may say anything, but must not harm. */
const harmless = (outcome: Outcome) => typedError(outcome) || "rows" in outcome;

/** For `npm test`; each is done for every layout. */
const kinds = (how: Kind["how"], cases: number): readonly Kind[] =>
  [damage, footerLie, pageLie].map((make) => ({ make, how, cases, allowed: harmless }));

const LAYOUTS = [
  "",
  ", COMPRESSION zstd, PARQUET_VERSION v2",
  ", COMPRESSION gzip, DICTIONARY_SIZE_LIMIT 0, PARQUET_VERSION v2",
  ", COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 0",
  ", COMPRESSION brotli",
  ", COMPRESSION uncompressed, PARQUET_VERSION v2",
];

const timeout = 300_000 + seeds.minutes * 120_000;

test.concurrent.each(LAYOUTS.map((layout, i) => [layout, i] as const))(
  "damaged files of DuckDB%s give rows or a typed error",
  { timeout },
  async (layout, i) => {
    const path = join(folder, `${i}.parquet`);
    await duck.run(`COPY (SELECT * FROM '${join(folder, "things.parquet")}') TO '${path}' (FORMAT parquet${layout})`);
    const parts = takeApart(new Uint8Array(readFileSync(path)));
    const tally = await fuzz(10_000 * (i + 1), { parts, entity: "Thing", kinds: kinds("attached", 60) });
    expect(tally.refused).toBeGreaterThan(tally.cases * 0.3);
    expect(tally.read).toBeGreaterThan(tally.cases * 0.1);
    if (seeds.minutes > 0) console.log(`DuckDB${layout}: ${JSON.stringify(tally)}`);
  },
);

test("a damaged row group of a large file of Polars gives rows or a typed error", { timeout }, async () => {
  const whole = takeApart(new Uint8Array(readFileSync("node_modules/vega-datasets/data/flights-3m.parquet")));
  const metadata = copyOf(whole.metadata);
  metadata.rowGroups.length = 1;
  metadata.numRows = metadata.rowGroups[0]!.numRows;
  const { offset, length } = whole.ranges[whole.metadata.rowGroups[0]!.columns.length - 1]!;
  const parts = takeApart(withFooter(whole.file.subarray(0, offset + length), metadata));
  const tally = await fuzz(90_000, { parts, entity: "Flight", kinds: kinds("size", 12) });
  expect(tally.read).toBeGreaterThan(0);
  if (seeds.minutes > 0) console.log(`Polars: ${JSON.stringify(tally)}`);
});
