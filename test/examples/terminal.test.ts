import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coloursFor } from "../../examples/terminal/colours.ts";
import { bytes, duration, fixed, integer, percent, rate, times } from "../../examples/terminal/numbers.ts";
import { startProgress } from "../../examples/terminal/progress.ts";
import { renderTable, widthOf } from "../../examples/terminal/table.ts";
import { createUi } from "../../examples/terminal/ui.ts";

const plain = { title: (text: string) => text, line: (text: string) => text };

/** A stream that keeps what is written. */
const screen = (isTTY: boolean) => {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text), text: () => written.join("") };
};

describe("numbers", () => {
  test.each([
    [integer(1_234_567), "1,234,567"],
    [integer(18446744073709551615n), "18,446,744,073,709,551,615"],
    [fixed(1234.5, 2), "1,234.50"],
    [percent(0.1234), "12.3 %"],
    [times(3.4), "3.40x"],
    [bytes(0), "0 B"],
    [bytes(999), "999 B"],
    [bytes(1000), "1.00 kB"],
    [bytes(62_100_000), "62.1 MB"],
    [bytes(999_499), "999 kB"],
    [bytes(999_600), "1.00 MB"],
    [bytes(5e15), "5,000 TB"],
    [rate(1_000_000, 81), "12.3 M rows/s"],
    [rate(12, 1000, "orders"), "12 orders/s"],
    [rate(10, 0), "- rows/s"],
    [duration(0.000041), "41 ns"],
    [duration(0.0413), "41.3 µs"],
    [duration(3.2), "3.20 ms"],
    [duration(999.6), "1.00 s"],
    [duration(1240), "1.24 s"],
    [duration(59_999.6), "1 min 00 s"],
    [duration(123_000), "2 min 03 s"],
  ])("%s", (text, expected) => expect(text).toBe(expected));
});

describe("tables", () => {
  test("box lines, numbers to the right, a rule between rows", () => {
    expect(
      renderTable(
        {
          columns: ["step", "time", { title: "n", align: "left" }],
          rows: [["add", "3.20 ms", "1"], ["to Arrow", "41.3 µs", "20"], "rule", ["all", "", ""]],
        },
        plain,
      ),
    ).toBe(
      [
        "╭──────────┬─────────┬────╮",
        "│ step     │    time │ n  │",
        "├──────────┼─────────┼────┤",
        "│ add      │ 3.20 ms │ 1  │",
        "│ to Arrow │ 41.3 µs │ 20 │",
        "├──────────┼─────────┼────┤",
        "│ all      │         │    │",
        "╰──────────┴─────────┴────╯",
      ].join("\n"),
    );
  });

  test("every line is equally wide, whatever the cells and their colours", () => {
    const colours = coloursFor({ isTTY: true }, { FORCE_COLOR: "1" });
    const cell = fc.string({ unit: fc.constantFrom("a", "é", "7", "-", " ", "µ"), maxLength: 12 });
    const coloured = fc.tuple(cell, fc.boolean()).map(([text, red]) => (red ? colours.red(text) : text));
    fc.assert(
      fc.property(fc.array(fc.tuple(coloured, coloured, coloured), { maxLength: 8 }), (rows) => {
        const text = renderTable({ columns: ["one", "two", "three"], rows }, { title: colours.bold, line: colours.dim });
        expect(new Set(text.split("\n").map(widthOf)).size).toBe(1);
      }),
    );
  });
});

describe("progress", () => {
  const none = coloursFor({}, {});

  test("a terminal sees one line redrawn, at most every 50 ms, then the facts", () => {
    const tty = screen(true);
    let clock = 0;
    const progress = startProgress(tty, none, "adding", 1000, "rows", () => clock);
    for (let done = 1; done <= 1000; done++) {
      clock = done / 10;
      progress.update(done);
    }
    progress.finish();
    expect(tty.written).toHaveLength(4);
    expect(tty.written[1]).toBe(`\r  adding  ${"█".repeat(14)}${"░".repeat(14)}  50.0 %  10.0 k rows/s\u001b[K`);
    expect(tty.written[3]).toBe("\r\u001b[K  ✓ adding  1,000 rows in 100 ms, 10.0 k rows/s\n");
  });

  test("a log sees a line at each quarter and the facts, without control characters", () => {
    const log = screen(false);
    let clock = 0;
    const progress = startProgress(log, none, "adding", 8, "rows", () => clock);
    for (let done = 1; done <= 8; done++) progress.update(done);
    clock = 4;
    progress.finish();
    expect(log.text()).toBe("  adding  25 %\n  adding  50 %\n  adding  75 %\n  ✓ adding  8 rows in 4.00 ms, 2.00 k rows/s\n");
  });
});

describe("the Ui", () => {
  const speak = (json: boolean) => {
    const [stdout, stderr] = [screen(false), screen(false)];
    const ui = createUi({ json, stdout, stderr, env: {} });
    ui.heading("Orders");
    ui.text("Five orders.", "");
    ui.facts([
      ["rows", "5"],
      ["batches", "1"],
    ]);
    ui.table({ columns: ["a"], rows: [["1"]] });
    const progress = ui.progress("adding", 2);
    progress.update(2);
    progress.finish();
    ui.finish({ orders: { rows: 5, revenue: 12n } });
    return { stdout: stdout.text(), stderr: stderr.text() };
  };

  test("speaks to a person", () => {
    const { stdout, stderr } = speak(false);
    expect(stdout).toBe(
      "\nOrders\n──────\n  Five orders.\n\n  rows     5\n  batches  1\n  ╭───╮\n  │ a │\n  ├───┤\n  │ 1 │\n  ╰───╯\n",
    );
    expect(stderr).toMatch(/✓ adding {2}2 rows in /);
  });

  test("or to a program: one JSON document and nothing else", () => {
    const { stdout, stderr } = speak(true);
    expect(JSON.parse(stdout)).toEqual({ orders: { rows: 5, revenue: "12" } });
    expect(stderr).toBe("");
  });
});

test.each([
  ["a terminal", { isTTY: true }, {}, true],
  ["a pipe", { isTTY: false }, {}, false],
  ["a pipe in CI", {}, { CI: "true" }, false],
  ["NO_COLOR", { isTTY: true }, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, false],
  ["FORCE_COLOR", {}, { FORCE_COLOR: "1" }, true],
])("colours for %s", (_, stream, env, expected) => {
  expect(coloursFor(stream, env).red("x") !== "x").toBe(expected);
});
