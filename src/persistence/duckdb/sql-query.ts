import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { type RecordBatch, type Schema, Table } from "apache-arrow";
import { arrowSchemaOf } from "../../arrow/schema.ts";
import { recordBatchesOf } from "../../arrow/table.ts";
import { entityOf } from "../../entity/entity.ts";
import { assertOptions } from "../../entity/options.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { DatabaseError, UnsupportedError, ValidationError } from "../../errors.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { assertSignal } from "../operation-options.ts";
import type { Api } from "./binding.ts";
import type { DuckConnection } from "./connection.ts";
import { fetchRows } from "./fetch.ts";
import { columnNames, resultSchema } from "./result-schema.ts";
import type { ResultStream } from "./result-stream.ts";
import { type JsonValue, type SqlResult, toJsonValue, toSqlResult } from "./values.ts";

export interface SqlOptions {
  /** Interrupts the statement, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Runs a statement, and keeps its connection until the result was read. */
export type SqlRunner = <R>(
  sql: string,
  options: SqlOptions,
  read: (connection: DuckConnection, begin: (values: readonly unknown[]) => Promise<ResultStream>) => AsyncGenerator<R>,
) => AsyncGenerator<R>;

/** @throws DatabaseError where it is not called as a tag; ValidationError for an escape that JavaScript does not know */
export function assertTemplate(text: unknown): asserts text is TemplateStringsArray {
  if (!Array.isArray(text) || !("raw" in text))
    throw new DatabaseError("sql is a template tag: sql`SELECT …`; querySql() takes text and parameters");
  const wrong = text.indexOf(undefined);
  if (wrong >= 0)
    throw new ValidationError({
      entity: "sql",
      value: (text.raw as string[])[wrong],
      expected: "escapes that JavaScript knows: for a backslash of SQL write two",
    });
}

/** A row of a result as an object of its columns by name, told apart by numbers where two have one name. */
export type SqlRow = { readonly [column: string]: SqlResult };

/**
 * A statement and its parameters. It runs when it is awaited (for rows), iterated over (rows, streamed) or asked for a form
 * of its result; each time anew.
 */
export class SqlQuery<R = SqlRow> implements PromiseLike<R[]>, AsyncIterable<R> {
  /** As it is sent, with $1, $2, … for parameters. */
  readonly text: string;
  readonly parameters: readonly unknown[];
  readonly #run: SqlRunner;
  readonly #options: SqlOptions;

  /** @internal @throws ValidationError for what is no text, no array of parameters, or no options */
  constructor(run: SqlRunner, text: string, parameters: readonly unknown[], options: SqlOptions = {}) {
    if (typeof text !== "string")
      throw new ValidationError({ entity: "querySql()", value: text, expected: "the text of a statement" });
    if (!Array.isArray(parameters))
      throw new ValidationError({ entity: "querySql()", value: parameters, expected: "an array of parameters, $1 first" });
    assertOptions<SqlOptions>("querySql(): options", options, { signal: true });
    assertSignal("querySql(): options", options.signal);
    this.#run = run;
    this.text = text;
    // Each run has these, whatever becomes of the array.
    this.parameters = [...parameters];
    this.#options = options;
  }

  /** The same statement, interrupted when the signal is aborted. @throws ValidationError for what is no AbortSignal */
  withSignal(signal: AbortSignal): SqlQuery<R> {
    return new SqlQuery(this.#run, this.text, this.parameters, { signal });
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a statement runs it
  then<A = R[], B = never>(
    done?: ((rows: R[]) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.rows().then(done, failed);
  }

  /** All rows as objects. @throws DatabaseError, ValidationError for parameters */
  async rows(): Promise<R[]> {
    const rows: R[] = [];
    for await (const row of this) rows.push(row);
    return rows;
  }

  /** Rows as they come: of a large result a few thousand are in memory at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R> {
    for await (const { names, rows } of this.#values(toSqlResult)) for (const row of rows) yield objectOf(names, row) as R;
  }

  /** Rows that JSON can say. */
  async json(): Promise<{ readonly [column: string]: JsonValue }[]> {
    const all: { readonly [column: string]: JsonValue }[] = [];
    for await (const { names, rows } of this.#values(toJsonValue)) for (const row of rows) all.push(objectOf(names, row));
    return all;
  }

  /** The result as columns: one array of values each. */
  async columns(): Promise<{ readonly [N in keyof R]: R[N][] }> {
    const columns = new Map<string, SqlResult[]>();
    for await (const { names, rows } of this.#values(toSqlResult)) {
      names.forEach((name, i) => {
        const values = columns.get(name) ?? [];
        for (const row of rows) values.push(row[i] as SqlResult);
        columns.set(name, values);
      });
    }
    return Object.fromEntries(columns) as { readonly [N in keyof R]: R[N][] };
  }

  /** The result as an Arrow table. @throws UnsupportedError for a column of a type that has none there */
  async toArrow(): Promise<Table> {
    let schema: Schema | undefined;
    const batches: RecordBatch[] = [];
    for await (const part of this.#arrow()) {
      if ("fields" in part) schema = part;
      else batches.push(part);
    }
    return new Table(schema as Schema, batches);
  }

  /** Arrow batches as they come, of at most 65,536 rows. @throws UnsupportedError as toArrow() */
  async *batches(): AsyncGenerator<RecordBatch> {
    for await (const part of this.#arrow()) if (!("fields" in part)) yield part;
  }

  /** First the schema, then the batches. */
  #arrow(): AsyncGenerator<Schema | RecordBatch> {
    const { parameters } = this;
    return this.#run<Schema | RecordBatch>(this.text, this.#options, async function* (connection, begin) {
      const stream = await begin(parameters);
      const declared = resultSchema(connection.modules, stream.result);
      yield arrowSchemaOf(declared);
      const access = new RowAccess(entityOf(declared) as unknown as EntityClass<EntityRow>);
      for await (const rows of fetchRows(connection.binding, stream, access)) yield* recordBatchesOf(rows);
    });
  }

  /** First the names alone, then rows with them. */
  #values<V>(convert: (api: Api, value: DuckDBValue) => V): AsyncGenerator<{ names: readonly string[]; rows: V[][] }> {
    const { parameters } = this;
    return this.#run<{ names: readonly string[]; rows: V[][] }>(this.text, this.#options, async function* (connection, begin) {
      const { api } = connection.modules;
      const stream = await begin(parameters);
      const names = columnNames(api, stream.result);
      new api.DuckDBResult(stream.result).columnTypes().forEach((type, i) => {
        assertFieldNames(api, type, names[i] as string);
      });
      yield { names, rows: [] };
      for await (const chunk of stream)
        yield { names, rows: new api.DuckDBDataChunk(chunk).getRows().map((row) => row.map((value) => convert(api, value))) };
    });
  }
}

/** @throws UnsupportedError for a STRUCT whose fields an object, in which node-api gives them, does not keep apart */
function assertFieldNames(api: Api, type: DuckDBType, column: string): void {
  const parts: readonly DuckDBType[] =
    type instanceof api.DuckDBStructType
      ? type.entryTypes
      : type instanceof api.DuckDBUnionType
        ? type.memberTypes
        : type instanceof api.DuckDBMapType
          ? [type.keyType, type.valueType]
          : type instanceof api.DuckDBListType || type instanceof api.DuckDBArrayType
            ? [type.valueType]
            : [];
  if (type instanceof api.DuckDBStructType) {
    const { entryNames } = type;
    if (new Set(entryNames).size < entryNames.length || entryNames.includes("__proto__"))
      throw new UnsupportedError(
        `the column ${JSON.stringify(column)} has a STRUCT whose fields have no names of their own (${entryNames.map((name) => JSON.stringify(name)).join(", ")}); name them, as in {'a': 1} or by a CAST`,
      );
  }
  for (const part of parts) assertFieldNames(api, part, column);
}

function objectOf<V>(names: readonly string[], values: readonly V[]): { readonly [column: string]: V } {
  const row: Record<string, V> = {};
  // Not by assignment: a column may be called __proto__.
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (name === "__proto__")
      Object.defineProperty(row, name, { value: values[i], enumerable: true, writable: true, configurable: true });
    else row[name] = values[i] as V;
  }
  return row;
}
