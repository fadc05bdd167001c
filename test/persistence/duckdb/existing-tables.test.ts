/** Tables that others made: those that fit are used, and of others it is said what does not fit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  ConflictError,
  DatabaseError,
  DuplicateKeyError,
  Entity,
  enumOf,
  PersistentStore,
  SchemaMismatchError,
  Store,
  u64,
  utf8,
  ValidationError,
} from "faun";
import { DuckDBPersistence, type DuckDBPersistenceOptions } from "faun/duckdb";
import { afterAll, expect, test } from "vitest";

class Thing extends Entity("things", { id: u64().key(), name: utf8().nullable(), kind: enumOf("a", "b'c").nullable() }) {}
class Loose extends Entity("things", { name: utf8().nullable() }) {}

const COLUMNS = "id UBIGINT NOT NULL, name VARCHAR, kind ENUM('a', 'b''c')";
const things = (...ids: bigint[]) => {
  const store = new Store(Thing);
  store.addBatch(ids.map((id) => ({ id, name: "same" })));
  return store;
};

const folder = mkdtempSync(join(tmpdir(), "faun-existing-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
async function made(...statements: string[]): Promise<string> {
  const path = join(folder, `${files++}.duckdb`);
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
  return path;
}

async function opened<R>(options: DuckDBPersistenceOptions, use: (db: DuckDBPersistence<Thing>) => Promise<R>): Promise<R> {
  const db = new DuckDBPersistence(Thing, options);
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

test.each([
  ["as it would be made", [`CREATE TABLE things (${COLUMNS})`], {}],
  ["in other letters", [`CREATE TABLE Things (${COLUMNS})`], {}],
  ["asked for in other letters", [`CREATE TABLE things (${COLUMNS})`], { table: "THINGS" }],
  [
    "with a type of its own",
    ["CREATE TYPE k AS ENUM ('a', 'b''c')", "CREATE TABLE things (id UBIGINT NOT NULL, name VARCHAR, kind k)"],
    {},
  ],
  [
    "with a primary key that is wanted",
    ["CREATE TABLE things (id UBIGINT PRIMARY KEY, name VARCHAR, kind ENUM('a', 'b''c'))"],
    { primaryKey: true },
  ],
  [
    "with defaults, checks and an index",
    [
      "CREATE TABLE things (id UBIGINT NOT NULL CHECK (id < 100), name VARCHAR DEFAULT 'x', kind ENUM('a', 'b''c'))",
      "CREATE INDEX by_name ON things (name)",
    ],
    {},
  ],
])("a table %s", async (_, statements, options) => {
  const path = await made(...statements, "INSERT INTO things VALUES (1, 'one', 'a')");
  await opened({ path, ...options }, async (db) => {
    const store = await PersistentStore.open(db);
    await store.addBatch([{ id: 2n, kind: "b'c" }, { id: 3n }]);
    await store.upsert({ id: 1n, name: "uno" });
    await store.delete(3n);
    // The engine moves a row whose indexed column changed.
    expect(await db.sql`SELECT * FROM things ORDER BY id`).toEqual([
      { id: 1n, name: "uno", kind: null },
      { id: 2n, name: null, kind: "b'c" },
    ]);
    expect((await db.load()).size).toBe(2);
    // One table, whatever it is called: who writes it by another spelling is seen.
    const same = new DuckDBPersistence(Thing, { path, table: "tHINGs" });
    await same.append(things(50n));
    await expect(store.add({ id: 4n })).rejects.toThrow(ConflictError);
    await same.close();
    await store.close();
  });
});

test.each([
  ["a view", ["CREATE VIEW things AS SELECT 'x' AS name"], /found a view of that name/],
  [
    "a column that is computed",
    ["CREATE TABLE things (name VARCHAR GENERATED ALWAYS AS ('n' || other), other INT)"],
    /no generated columns/,
  ],
])("%s does not fit", async (_, statements, message) => {
  const db = new DuckDBPersistence(Loose, { path: await made(...statements) });
  await expect(db.open()).rejects.toThrow(SchemaMismatchError);
  await expect(db.open()).rejects.toThrow(message);
  await db.close();
});

test.each([
  ["CHECK (id < 5)", [9n], /CHECK/],
  ["UNIQUE", [1n, 2n, 1n], /./],
  ["REFERENCES p(id)", [9n], /foreign key/],
])("what the table demands besides (%s) is told by its own error, and nothing is written", async (constraint, ids, message) => {
  const path = await made(
    "CREATE TABLE p (id UBIGINT PRIMARY KEY)",
    `CREATE TABLE things (id UBIGINT NOT NULL ${constraint}, name VARCHAR, kind ENUM('a', 'b''c'))`,
  );
  await opened({ path }, async (db) => {
    // Distinct where Faun looks.
    const adding =
      ids.length === 1 ? db.append(things(...ids)) : db.sql`INSERT INTO things SELECT unnest(${ids}), NULL, NULL`.rows();
    await expect(adding).rejects.toThrow(DatabaseError);
    await expect(adding).rejects.toThrow(message);
    expect(await db.count()).toBe(0);
  });
});

test("a value of another column that has to be distinct is not taken for a key", async () => {
  const path = await made("CREATE TABLE things (id UBIGINT PRIMARY KEY, name VARCHAR UNIQUE, kind ENUM('a', 'b''c'))");
  await opened({ path, primaryKey: true }, async (db) => {
    await expect(db.append(things(1n, 2n))).rejects.toThrow(DatabaseError);
    await expect(db.append(things(1n, 2n))).rejects.toThrow(/same/);
    await db.append(things(1n));
    await expect(db.append(things(2n))).rejects.toThrow(DatabaseError);
  });
  const plain = await made("CREATE TABLE things (id UBIGINT PRIMARY KEY, name VARCHAR, kind ENUM('a', 'b''c'))");
  await opened({ path: plain, primaryKey: true }, async (db) => {
    await db.append(things(1n));
    await expect(db.append(things(1n))).rejects.toThrow(DuplicateKeyError);
  });
});

test("column names that DuckDB would take for others are refused at once", () => {
  class Numbered extends Entity("numbered", { id: u64().key(), rowid: utf8() }) {}
  class Alike extends Entity("alike", { a: utf8(), b: utf8().column("A") }) {}
  expect(() => new DuckDBPersistence(Numbered)).toThrow(ValidationError);
  expect(() => new DuckDBPersistence(Numbered)).toThrow(/numbered\.rowid/);
  expect(() => new DuckDBPersistence(Alike)).toThrow(ValidationError);
  expect(() => new DuckDBPersistence(Alike)).toThrow(/alike\.b/);
});
