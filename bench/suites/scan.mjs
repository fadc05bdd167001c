import { wasmSum } from "../scan/bandwidth.mjs";
import { arquero, arrays, duckdb, faun, OPERATIONS, polarsOf, sharded } from "../scan/contenders.mjs";
import { columnsOf, totalAbove } from "../scan/orders.mjs";

const ARENA = "Faun, wasm arena";
const WORKERS = "Faun, arena and workers";
const HEAP = "Faun, heap";

const FOUR = ["count where", "sum where", "filter to row ids", "sum by enum"];
const AGAINST_DUCKDB = ["group by 10,000", "group by customer", "top 10 customers"];

/** Microseconds at 100k orders, as the author of the framework this project comes from published them for his machine. */
const PUBLISHED = { "filter to row ids": 185, "count where": 13, sum: 596 };

/** Queries over resident data, against what else holds rows in a Node process, and against the machine's memory. */
export default {
  name: "scan",
  title: "Queries over resident orders",
  async run(h) {
    for (const rows of [100_000, 1_000_000, 10_000_000]) await ofSize(h, h.size(rows), rows);
  },
};

async function ofSize(h, rows, nominal) {
  const columns = columnsOf(rows);
  const from = Math.floor(rows * 0.4);
  const limits = { above: totalAbove(columns, 0.15), low: from, high: from + Math.ceil(rows / 100) - 1 };
  const arena = faun(columns, limits, "shared");
  const contenders = {
    [ARENA]: arena,
    [WORKERS]: faun(columns, limits, "shared", "auto"),
    [HEAP]: faun(columns, limits, "heap"),
    // At 10M, 2.5 GB of objects: each collection between rounds would take longer than the rounds, and they are never the fastest.
    ...(nominal <= 1_000_000 && { "array of objects": arrays(columns, limits) }),
    arquero: arquero(columns, limits),
    polars: polarsOf(arena.orders, limits),
    "DuckDB, one thread": await duckdb(rows, limits),
  };
  const medians = {};
  for (const operation of OPERATIONS) {
    await check(operation, contenders);
    const heavy = operation.startsWith("group") || operation.startsWith("top");
    const group = await h.time({
      title: operation,
      unit: "us",
      rows,
      baseline: ARENA,
      repeat: nominal === 100_000 && !heavy ? 10 : nominal === 1_000_000 && !heavy ? 3 : 1,
      settle: heavy ? 0 : 1,
      rounds: nominal > 1_000_000 ? 3 : 7,
      // V8 compiles what plans and binds a query after some dozens of them.
      warmup: nominal > 1_000_000 ? 2 : heavy ? 4 : 12,
      alternatives: Object.fromEntries(Object.entries(contenders).map(([name, operations]) => [name, operations[operation]])),
    });
    medians[operation] = Object.fromEntries(group.results.map(({ name, value }) => [name, value]));
  }
  againstPeers(h, rows, nominal, medians);
  await againstMemory(h, rows, columns, arena);
  await withWorkers(h, rows, columns, limits);
  if (nominal === 100_000) {
    for (const [operation, published] of Object.entries(PUBLISHED)) {
      const values = {
        [ARENA]: medians[operation][ARENA],
        [HEAP]: medians[operation][HEAP],
        "the Rust framework, as published": published,
      };
      h.values({
        title: `${operation}, published figure`,
        unit: "us",
        rows,
        values,
        baseline: "the Rust framework, as published",
      });
    }
  }
  contenders["DuckDB, one thread"].close();
}

/** All must answer alike before their times mean anything. */
async function check(operation, contenders) {
  const answers = [];
  for (const [name, operations] of Object.entries(contenders)) answers.push([name, Number(await operations[operation]())]);
  const [, first] = answers[0];
  for (const [name, answer] of answers) {
    if (!(Math.abs(answer - first) <= 1e-9 * Math.abs(first)))
      throw new Error(`${operation}: ${name} answers ${answer}, not ${first}`);
  }
}

function againstPeers(h, rows, nominal, medians) {
  const isPeer = (name) => ![ARENA, WORKERS, HEAP].includes(name);
  const ratios = (operations, of, peers) =>
    Object.fromEntries(
      operations.map((operation) => {
        const fastest = Math.min(
          ...Object.entries(medians[operation])
            .filter(([name]) => isPeer(name) && peers(name))
            .map(([, value]) => value),
        );
        return [operation, medians[operation][of] / fastest];
      }),
    );
  const all = (values, value) => Object.fromEntries(Object.keys(values).map((name) => [name, { value }]));
  const show = (title, values, limit) =>
    h.values({ title, unit: "times", rows, values, ...(limit && { targets: all(values, limit) }) });
  const limit = { 1000000: 1 / 3, 10000000: 1 / 2 }[nominal];
  show(
    "Time on the arena, to that of the fastest peer",
    ratios(FOUR, ARENA, () => true),
    limit && Number(limit.toFixed(3)),
  );
  // For the record: a store takes workers unless it is told not to, as the fastest peer takes all processors.
  show(
    "Time on the arena with workers, to that of the fastest peer",
    ratios(FOUR, WORKERS, () => true),
  );
  show(
    "Time on the heap, to that of the fastest peer",
    ratios(FOUR, HEAP, () => true),
    nominal === 1_000_000 ? 1 : undefined,
  );
  const duck = (name) => name.startsWith("DuckDB");
  show(
    "Time on the arena, to that of DuckDB on one thread",
    ratios(AGAINST_DUCKDB, ARENA, duck),
    nominal >= 1_000_000 ? 1 : undefined,
  );
}

/** What worker threads gain, where the machine has processors for them. */
async function withWorkers(h, rows, columns, limits) {
  const contenders = { "one thread": sharded(columns, limits, 0), "with worker threads": sharded(columns, limits, "auto") };
  for (const operation of ["sum where", "sum by enum", "sum"]) {
    await check(operation, contenders);
    await h.time({
      title: `${operation}, sharded`,
      unit: "us",
      rows,
      baseline: "one thread",
      settle: 1,
      rounds: 9,
      warmup: 4,
      alternatives: Object.fromEntries(Object.entries(contenders).map(([name, operations]) => [name, operations[operation]])),
    });
  }
}

async function againstMemory(h, rows, columns, arena) {
  const sum = await wasmSum(columns.totalAmount);
  const copy = new Float64Array(rows);
  await h.time({
    title: "Sum of a column, to the machine's memory",
    unit: "us",
    rows,
    baseline: "sum in wasm, values alone",
    // What is asked is how fast rows stream, once they do. A collection takes away hidden classes of which no object is left,
    // and with them the code that V8 had compiled for them: it takes some hundred queries until that is there again.
    repeat: Math.max(1, Math.round(20_000_000 / rows)),
    settle: Math.min(300, Math.round(300_000_000 / rows)),
    rounds: 9,
    warmup: 4,
    targets: rows >= 1_000_000 ? { [ARENA]: { ratio: Number((1 / 0.7).toFixed(3)) } } : {},
    alternatives: {
      "sum in wasm, values alone": sum,
      [ARENA]: arena.sum,
      "copy (memcpy)": () => copy.set(columns.totalAmount),
    },
  });
}
