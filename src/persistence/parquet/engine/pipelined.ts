export interface PipelineOptions<S> {
  /** How many are under way at a time, with the one whose result is being used; 2 by default. */
  readonly depth?: number;
  /** Elements that hold nothing while they wait: they do not count. */
  readonly free?: (element: S) => boolean;
}

/**
 * What `start` makes of each element, in order, while those behind are under way. The source is asked ahead as far as the
 * depth allows, also while a result is being used. When it ends early, by an error or by whoever takes the results, what is
 * under way is waited for.
 */
export async function* pipelined<S, R>(
  source: AsyncIterable<S> | Iterable<S>,
  start: (element: S) => Promise<R>,
  { depth = 2, free = () => false }: PipelineOptions<S> = {},
): AsyncGenerator<R, void, undefined> {
  const waiting: { readonly started: Promise<R>; readonly counts: number }[] = [];
  let counted = 0;
  let ended = false;
  let stopped = false;
  let onRoom = () => {};
  let onElement = () => {};

  const asking = (async () => {
    try {
      for await (const element of source) {
        if (stopped) return;
        const started = start(element);
        // Whoever awaits it is told; nobody may, when another fails before.
        started.catch(() => {});
        const counts = free(element) ? 0 : 1;
        waiting.push({ started, counts });
        counted += counts;
        onElement();
        while (counted >= depth && !stopped) {
          await new Promise<void>((resolve) => {
            onRoom = resolve;
          });
        }
        if (stopped) return;
      }
    } finally {
      ended = true;
      onElement();
    }
  })();
  asking.catch(() => {});

  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        yield await next.started;
        counted -= next.counts;
        onRoom();
      } else if (ended) break;
      else {
        await new Promise<void>((resolve) => {
          onElement = resolve;
        });
      }
    }
    await asking;
  } finally {
    stopped = true;
    onRoom();
    // The source is closed before what it gave is over.
    await asking.catch(() => {});
    await Promise.allSettled(waiting.map(({ started }) => started));
  }
}
