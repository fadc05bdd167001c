import { assertOptions } from "../../../entity/options.ts";
import { DatabaseError, FaunError, ValidationError } from "../../../errors.ts";
import { assertColumnNames } from "../column-types.ts";
import { assertDatabaseOptions, type DatabaseOptions, openDatabase } from "../database.ts";
import { databaseError } from "../errors.ts";
import { quoteName } from "../identifiers.ts";
import { bindParameters, type SqlValue } from "../parameters.ts";
import { assertTemplate, type SqlOptions, SqlQuery, type SqlRow, type SqlRunner } from "../sql-query.ts";
import type { JsonValue } from "../values.ts";
import { Gate } from "./gate.ts";
import { type LiveConnection, LiveConnections } from "./live-connections.ts";
import { isLiveRows, type LiveRows, type LiveSource, liveSource } from "./live-source.ts";
import { NamedColumns, wordsOf } from "./named-columns.ts";
import { registerTableFunction, rowsSql, StatementRows } from "./table-function.ts";

/** What the rows that SQL can be asked over are called. */
export interface LiveTables {
  readonly [name: string]: LiveRows;
}

export type SqlOverOptions = Pick<DatabaseOptions, "threads" | "memoryLimit">;

/** Statements run on threads of Node's pool, of which there are 4 by default: others need some too. */
const AT_A_TIME = 2;

/**
 * SQL over stores as they are: nothing is inserted, DuckDB reads their columns, those that a statement names. Each store is
 * a view of its name, and the functions of the in-memory database around it are DuckDB's: tables can be made, files read
 * and written. Needs the optional peers `@duckdb/node-api` and `@duckdb/node-bindings`.
 *
 * A statement sees all stores as they were when it began, whatever is written while it runs. Values come as DuckDB's
 * types of the fields (see docs/duckdb.md), enums as ENUM, categories as VARCHAR.
 *
 * @example
 * const db = await sqlOver({ orders, flights });
 * await db.sql`SELECT status, sum(total_amount) FROM orders WHERE total_amount > ${200} GROUP BY status`;
 * await db.close();
 * @throws ValidationError where a name or what it stands for is not right; UnsupportedError where DuckDB is not installed
 */
export async function sqlOver(tables: LiveTables, options: SqlOverOptions = {}): Promise<LiveSql> {
  assertOptions<SqlOverOptions>("sqlOver()", options, { threads: true, memoryLimit: true });
  assertDatabaseOptions("sqlOver()", options);
  const sources = checkedSources(tables);
  const database = await openDatabase(null, options);
  const connections = new LiveConnections(database);
  try {
    const live = await connections.take();
    const { connection } = live;
    live.sources = sources;
    registerTableFunction(connection.binding, connection.handle, {
      source: (id, name) => connections.byId(id)?.sources.get(name),
      rows: (id) => connections.byId(id)?.rows,
    });
    for (const [name, { schema }] of sources) await connection.run(`CREATE VIEW ${quoteName(name)} AS ${rowsSql(name, schema)}`);
    await connections.giveBack(live);
  } catch (error) {
    await connections.close();
    throw error;
  }
  return new LiveSql(sources, connections);
}

/** Made by {@link sqlOver}. */
export class LiveSql {
  readonly #sources: ReadonlyMap<string, LiveSource>;
  readonly #connections: LiveConnections;
  readonly #columns: NamedColumns;
  readonly #gate = new Gate(AT_A_TIME);
  #closing: Promise<void> | null = null;

  /** @internal */
  constructor(sources: ReadonlyMap<string, LiveSource>, connections: LiveConnections) {
    this.#sources = sources;
    this.#connections = connections;
    this.#columns = new NamedColumns(sources);
  }

  /**
   * A statement with its values as parameters. A store or a query can stand where a table does:
   * `` sql`SELECT … FROM ${orders.where((o) => o.status.eq("Delivered"))}` ``; the query is answered by Faun itself,
   * and DuckDB sees the rows it selects.
   */
  sql<R = SqlRow>(text: TemplateStringsArray, ...values: (SqlValue | LiveRows)[]): SqlQuery<R> {
    assertTemplate(text);
    const parameters: SqlValue[] = [];
    const own = new Map<string, LiveSource>();
    const words = wordsOf(text.join(" "));
    let sql = text[0] as string;
    values.forEach((value, i) => {
      if (isLiveRows(value)) {
        let name = `query ${i}`;
        while (this.#sources.has(name)) name += "'";
        const source = liveSource(name, value);
        own.set(name, source);
        sql += `(${rowsSql(name, source.schema, words)})`;
      } else sql += `$${parameters.push(value as SqlValue)}`;
      sql += text[i + 1] as string;
    });
    return new SqlQuery(this.#runner(own), sql, parameters);
  }

  /** A statement with $1, $2, … for parameters. */
  querySql<R = SqlRow>(text: string, parameters: readonly SqlValue[] = [], options: SqlOptions = {}): SqlQuery<R> {
    return new SqlQuery(this.#runner(), text, parameters, options);
  }

  /** The rows of a statement as JSON can say them. */
  analyticsQuery(
    text: string,
    parameters: readonly SqlValue[] = [],
    options: SqlOptions = {},
  ): Promise<{ readonly [column: string]: JsonValue }[]> {
    return this.querySql(text, parameters, options).json();
  }

  /** Ends what runs (it rejects with DatabaseError), and gives DuckDB's memory back. Again is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#connections.close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #runner(own: ReadonlyMap<string, LiveSource> = new Map()): SqlRunner {
    const connections = this.#connections;
    const gate = this.#gate;
    const columns = this.#columns;
    const sources = own.size === 0 ? this.#sources : new Map([...this.#sources, ...own]);
    return async function* (sql, { signal }, read) {
      connections.assertOpen();
      signal?.throwIfAborted();
      // Before anything is waited for: the moment that the statement is asked is the one that it sees.
      const rows = new StatementRows(sources);
      const live = await connections.take();
      const { connection } = live;
      const failed = (cause: unknown): FaunError => {
        if (rows.failure?.error instanceof FaunError) return rows.failure.error;
        return databaseError("sqlOver()", rows.failure?.error ?? cause);
      };
      try {
        live.sources = sources;
        live.rows = rows;
        yield* read(connection, async (values) => {
          const bound = bindParameters(connection.binding, "the statement", values);
          live.stream = await connection.stream(sql, bound, { signal, error: failed, gate, sooner: columns.rewrite(sql, rows) });
          const type = connection.binding.result_statement_type(live.stream.result);
          assertNoTransaction(live, type);
          columns.ran(connection.binding, type, sql);
          return live.stream;
        });
        connections.assertOpen();
      } catch (error) {
        connections.assertOpen();
        throw error;
      } finally {
        await connections.giveBack(live);
      }
    };
  }
}

/** BEGIN would outlast its statement on a connection that others get. @throws DatabaseError */
function assertNoTransaction(live: LiveConnection, type: number): void {
  if (type !== live.connection.binding.StatementType.TRANSACTION) return;
  live.spoiled = true;
  throw new DatabaseError("sqlOver(): each statement stands for itself; there is no BEGIN, COMMIT or ROLLBACK");
}

function checkedSources(tables: LiveTables): Map<string, LiveSource> {
  const sources = new Map<string, LiveSource>();
  const seen = new Set<string>();
  const refuse = (entity: string, value: unknown, expected: string) => new ValidationError({ entity, value, expected });
  if (typeof tables !== "object" || tables === null) throw refuse("sqlOver()", tables, "an object of stores by name");
  if (isLiveRows(tables)) throw refuse("sqlOver()", tables, "an object of stores by name, such as { orders }");
  for (const [name, given] of Object.entries(tables)) {
    if (name === "" || name.includes("\0") || !name.isWellFormed())
      throw refuse("sqlOver()", name, "names that SQL can write: not empty, without NUL and lone surrogates");
    if (seen.has(name.toLowerCase())) throw refuse("sqlOver()", name, "names that differ in more than case, as SQL sees them");
    seen.add(name.toLowerCase());
    const source = liveSource(name, given);
    assertColumnNames(name, source.schema);
    sources.set(name, source);
  }
  return sources;
}
