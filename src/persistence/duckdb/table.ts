import type { EntitySchema } from "../../entity/schema.ts";
import { SchemaMismatchError } from "../../errors.ts";
import { columnDdl, sqlType } from "./column-types.ts";
import type { DuckConnection } from "./connection.ts";
import { quoteName } from "./identifiers.ts";

/** The table of an entity, as it is in the database. */
export interface EntityTable {
  /** As SQL writes it. */
  readonly sql: string;
  readonly name: string;
  /** The engine itself keeps keys distinct. */
  readonly primaryKey: boolean;
  /** It does so with nothing but the key, as far as is known. */
  readonly keyOnly: boolean;
}

/** The statement that makes the table of an entity. @throws DatabaseError where a name or enum value has NUL */
export function createTableSql(schema: EntitySchema, name: string, primaryKey: boolean): string {
  const columns = schema.fields.map(columnDdl);
  if (primaryKey && schema.key !== null) columns.push(`PRIMARY KEY (${quoteName(schema.key.column)})`);
  return `CREATE TABLE ${quoteName(name)} (${columns.join(", ")})`;
}

/**
 * The table of an entity; makes it where it is not there, unless the database is read-only.
 * @throws SchemaMismatchError telling every difference where a table of that name has another shape
 */
export async function openTable(
  connection: DuckConnection,
  schema: EntitySchema,
  wanted: string,
  { primaryKey, readOnly }: { primaryKey: boolean; readOnly: boolean },
): Promise<EntityTable> {
  const there = await findTable(connection, schema, wanted);
  const name = there?.name ?? wanted;
  const sql = quoteName(name);
  if (there === null) {
    if (readOnly)
      throw new SchemaMismatchError(schema.name, `a table ${sql}`, "none of that name in a database that is only read");
    await connection.run(createTableSql(schema, name, primaryKey));
    return { sql, name, primaryKey: primaryKey && schema.key !== null, keyOnly: true };
  }
  const found = await columnsOf(connection, name);
  const keys = await keyColumns(connection, name);
  const own = keys.length === 1 && keys[0] === schema.key?.column;
  const wrong = await differences(connection, schema, found);
  if (primaryKey && schema.key !== null && !own)
    wrong.push([`PRIMARY KEY (${schema.key.column})`, keys.length === 0 ? "no primary key" : `PRIMARY KEY (${keys.join(", ")})`]);
  if (there.generated) wrong.push(["no generated columns", there.ddl]);
  if (wrong.length > 0) {
    throw new SchemaMismatchError(
      schema.name,
      `the table ${sql} with ${wrong.map(([expected]) => expected).join("; ")}`,
      wrong.map(([, is]) => is).join("; "),
    );
  }
  return { sql, name, primaryKey: own, keyOnly: !/\bUNIQUE\b/i.test(there.ddl) && there.indices === 0n };
}

interface FoundTable {
  readonly name: string;
  readonly ddl: string;
  readonly generated: boolean;
  /** Besides that of a primary key. */
  readonly indices: bigint;
}

/** SQL takes no notice of the case of letters of ASCII. */
const foldCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The table that a name means. @throws SchemaMismatchError where it means a view */
async function findTable(connection: DuckConnection, schema: EntitySchema, name: string): Promise<FoundTable | null> {
  const within = "database_name = current_database() AND schema_name = current_schema()";
  const rows = await connection.rows(
    `SELECT table_name, sql, index_count - has_primary_key::INT FROM duckdb_tables() WHERE ${within} AND lower(table_name) = lower($1)
     UNION ALL SELECT view_name, NULL, 0 FROM duckdb_views() WHERE ${within} AND NOT internal AND lower(view_name) = lower($1)`,
    [connection.binding.create_varchar(name)],
  );
  const row = rows.find(([found]) => foldCase(found as string) === foldCase(name));
  if (row === undefined) return null;
  const [found, ddl, indices] = row as [string, string | null, bigint];
  if (ddl === null) throw new SchemaMismatchError(schema.name, `a table ${quoteName(name)}`, "a view of that name");
  return { name: found, ddl, generated: /\bGENERATED ALWAYS AS\b/.test(ddl), indices };
}

interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

async function columnsOf(connection: DuckConnection, table: string): Promise<FoundColumn[]> {
  const rows = await connection.rows(
    `SELECT column_name, data_type, is_nullable FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = current_schema() AND table_name = $1 ORDER BY column_index`,
    [connection.binding.create_varchar(table)],
  );
  return rows.map(([name, type, nullable]) => ({ name: name as string, type: type as string, nullable: nullable as boolean }));
}

async function keyColumns(connection: DuckConnection, table: string): Promise<string[]> {
  const rows = await connection.rows(
    `SELECT unnest(constraint_column_names) FROM duckdb_constraints()
     WHERE database_name = current_database() AND schema_name = current_schema() AND table_name = $1 AND constraint_type = 'PRIMARY KEY'`,
    [connection.binding.create_varchar(table)],
  );
  return rows.map(([name]) => name as string);
}

/** What should be and what is, for each difference. */
async function differences(
  connection: DuckConnection,
  schema: EntitySchema,
  found: readonly FoundColumn[],
): Promise<[expected: string, found: string][]> {
  // In the engine's own words, so that spelling does not matter.
  const [types] = await connection.rows(
    `SELECT ${schema.fields.map(({ type }) => `typeof(CAST(NULL AS ${sqlType(type)}))`).join(", ")}`,
  );
  const wrong: [string, string][] = [];
  const show = (name: string, type: unknown, nullable: boolean) => `${name} ${type}${nullable ? "" : " NOT NULL"}`;
  schema.fields.forEach((field, i) => {
    const expected = show(field.column, types?.[i], field.nullable);
    const column = found.find(({ name }) => name === field.column);
    const is = column === undefined ? `no column ${field.column}` : show(column.name, column.type, column.nullable);
    if (is !== expected) wrong.push([expected, is]);
  });
  for (const { name, type, nullable } of found) {
    if (schema.byColumn(name) === undefined) wrong.push([`no column ${name}`, show(name, type, nullable)]);
  }
  if (wrong.length > 0) return wrong;
  const order = schema.fields.map(({ column }) => column).join(", ");
  const foundOrder = found.map(({ name }) => name).join(", ");
  return order === foundOrder ? [] : [[`columns in the order ${order}`, `the order ${foundOrder}`]];
}
