import { spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ConflictError,
  DatabaseError,
  Entity,
  f64,
  PersistentStore,
  SchemaMismatchError,
  Store,
  UnsupportedError,
  u64,
  utf8,
  ValidationError,
} from "faun";
import { DuckDBPersistence } from "faun/duckdb";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { Order, orders, soaOf } from "../../conformance/entities.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-sql-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let db: DuckDBPersistence<Order>;
beforeEach(async () => {
  db = new DuckDBPersistence(Order);
  await db.save(soaOf(orders(0, 100)));
});
afterEach(() => db.close());

describe("statements", () => {
  test("give rows, columns, Arrow and JSON, their values as parameters", async () => {
    const query = db.sql<{ status: string; n: bigint; total: number }>`
      SELECT status, count(*) AS n, sum(total) AS total FROM orders WHERE total > ${10} AND customer <> ${"customer 1"} GROUP BY status ORDER BY status`;
    expect(query.text).toMatch(/total > \$1 AND customer <> \$2/);
    const kept = orders(0, 100).filter((row) => row.total > 10 && row.customer !== "customer 1");
    const expected = ["Pending", "Shipped", "Delivered"].map((status) => {
      const rows = kept.filter((row) => row.status === status);
      return { status, n: BigInt(rows.length), total: rows.reduce((sum, row) => sum + row.total, 0) };
    });
    expect(await query).toEqual(expected);
    expect(await query.columns()).toEqual({
      status: expected.map((row) => row.status),
      n: expected.map((row) => row.n),
      total: expected.map((row) => row.total),
    });
    expect(await query.json()).toEqual(expected.map((row) => ({ ...row, n: Number(row.n) })));
    expect((await query.toArrow()).toArray().map((row) => row.toJSON())).toEqual(expected);
    expect(await db.analyticsQuery("SELECT max(order_id) AS id FROM orders WHERE region = $1", ["region 2"])).toEqual([
      { id: 97 },
    ]);
  });

  test("keep every value whole", async () => {
    const [row] =
      await db.querySql(`SELECT 18446744073709551615::UBIGINT AS u, -170141183460469231731687303715884105727::HUGEINT AS h,
      12.50::DECIMAL(10,2) AS d, TIMESTAMP_NS '2024-02-29 12:00:00.123456789' AS ns, TIMESTAMP '2024-02-29 12:00:00.123456' AS us,
      TIMESTAMP_MS '2024-02-29 12:00:00.123' AS ms, DATE '2024-02-29' AS day, [1, NULL, 3] AS list, {'a': 1, 'b': ['x']} AS struct,
      MAP {'k': 18446744073709551615::UBIGINT} AS map, '\\x00\\xFF'::BLOB AS blob, INTERVAL 3 MONTH AS i, TIME '12:34:56.5' AS t, NULL AS nothing,
      'a' || chr(0) || 'b' AS nul, 'NaN'::DOUBLE AS nan, [1, 2]::INTEGER[2] AS arr, union_value(num := 7) AS un`);
    expect(row).toEqual({
      u: 18446744073709551615n,
      h: 1n - 2n ** 127n,
      d: "12.50",
      ns: 1709208000123456789n,
      us: 1709208000123456n,
      ms: new Date("2024-02-29T12:00:00.123Z"),
      day: "2024-02-29",
      list: [1, null, 3],
      struct: { a: 1, b: ["x"] },
      map: new Map([["k", 18446744073709551615n]]),
      blob: Uint8Array.of(0, 255),
      i: { months: 3, days: 0, micros: 0n },
      t: "12:34:56.5",
      nothing: null,
      nul: "a\0b",
      nan: Number.NaN,
      arr: [1, 2],
      un: { tag: "num", value: 7 },
    });
    const [json] = await db.analyticsQuery(
      "SELECT 18446744073709551615::UBIGINT AS u, 9007199254740991 AS safe, 9007199254740992 AS beyond, TIMESTAMP_NS '2024-02-29 12:00:00.123456789' AS ns, 12.50::DECIMAL(10,2) AS d, 'NaN'::DOUBLE AS nan, MAP {'k': 1} AS map",
    );
    expect(json).toEqual({
      u: "18446744073709551615",
      safe: 9007199254740991,
      beyond: "9007199254740992",
      ns: "2024-02-29T12:00:00.123456789Z",
      d: "12.50",
      nan: "NaN",
      map: [{ key: "k", value: 1 }],
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  test("parameters of every kind come back as they went in", async () => {
    const bytes = Uint8Array.of(0, 1, 255);
    const [row] =
      await db.sql`SELECT ${null} AS a, ${true} AS b, ${-0} AS c, ${2 ** 53 - 1} AS d, ${-(2n ** 63n)} AS e, ${2n ** 64n - 1n} AS f,
      ${2n ** 100n} AS g, ${"Ü'; DROP TABLE orders; --\0"} AS h, ${new Date(5)} AS i, ${bytes} AS j, ${[1, null, 2]} AS k, ${["x", "'"]} AS l, ${1.5} AS m`;
    expect(row).toEqual({
      a: null,
      b: true,
      c: -0,
      d: 9007199254740991n,
      e: -(2n ** 63n),
      f: 2n ** 64n - 1n,
      g: 2n ** 100n,
      h: "Ü'; DROP TABLE orders; --\0",
      i: 5000n,
      j: bytes,
      k: [1n, null, 2n],
      l: ["x", "'"],
      m: 1.5,
    });
    expect(await db.sql`SELECT count(*) AS n FROM orders WHERE order_id IN (SELECT unnest(${[1, 2, 3]}))`).toEqual([{ n: 3n }]);
    for (const wrong of [undefined, {}, Symbol("x"), 2n ** 127n, "\ud800", new Date(Number.NaN), [1, "x"]])
      await expect(db.querySql("SELECT $1", [wrong as never])).rejects.toThrow(ValidationError);
  });

  test("what has no form of its own is told, and what is infinite is called so", async () => {
    for (const unnamed of ["row(1, 'a')", "[row(1, 2)]", "{'__proto__': 1}", "MAP {'k': row(1, 2)}"])
      await expect(db.querySql(`SELECT ${unnamed} AS x`)).rejects.toThrow(UnsupportedError);
    expect(await db.querySql("SELECT 'infinity'::DATE AS d, '-infinity'::TIMESTAMP AS t")).toEqual([
      { d: "infinity", t: 1n - 2n ** 63n },
    ]);
    expect(
      await db.analyticsQuery(
        "SELECT '-infinity'::DATE AS d, 'infinity'::TIMESTAMPTZ AS t, 'infinity'::TIMESTAMP_MS AS m, -9007199254740992 AS n",
      ),
    ).toEqual([{ d: "-infinity", t: "infinity", m: "infinity", n: "-9007199254740992" }]);
  });

  test("options, signals and templates that are none are refused by name", async () => {
    for (const signal of [5, {}, "now"]) {
      expect(() => db.querySql("SELECT 1", [], { signal: signal as never })).toThrow(ValidationError);
      expect(() => db.sql`SELECT 1`.withSignal(signal as never)).toThrow(/signal/);
      await expect(db.count({ signal: signal as never })).rejects.toThrow(ValidationError);
    }
    expect(() => db.querySql("SELECT 1", [], { sgnal: 1 } as never)).toThrow(/did you mean "signal"/);
    expect(() => db.querySql("SELECT 1", [], null as never)).toThrow(ValidationError);
    expect(() => db.sql(["SELECT 1"] as never)).toThrow(DatabaseError);
    expect(() => db.sql(Object.assign(["SELECT '", undefined], { raw: ["SELECT '", "\\u{zz}'"] }) as never, 1)).toThrow(
      ValidationError,
    );
    for (const wrong of [
      { primaryKey: "yes" },
      { readOnly: null },
      { threads: 2 ** 31 },
      { table: "\ud800" },
      { path: "\ud800" },
    ])
      expect(() => new DuckDBPersistence(Order, wrong as never)).toThrow(ValidationError);
  });

  test("a statement keeps the parameters that it was given", async () => {
    const parameters = [1];
    const statement = db.querySql("SELECT $1::INT AS a", parameters);
    parameters[0] = 2;
    expect(await statement).toEqual([{ a: 1 }]);
  });

  test("large results come as they are read, and may be left", async () => {
    let seen = 0;
    for await (const row of db.sql<{ i: bigint }>`SELECT range AS i FROM range(10000000)`) {
      expect(row.i).toBe(BigInt(seen));
      if (++seen === 3000) break;
    }
    let rows = 0;
    for await (const batch of db
      .querySql("SELECT range AS i, 'text of more than twelve bytes ' || range AS t FROM range(200000)")
      .batches()) {
      expect(batch.numRows).toBeLessThanOrEqual(65_536);
      expect(batch.getChild("t")?.get(0)).toBe(`text of more than twelve bytes ${rows}`);
      rows += batch.numRows;
    }
    expect(rows).toBe(200_000);
    const empty = await db.querySql("SELECT 1 AS a, 'x' AS b WHERE false").toArrow();
    expect([empty.numRows, empty.schema.fields.map((field) => field.name)]).toEqual([0, ["a", "b"]]);
    expect(await db.querySql("SELECT 1 AS a WHERE false").columns()).toEqual({ a: [] });
  });

  test("columns of one name are told apart, and any name is a property", async () => {
    expect(await db.sql`SELECT 1 AS a, 2 AS a, 3 AS "__proto__"`).toEqual([
      Object.defineProperty({ a: 1, "a:1": 2 }, "__proto__", { value: 3, enumerable: true, writable: true, configurable: true }),
    ]);
  });

  test("also where a column is called as another one would be told apart", async () => {
    const statement = db.querySql('SELECT 1 AS a, 2 AS a, 3 AS "a:1", 4 AS "a:1:1", 5 AS A');
    const row = { a: 1, "a:1": 2, "a:1:1": 3, "a:1:1:1": 4, A: 5 };
    expect(await statement).toEqual([row]);
    expect((await statement.toArrow()).toArray().map((each) => each.toJSON())).toEqual([row]);
  });

  test.each([
    ["SELECT 1; SELECT 2", /multiple statements/],
    ["SELECT 1; DROP TABLE orders", /multiple statements/],
    ["", /./],
    ["SELEC", /syntax error/],
    ["SELECT * FROM nowhere", /nowhere/],
    ["SELECT $1", /1 parameters, and 0 values/],
    ["SELECT 1 --\0", /NUL/],
    ["BEGIN", /transaction\(\)/],
    ["COMMIT", /transaction\(\)/],
  ])("%j is a DatabaseError", async (text, message) => {
    await expect(db.querySql(text)).rejects.toThrow(DatabaseError);
    await expect(db.querySql(text)).rejects.toThrow(message);
    expect(await db.count()).toBe(100);
  });

  test("a type without an Arrow form is named", async () => {
    await expect(db.querySql("SELECT INTERVAL 1 DAY AS i").toArrow()).rejects.toThrow(UnsupportedError);
  });

  test("an AbortSignal interrupts", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const query = db.querySql("SELECT count(*) FROM range(100000000) a, range(100000) b", [], { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 30);
    await expect(query).rejects.toBe(reason);
    await expect(db.querySql("SELECT 1", [], { signal: controller.signal })).rejects.toBe(reason);
    expect(await db.sql`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });

  test("one that writes is a commit: a store that holds the rows of before is told", async () => {
    const store = await PersistentStore.open(db);
    expect(await db.sql`UPDATE orders SET total = 0 WHERE order_id = 5 RETURNING customer`).toEqual([{ customer: "customer 5" }]);
    await expect(store.update(6n, { total: 1 })).rejects.toThrow(ConflictError);
    await store.loadFromStorage();
    expect(store.get(5n)?.total).toBe(0);
    await store.update(6n, { total: 1 });
    expect(await db.sql`SELECT total FROM orders WHERE order_id = 6`).toEqual([{ total: 1 }]);
  });
});

describe("transactions", () => {
  test("are made whole, and give what their function gives", async () => {
    const result = await db.transaction(async (tx) => {
      await tx.sql`DELETE FROM orders WHERE order_id < ${50}`;
      await tx.sql`CREATE TABLE notes (text VARCHAR)`;
      await tx.sql`INSERT INTO notes VALUES (${"x"})`;
      return tx.analyticsQuery("SELECT count(*) AS n FROM orders");
    });
    expect(result).toEqual([{ n: 50 }]);
    expect(await db.count()).toBe(50);
    expect(await db.sql`SELECT * FROM notes`).toEqual([{ text: "x" }]);
  });

  test("are rolled back when their function throws", async () => {
    const reason = new Error("changed my mind");
    const failing = db.transaction(async (tx) => {
      await tx.sql`DELETE FROM orders`;
      throw reason;
    });
    await expect(failing).rejects.toBe(reason);
    expect(await db.count()).toBe(100);
  });

  test("reject when a statement failed, also if that was caught: never a silent commit or rollback", async () => {
    const failing = db.transaction(async (tx) => {
      await tx.sql`DELETE FROM orders WHERE order_id < 50`;
      await expect(tx.sql`SELECT error('no')`).rejects.toThrow(DatabaseError);
      return "fine";
    });
    await expect(failing).rejects.toThrow(/nothing was written.*no/);
    expect(await db.count()).toBe(100);
    const going = db.transaction(async (tx) => {
      await expect(tx.querySql("SELEC")).rejects.toThrow(DatabaseError);
      await expect(tx.sql`SELECT 1`).rejects.toThrow(/failed before/);
    });
    await expect(going).rejects.toThrow(DatabaseError);
    await expect(db.transaction((tx) => tx.querySql("COMMIT").rows())).rejects.toThrow(DatabaseError);
    expect(await db.count()).toBe(100);
  });

  test("take no statement when they are over", async () => {
    const tx = await db.transaction(async (each) => each);
    await expect(tx.sql`DELETE FROM orders`).rejects.toThrow(/over/);
    expect(await db.count()).toBe(100);
  });

  test("many at once are made one after the other", async () => {
    await db.sql`CREATE TABLE counter AS SELECT 0 AS n`;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        db.transaction(async (tx) => {
          const [row] = await tx.sql<{ n: number }>`SELECT n FROM counter`;
          await tx.sql`UPDATE counter SET n = ${(row?.n ?? 0) + 1}`;
        }),
      ),
    );
    expect(await db.sql`SELECT n FROM counter`).toEqual([{ n: 20 }]);
  });
});

describe("names and values from outside", () => {
  const nasty = [
    "a b",
    'quo"te',
    "semi;colon",
    "--comment",
    "/* c */",
    "'; DROP TABLE orders; --",
    "Ünïcode 😀",
    "select",
    "$1",
    "\\",
    "new\nline",
  ];

  test.each(nasty)("a table and column named %j", async (name) => {
    class Row extends Entity(name, { id: u64().key(), value: utf8().column(name), other: f64() }) {}
    const rows = new DuckDBPersistence(Row, { table: `t ${name}` });
    const store = new Store(Row);
    store.addBatch(nasty.map((value, i) => ({ id: BigInt(i), value, other: i })));
    await rows.save(store);
    await rows.backend.commit([{ kind: "clear" }]);
    const kept = await PersistentStore.open(rows);
    await kept.addBatch(nasty.map((value, i) => ({ id: BigInt(i), value, other: i })));
    await kept.update(3n, { value: `${name}'"` });
    await kept.upsert({ id: 4n, value: "\0", other: 1 });
    await kept.delete(0n);
    expect([...(await rows.load()).rows()].map((row) => row.value)).toEqual(
      nasty.map((value, i) => (i === 3 ? `${name}'"` : i === 4 ? "\0" : value)).slice(1),
    );
    expect((await rows.memoryStats()).totalRows).toBe(nasty.length - 1);
    await rows.close();
  });

  test("a NUL in a name is refused before anything is made", async () => {
    class Row extends Entity("rows", { id: u64().key(), value: utf8().column("a\0b") }) {}
    await expect(new DuckDBPersistence(Row).count()).rejects.toThrow(/NUL/);
    expect(() => new DuckDBPersistence(Row, { table: "a\0b" })).toThrow(ValidationError);
  });
});

describe("files", () => {
  test("a table of another shape is refused with every difference, and left as it is", async () => {
    const path = join(folder, "shape.duckdb");
    class Before extends Entity("rows", { id: u64().key(), name: utf8(), gone: f64() }) {}
    class After extends Entity("rows", { id: u64().key(), name: utf8().nullable(), extra: f64() }) {}
    const before = new DuckDBPersistence(Before, { path });
    await before.save(new Store(Before));
    const after = new DuckDBPersistence(After, { path });
    await expect(after.open()).rejects.toThrow(SchemaMismatchError);
    await expect(after.open()).rejects.toThrow(
      'rows: expected the table "rows" with name VARCHAR; extra DOUBLE NOT NULL; no column gone, found name VARCHAR NOT NULL; no column extra; gone DOUBLE NOT NULL',
    );
    await expect(new DuckDBPersistence(Before, { path, primaryKey: true }).open()).rejects.toThrow(
      /PRIMARY KEY \(id\), found no primary key/,
    );
    await before.close();
  });

  test("entities share a file, and a file is opened once in a process", async () => {
    const path = join(folder, "shared.duckdb");
    class Note extends Entity("notes", { text: utf8() }) {}
    const one = new DuckDBPersistence(Order, { path });
    const two = new DuckDBPersistence(Note, { path: join(folder, ".", "shared.duckdb") });
    const same = new DuckDBPersistence(Order, { path });
    await Promise.all([one.save(soaOf(orders(0, 5))), two.save(new Store(Note))]);
    await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? one : same).append(soaOf(orders(100 + i, 1)))));
    expect(await one.count()).toBe(15);
    expect(await two.sql`SELECT count(*) AS n FROM orders`).toEqual([{ n: 15n }]);
    await expect(new DuckDBPersistence(Order, { path, readOnly: true }).open()).rejects.toThrow(DatabaseError);
    await one.close();
    expect(await same.count()).toBe(15);
    await Promise.all([same.close(), two.close()]);
    const reading = new DuckDBPersistence(Order, { path, readOnly: true });
    expect(await reading.count()).toBe(15);
    await expect(reading.append(soaOf(orders(0, 1)))).rejects.toThrow(DatabaseError);
    await expect(reading.sql`DELETE FROM orders`).rejects.toThrow(DatabaseError);
    await reading.close();
  });

  test("a file is the same by whatever name", async () => {
    const path = join(folder, "named.duckdb");
    const one = new DuckDBPersistence(Order, { path });
    await one.save(soaOf(orders(0, 5)));
    linkSync(path, join(folder, "linked.duckdb"));
    symlinkSync(path, join(folder, "pointed.duckdb"));
    for (const [i, name] of ["linked", "pointed"].entries()) {
      const other = new DuckDBPersistence(Order, { path: join(folder, `${name}.duckdb`) });
      await other.append(soaOf(orders(10 + i, 1)));
      await one.append(soaOf(orders(20 + i, 1)));
      expect([await one.count(), await other.count()]).toEqual([7 + 2 * i, 7 + 2 * i]);
      await other.close();
    }
    await one.close();
    expect(await one.count()).toBe(9);
    await one.close();
  });

  test("a file that another process holds is refused, naming the process", async () => {
    const path = join(folder, "held.duckdb");
    const script = `const { DuckDBInstance } = await import("@duckdb/node-api"); const i = await DuckDBInstance.create(process.argv[1]);
      await (await i.connect()).run("CREATE TABLE x (a INT)"); console.log("ready"); setInterval(() => i, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(holder.stdout, "data");
      const refused = new DuckDBPersistence(Order, { path }).open();
      await expect(refused).rejects.toThrow(DatabaseError);
      await expect(refused).rejects.toThrow(`in use by process ${holder.pid}`);
    } finally {
      holder.kill();
      await once(holder, "exit");
    }
    const free = new DuckDBPersistence(Order, { path });
    expect(await free.count()).toBe(0);
    await free.close();
  });
});
