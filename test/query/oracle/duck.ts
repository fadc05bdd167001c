import { DuckDBBlobValue, type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Dataset } from "./dataset.ts";
import { MACROS } from "./expressions.ts";
import { SQL_TYPE, type WireValue } from "./wire.ts";

/** DuckDB in memory, on one thread and in UTC, with the rows of one data set at a time in the table `data`. */
export class Duck {
  readonly #connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    for (const sql of ["SET TimeZone = 'UTC'", "SET ieee_floating_point_ops = true", ...MACROS]) await connection.run(sql);
    return new Duck(connection);
  }

  async load({ fields, rows }: Dataset): Promise<void> {
    const columns = fields.map(({ wire }, i) => `f${i} ${SQL_TYPE[wire.k]}`).join(", ");
    await this.#connection.run(`CREATE OR REPLACE TABLE data (${columns})`);
    const appender = await this.#connection.createAppender("data");
    const appendOf: Readonly<Record<string, (value: never) => void>> = {
      BOOLEAN: (value: boolean) => appender.appendBoolean(value),
      HUGEINT: (value: bigint) => appender.appendHugeInt(value),
      DOUBLE: (value: number) => appender.appendDouble(value),
      VARCHAR: (value: string) => appender.appendVarchar(value),
      BLOB: (value: Uint8Array) => appender.appendBlob(value),
    };
    const appends = fields.map(({ wire }) => appendOf[SQL_TYPE[wire.k]] as (value: WireValue) => void);
    for (const row of rows) {
      for (let i = 0; i < row.length; i++) {
        const value = row[i] as WireValue;
        if (value === null) appender.appendNull();
        else appends[i]?.(value);
      }
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Rows by name of their SQL column. */
  async ask(sql: string): Promise<Record<string, WireValue>[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    const names = reader.columnNames().map((name) => `"${name}"`);
    const plain = names.map((name) => (name.startsWith('"f') ? name.slice(1, -1) : name));
    return reader.getRows().map((row) => Object.fromEntries(row.map((value, i) => [plain[i] as string, plainValue(value)])));
  }

  close(): void {
    this.#connection.closeSync();
  }
}

function plainValue(value: unknown): WireValue {
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return value as WireValue;
}
