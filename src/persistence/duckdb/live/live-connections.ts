import { DatabaseError } from "../../../errors.ts";
import type { DuckConnection } from "../connection.ts";
import type { DuckDatabase } from "../database.ts";
import { guardExit } from "../exit-guard.ts";
import type { ResultStream } from "../result-stream.ts";
import { interruptOnExit } from "../running.ts";
import type { LiveSource } from "./live-source.ts";
import type { StatementRows } from "./table-function.ts";

/** Connections kept for the next statement. */
const IDLE = 4;

/** A connection with the statement that runs on it. */
export class LiveConnection {
  readonly connection: DuckConnection;
  readonly id: number;
  sources: ReadonlyMap<string, LiveSource> = new Map();
  rows: StatementRows | undefined;
  stream: ResultStream | null = null;
  /** Its session is not as it was: not to be used again. */
  spoiled = false;

  constructor(connection: DuckConnection) {
    const { binding, handle } = connection;
    this.connection = connection;
    this.id = binding.client_context_get_connection_id(binding.connection_get_client_context(handle));
  }
}

function leaving(live: LiveConnection): () => void {
  const guarded = guardExit(live);
  const interrupted = interruptOnExit(live.connection);
  return () => {
    guarded();
    interrupted();
  };
}

/** The connections of a database that statements over live rows run on, one each. */
export class LiveConnections {
  readonly #database: DuckDatabase;
  readonly #idle: LiveConnection[] = [];
  /** Those in use, by id, with what ends their hold on the process's exit. */
  readonly #busy = new Map<number, { readonly live: LiveConnection; readonly left: () => void; ended: Promise<void> | null }>();
  #closed = false;

  constructor(database: DuckDatabase) {
    this.#database = database;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The connection of that id whose statement runs. */
  byId(id: number): LiveConnection | undefined {
    return this.#busy.get(id)?.live;
  }

  async take(): Promise<LiveConnection> {
    this.assertOpen();
    const live = this.#idle.pop() ?? new LiveConnection(await this.#database.connect());
    if (this.#closed) {
      await live.connection.close();
      this.assertOpen();
    }
    this.#busy.set(live.id, { live, left: leaving(live), ended: null });
    return live;
  }

  /** @throws DatabaseError once closed */
  assertOpen(): void {
    if (this.#closed) throw new DatabaseError("sqlOver(): closed; nothing more can be asked of it");
  }

  /** Gives a connection back, whatever its statement is up to. Twice is fine. */
  giveBack(live: LiveConnection): Promise<void> {
    const entry = this.#busy.get(live.id);
    if (entry === undefined) return Promise.resolve();
    entry.ended ??= this.#end(live).finally(() => {
      entry.left();
      this.#busy.delete(live.id);
    });
    return entry.ended;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#busy.values()].map(({ live }) => this.giveBack(live)));
    await Promise.all(this.#idle.splice(0).map(({ connection }) => connection.close()));
    await this.#database.release();
  }

  async #end(live: LiveConnection): Promise<void> {
    const { connection, stream } = live;
    const whole = stream === null || stream.exhausted;
    stream?.cancel();
    if (!whole || this.#closed) {
      connection.interrupt();
      // Threads of an unfinished statement may wait for a callback on this thread: another statement, which ends it,
      // waits for them on another one. To disconnect, or to let the collector do so, would wait here, for ever.
      await connection.run("SELECT 1").catch(() => undefined);
    }
    live.rows = undefined;
    live.sources = new Map();
    live.stream = null;
    if (this.#closed || live.spoiled || this.#idle.length >= IDLE) await connection.close();
    else this.#idle.push(live);
  }
}
