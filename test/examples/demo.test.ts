import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { CheckFailed, createDemo } from "../../examples/demo.ts";
import { createUi } from "../../examples/terminal/ui.ts";

const ROWS = 70_000; // more than one chunk

/** What `npm start` runs: it builds the library and the examples first. */
const start = (...args: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url)), ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });

describe("npm start -- --json", () => {
  let run: ReturnType<typeof start>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was printed
  let document: any;

  beforeAll(() => {
    run = start("--json", `--rows=${ROWS}`);
    document = JSON.parse(run.stdout);
  }, 300_000);

  test("succeeds, and says nothing but the document", () => {
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    expect(document.ok).toBe(true);
    expect(document.checks.length).toBeGreaterThan(20);
  });

  test("has the five orders, the restart and the one more", () => {
    const { batch, restart, append } = document.orders;
    expect(batch).toMatchObject({
      orders: 5,
      stored: 5,
      delivered: 2,
      revenue: 388.5,
      memory: { totalRows: 5, numBatches: 1, averageBatchSize: 5 },
    });
    expect(restart).toEqual({ orders: 5, revenue: 388.5 });
    expect(append).toEqual({ row: 5, stored: 6 });
  });

  test("has the big run, measured", () => {
    const { million } = document.orders;
    expect(million.orders).toBe(ROWS);
    expect(million.stored).toBe(ROWS);
    expect(million.store.memory.totalRows).toBe(ROWS);
    // A figure of each kind: a speed, bytes, a time. Ten columns of 62 bytes cannot take less than that.
    expect(million.store.rowsPerSecond).toBeGreaterThan(0);
    expect(million.bytesPerOrder.store).toBeGreaterThan(62);
    expect(million.bytesPerOrder.arrayOfObjects).toBeGreaterThan(million.bytesPerOrder.store);
    expect(million.toArrowMilliseconds).toBeGreaterThan(0);
  });

  test("has the questions, each answered by a loop too", () => {
    const { questions } = document.orders;
    expect(questions.deliveredRevenue).toBeCloseTo(document.orders.million.deliveredRevenue, 2);
    expect(questions.revenueByPayment).toHaveLength(3);
    expect(questions.topCustomers).toHaveLength(5);
    expect(questions.monthlyTrend).toHaveLength(12);
    expect(questions.monthlyTrend.reduce((sum: number, month: { orders: number }) => sum + month.orders, 0)).toBe(ROWS);
    expect(questions.timings).toHaveLength(5);
  });

  test("has the orders on disk, and every codec", () => {
    const { disk, codecs } = document.orders;
    expect(disk).toMatchObject({ saved: 8, stored: 10 });
    expect(codecs.map(({ compression }: { compression: string }) => compression)).toEqual([
      "uncompressed",
      "snappy",
      "zstd",
      "gzip",
      "lz4",
      "brotli",
    ]);
    for (const { bytes } of codecs) expect(bytes).toBeLessThan(ROWS * 62);
    expect(document.flights.threeMillion).toMatchObject({ flights: 3_000_000, originalBytes: 13_493_022 });
  });

  test("has the questions in SQL, which the file, the live store and typed queries answered alike", () => {
    const { sql, questions } = document.orders;
    expect(sql.orders).toBe(ROWS);
    expect(sql.revenueByStatus.map(({ status }: { status: string }) => status)).toEqual([
      "Pending",
      "Processing",
      "Shipped",
      "Delivered",
    ]);
    expect(sql.deliveredByPayment).toHaveLength(3);
    expect(sql.topCustomers[0].customerId).toBe(questions.topCustomers[0].customerId);
    const last = sql.monthlyTrends.at(-1);
    const total = sql.revenueByStatus.reduce((sum: number, { revenue }: { revenue: number }) => sum + revenue, 0);
    expect(sql.monthlyTrends).toHaveLength(12);
    expect(last.runningTotal).toBeCloseTo(total, 2);
    const agreed = document.checks.filter((claim: string) => claim.endsWith("the live store and the typed query agree"));
    expect(agreed).toHaveLength(4);
  });

  test("has durable adds at each durability, and what a killed writer left", () => {
    const { speeds, kill } = document.orders.durable;
    expect(speeds.map(({ durability }: { durability: string }) => durability)).toEqual(["sync", "interval", "os"]);
    for (const { orders, perSecond } of speeds) {
      expect(orders).toBeGreaterThan(0);
      expect(Object.keys(perSecond)).toEqual(["1", "100", "1000"]);
    }
    expect(kill.acknowledged).toBeGreaterThan(0);
    expect(kill.found).toBeGreaterThanOrEqual(kill.acknowledged);
  });

  test("has the flights, and what is known of them", () => {
    const { flights } = document;
    expect(flights.flights).toBe(200_000);
    expect(flights.memory.adoptedBytes).toBe(200_000 * (2 + 2 + 4));
    const { delayed, delayedShare, byDistance } = flights.answers;
    expect(delayedShare).toBe(delayed / 200_000);
    expect(byDistance).toHaveLength(5);
    expect(byDistance.reduce((sum: number, band: { flights: number }) => sum + band.flights, 0)).toBe(200_000);
  });
});

test("without --json it ends in the summary", () => {
  const { status, stdout, stderr } = start("--rows=2000");
  expect(status).toBe(0);
  expect(stdout).toMatch(/Summary, as measured just now[\s\S]+The lot as an Arrow table[\s\S]+\d+ checks made, all of them held/);
  expect(stderr).toMatch(/the same orders into a Store +2,000 orders in /);
}, 300_000);

test.each([["--rows=many"], ["--rows=0"], ["--rows=1e9"], ["--josn"]])("%s is refused with the usage, exit code 2", (option) => {
  const { status, stdout, stderr } = start(option);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("npm start -- [--rows=1000000] [--json]");
});

test("a claim that does not hold ends the demo; those that hold are kept", () => {
  const written: string[] = [];
  const screen = { write: (text: string) => written.push(text) };
  const demo = createDemo(createUi({ json: false, stdout: screen, stderr: screen, env: {} }), 1000);
  demo.check("one is one", Object.is(1, 1));
  expect(() => demo.check("null is NaN", Object.is(null, Number.NaN))).toThrow(new CheckFailed("null is NaN"));
  expect(demo.claims).toEqual(["one is one"]);
  expect(written.join("")).toBe("  ✓ one is one\n");
});
