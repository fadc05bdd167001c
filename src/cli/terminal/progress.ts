import { bytes } from "./numbers.ts";

/** A stream to write to, or what stands in for it in a test. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** How far a long step has come. */
export interface Progress {
  /** So many bytes of so many are done. */
  update(done: number, total: number): void;
  /** Leaves nothing on a terminal. */
  finish(): void;
}

const WIDTH = 28;
const REDRAW_MS = 50;
/** Less than this is done before a line of a log has been read. */
const WORTH_A_LINE = 16_000_000;

/**
 * A bar on a terminal, redrawn at most every 50 ms; elsewhere a line at each quarter, of 16 MB or more.
 * @param now milliseconds, monotonic
 */
export function startProgress(screen: Screen, label: string, now: () => number = () => performance.now()): Progress {
  let lastDrawn = -Infinity;
  let drawn = false;
  let quarter = 0;

  return {
    update(done, total) {
      const share = total > 0 ? Math.min(1, done / total) : 1;
      if (screen.isTTY !== true) {
        if (total < WORTH_A_LINE) return;
        const reached = Math.floor(share * 4);
        if (reached > quarter) screen.write(`${label} ${reached * 25} % of ${bytes(total)}\n`);
        quarter = Math.max(quarter, reached);
        return;
      }
      if (now() - lastDrawn < REDRAW_MS) return;
      lastDrawn = now();
      drawn = true;
      const full = Math.round(share * WIDTH);
      screen.write(`\r${label}  ${"█".repeat(full)}${"░".repeat(WIDTH - full)}  ${bytes(done)} of ${bytes(total)}\u001b[K`);
    },
    finish() {
      if (drawn) screen.write("\r\u001b[K");
    },
  };
}
