/** Milliseconds that a step took, with what it gave. */
export interface Timed<R> {
  value: R;
  milliseconds: number;
}

export async function timed<R>(step: () => R | Promise<R>): Promise<Timed<R>> {
  const start = performance.now();
  const value = await step();
  return { value, milliseconds: performance.now() - start };
}

/** The middle one of five runs: the first ones of a loop are slower, while V8 still learns it. */
export async function timedFiveTimes<R>(step: () => R | Promise<R>): Promise<Timed<R>> {
  const runs: Timed<R>[] = [];
  while (runs.length < 5) runs.push(await timed(step));
  return runs.toSorted((a, b) => a.milliseconds - b.milliseconds)[2] as Timed<R>;
}

/** {@link Timed}, with the bytes that what it gave keeps alive. */
export interface Held<R> extends Timed<R> {
  bytes: number;
}

/** Whether memory is measured after collections; without --expose-gc it is what V8 happens to hold, garbage included. */
export const collects = typeof globalThis.gc === "function";

/**
 * What a step made, and how much memory it takes: the growth of the JavaScript heap and of array buffers, between two
 * collections.
 */
export async function held<R>(step: () => R | Promise<R>): Promise<Held<R>> {
  const before = await settledBytes();
  const result = await timed(step);
  return { ...result, bytes: (await settledBytes()) - before };
}

async function settledBytes(): Promise<number> {
  // What only a finalizer or a pending job still holds goes after the next turn of the event loop.
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
