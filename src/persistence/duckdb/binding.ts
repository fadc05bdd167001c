import type * as api from "@duckdb/node-api";
import type bindings from "@duckdb/node-bindings";
import { UnsupportedError } from "../../errors.ts";

/** The low-level binding of DuckDB: handles are opaque, and freed when they are collected. */
export type Binding = typeof bindings;
export type Connection = bindings.Connection;
export type Database = bindings.Database;
export type DataChunk = bindings.DataChunk;
export type LogicalType = bindings.LogicalType;
export type PreparedStatement = bindings.PreparedStatement;
export type DuckResult = bindings.Result;
/** A value to bind to a parameter. */
export type DuckValue = bindings.Value;
export type DuckVector = bindings.Vector;

/** What reads values of any type. */
export type Api = typeof api;

export interface DuckModules {
  readonly binding: Binding;
  readonly api: Api;
}

/** The version that Faun is built against; every platform has its binary under this one. */
export const DUCKDB_VERSION = "1.5.5-r.5";

let loading: Promise<DuckModules> | undefined;

/** Loads DuckDB once for the process. @throws UnsupportedError with the install line where it is not there */
export function loadDuckDB(): Promise<DuckModules> {
  loading ??= load();
  return loading;
}

async function load(): Promise<DuckModules> {
  try {
    const [binding, api] = await Promise.all([import("@duckdb/node-bindings"), import("@duckdb/node-api")]);
    return { binding: binding.default, api };
  } catch (cause) {
    loading = undefined;
    const line = `npm install @duckdb/node-api@${DUCKDB_VERSION} @duckdb/node-bindings@${DUCKDB_VERSION}`;
    throw new UnsupportedError(`faun/duckdb needs DuckDB, which could not be loaded; install it by: ${line}`, { cause });
  }
}
