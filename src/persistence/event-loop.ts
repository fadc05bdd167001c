/** The event loop is let go after so many milliseconds of work. */
const SLICE = 8;

const { setImmediate } = globalThis as unknown as { setImmediate?: (run: () => void) => void };

/** Lets the event loop do what waits. */
export const eventLoopTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (setImmediate !== undefined) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Long work on this thread, cut so that the event loop has its turns. */
export class Slices {
  #begun = performance.now();

  /** To be awaited between pieces of the work: lets the event loop have its turn when they have taken some milliseconds. */
  async next(): Promise<void> {
    if (performance.now() - this.#begun <= SLICE) return;
    await eventLoopTurn();
    this.#begun = performance.now();
  }
}
