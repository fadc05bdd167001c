import { DatabaseError } from "../../errors.ts";
import type { Binding } from "./binding.ts";
import type { DuckConnection } from "./connection.ts";
import type { DuckDatabase } from "./database.ts";
import { Journal } from "./journal.ts";
import { bindParameters, type SqlValue } from "./parameters.ts";
import { assertTemplate, type SqlOptions, SqlQuery, type SqlRow, type SqlRunner } from "./sql-query.ts";
import { runInScope } from "./transaction-scope.ts";
import type { JsonValue } from "./values.ts";

/** What statements can be sent to. */
export interface Sql {
  /** A statement with its values as parameters, never as text: `` sql`SELECT … WHERE total > ${200}` ``. */
  sql<R = SqlRow>(text: TemplateStringsArray, ...values: SqlValue[]): SqlQuery<R>;
  /** A statement with $1, $2, … for parameters. */
  querySql<R = SqlRow>(text: string, parameters?: readonly SqlValue[], options?: SqlOptions): SqlQuery<R>;
  /** The rows of a statement as JSON can say them. */
  analyticsQuery(
    text: string,
    parameters?: readonly SqlValue[],
    options?: SqlOptions,
  ): Promise<{ readonly [column: string]: JsonValue }[]>;
}

/** The methods of {@link Sql}, over a way to run statements. */
export class SqlStatements implements Sql {
  readonly #run: SqlRunner;

  constructor(run: SqlRunner) {
    this.#run = run;
  }

  sql<R = SqlRow>(text: TemplateStringsArray, ...values: SqlValue[]): SqlQuery<R> {
    assertTemplate(text);
    return new SqlQuery(
      this.#run,
      text.reduce((sql, part, i) => `${sql}$${i}${part}`),
      values,
    );
  }

  querySql<R = SqlRow>(text: string, parameters: readonly SqlValue[] = [], options: SqlOptions = {}): SqlQuery<R> {
    return new SqlQuery(this.#run, text, parameters, options);
  }

  analyticsQuery(
    text: string,
    parameters: readonly SqlValue[] = [],
    options: SqlOptions = {},
  ): Promise<{ readonly [column: string]: JsonValue }[]> {
    return this.querySql(text, parameters, options).json();
  }
}

/** Statements that change tables, by the names of their types: they are commits, and follow each other. */
const WRITES = ["INSERT", "UPDATE", "DELETE", "MERGE_INTO", "COPY", "CREATE", "CREATE_FUNC", "ALTER", "DROP", "EXECUTE"] as const;

const kinds = (binding: Binding, names: readonly (keyof Binding["StatementType"])[]) =>
  new Set(names.map((name) => binding.StatementType[name] as number));

/** What runs the statement that it explains, which may be one that writes. */
const EXPLAINED_WRITE = /\banalyze\b[\s\S]*\b(?:insert|update|delete|merge|truncate|create|alter|drop|copy)\b/i;

/** What a statement is. @throws DatabaseError for text with several, or none */
async function kindOf(connection: DuckConnection, sql: string): Promise<"reads" | "writes" | "controls"> {
  const { binding } = connection;
  const type = await connection.inspect(sql, (statement) => binding.prepared_statement_type(statement) as number);
  if (type === (binding.StatementType.TRANSACTION as number)) return "controls";
  if (type === (binding.StatementType.EXPLAIN as number)) return EXPLAINED_WRITE.test(sql) ? "writes" : "reads";
  return kinds(binding, WRITES).has(type) ? "writes" : "reads";
}

const begin =
  (connection: DuckConnection, sql: string, { signal }: SqlOptions) =>
  (values: readonly unknown[]) =>
    connection.stream(sql, bindParameters(connection.binding, "the statement", values), { signal });

/**
 * Statements on a database, each on a connection of its own.
 * @param reading where the connections are while rows are read on them, so that whoever closes the database can close them
 */
export function sessionRunner(database: () => Promise<DuckDatabase>, reading: Set<DuckConnection>): SqlRunner {
  return async function* (sql, options, read) {
    const opened = await database();
    const connection = await opened.connect();
    try {
      const kind = await kindOf(connection, sql);
      if (kind === "controls")
        throw new DatabaseError(
          `${opened.name}: BEGIN, COMMIT and ROLLBACK belong to transaction(), which hands out what to run statements with`,
        );
      if (kind === "reads" || opened.readOnly) {
        reading.add(connection);
        yield* read(connection, begin(connection, sql, options));
      } else
        yield* await writing(opened, connection, [sql], options.signal, () =>
          collect(read(connection, begin(connection, sql, options))),
        );
    } finally {
      reading.delete(connection);
      await connection.close();
    }
  };
}

async function collect<R>(items: AsyncGenerator<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Runs `change` as a commit of the tables that Faun keeps here and that `statements` may change, of those when it has ended. */
async function writing<R>(
  database: DuckDatabase,
  connection: DuckConnection,
  statements: readonly string[],
  signal: AbortSignal | null | undefined,
  change: () => Promise<R>,
): Promise<R> {
  return database.exclusively(async () => {
    await connection.run("BEGIN TRANSACTION");
    let result: R;
    try {
      result = await change();
      await Journal.recordForeign(connection, database.readOnly ? [] : statements);
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
    await connection.run("COMMIT");
    return result;
  }, signal);
}

/**
 * Runs `body` with statements that are made together or not at all: committed when it resolves, rolled back when it
 * throws or a statement in it failed, whether or not the failure was caught: after one the engine runs no other.
 * @throws what `body` throws; DatabaseError for a failure that it caught
 */
export async function runTransaction<R>(database: DuckDatabase, body: (tx: Sql) => Promise<R>): Promise<R> {
  const connection = await database.connect();
  let failure: { readonly error: unknown } | null = null;
  let over = false;
  const written: string[] = [];
  /** Statements that are not known to have begun or failed yet. */
  const beginning = new Set<Promise<void>>();
  const run: SqlRunner = async function* (sql, options, read) {
    if (over) throw new DatabaseError(`${database.name}: the transaction is over; run statements before its function resolves`);
    if (failure !== null)
      throw new DatabaseError(`${database.name}: a statement of this transaction failed before, and it will be rolled back`, {
        cause: failure.error,
      });
    let begun = () => {};
    const begins = new Promise<void>((resolve) => {
      begun = resolve;
    }).then(() => {
      beginning.delete(begins);
    });
    beginning.add(begins);
    try {
      const kind = await kindOf(connection, sql);
      if (kind === "controls")
        throw new DatabaseError(`${database.name}: a transaction() is committed or rolled back by how its function ends`);
      if (kind === "writes") written.push(sql);
      yield* read(connection, (values) => begin(connection, sql, options)(values).finally(begun));
    } catch (error) {
      failure ??= { error };
      throw error;
    } finally {
      begun();
    }
  };
  try {
    return await writing(database, connection, written, undefined, async () => {
      const result = await runInScope(database, () => body(new SqlStatements(run))).finally(() => {
        over = true;
      });
      // Those that nobody waited for belong to it, too.
      while (beginning.size > 0) await Promise.all(beginning);
      // A COMMIT now would resolve, and roll back.
      if (failure !== null)
        throw new DatabaseError(
          `${database.name}: nothing was written, for a statement of the transaction failed: ${(failure.error as Error).message}`,
          {
            cause: failure.error,
          },
        );
      return result;
    });
  } finally {
    over = true;
    await connection.close();
  }
}
