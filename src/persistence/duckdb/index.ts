export { DuckDBBackend, type DuckDBBackendOptions } from "./duckdb-backend.ts";
export { DuckDBPersistence, type DuckDBPersistenceOptions } from "./duckdb-persistence.ts";
export type { LiveRows } from "./live/live-source.ts";
export { LiveSql, type LiveTables, type SqlOverOptions, sqlOver } from "./live/live-sql.ts";
export type { SqlValue } from "./parameters.ts";
export { type SqlOptions, SqlQuery, type SqlRow } from "./sql-query.ts";
export type { Sql } from "./sql-session.ts";
export type { JsonValue, SqlResult } from "./values.ts";
