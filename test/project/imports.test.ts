import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleForPage, IMPORTS } from "../../scripts/check-package/bundle.mjs";

// What an import loads, of the built package and by its exports map. `npm run check:package` tells the sizes.

const root = fileURLToPath(new URL("../../", import.meta.url));

const arrow = ["apache-arrow", "flatbuffers", "tslib"];
const codecs = ["@bokuweb/zstd-wasm", "brotli-wasm", "fflate"];
/** For each of `IMPORTS`: packages besides Faun that a page loads at once, and those it loads when they are needed. */
const expected: Record<string, { atOnce: string[]; later: string[] }> = {
  "{ Entity }": { atOnce: [], later: [] },
  // A store hands out Arrow tables, synchronously.
  "{ Entity, Store }": { atOnce: arrow, later: [] },
  "{ Entity, Store } and queries": { atOnce: arrow, later: [] },
  "all of faun": { atOnce: arrow, later: [] },
  "{ ParquetPersistence }": { atOnce: arrow, later: codecs },
};

test.each(IMPORTS)("a page that imports $name loads no package that this does not use", async ({ name, code }) => {
  const { atOnce, later } = await bundleForPage(code, root);
  expect({
    atOnce: [...atOnce.keys()].filter((owner) => owner !== "faun").sort(),
    later: [...later].filter((owner) => owner !== "faun").sort(),
  }).toEqual(expected[name]);
});

test("an entity alone brings neither stores nor queries", async () => {
  const { text } = await bundleForPage('export { Entity } from "faun";', root);
  expect(text.length).toBeLessThan(40_000);
});

test("imports that are not used leave nothing", async () => {
  const { text } = await bundleForPage('import "faun"; import "faun/parquet";', root);
  expect(text.trim()).toBe("");
});
