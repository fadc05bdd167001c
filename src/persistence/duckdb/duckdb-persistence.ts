import { schemaOf } from "../../entity/entity.ts";
import { assertOptions } from "../../entity/options.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import { BackendPersistence } from "../backend-persistence.ts";
import type { DuckConnection } from "./connection.ts";
import { assertDatabaseOptions, type DuckDatabase } from "./database.ts";
import { DuckDBBackend } from "./duckdb-backend.ts";
import type { SqlValue } from "./parameters.ts";
import type { SqlOptions, SqlQuery, SqlRow } from "./sql-query.ts";
import { runTransaction, type Sql, SqlStatements, sessionRunner } from "./sql-session.ts";
import type { JsonValue } from "./values.ts";

export interface DuckDBPersistenceOptions {
  /** A database file, made if need be. Without one the rows live in memory, until it is closed. */
  path?: string;
  /** Name of the table; that of the entity by default. */
  table?: string;
  /**
   * Declares the key as PRIMARY KEY of a table that is made. Default false: Faun itself refuses a key that is there
   * already, by reading the key column where keys do not ascend, and bulk loads take a fourth to a fifth of the time. With
   * it the engine's index holds for every program that writes the table, and an append costs the same whatever is stored.
   */
  primaryKey?: boolean;
  /** The file is only read: other processes may read it at the same time, and changes are refused. Default false. */
  readOnly?: boolean;
  /** Threads that the engine may take: an integer from 1. By default one per core. */
  threads?: number;
  /** Bytes that the engine may take before it writes to disk what it can. By default 80 % of the memory. */
  memoryLimit?: number;
}

/**
 * Rows kept in a table of DuckDB, in a database file or in memory. Needs the optional peers `@duckdb/node-api` and
 * `@duckdb/node-bindings`.
 *
 * Every change is a transaction of the engine. One process at a time writes a file; several persistences of one process,
 * of one entity or of several, may share it.
 */
export class DuckDBPersistence<T extends EntityRow> extends BackendPersistence<T> implements Sql {
  declare readonly backend: DuckDBBackend<T>;
  /** Connections of statements whose rows are being read. */
  readonly #reading = new Set<DuckConnection>();
  readonly #statements = new SqlStatements(sessionRunner(() => this.#database(), this.#reading));

  /** @throws ValidationError if `entity` is no entity class, or an option is out of range */
  constructor(entity: EntityClass<T>, options: DuckDBPersistenceOptions = {}) {
    const { name } = schemaOf(entity);
    assertOptions<DuckDBPersistenceOptions>(`${name}: DuckDB options`, options, {
      path: true,
      table: true,
      primaryKey: true,
      readOnly: true,
      threads: true,
      memoryLimit: true,
    });
    const { path, table = name, primaryKey = false, readOnly, threads, memoryLimit } = options;
    const refuse = (value: unknown, expected: string) => new ValidationError({ entity: name, value, expected });
    if (path !== undefined && (typeof path !== "string" || path === "" || path.includes("\0") || !path.isWellFormed()))
      throw refuse(path, "path: the name of a file");
    const text = typeof table === "string" && table !== "" && !table.includes("\0") && table.isWellFormed();
    if (!text || table.toLowerCase().startsWith("_faun_"))
      throw refuse(table, 'table: a name that does not begin with "_faun_", whose tables are the library\'s');
    if (typeof primaryKey !== "boolean") throw refuse(primaryKey, "primaryKey: true or false");
    assertDatabaseOptions(name, options);
    const inMemory = path === undefined || path === ":memory:";
    if (inMemory && readOnly === true) throw refuse(path, "path: a database in memory begins empty, so readOnly needs a file");
    super(
      entity,
      new DuckDBBackend(entity, {
        path: inMemory ? null : path,
        table,
        primaryKey,
        ...(readOnly === undefined ? {} : { readOnly }),
        ...(threads === undefined ? {} : { threads }),
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
      }),
    );
  }

  /**
   * A statement with its values as parameters, never as text: `` await orders.sql`SELECT … WHERE total > ${200}` ``. It
   * sees every table of the database, and runs when it is awaited, iterated over or asked for a form of its result. One
   * that writes is a commit.
   * @throws DatabaseError, ValidationError for values (when it runs)
   */
  sql<R = SqlRow>(text: TemplateStringsArray, ...values: SqlValue[]): SqlQuery<R> {
    return this.#statements.sql<R>(text, ...values);
  }

  /** A statement with $1, $2, … for parameters. */
  querySql<R = SqlRow>(text: string, parameters?: readonly SqlValue[], options?: SqlOptions): SqlQuery<R> {
    return this.#statements.querySql<R>(text, parameters, options);
  }

  /** The rows of a statement as JSON can say them; see `SqlQuery.json`. */
  analyticsQuery(
    text: string,
    parameters?: readonly SqlValue[],
    options?: SqlOptions,
  ): Promise<{ readonly [column: string]: JsonValue }[]> {
    return this.#statements.analyticsQuery(text, parameters, options);
  }

  /**
   * Runs statements that are made together or not at all: committed when `body` resolves, rolled back when it throws or
   * when a statement failed, also if it caught that. Other writers of this process wait for it.
   * @throws what `body` throws, DatabaseError
   */
  async transaction<R>(body: (tx: Sql) => Promise<R>): Promise<R> {
    if (typeof body !== "function")
      throw new ValidationError({
        entity: `${this.entity.name}.transaction()`,
        value: body,
        expected: "an async function of what runs statements",
      });
    return runTransaction(await this.#database(), body);
  }

  /**
   * Gives the file and its lock back, after the writes under way. Statements whose rows are still being read reject with
   * DatabaseError. Using the persistence again opens it again.
   * @throws DatabaseError within a transaction() of the database
   */
  override async close(): Promise<void> {
    this.backend.assertCommittable();
    await Promise.all([...this.#reading].map((connection) => connection.close()));
    await super.close();
  }

  async #database(): Promise<DuckDatabase> {
    await this.open();
    return this.backend.database();
  }
}
