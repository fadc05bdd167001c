import type { Commit, Transaction, Version } from "../backend.ts";
import type { DuckConnection } from "./connection.ts";
import { quoteName } from "./identifiers.ts";
import { mayChange } from "./written-tables.ts";

const TABLE = "_faun_commits";

/** Commits of a table that are remembered. */
const REMEMBERED = 1000n;

/**
 * The commits of the tables of a database, kept in a table beside them: a row is written in the transaction of each commit,
 * so that it is there exactly if the commit is.
 */
export class Journal {
  readonly #table: string;
  readonly #durability: Commit["durability"];

  /** @param table whose commits these are */
  constructor(table: string, durability: Commit["durability"]) {
    this.#table = table;
    this.#durability = durability;
  }

  static async create(connection: DuckConnection): Promise<void> {
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (table_name VARCHAR NOT NULL, version BIGINT NOT NULL, row_count BIGINT NOT NULL, committed_at TIMESTAMP_MS NOT NULL, writer VARCHAR, seq HUGEINT)`,
    );
  }

  /** Whether the database has a journal: one that Faun never wrote has none. */
  static async exists(connection: DuckConnection): Promise<boolean> {
    const rows = await connection.rows(
      `SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = current_schema() AND table_name = '${TABLE}'`,
    );
    return rows.length > 0;
  }

  /** The number of the present version: 0 before the first commit. */
  async version(connection: DuckConnection): Promise<bigint> {
    const [row] = await connection.rows(`SELECT max(version) FROM ${TABLE} WHERE table_name = $1`, [this.#name(connection)]);
    return (row?.[0] as bigint | null | undefined) ?? 0n;
  }

  async lastTxn(connection: DuckConnection, writer: string): Promise<{ seq: bigint; commit: Commit } | undefined> {
    const [row] = await connection.rows(
      `SELECT version, row_count, epoch_ms(committed_at), seq FROM ${TABLE} WHERE table_name = $1 AND writer = $2 ORDER BY seq DESC LIMIT 1`,
      [this.#name(connection), connection.binding.create_varchar(writer)],
    );
    return row === undefined ? undefined : { seq: row[3] as bigint, commit: this.#commit(row) };
  }

  /** Oldest first. */
  async history(connection: DuckConnection): Promise<Commit[]> {
    const rows = await connection.rows(
      `SELECT version, row_count, epoch_ms(committed_at) FROM ${TABLE} WHERE table_name = $1 ORDER BY version DESC LIMIT ${REMEMBERED}`,
      [this.#name(connection)],
    );
    return rows.reverse().map((row) => this.#commit(row));
  }

  /** Writes a commit down, within its transaction. */
  async record(connection: DuckConnection, version: bigint, rows: bigint, txn: Transaction | undefined): Promise<Commit> {
    const { binding } = connection;
    const at = new Date();
    await connection.run(`INSERT INTO ${TABLE} VALUES ($1, $2, $3, $4, $5, $6)`, [
      this.#name(connection),
      binding.create_int64(version),
      binding.create_int64(rows),
      binding.create_timestamp_ms({ millis: BigInt(at.getTime()) }),
      txn === undefined ? binding.create_null_value() : binding.create_varchar(txn.writer),
      txn === undefined ? binding.create_null_value() : binding.create_hugeint(txn.seq),
    ]);
    if (version % REMEMBERED === 0n) await this.#forget(connection, version - REMEMBERED);
    return { version: String(version), rows, at, durability: this.#durability };
  }

  /**
   * Writes down that statements of the user may have changed tables, within their transaction: whoever holds rows of an
   * earlier version is told of the conflict. Also where they changed none it asks the engine something, which fails where
   * one of them did.
   */
  static async recordForeign(connection: DuckConnection, statements: readonly string[]): Promise<void> {
    const databases = await connection.rows(
      "SELECT database_name FROM duckdb_databases() WHERE database_name <> current_database()",
    );
    const others = new Set(databases.map(([name]) => (name as string).toLowerCase()));
    if (statements.length === 0 || !(await Journal.exists(connection))) return;
    const { binding } = connection;
    const tables = await connection.rows(`SELECT table_name, max(version) FROM ${TABLE} GROUP BY 1`);
    for (const [name, version] of tables as [string, bigint][]) {
      if (!statements.some((sql) => mayChange(sql, name, (catalog) => others.has(catalog.toLowerCase())))) continue;
      // A table that was dropped has commits still.
      const there = await connection.rows(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = current_schema() AND table_name = $1",
        [binding.create_varchar(name)],
      );
      if (there.length === 0) continue;
      const [count] = await connection.rows(`SELECT count(*) FROM ${quoteName(name)}`);
      await new Journal(name, "local").record(connection, version + 1n, count?.[0] as bigint, undefined);
    }
  }

  /** The last commit of each writer stays: it settles what became of one whose outcome was not told. */
  async #forget(connection: DuckConnection, before: bigint): Promise<void> {
    await connection.run(
      `DELETE FROM ${TABLE} WHERE table_name = $1 AND version < $2 AND (writer IS NULL OR (writer, seq) NOT IN
         (SELECT (writer, max(seq)) FROM ${TABLE} WHERE table_name = $1 AND writer IS NOT NULL GROUP BY writer))`,
      [this.#name(connection), connection.binding.create_int64(before)],
    );
  }

  #commit(row: unknown[]): Commit {
    return {
      version: String(row[0]) as Version,
      rows: row[1] as bigint,
      at: new Date(Number(row[2])),
      durability: this.#durability,
    };
  }

  #name(connection: DuckConnection) {
    return connection.binding.create_varchar(this.#table);
  }
}
