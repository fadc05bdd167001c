import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import * as fileSystem from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { CorruptDataError, PersistentStore } from "faun";
import { FileStorage, type FileSystem, ParquetPersistence } from "faun/parquet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inspectFolder } from "../../src/cli/inspect/inspect.ts";
import type { InspectReport } from "../../src/cli/inspect/report.ts";
import { run } from "../../src/cli/run.ts";
import { encodeFrames } from "../../src/persistence/log/frame.ts";
import { readSegment } from "../../src/persistence/log/segment.ts";
import { Order, order, orders, Reading } from "../conformance/entities.ts";
import { randomOf } from "../storage/simulated-disk.ts";

const folder = mkdtempSync(join(tmpdir(), "faun-inspect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(folder, String(folders++));

const open = (path: string) => PersistentStore.open(new ParquetPersistence(Order, path, { rowGroupSize: 50 }));

/** The command in this process. */
async function faun(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const status = await run(args, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  });
  return { status, stdout, stderr };
}

async function inspected(path: string, ...options: string[]): Promise<InspectReport & { status: number }> {
  const { status, stdout, stderr } = await faun("inspect", path, "--json", ...options);
  expect(stderr).toBe("");
  return { status, ...(JSON.parse(stdout) as InspectReport) };
}

/** 130 orders in a checkpoint of three row groups, and four commits in the log; the store is closed without folding them. */
const sound = newFolder();
beforeAll(async () => {
  const live = newFolder();
  const store = await open(live);
  await store.addBatch(orders(0, 130));
  await store.saveToStorage();
  await store.add(order(500, { customer: "somebody" }));
  await store.addBatch(orders(501, 3));
  await store.update(3n, { total: -7 });
  await store.delete(4n);
  cpSync(live, sound, { recursive: true });
  await store.close();
});

const copyOf = (path: string): string => {
  const copy = newFolder();
  cpSync(path, copy, { recursive: true });
  return copy;
};
/** Where what was written to a segment ends. */
const writtenIn = (path: string): number => readSegment(Uint8Array.from(readFileSync(path))).written;

const logOf = (path: string): string => join(path, "log", readdirSync(join(path, "log")).sort().at(-1)!);

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1 << (at % 8);
  writeFileSync(path, bytes);
}

/** Every file with its bytes. */
const contentOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(path, name)).isFile())
    .map((name) => `${name} ${readFileSync(join(path, name), "base64")}`)
    .sort();

/** Without what differs from run to run, or with what compresses better one day. */
const stable = (report: object): unknown =>
  JSON.parse(JSON.stringify(report), (key, value: unknown) => {
    if (/bytes$/i.test(key) && value !== 0) return typeof value;
    if (["path", "at", "writer"].includes(key) && typeof value === "string") return "text";
    if (["columns", "segments"].includes(key)) return (value as unknown[]).slice(0, 3);
    return value;
  });

describe("faun inspect, of a folder", () => {
  test("tells all of it as JSON, in a form that stays", async () => {
    const { status, ...report } = await inspected(sound);
    expect(status).toBe(0);
    expect(stable(report)).toMatchSnapshot();
    expect(report.data!.columns.map(({ column }) => column)).toEqual([
      ...["order_id", "customer", "note", "total", "region", "status", "placed_at"],
    ]);
    const file = statSync(join(sound, "data.parquet")).size;
    expect(report.data!.bytes).toBe(file);
    expect(report.verification.bytes + report.data!.footerBytes + 12).toBe(file);
    expect(report.log!.bytes).toBe(statSync(logOf(sound)).size);
  });

  test("tells it in tables", async () => {
    const { status, stdout } = await faun("inspect", sound);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^orders {2}133 rows {2}/);
    expect(stdout).toMatch(/rows +130 in 3 row groups of 30 to 50/);
    expect(stdout).toMatch(/^order_id +u64, key +DELTA_BINARY_PACKED .* 0 +0 +129$/m);
    expect(stdout).toMatch(/^note +utf8, nullable .* 44 {2}/m);
    expect(stdout).toMatch(/commits +4 \(\d+ to \d+\) of 6 rows/);
    expect(stdout).toMatch(/lock +free/);
    expect(stdout).toMatch(/^Sound; the checksums of 21 column chunks/m);
    expect(stdout).not.toMatch(/[ \t]$/m);
  });

  test("changes nothing", async () => {
    const before = contentOf(sound);
    await faun("inspect", sound);
    expect(contentOf(sound)).toEqual(before);
  });

  test("counts what the library counts, without a checkpoint, without a log and without rows", async () => {
    const path = newFolder();
    const store = await PersistentStore.open(new ParquetPersistence(Reading, path));
    await store.add({ sensor: "a", value: Number.NaN, note: null });
    const logged = await inspected(path);
    expect(logged).toMatchObject({ status: 0, entity: "readings", rows: 1, data: null, log: { state: "sound", commits: 1 } });
    await store.saveToStorage();
    const saved = await inspected(path);
    expect(saved).toMatchObject({ status: 0, entity: "readings", rows: 1, data: { rows: 1 } });
    // NaN has no place among minima and maxima.
    expect(saved.data!.columns[1]).toMatchObject({ column: "value", nulls: 0, min: null, max: null });
    expect(saved.data!.columns[2]).toMatchObject({ column: "note", nulls: 1, min: null, max: null });
    await store.clearAll();
    await store.close();
    expect(await inspected(path)).toMatchObject({ status: 0, rows: 0, data: { rows: 0, rowGroups: [] } });
    expect((await faun("inspect", path)).stdout).toMatch(/0 in 0 row groups\n/);
  });

  test("names who writes, and lets them write", async () => {
    const path = copyOf(sound);
    const store = await open(path);
    await store.add(order(900));
    const { lock, status } = await inspected(path);
    expect(status).toBe(0);
    expect(lock).toMatchObject({ held: true, pid: process.pid });
    expect((await faun("inspect", path)).stdout).toContain(`held by process ${process.pid}`);
    await store.add(order(901));
    await store.close();
    expect((await inspected(path)).lock).toEqual({ held: false, pid: null, host: null, since: null });
  });

  test("is right at any moment beside a writer that commits, folds and replaces", async () => {
    const path = newFolder();
    const store = await open(path);
    await store.add(order(0));
    let done = false;
    const writing = (async () => {
      for (let i = 1; !done; i++) {
        await store.add(order(i));
        if (i % 7 === 0) await store.saveToStorage();
      }
    })();
    let looks = 0;
    for (; looks < 40; looks++) {
      const least = store.size;
      const report = await inspected(path);
      expect(report.problems).toEqual([]);
      expect(report.status).toBe(0);
      expect(report.rows).toBeGreaterThanOrEqual(least);
      expect(report.rows).toBeLessThanOrEqual(store.size + 1);
    }
    done = true;
    await writing;
    await store.close();
  });
});

describe("between reading the checkpoint and reading the log", () => {
  test.each(["the log is folded into another", "a segment of the log goes"])(
    "%s: the report is of the new state",
    async (what) => {
      const path = newFolder();
      const store = await open(path);
      await store.addBatch(orders(0, 20));
      await store.saveToStorage();
      await store.addBatch(orders(20, 5));
      let opened = 0;
      const hooked: FileSystem = {
        ...fileSystem,
        async open(name, flags) {
          const handle = await fileSystem.open(name, flags);
          if (!name.endsWith("data.parquet") || opened++ > 0) return handle;
          await store.saveToStorage();
          if (what.startsWith("a segment")) await store.addBatch(orders(25, 5));
          return handle;
        },
      };
      const report = await inspectFolder(path, new FileStorage(path, { fileSystem: hooked }), { verify: true });
      expect(report.problems).toEqual([]);
      expect(report.rows).toBe(store.size);
      expect(report.data!.rows).toBe(25);
      await store.close();
    },
  );
});

describe("damage", () => {
  test("of any byte of the checkpoint is found, and the place named", async () => {
    const random = randomOf(7);
    const { size } = statSync(join(sound, "data.parquet"));
    for (let i = 0; i < 120; i++) {
      const path = copyOf(sound);
      const at = i < 16 ? i : i < 32 ? size - 1 - (i - 16) : Math.floor(random() * size);
      flip(join(path, "data.parquet"), at);
      const { status, sound: whole, problems } = await inspected(path);
      expect({ at, status, whole }).toEqual({ at, status: 1, whole: false });
      expect(problems[0]!.message).toContain(join(path, "data.parquet"));
      rmSync(path, { recursive: true });
    }
  });

  test("in column data names row group and column, and is not looked for with --no-verify", async () => {
    const path = copyOf(sound);
    flip(join(path, "data.parquet"), 10);
    const { problems, rows, status } = await inspected(path);
    expect(status).toBe(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toMatch(/row group 0, column "order_id": .* checksum/);
    // The rest is told all the same.
    expect(rows).toBe(133);
    expect((await faun("inspect", path)).stdout).toMatch(/^DAMAGE {2}.*row group 0, column "order_id"/m);
    const quick = await inspected(path, "--no-verify");
    expect(quick).toMatchObject({ status: 0, sound: true, verification: { columnChunks: null, bytes: 0 } });
  });

  test("of the log is found where the library finds it, and only there", async () => {
    const size = writtenIn(logOf(sound));
    let damaged = 0;
    for (let i = 0; i < 40; i++) {
      const path = copyOf(sound);
      const at = Math.floor((size * i) / 40);
      if (i % 4 === 0) truncateSync(logOf(path), at);
      else flip(logOf(path), at);
      const { status, rows, problems, log } = await inspected(path);
      const store = await open(path).catch((error: unknown) => error);
      if (store instanceof PersistentStore) {
        expect({ at, status, rows, problems }).toEqual({ at, status: 0, rows: store.size, problems: [] });
        await store.close();
      } else {
        damaged++;
        expect(store).toBeInstanceOf(CorruptDataError);
        expect({ at, status, rows, state: log!.state }).toEqual({ at, status: 1, rows: null, state: "damaged" });
        expect(problems[0]!.message).toMatch(/sound up to commit|cannot be read/);
      }
    }
    expect(damaged).toBeGreaterThan(10);
  });

  test("a torn end is told and is none; what crashes leave is listed", async () => {
    const path = copyOf(sound);
    truncateSync(logOf(path), writtenIn(logOf(path)) - 20);
    writeFileSync(join(path, "data.parquet.faun-abc.tmp"), "begun");
    const report = await inspected(path);
    expect(report).toMatchObject({ status: 0, rows: 134, log: { state: "torn", commits: 3 } });
    expect(report.otherFiles).toEqual([{ file: "data.parquet.faun-abc.tmp", bytes: 5, what: "temporary" }]);
    const { stdout } = await faun("inspect", path);
    expect(stdout).toMatch(/state +sound; .* behind the last whole commit, left by a crash/);
    expect(stdout).toMatch(/data\.parquet\.faun-abc\.tmp +5 B, left by a crash/);
  });

  test("a cut checkpoint is damage; the log is told all the same", async () => {
    const path = copyOf(sound);
    truncateSync(join(path, "data.parquet"), 1000);
    const { status, data, entity, rows, log } = await inspected(path);
    expect({ status, data, entity, rows }).toEqual({ status: 1, data: null, entity: "orders", rows: null });
    expect(log!.commits).toBe(4);
    expect((await faun("inspect", path)).stdout).toMatch(/its rows cannot be counted[\s\S]*\nDAMAGE /);
  });

  test("a log of a later version is not damage, but cannot be judged", async () => {
    const path = copyOf(sound);
    const bytes = readFileSync(logOf(path));
    const whole = bytes.subarray(0, readSegment(Uint8Array.from(bytes)).end);
    writeFileSync(logOf(path), Buffer.concat([whole, encodeFrames(99n, 0n, [{ kind: 0x8001, payload: [Uint8Array.of(1)] }])]));
    const { status, sound: isSound, problems } = await inspected(path);
    expect({ status, isSound }).toEqual({ status: 2, isSound: null });
    expect(problems[0]).toMatchObject({ kind: "unjudged", message: expect.stringMatching(/later version/) });
  });
});

describe("a Parquet file", () => {
  const path = join(folder, "of others.parquet");
  let duck: DuckDBInstance;
  let ask: (sql: string) => Promise<unknown[][]>;
  beforeAll(async () => {
    duck = await DuckDBInstance.create();
    const connection = await duck.connect();
    ask = async (sql) => (await connection.runAndReadAll(sql)).getRows();
    await ask(`COPY (SELECT i::UBIGINT + 18446744073709540000 AS big, -i AS small, i / 3 AS ratio, 'text ' || i AS text,
      CASE WHEN i % 4 = 0 THEN NULL ELSE i % 2 = 0 END AS flag, DATE '2024-02-27' + (i % 3)::INT AS day,
      TIMESTAMP '2025-01-01 00:00:00.000001' + INTERVAL (i) SECOND AS at, (i / 7)::DECIMAL(20, 3) AS price,
      [i, i + 1] AS list, {'a': i, 'b': 'x'} AS pair, 'x'::BLOB AS raw, TIME '12:00:00' AS clock, uuid() AS id
      FROM range(5000) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION zstd)`);
  });
  afterAll(() => duck.closeSync());

  test("of another writer is told as far as it tells", async () => {
    const report = await inspected(path);
    expect(report).toMatchObject({ status: 0, kind: "file", entity: null, rows: 5000, log: null, lock: null });
    const { columns, checked, rowGroups } = report.data!;
    expect(checked).toBe(false);
    const column = (name: string) => columns.find((other) => other.column === name)!;
    const [[count, groups]] = (await ask(`SELECT sum(row_group_num_rows), count(*) FROM parquet_metadata('${path}')
      WHERE column_id = 0`)) as [[bigint, bigint]];
    expect([rowGroups.reduce((sum, { rows }) => sum + rows, 0), rowGroups.length]).toEqual([Number(count), Number(groups)]);
    expect(column("big")).toMatchObject({ type: "INT64 (UINT_64)", min: "18446744073709540000", max: "18446744073709544999" });
    expect(column("small")).toMatchObject({ min: "-4999", max: "0" });
    expect(column("text")).toMatchObject({ type: "BYTE_ARRAY (STRING)", min: "text 0", max: "text 999", nulls: 0 });
    expect(column("flag")).toMatchObject({ type: "BOOLEAN", nulls: 1250, min: "false", max: "true", nullable: true });
    expect(column("day")).toMatchObject({ type: "INT32 (DATE)", min: "2024-02-27", max: "2024-02-29" });
    expect(column("at")).toMatchObject({ type: "INT64 (TIMESTAMP us)", min: "2025-01-01T00:00:00.000001" });
    expect(column("price")).toMatchObject({ min: "0.000", max: "714.143" });
    expect(column("pair.a").max).toBe("4999");
    expect(columns.map(({ column: name }) => name)).toContain("list.list.element");
    const stored = await ask(`SELECT path_in_schema, sum(total_compressed_size), sum(total_uncompressed_size)
      FROM parquet_metadata('${path}') GROUP BY 1`);
    for (const [name, compressed, raw] of stored as [string, bigint, bigint][]) {
      const found = column(name.replaceAll(", ", "."));
      expect([found.storedBytes, found.rawBytes]).toEqual([Number(compressed), Number(raw)]);
    }
    const { stdout } = await faun("inspect", path);
    expect(stdout).toMatch(/^Parquet file {2}5,000 rows/);
    expect(stdout).toMatch(/^Sound; the pages of \d+ column chunks .* were found, \d+ of them with checksums\.$/m);
  });

  test("of a ParquetPersistence alone", async () => {
    const report = await inspected(join(sound, "data.parquet"));
    expect(report).toMatchObject({ status: 0, kind: "file", entity: "orders", rows: 130, log: null });
    expect(report.data!.lastCommit).toMatchObject({ rows: 130 });
  });

  test("whose names hold commands to the terminal gives it none", async () => {
    const odd = join(folder, "odd.parquet");
    await ask(`COPY (SELECT 1 AS "a\u001b[31m\u0007b", 'x\u001b]0;title\u0007' AS c) TO '${odd}' (FORMAT parquet)`);
    const { stdout, status } = await faun("inspect", odd);
    expect(status).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    expect(stdout).toContain("a\\u001b[31m\\u0007b");
  });

  test("that was cut, or is none", async () => {
    const cut = join(folder, "cut.parquet");
    cpSync(path, cut);
    truncateSync(cut, 5000);
    expect(await inspected(cut)).toMatchObject({ status: 1, data: null, rows: null, sound: false });
    const text = join(folder, "text.txt");
    writeFileSync(text, "no Parquet at all");
    expect(await faun("inspect", text)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/is no Parquet file/),
    });
  });
});

describe("the command line", () => {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const faunProcess = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });

  test("runs as a program, and its exit codes are the program's", () => {
    const { status, stdout, stderr } = faunProcess("inspect", sound, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect((JSON.parse(stdout) as InspectReport).rows).toBe(133);
    const path = copyOf(sound);
    flip(join(path, "data.parquet"), 100);
    expect(faunProcess("inspect", path).status).toBe(1);
    expect(faunProcess("inspect", join(folder, "nowhere"))).toMatchObject({ status: 2, stdout: "" });
  });

  test.each([
    [[], /a command is missing/],
    [["inspct", "x"], /there is no command "inspct"/],
    [["inspect"], /inspect takes one path/],
    [["inspect", "a", "b"], /inspect takes one path/],
    [["inspect", "a", "--jsn"], /Unknown option '--jsn'/],
    [["inspect", "/nowhere/at/all"], /there is nothing at \/nowhere\/at\/all/],
  ])("refuses %j", async (args, message) => {
    const { status, stdout, stderr } = await faun(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("refuses a folder that is none of Faun's", async () => {
    const path = newFolder();
    mkdirSync(path);
    const { status, stderr } = await faun("inspect", path);
    expect(status).toBe(2);
    expect(stderr).toMatch(/is no folder of ParquetPersistence/);
  });

  test("helps", async () => {
    expect(await faun("--help")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Usage: faun inspect <path>/),
      stderr: "",
    });
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    expect(await faun("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
  });
});
