import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { Harness } from "../../bench/harness.mjs";
import { groupTable, tally } from "../../bench/report.mjs";

test("a target met and a target missed are told apart, in ratios and in units", () => {
  const harness = new Harness();
  const group = harness.values({
    title: "Memory",
    unit: "bytes/row",
    rows: 1000,
    values: { objects: 210, columns: 65, fat: 140 },
    baseline: "objects",
    targets: { columns: { value: 68, ratio: 0.3 }, fat: { ratio: 2, of: "columns" } },
  });
  expect(group.results.map(({ targets }) => targets.map(({ met }) => met))).toEqual([[], [true, false], [false]]);
  expect(tally(harness.groups)).toEqual({ targets: 3, met: 1 });
  const lines = groupTable(group).split("\n");
  expect(lines[0]).toBe("### Memory, 1,000 rows");
  expect(lines).toContain("| columns |      65.0 |               | 0.31x | <= 68 bytes/row, <= 0.3x | yes, NO |");
  expect(new Set(lines.slice(2).map((line) => line.length)).size).toBe(1);
});

test("a target for an alternative that is not there is an error", () => {
  const spec = { title: "t", unit: "ms", values: { a: 1 }, targets: { b: { value: 1 } } };
  expect(() => new Harness().values(spec)).toThrow(/no alternative "b"/);
  expect(() => new Harness().values({ ...spec, targets: { a: { ratio: 1 } } })).toThrow(/to what/);
});

test("alternatives run in turn, set up anew each round, and only what is asked is timed", () => {
  const script = `
    import { Harness } from "./bench/harness.mjs";
    const log = [];
    const alternative = (name) => ({
      setup: () => { log.push(name + ":setup"); return name; },
      run: (state) => { log.push(state + ":run"); return state; },
      teardown: (state, result) => { log.push(result + ":end"); },
    });
    const harness = new Harness({ rounds: 2 });
    await harness.time({ title: "t", rows: 1, warmup: 1, repeat: 2, baseline: "a",
      alternatives: { a: alternative("a"), b: alternative("b") } });
    console.log(JSON.stringify({ log, group: harness.groups[0] }));`;
  const output = execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], { encoding: "utf8" });
  const { log, group } = JSON.parse(output);
  const turn = (name: string) => [`${name}:setup`, `${name}:run`, `${name}:run`, `${name}:end`];
  // warm-up, first round, second round with the other first
  expect(log).toEqual([...turn("a"), ...turn("b"), ...turn("a"), ...turn("b"), ...turn("b"), ...turn("a")]);
  for (const { value, best, worst } of group.results) {
    expect(best).toBeGreaterThan(0);
    expect(value).toBeCloseTo((best + worst) / 2);
  }
});
