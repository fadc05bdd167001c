import type { Binding, DataChunk, DuckResult } from "./binding.ts";
import { VECTOR_ROWS } from "./vectors.ts";

/**
 * The chunks of a result, as they are asked for. A connection has room for one: when it is needed for something else,
 * what is left of the result is read into memory first.
 */
export class ResultStream implements AsyncIterable<DataChunk> {
  readonly result: DuckResult;
  readonly #binding: Binding;
  /** Runs a step on the connection, in turn. */
  readonly #inTurn: <R>(step: () => Promise<R>) => Promise<R>;
  /** What to tell whoever reads of a failure, in turn; its cause is undefined where the binding tells none. */
  readonly #told: (cause: unknown) => Promise<unknown>;
  readonly #buffered: DataChunk[] = [];
  #done = false;
  #exhausted = false;
  #failure: unknown;

  constructor(
    binding: Binding,
    result: DuckResult,
    inTurn: <R>(step: () => Promise<R>) => Promise<R>,
    told: (cause: unknown) => Promise<unknown>,
  ) {
    this.#binding = binding;
    this.result = result;
    this.#inTurn = inTurn;
    this.#told = told;
  }

  get done(): boolean {
    return this.#done;
  }

  /** The engine is done with it: there were no more rows, or it failed. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** The next chunk, which has rows; null behind the last. */
  async next(): Promise<DataChunk | null> {
    if (this.#buffered.length === 0 && !this.#done) {
      await this.#inTurn(async () => {
        if (this.#buffered.length === 0) await this.#fetch();
      });
    }
    const chunk = this.#buffered.shift();
    if (chunk !== undefined) return chunk;
    if (this.#failure !== undefined) throw this.#failure;
    return null;
  }

  /** The next chunks, of `rows` rows in all at most, which must be a vector's or more; none behind the last. */
  async nextSome(rows: number): Promise<DataChunk[]> {
    const some: DataChunk[] = [];
    let room = rows;
    const take = () => {
      for (let chunk = this.#buffered[0]; chunk !== undefined && room >= VECTOR_ROWS; chunk = this.#buffered[0]) {
        room -= this.#binding.data_chunk_get_size(chunk);
        some.push(chunk);
        this.#buffered.shift();
      }
    };
    take();
    if (room >= VECTOR_ROWS && !this.#done) {
      await this.#inTurn(async () => {
        for (take(); room >= VECTOR_ROWS && !this.#done; take()) await this.#fetch();
      });
    }
    if (some.length === 0 && this.#failure !== undefined) throw this.#failure;
    return some;
  }

  /** Reads what is left into memory. To be called in turn. */
  async drain(): Promise<void> {
    while (!this.#done) {
      try {
        await this.#fetch();
      } catch {
        // Told to whoever reads the result.
      }
    }
  }

  /**
   * Reads no further: the connection is free for the next statement.
   * @param failure what whoever still reads is told; else the result ends for them
   */
  cancel(failure?: unknown): void {
    if (!this.#done || this.#buffered.length > 0) this.#failure ??= failure;
    this.#done = true;
    this.#buffered.length = 0;
  }

  /**
   * To be called in turn, and while the engine is interrupted: a result that was not read to its end holds the database, and
   * the lock of its file, until it is collected, and one that failed does not.
   */
  async giveUp(): Promise<void> {
    this.cancel();
    while (!this.#exhausted) {
      const chunk = await this.#binding.fetch_chunk(this.result).catch(() => null);
      this.#exhausted = chunk === null || this.#binding.data_chunk_get_size(chunk) === 0;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DataChunk> {
    try {
      for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) yield chunk;
    } finally {
      this.cancel();
    }
  }

  async #fetch(): Promise<void> {
    if (this.#done) return;
    let cause: unknown;
    try {
      const chunk = await this.#binding.fetch_chunk(this.result);
      if (chunk !== null && this.#binding.data_chunk_get_size(chunk) > 0) {
        // Who cancelled meanwhile wants no more.
        if (!this.#done) this.#buffered.push(chunk);
        return;
      }
      // There is no chunk where the engine failed either: the binding tells it by the type of the result alone.
      if (this.#binding.result_return_type(this.result) !== this.#binding.ResultType.INVALID) {
        this.#done = this.#exhausted = true;
        return;
      }
    } catch (error) {
      cause = error;
    }
    this.#done = this.#exhausted = true;
    const failure = await this.#told(cause);
    this.#failure ??= failure;
    throw failure;
  }
}
