import fc from "fast-check";
import { describe, test } from "vitest";
import { cases, Run, type Setting } from "./operations.ts";

const settings: Setting[] = [
  { allocator: "heap", shards: undefined },
  { allocator: "shared", shards: undefined },
  { allocator: "heap", shards: 3 },
  { allocator: "shared", shards: 3 },
];

describe("random operations on random entities leave a store as they leave a plain model of it:", () => {
  test.each(settings)("$allocator allocator, shards: $shards", (setting) => {
    fc.assert(
      fc.property(cases, ({ shape, operations }) => new Run(shape, setting).all(operations)),
      { numRuns: Number(process.env.RUNS ?? 80) },
    );
  });
});
