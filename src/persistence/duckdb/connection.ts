import { DatabaseError } from "../../errors.ts";
import type { Binding, Connection, DuckModules, DuckResult, DuckValue, PreparedStatement } from "./binding.ts";
import { databaseError, isInterrupt } from "./errors.ts";
import { assertSqlText } from "./identifiers.ts";
import { ResultStream } from "./result-stream.ts";
import { interruptOnAbort, interruptOnExit, keepInterrupting } from "./running.ts";

export interface StatementOptions {
  /** Interrupts the statement: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Makes an error of ours of what the engine threw. */
  error?: ((cause: unknown) => unknown) | undefined;
  /** Another text that does the same, taken instead where it can be prepared. */
  sooner?: string | undefined;
  /** Where it fails while its rows are read, the transaction may be rolled back to find out why. */
  rollback?: boolean | undefined;
  /** What its steps on DuckDB's threads wait for their turn at. */
  gate?: { run<R>(step: () => Promise<R>, signal?: AbortSignal): Promise<R> } | undefined;
}

/**
 * A connection, on which statements run one after the other. Each has its own transaction, or all are of one between
 * BEGIN and COMMIT. Times are shown in UTC.
 */
export class DuckConnection {
  readonly modules: DuckModules;
  readonly handle: Connection;
  readonly #what: string;
  #turn: Promise<unknown> = Promise.resolve();
  #stream: ResultStream | null = null;
  #closed = false;

  /** @param what whose statements these are, for messages */
  constructor(modules: DuckModules, handle: Connection, what: string) {
    this.modules = modules;
    this.handle = handle;
    this.#what = what;
  }

  get binding(): Binding {
    return this.modules.binding;
  }

  /** Runs a statement to its end; gives the number of rows that it changed. */
  async run(sql: string, values: readonly DuckValue[] = [], options: StatementOptions = {}): Promise<number> {
    return this.#inTurn(options, async () => this.binding.rows_changed(await this.#execute(sql, values, false)));
  }

  /** The rows of a small result: integers of 64 bits and more as bigint, others as node-api reads them. */
  async rows(sql: string, values: readonly DuckValue[] = [], options: StatementOptions = {}): Promise<unknown[][]> {
    return this.#inTurn(options, async () => {
      const result = await this.#execute(sql, values, false);
      return new this.modules.api.DuckDBResult(result).getRows();
    });
  }

  /** Begins a statement whose rows are read as they are wanted. */
  async stream(sql: string, values: readonly DuckValue[] = [], options: StatementOptions = {}): Promise<ResultStream> {
    return this.#inTurn(options, async () => {
      const { binding } = this;
      const result = await this.#execute(sql, values, true, options);
      const selects = binding.result_statement_type(result) === binding.StatementType.SELECT;
      this.#stream = new ResultStream(
        binding,
        result,
        (step) => this.#queue(() => this.#guarded(options, step)),
        async (cause) => this.#told(cause ?? (await this.#causeOf(sql, selects ? values : null, options)), options),
      );
      return this.#stream;
    });
  }

  /** What a statement is, prepared and asked; it is not run. */
  async inspect<R>(sql: string, ask: (statement: PreparedStatement) => R): Promise<R> {
    return this.#inTurn({}, async () => {
      const statement = await this.binding.prepare(this.handle, sql);
      try {
        return ask(statement);
      } finally {
        this.binding.destroy_prepare_sync(statement);
      }
    });
  }

  /** Runs `step`, which uses the handle, in turn with the statements. */
  exclusively<R>(step: () => Promise<R>, options: StatementOptions = {}): Promise<R> {
    return this.#inTurn(options, step);
  }

  /** Ends the statement that runs. */
  interrupt(): void {
    if (!this.#closed) this.binding.interrupt(this.handle);
  }

  /**
   * Ends what runs, rolls back what is not committed, and gives the connection back; whoever reads rows is told by a
   * DatabaseError. Twice is fine.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream?.cancel(this.#closedError());
    const ended = keepInterrupting({ interrupt: () => this.binding.interrupt(this.handle) });
    await this.#turn.catch(() => undefined);
    await this.#stream?.giveUp();
    ended();
    this.binding.disconnect_sync(this.handle);
  }

  async #execute(
    sql: string,
    values: readonly DuckValue[],
    streaming: boolean,
    { sooner, signal }: StatementOptions = {},
  ): Promise<DuckResult> {
    assertSqlText(sql);
    const statement = await this.binding.prepare(this.handle, sooner ?? sql).catch((cause: unknown) => {
      if (sooner === undefined) throw cause;
      signal?.throwIfAborted();
      return this.binding.prepare(this.handle, sql);
    });
    try {
      const wanted = this.binding.nparams(statement);
      if (wanted !== values.length)
        throw new DatabaseError(`${this.#what}: the statement has ${wanted} parameters, and ${values.length} values are given`);
      values.forEach((value, i) => {
        this.binding.bind_value(statement, i + 1, value);
      });
      return streaming
        ? await this.binding.execute_prepared_streaming(statement)
        : await this.binding.execute_prepared(statement);
    } finally {
      this.binding.destroy_prepare_sync(statement);
    }
  }

  async #inTurn<R>(options: StatementOptions, step: () => Promise<R>): Promise<R> {
    options.signal?.throwIfAborted();
    return this.#queue(async () => {
      if (this.#closed) throw this.#closedError();
      if (this.#stream !== null && !this.#stream.done) await this.#stream.drain();
      this.#stream = null;
      return this.#guarded(options, step);
    });
  }

  #queue<R>(step: () => Promise<R>): Promise<R> {
    const turn = this.#turn.then(step, step);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #guarded<R>(options: StatementOptions, step: () => Promise<R>): Promise<R> {
    const { signal, gate } = options;
    signal?.throwIfAborted();
    const settled = interruptOnAbort(this, signal);
    const ended = interruptOnExit(this);
    try {
      return await (gate === undefined ? step() : gate.run(step, signal));
    } catch (cause) {
      throw this.#told(cause, options);
    } finally {
      ended();
      settled();
    }
  }

  /** What to tell of a failure. */
  #told(cause: unknown, { signal, error }: StatementOptions): unknown {
    if (signal?.aborted === true && (cause === signal.reason || isInterrupt(cause))) return signal.reason;
    if (this.#closed && isInterrupt(cause)) return this.#closedError();
    return error === undefined ? databaseError(this.#what, cause) : error(cause);
  }

  /**
   * Why a statement failed while its rows were read, which the binding does not tell: it is run once more, without giving
   * rows. To be called in turn.
   * @param values its parameters; null where to run it again could change something
   */
  async #causeOf(sql: string, values: readonly DuckValue[] | null, { signal, rollback }: StatementOptions): Promise<unknown> {
    if (signal?.aborted === true || this.#closed) return new Error("INTERRUPT Error: Interrupted!");
    try {
      if (rollback === true) await this.#execute("ROLLBACK", [], false);
      if (values !== null) await this.#execute(`EXPLAIN ANALYZE ${sql}`, values, false);
    } catch (cause) {
      // It cannot be explained, or within the transaction that it failed in nothing can.
      if (!/^(Parser|TransactionContext) Error/.test((cause as Error).message)) return cause;
    }
    return new DatabaseError(`${this.#what}: the statement failed while its rows were read, and the engine does not tell why`);
  }

  #closedError(): DatabaseError {
    return new DatabaseError(`${this.#what}: the connection is closed`);
  }
}
