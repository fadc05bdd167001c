/** Results are read as they come: what happens to a statement after its first rows were read. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptDataError, DatabaseError, Entity, i64, QueryError, query, Store, u32 } from "faun";
import { DuckDBPersistence, type SqlQuery, sqlOver } from "faun/duckdb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

class Tick extends Entity("ticks", { id: u32().key(), value: i64() }) {}

const ROWS = 400_000;
const ticks = new Store(Tick);
ticks.addColumns({
  id: Uint32Array.from({ length: ROWS }, (_, i) => i),
  value: BigInt64Array.from({ length: ROWS }, (_, i) => (i === ROWS - 10 ? 2n ** 63n - 1n : BigInt(i))),
});

const folder = mkdtempSync(join(tmpdir(), "faun-streams-"));
const path = join(folder, "ticks.duckdb");
let db: DuckDBPersistence<Tick>;
beforeAll(async () => {
  db = new DuckDBPersistence(Tick, { path });
  await db.save(ticks);
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const ways: [way: string, read: (statement: SqlQuery) => Promise<unknown>][] = [
  ["rows()", (statement) => statement.rows()],
  ["json()", (statement) => statement.json()],
  ["columns()", (statement) => statement.columns()],
  ["toArrow()", (statement) => statement.toArrow()],
  [
    "iteration",
    async (statement) => {
      for await (const _ of statement);
    },
  ],
];

describe("a statement that fails far behind its first rows rejects with what is wrong, and gives no part of an answer", () => {
  const late = `SELECT CASE WHEN value > ${ROWS} THEN error('too late') ELSE id END AS id FROM ticks`;

  test.each(ways)("%s", async (_, read) => {
    await expect(read(db.querySql(late))).rejects.toThrow(DatabaseError);
    await expect(read(db.querySql(late))).rejects.toThrow(/too late/);
    await expect(read(db.querySql(late.replace("'too late'", "$1"), ["a parameter"]))).rejects.toThrow(/a parameter/);
    expect(await db.sql`SELECT count(*)::INT AS n FROM ticks`).toEqual([{ n: ROWS }]);
  });

  test.each(ways)("%s over a live store", async (_, read) => {
    const live = await sqlOver({ ticks });
    await expect(read(live.querySql(late))).rejects.toThrow(/too late/);
    expect(await live.sql`SELECT count(*)::INT AS n FROM ticks`).toEqual([{ n: ROWS }]);
    await live.close();
  });

  test("within a transaction, which is rolled back, also where that was caught", async () => {
    const caught: unknown[] = [];
    const failing = db.transaction(async (tx) => {
      await tx.sql`DELETE FROM ticks WHERE id = 0`;
      await tx
        .querySql(late)
        .rows()
        .catch((error: unknown) => caught.push(error));
    });
    await expect(failing).rejects.toThrow(/nothing was written/);
    expect(caught[0]).toBeInstanceOf(DatabaseError);
    expect(await db.count()).toBe(ROWS);
  });

  test("a result that waited in memory while another statement ran", async () => {
    await expect(
      db.transaction(async (tx) => {
        const rows = tx.querySql(late)[Symbol.asyncIterator]();
        await rows.next();
        await tx.sql`SELECT 1`.rows().catch(() => undefined);
        for (;;) if ((await rows.next()).done) return;
      }),
    ).rejects.toThrow(DatabaseError);
  });

  test("a typed query", async () => {
    const cubes = query(Tick).select((o) => ({ cube: o.value.mul(o.value).mul(o.value) }));
    await expect(db.query(cubes)).rejects.toThrow(QueryError);
    expect((await db.query(query(Tick).limit(1))).toArray()).toHaveLength(1);
  });
});

test("a damaged file gives an error or all rows, never some", async () => {
  const whole = join(folder, "whole.duckdb");
  const saved = new DuckDBPersistence(Tick, { path: whole });
  await saved.save(ticks);
  await saved.close();
  const damaged = join(folder, "damaged.duckdb");
  const bytes = readFileSync(whole);
  let errors = 0;
  for (let i = 1; i < 12; i++) {
    const changed = Uint8Array.from(bytes);
    const at = Math.floor((bytes.length * i) / 12) + 77;
    changed[at] = (changed[at] as number) ^ 0x55;
    writeFileSync(damaged, changed);
    const reading = new DuckDBPersistence(Tick, { path: damaged, readOnly: true });
    for (const read of [async () => (await reading.load()).size, async () => (await reading.sql`SELECT * FROM ticks`).length]) {
      const rows = await read().catch((error: unknown) => {
        expect(error).toBeInstanceOf(CorruptDataError);
        errors++;
        return ROWS;
      });
      expect(rows).toBe(ROWS);
    }
    await reading.close();
  }
  expect(errors).toBeGreaterThan(4);
});

describe("a signal that is aborted while rows are read", () => {
  test.each(ways)("%s", async (_, read) => {
    const live = await sqlOver({ ticks });
    for (const asked of [db, live]) {
      const controller = new AbortController();
      const reason = new Error("enough");
      const reading = read(asked.querySql("SELECT range FROM range(1000000000)", [], { signal: controller.signal }));
      setTimeout(() => controller.abort(reason), 25);
      await expect(reading).rejects.toBe(reason);
    }
    await live.close();
  });

  test("by whoever reads them", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const reading = (async () => {
      for await (const _ of db.sql`SELECT range FROM range(1000000000)`.withSignal(controller.signal)) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
  });
});

test("close() ends statements that are being read, in words, and gives the file back", async () => {
  const other = join(folder, "closed.duckdb");
  const closing = new DuckDBPersistence(Tick, { path: other });
  await closing.append(ticks);
  for await (const _ of closing.sql`SELECT * FROM ticks`) break;
  const paused = closing.sql`SELECT * FROM ticks`[Symbol.asyncIterator]();
  await paused.next();
  const counting = closing.sql`SELECT count(*) FROM range(100000000) a, range(100000) b`.rows();
  const refused = expect(counting).rejects.toThrow(DatabaseError);
  // So that it runs.
  await closing.count();
  await closing.close();
  await refused;
  const script = `const { DuckDBInstance } = await import("@duckdb/node-api");
    const connection = await (await DuckDBInstance.create(process.argv[1])).connect();
    console.log((await connection.runAndReadAll("SELECT count(*)::INT FROM ticks")).getRows()[0][0]);`;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", script, other], { encoding: "utf8" })).toBe(`${ROWS}\n`);
  await expect(
    (async () => {
      for (;;) if ((await paused.next()).done) return;
    })(),
  ).rejects.toThrow(/closed/);
});

test("close() lets what reads the rows come to its end", async () => {
  const closing = new DuckDBPersistence(Tick, { path: join(folder, "loaded.duckdb") });
  await closing.append(ticks);
  const loading = closing.load();
  const asking = closing.query(query(Tick).where((o) => o.id.ge(0)));
  await closing.count();
  await closing.close();
  expect((await loading).size).toBe(ROWS);
  expect((await asking).length).toBe(ROWS);
});
