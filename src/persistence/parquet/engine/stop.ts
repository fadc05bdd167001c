/** Calls off several pieces of work that belong together. Unlike an AbortSignal it has room for any number of listeners. */
export class Stop {
  #stopped = false;
  #reason: unknown;
  readonly #listeners = new Set<(reason: unknown) => void>();

  /** Only the first time counts. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#reason = reason;
    for (const listener of this.#listeners) listener(reason);
    this.#listeners.clear();
  }

  throwIfStopped(): void {
    if (this.#stopped) throw this.#reason;
  }

  /** Gives what takes the listener away again. */
  listen(listener: (reason: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
