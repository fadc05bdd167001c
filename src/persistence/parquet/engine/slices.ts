import { Slices } from "../../event-loop.ts";
import type { Stop } from "./stop.ts";

let last: Promise<unknown> = Promise.resolve();
const slices = new Slices();

/**
 * Runs a piece of work on this thread, one after the other over all callers; whenever they have taken some milliseconds
 * together, the event loop has its turn first. Not begun once it is called off: it rejects with the reason.
 */
export function inSlices<R>(run: () => R | Promise<R>, stop?: Stop): Promise<R> {
  const done = last.then(async () => {
    await slices.next();
    stop?.throwIfStopped();
    return run();
  });
  last = done.catch(() => {});
  return done;
}
