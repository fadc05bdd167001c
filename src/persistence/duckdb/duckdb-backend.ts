import { schemaOf } from "../../entity/entity.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ConflictError, DatabaseError, FaunError, UnsupportedError, ValidationError } from "../../errors.ts";
import type {
  Backend,
  BackendSnapshot,
  Capabilities,
  Change,
  Commit,
  CommitOptions,
  OperationOptions,
  Version,
} from "../backend.ts";
import { assertSameSchema } from "../schema-check.ts";
import { ioError } from "../storage/storage-full-error.ts";
import { Changes } from "./apply-changes.ts";
import { assertColumnNames } from "./column-types.ts";
import type { DuckConnection } from "./connection.ts";
import { type DatabaseOptions, type DuckDatabase, openDatabase } from "./database.ts";
import { DuckDBSnapshot } from "./duckdb-snapshot.ts";
import { isFatal, isInterrupt } from "./errors.ts";
import { Journal } from "./journal.ts";
import { interruptOnAbort } from "./running.ts";
import { type EntityTable, openTable } from "./table.ts";

export interface DuckDBBackendOptions extends DatabaseOptions {
  path: string | null;
  table: string;
  primaryKey: boolean;
}

/** What is there while a backend is open. */
interface Opened {
  readonly database: DuckDatabase;
  readonly table: EntityTable;
  readonly journal: Journal;
  /** null where the database is only read. */
  readonly writer: { readonly connection: DuckConnection; readonly changes: Changes } | null;
  /** A database that Faun never wrote has no journal, and its version is 0. */
  readonly hasJournal: boolean;
}

/**
 * A table of a DuckDB database. Commits are transactions of the engine, snapshots its read transactions: both see whole
 * versions, and do not wait for each other.
 */
export class DuckDBBackend<T extends EntityRow> implements Backend {
  readonly capabilities: Capabilities;
  readonly #schema: EntitySchema;
  readonly #options: DuckDBBackendOptions;
  #opening: Promise<Opened> | null = null;
  /** That of the last opening, while it is open. */
  #database: DuckDatabase | null = null;
  /** Calls under way, which `close` waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Snapshots that were not closed: they would keep the file open. */
  readonly #snapshots = new Set<DuckDBSnapshot>();

  /** @throws ValidationError for column names that DuckDB cannot tell apart, or needs itself */
  constructor(entity: EntityClass<T>, options: DuckDBBackendOptions) {
    this.#schema = schemaOf(entity);
    assertColumnNames(this.#schema.name, this.#schema);
    const hidden = this.#schema.fields.find(({ column }) => column.toLowerCase() === "rowid");
    if (hidden !== undefined)
      throw new ValidationError({
        entity: this.#schema.name,
        field: hidden.name,
        value: hidden.column,
        expected: 'another column name, by .column("…"): rowid is where DuckDB tells the numbers of rows, which Faun needs',
      });
    this.#options = options;
    const { key } = this.#schema;
    this.capabilities = {
      mutations: "native",
      atomicCommit: true,
      expectedVersion: true,
      timeTravel: false,
      evolve: false,
      // Without an index in the engine, new keys are held against the column of the old ones.
      appendCost: key === null || options.primaryKey ? "constant" : "linear",
    };
  }

  async open(schema: EntitySchema, options: OperationOptions = {}): Promise<Version> {
    options.signal?.throwIfAborted();
    assertSameSchema(this.#schema, schema);
    const { database, journal, hasJournal } = await this.#open();
    if (!hasJournal) return "0";
    const connection = await database.connect();
    try {
      return String(await journal.version(connection));
    } finally {
      await connection.close();
    }
  }

  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<Commit> {
    options.signal?.throwIfAborted();
    const opened = await this.#opened();
    const { database, writer } = opened;
    if (writer === null) throw new DatabaseError(`${this.#schema.name}: ${database.name} was opened to be read only`);
    return this.#tracked(database.exclusively(() => this.#commit(opened, writer, changes, options), options.signal));
  }

  async #commit(
    { journal, table }: Opened,
    { connection, changes }: NonNullable<Opened["writer"]>,
    wanted: readonly Change[],
    { signal, onProgress, expected, txn }: CommitOptions,
  ): Promise<Commit> {
    signal?.throwIfAborted();
    let settled = () => {};
    let made: Commit;
    await changes.prepare(connection, wanted);
    await connection.run("BEGIN TRANSACTION");
    try {
      const before = txn === undefined ? undefined : await journal.lastTxn(connection, txn.writer);
      if (txn !== undefined && before !== undefined && txn.seq <= before.seq) {
        await connection.run("ROLLBACK");
        return before.commit;
      }
      const version = await journal.version(connection);
      if (expected !== undefined && expected !== String(version)) {
        throw new ConflictError(
          `${this.#schema.name}: the table is at version ${version}, not ${expected}: something else changed it first`,
        );
      }
      settled = interruptOnAbort(connection, signal);
      await changes.make(connection, wanted, { signal, onProgress });
      const [count] = await connection.rows(`SELECT count(*) FROM ${table.sql}`);
      made = await journal.record(connection, version + 1n, count?.[0] as bigint, txn);
      signal?.throwIfAborted();
    } catch (cause) {
      changes.rolledBack();
      await connection.run("ROLLBACK").catch(() => undefined);
      throw signal?.aborted === true && isInterrupt(cause instanceof FaunError ? cause.cause : cause) ? signal.reason : cause;
    } finally {
      settled();
    }
    try {
      await connection.run("COMMIT");
    } catch (cause) {
      changes.rolledBack();
      await connection.run("ROLLBACK").catch(() => undefined);
      // What the engine finds wrong with the data it finds before anything is written; else nobody knows.
      if (cause instanceof DatabaseError && !isFatal(cause.cause)) throw cause;
      throw ioError(`${this.#schema.name}: the commit failed: ${(cause as Error).message}`, { cause, outcome: "unknown" });
    }
    return made;
  }

  async lastTxn(writer: string): Promise<{ seq: bigint; commit: Commit } | undefined> {
    const { journal, hasJournal } = await this.#opened();
    if (!hasJournal) return undefined;
    return this.#reading((connection) => journal.lastTxn(connection, writer));
  }

  async snapshot(at?: { version: Version } | { asOf: Date }, options: OperationOptions = {}): Promise<BackendSnapshot> {
    options.signal?.throwIfAborted();
    const { database, table, journal, hasJournal } = await this.#opened();
    return this.#tracked(
      (async () => {
        const connection = await database.connect();
        try {
          // A transaction sees the state of its first read.
          const begin = async () => {
            await connection.run("BEGIN TRANSACTION READ ONLY");
            if (hasJournal) return String(await journal.version(connection));
            await connection.rows(`SELECT 1 FROM ${table.sql} LIMIT 1`);
            return "0";
          };
          const version = await begin();
          if (at !== undefined && !("version" in at && at.version === version)) {
            throw new UnsupportedError(
              `${this.#schema.name}: a DuckDB table keeps its present version only (${version}); take a snapshot while a version is present to keep it`,
            );
          }
          const onClose = () => this.#snapshots.delete(snapshot);
          const snapshot = new DuckDBSnapshot(connection, this.#schema, table, version, { begin, onClose });
          this.#snapshots.add(snapshot);
          return snapshot;
        } catch (error) {
          await connection.close();
          throw error;
        }
      })(),
    );
  }

  async *history(options: OperationOptions = {}): AsyncGenerator<Commit> {
    const { journal, hasJournal } = await this.#opened();
    if (!hasJournal) return;
    for (const commit of await this.#reading((connection) => journal.history(connection))) {
      options.signal?.throwIfAborted();
      yield commit;
    }
  }

  async evolve(): Promise<Commit> {
    throw new UnsupportedError(
      `${this.#schema.name}: a DuckDB table keeps the columns it was made with; load the rows and save them under the new declaration into another table`,
    );
  }

  /** All three are one thing here: a checkpoint writes the log into the file, and gives the room of deleted rows back. */
  async maintain(_task: "checkpoint" | "compact" | "vacuum", options: OperationOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    const { database, writer } = await this.#opened();
    if (writer === null) return;
    await this.#tracked(database.exclusively(() => writer.connection.run("CHECKPOINT")));
  }

  assertCommittable(): void {
    this.#database?.assertOutside();
  }

  async close(): Promise<void> {
    this.assertCommittable();
    const opening = this.#opening;
    if (opening === null) return;
    this.#database = null;
    this.#opening = null;
    const opened = await opening.catch(() => undefined);
    if (opened === undefined) return;
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
    for (const snapshot of this.#snapshots) await snapshot.close();
    await opened.writer?.connection.close();
    await opened.database.release();
  }

  /** The database behind this backend, open; for statements beside those of the contract. */
  async database(): Promise<DuckDatabase> {
    return (await this.#opened()).database;
  }

  #open(): Promise<Opened> {
    if (this.#opening === null) {
      const opening = this.#start();
      this.#opening = opening;
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = null;
      });
    }
    return this.#opening;
  }

  #opened(): Promise<Opened> {
    if (this.#opening !== null) return this.#opening;
    throw new UnsupportedError(`${this.#schema.name}: the backend is not open; call open() first`);
  }

  async #start(): Promise<Opened> {
    const { path, table: name, primaryKey, ...options } = this.#options;
    const database = await openDatabase(path, options);
    this.#database = database;
    try {
      return await database.exclusively(async () => {
        const connection = await database.connect();
        try {
          const { readOnly } = database;
          if (!readOnly) await connection.run("BEGIN TRANSACTION");
          const table = await openTable(connection, this.#schema, name, { primaryKey, readOnly });
          const journal = new Journal(table.name, path === null ? "memory" : "local");
          if (readOnly) {
            const hasJournal = await Journal.exists(connection);
            await connection.close();
            return { database, table, journal, hasJournal, writer: null };
          }
          await Journal.create(connection);
          await connection.run("COMMIT");
          const writer = { connection, changes: new Changes(this.#schema, table) };
          return { database, table, journal, hasJournal: true, writer };
        } catch (error) {
          await connection.close();
          throw error;
        }
      });
    } catch (error) {
      this.#database = null;
      await database.release();
      throw error;
    }
  }

  async #reading<R>(read: (connection: DuckConnection) => Promise<R>): Promise<R> {
    const { database } = await this.#opened();
    return this.#tracked(
      (async () => {
        const connection = await database.connect();
        try {
          return await read(connection);
        } finally {
          await connection.close();
        }
      })(),
    );
  }

  #tracked<R>(call: Promise<R>): Promise<R> {
    this.#underWay.add(call);
    const done = () => this.#underWay.delete(call);
    call.then(done, done);
    return call;
  }
}
