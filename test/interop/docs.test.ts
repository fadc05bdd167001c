import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COLUMNS, textOf, textRows, valuesOf } from "./everything.ts";
import { KINDS } from "./kinds.ts";
import { render, summary } from "./render.ts";
import type { Results } from "./results.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const results = JSON.parse(read("results.json")) as Results;

describe("what npm run test:interop found last", () => {
  test("is what docs/interop.md and docs/interop-files.md say", () => {
    for (const [path, page] of Object.entries(render(results))) expect(read(`../../${path}`)).toBe(page);
  });

  test("every file of other projects was read as PyArrow reads it, or refused", () => {
    expect(results.golden.length).toBeGreaterThan(200);
    for (const { name, mismatches, same, refused, beyond, rows } of results.golden) {
      expect(mismatches, name).toEqual([]);
      expect(same + beyond + Object.keys(refused).length + (rows === 0 ? 1 : 0), name).toBeGreaterThan(0);
    }
  });

  test("had no mismatch, and values of every kind in every tool", () => {
    expect(summary(results).mismatches).toBe(0);
    for (const [tool, { reads, writes }] of Object.entries(results.tools)) {
      const { types, values } = reads.parquet!;
      expect(Object.keys(types).sort(), tool).toEqual(["id", ...Object.keys(KINDS).flatMap((kind) => [kind, `${kind}?`])].sort());
      expect(values, tool).toBeGreaterThan(COLUMNS.length * 2000);
      expect(writes.length, tool).toBeGreaterThanOrEqual(3);
    }
  });

  test("was of the tools that requirements.txt pins", () => {
    const pinned = read("requirements.txt");
    const packages: Record<string, string> = { pandas_pyarrow: "pandas", spark: "pyspark" };
    for (const [tool, { version }] of Object.entries(results.tools))
      expect(pinned).toContain(`\n${packages[tool] ?? tool}==${version}\n`);
  });
});

test("the text of a row and its values say the same", () => {
  for (const row of textRows(200)) expect(textOf(valuesOf(row))).toEqual(row);
});
