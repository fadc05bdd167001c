import { type Colours, coloursFor } from "./colours.ts";
import { noProgress, type Progress, type Screen, startProgress } from "./progress.ts";
import { renderTable, type Table, widthOf } from "./table.ts";

/** What a part of the demo says to a person. With --json all of it goes nowhere, and only `finish` prints. */
export interface Ui {
  readonly colours: Colours;
  /** Begins a part. */
  heading(text: string): void;
  /** Lines of prose or code; none prints an empty line. */
  text(...lines: string[]): void;
  /** A short list of `name  value`, names in a column of their own. */
  facts(facts: readonly (readonly [name: string, value: string])[]): void;
  table(table: Table): void;
  /** A bar for a long step, on stderr. */
  progress(label: string, total: number, unit?: string): Progress;
  /** Ends the demo: with --json prints what the parts gave as one document, else nothing. */
  finish(results: Readonly<Record<string, unknown>>): void;
}

export interface UiOptions {
  json: boolean;
  stdout: Screen;
  stderr: Screen;
  env: Readonly<Record<string, string | undefined>>;
}

export function createUi({ json, stdout, stderr, env }: UiOptions): Ui {
  const colours = coloursFor(stdout, env);
  const print = (line: string) => void stdout.write(`${line}\n`);
  if (json) {
    const nothing = () => {};
    return {
      colours,
      heading: nothing,
      text: nothing,
      facts: nothing,
      table: nothing,
      progress: () => noProgress,
      finish: (results) => print(toJson(results)),
    };
  }
  return {
    colours,
    heading: (text) => print(`\n${colours.bold(colours.cyan(text))}\n${colours.dim("─".repeat(widthOf(text)))}`),
    text: (...lines) => print(lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n")),
    facts(facts) {
      const width = Math.max(0, ...facts.map(([name]) => widthOf(name)));
      for (const [name, value] of facts) print(`  ${colours.dim(name + " ".repeat(width - widthOf(name)))}  ${value}`);
    },
    table: (table) => print(renderTable(table, { title: colours.bold, line: colours.dim }).replace(/^/gm, "  ")),
    progress: (label, total, unit) => startProgress(stderr, coloursFor(stderr, env), label, total, unit),
    finish() {},
  };
}

/** JSON of plain results; a bigint becomes a decimal string, as in Faun's own JSON. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part), 2);
