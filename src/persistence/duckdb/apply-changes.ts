import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { DuplicateKeyError, KeyNotFoundError, UnsupportedError, ValidationError } from "../../errors.ts";
import type { Batches, Change, OperationOptions, Progress } from "../backend.ts";
import { CategoryLimits } from "./category-limits.ts";
import type { DuckConnection } from "./connection.ts";
import { databaseError } from "./errors.ts";
import { quoteName } from "./identifiers.ts";
import { IngestPlan, ingest } from "./ingest.ts";
import { keyOf } from "./key-value.ts";
import { DIRECT_ROWS, directSink, FetchedSink, prepareFetching } from "./row-sink.ts";
import type { EntityTable } from "./table.ts";

/** Row ids from here on are of rows that the running transaction appended. */
const LOCAL_ROWS = 2 ** 54;

/** Rows of a change that are not appended as they are lie here first. */
const STAGE = "_faun_stage";

/** Makes changes to the table of an entity, within the transaction of a connection. */
export class Changes {
  readonly #schema: EntitySchema;
  readonly #table: EntityTable;
  readonly #plans = new Map<string, IngestPlan>();
  readonly #categories: CategoryLimits;
  #prepared = false;

  constructor(schema: EntitySchema, table: EntityTable) {
    this.#schema = schema;
    this.#table = table;
    this.#categories = new CategoryLimits(schema, table);
  }

  /** To be called before the transaction in which the changes are made, on the same connection for all. */
  async prepare(connection: DuckConnection, changes: readonly Change[]): Promise<void> {
    const many = (change: Change) =>
      (change.kind === "append" || change.kind === "replace") && !((change.soa?.size ?? Infinity) <= DIRECT_ROWS);
    if (this.#prepared || !changes.some(many)) return;
    await prepareFetching(connection, this.#schema);
    this.#prepared = true;
  }

  /**
   * Checks what can be checked before anything is done, and makes the changes in order.
   * @throws DuplicateKeyError, KeyNotFoundError, SchemaMismatchError, TypeConversionError, ValidationError
   */
  async make(connection: DuckConnection, changes: readonly Change[], options: OperationOptions): Promise<void> {
    for (const change of changes) this.#fieldsOf(change);
    const done: Progress = { rows: 0, bytes: 0 };
    try {
      for (const change of changes) await this.#one(connection, change, options, done);
      await this.#categories.check(connection);
    } finally {
      for (const plan of this.#plans.values()) plan.forget();
    }
  }

  /** The changes are not made after all: what was learned from them is forgotten. */
  rolledBack(): void {
    this.#categories.forget();
  }

  async #one(connection: DuckConnection, change: Change, options: OperationOptions, done: Progress): Promise<void> {
    const { sql } = this.#table;
    switch (change.kind) {
      case "clear":
        await connection.run(`DELETE FROM ${sql}`);
        return;
      case "replace":
        await connection.run(`DELETE FROM ${sql}`);
        return this.#append(connection, change.rows, options, done);
      case "append":
        return this.#append(connection, change.rows, options, done);
      default:
        return this.#staged(connection, change, options, done);
    }
  }

  async #append(connection: DuckConnection, batches: () => Batches, options: OperationOptions, done: Progress): Promise<void> {
    const plan = this.#planOf(this.#schema.fields);
    const { key } = this.#schema;
    const checked = key !== null && !this.#table.primaryKey;
    const highest = checked ? await this.#highestKey(connection, key) : undefined;
    const sink = new FetchedSink(connection, this.#schema, plan, this.#table);
    const { rows, keys } = await this.#ingest(() => ingest(sink, plan, batches(), options, done));
    this.#categories.added(plan.access.codecs);
    if (!checked || rows === 0) return;
    const behind = highest === null || (typeof highest === "number" && keys.first !== undefined && keys.first > highest);
    if (!keys.ascending || !behind) await this.#assertNewKeys(connection, key);
  }

  /** Whatever the engine finds wrong with appended rows is told in our words. */
  async #ingest<R>(run: () => Promise<R>): Promise<R> {
    try {
      return await run();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : "";
      const { key, name } = this.#schema;
      const [, column, value] = /duplicate key "(?:([^"]*?): )?(.*?)"/i.exec(message) ?? [];
      // Where it does not say which column that is, another one may have to be distinct, too.
      const ofKey = column === undefined ? this.#table.keyOnly : column === key?.column;
      if (key !== null && this.#table.primaryKey && value !== undefined && ofKey)
        throw new DuplicateKeyError(name, key.name, keyOf(key, value));
      // What its source of batches throws is the caller's.
      if (/^[A-Za-z ]+ Error: /.test(message)) throw databaseError(name, cause);
      throw cause;
    }
  }

  /** null without rows, undefined where the key is none whose order tells something here. */
  async #highestKey(connection: DuckConnection, key: FieldSpec): Promise<number | null | undefined> {
    const [row] = await connection.rows(`SELECT max(${quoteName(key.column)}) FROM ${this.#table.sql}`);
    const highest = row?.[0];
    if (highest === null || highest === undefined) return null;
    return /^[ui]\d+$/.test(key.type.kind) ? Number(highest as bigint | number) : undefined;
  }

  /** @throws DuplicateKeyError where a row appended by this transaction has a key that another row has. O(rows) */
  async #assertNewKeys(connection: DuckConnection, key: FieldSpec): Promise<void> {
    const k = quoteName(key.column);
    const { sql } = this.#table;
    const twice = await this.#firstKey(
      connection,
      key,
      `SELECT t.${k} FROM ${sql} AS t SEMI JOIN (SELECT ${k} FROM ${sql} WHERE rowid >= ${LOCAL_ROWS}) AS n ON t.${k} = n.${k}
       GROUP BY 1 HAVING count(*) > 1 LIMIT 1`,
    );
    if (twice !== undefined) throw new DuplicateKeyError(this.#schema.name, key.name, twice);
  }

  async #staged(
    connection: DuckConnection,
    change: Exclude<Change, { kind: "clear" }>,
    options: OperationOptions,
    done: Progress,
  ): Promise<void> {
    const fields = this.#fieldsOf(change);
    const key = this.#schema.key as FieldSpec;
    const plan = this.#planOf(fields);
    const list = fields.map((field) => quoteName(field.column)).join(", ");
    const { sql } = this.#table;
    const k = quoteName(key.column);
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${STAGE} AS SELECT ${list} FROM ${sql} LIMIT 0`);
    const batches = change.kind === "delete" ? change.keys() : change.rows();
    const sink = directSink(connection, plan.access.schema, plan.writers, { catalog: "temp", table: STAGE });
    const { rows, keys } = await this.#ingest(() => ingest(sink, plan, batches, options, done));
    if (rows > 0) {
      if (!keys.ascending) {
        const twice = await this.#firstKey(connection, key, `SELECT ${k} FROM ${STAGE} GROUP BY 1 HAVING count(*) > 1 LIMIT 1`);
        if (twice !== undefined) throw new DuplicateKeyError(this.#schema.name, key.name, twice);
      }
      this.#categories.added(plan.access.codecs);
      const set = fields
        .filter((field) => !field.key)
        .map(({ column }) => `${quoteName(column)} = s.${quoteName(column)}`)
        .join(", ");
      const update = `UPDATE ${sql} AS t SET ${set} FROM ${STAGE} AS s WHERE t.${k} = s.${k}`;
      switch (change.kind) {
        case "delete":
          await connection.run(`DELETE FROM ${sql} WHERE ${k} IN (SELECT ${k} FROM ${STAGE})`);
          break;
        case "update": {
          const missing = await this.#firstKey(
            connection,
            key,
            `SELECT s.${k} FROM ${STAGE} AS s ANTI JOIN ${sql} AS t ON s.${k} = t.${k} ORDER BY s.rowid LIMIT 1`,
          );
          if (missing !== undefined) throw new KeyNotFoundError(this.#schema.name, key.name, missing);
          if (set !== "") await connection.run(update);
          break;
        }
        default: {
          if (set !== "") await connection.run(update);
          const all = this.#schema.fields.map((field) => quoteName(field.column)).join(", ");
          await connection.run(
            `INSERT INTO ${sql} (${all}) SELECT ${all} FROM ${STAGE} WHERE ${k} NOT IN (SELECT ${k} FROM ${sql}) ORDER BY rowid`,
          );
        }
      }
    }
    await connection.run(`DROP TABLE ${STAGE}`);
  }

  async #firstKey(connection: DuckConnection, key: FieldSpec, sql: string): Promise<unknown> {
    const [row] = await connection.rows(`SELECT CAST(k AS VARCHAR) FROM (${sql}) AS found(k)`);
    return row === undefined ? undefined : keyOf(key, row[0] as string);
  }

  #planOf(fields: readonly FieldSpec[]): IngestPlan {
    const id = fields.map(({ index }) => index).join();
    let plan = this.#plans.get(id);
    if (plan === undefined) {
      plan = new IngestPlan(this.#schema, fields);
      if (this.#plans.size >= 64) this.#plans.clear();
      this.#plans.set(id, plan);
    }
    return plan;
  }

  /** The fields that the batches of a change carry, in the order of the declaration. */
  #fieldsOf(change: Change): readonly FieldSpec[] {
    const { name, key, fields } = this.#schema;
    if (change.kind === "append" || change.kind === "replace" || change.kind === "clear") return fields;
    if (key === null) {
      throw new UnsupportedError(
        `${name}: rows of an entity without a key cannot be named, so there is no ${change.kind}; declare one field with .key()`,
      );
    }
    if (change.kind === "delete") return [key];
    if (change.kind !== "update") return fields;
    const wanted = new Set(change.fields.map((field) => this.#schema.field(field)));
    if (wanted.has(key)) {
      throw new ValidationError({
        entity: name,
        field: key.name,
        expected: "no change of the key: delete the row and append it under the new key",
      });
    }
    return fields.filter((field) => field.key || wanted.has(field));
  }
}
