/** Lets so many steps run at a time; others wait in line. */
export class Gate {
  readonly #width: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Runs `step` when there is room. @throws the signal's reason if it is aborted before */
  async run<R>(step: () => Promise<R>, signal?: AbortSignal): Promise<R> {
    if (this.#running < this.#width) this.#running++;
    else await this.#room(signal);
    try {
      return await step();
    } finally {
      // Whoever waited longest takes the room over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #room(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason);
      };
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }
}
