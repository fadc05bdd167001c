/**
 * What `start` makes of each element, in order; up to `depth` are under way at a time. When it ends early, by an error or
 * by whoever takes the results, what is under way is waited for.
 */
export async function* pipelined<S, R>(
  source: AsyncIterable<S> | Iterable<S>,
  start: (element: S) => Promise<R>,
  depth = 2,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const element of source) {
      const started = start(element);
      // Whoever awaits it is told; nobody may, when another fails before.
      started.catch(() => {});
      underWay.push(started);
      if (underWay.length >= depth) yield await (underWay.shift() as Promise<R>);
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(underWay);
  }
}
