import { eventLoopTurn } from "./platform.ts";
import type { Stop } from "./stop.ts";

/** The event loop is let go after so many milliseconds of work. */
const SLICE = 8;

let last: Promise<unknown> = Promise.resolve();
let begun = 0;

/**
 * Runs a piece of work on this thread, one after the other over all callers; whenever they have taken some milliseconds
 * together, the event loop has its turn first. Not begun once it is called off: it rejects with the reason.
 */
export function inSlices<R>(run: () => R | Promise<R>, stop?: Stop): Promise<R> {
  const done = last.then(async () => {
    if (performance.now() - begun > SLICE) {
      await eventLoopTurn();
      begun = performance.now();
    }
    stop?.throwIfStopped();
    return run();
  });
  last = done.catch(() => {});
  return done;
}
