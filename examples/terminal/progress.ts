import type { Colours } from "./colours.ts";
import { duration, integer, percent, rate } from "./numbers.ts";

/** How far a long step has come. */
export interface Progress {
  /** So many are done. Cheap: draws at most every 50 ms, so call it as often as is handy. */
  update(done: number): void;
  /** All is done: leaves one line that tells how long it took. */
  finish(): void;
}

/** Where a bar is drawn: stderr, or what stands in for it in a test. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

const WIDTH = 28;
const REDRAW_MS = 50;

/**
 * A bar on a terminal; elsewhere (a log, a pipe) a line at each quarter.
 * @param now milliseconds, monotonic
 */
export function startProgress(
  screen: Screen,
  colours: Colours,
  label: string,
  total: number,
  unit = "rows",
  now: () => number = () => performance.now(),
): Progress {
  const start = now();
  const draw = screen.isTTY === true ? drawBar : writeQuarters;
  let lastDrawn = -Infinity;
  let quarter = 0;

  function drawBar(done: number): void {
    if (now() - lastDrawn < REDRAW_MS) return;
    lastDrawn = now();
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const full = Math.round(share * WIDTH);
    const bar = colours.cyan("█".repeat(full)) + colours.dim("░".repeat(WIDTH - full));
    screen.write(`\r  ${label}  ${bar}  ${percent(share)}  ${colours.dim(rate(done, lastDrawn - start, unit))}\u001b[K`);
  }

  function writeQuarters(done: number): void {
    const reached = Math.min(3, Math.floor((done / total) * 4));
    if (!(reached > quarter)) return;
    quarter = reached;
    screen.write(`  ${label}  ${reached * 25} %\n`);
  }

  draw(0);
  return {
    update: draw,
    finish() {
      const spent = now() - start;
      const clear = screen.isTTY === true ? "\r\u001b[K" : "";
      const facts = `${integer(total)} ${unit} in ${duration(spent)}, ${rate(total, spent, unit)}`;
      screen.write(`${clear}  ${colours.green("✓")} ${label}  ${colours.dim(facts)}\n`);
    },
  };
}

/** Shows nothing. */
export const noProgress: Progress = { update() {}, finish() {} };
