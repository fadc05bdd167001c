export { DuckDBBackend, type DuckDBBackendOptions } from "./duckdb-backend.ts";
export { DuckDBPersistence, type DuckDBPersistenceOptions } from "./duckdb-persistence.ts";
