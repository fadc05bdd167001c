import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { date, decimal, Entity, enumOf, f64, i32, i64, query, type Store, timestamp, u64, utf8 } from "faun";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schemaOf } from "../../../src/entity/entity.ts";
import type { Footer } from "../../../src/persistence/parquet/format/read-footer.ts";
import { fileColumns } from "../../../src/persistence/parquet/read/file-columns.ts";
import { mayMatch } from "../../../src/persistence/parquet/read/prune.ts";
import { bindPlan } from "../../../src/query/bind.ts";
import type { BoolExpression } from "../../../src/query/column-types.ts";
import { footerOf, readFile } from "./read-file.ts";

class Sample extends Entity("samples", {
  n: i64({ mode: "number" }),
  big: u64(),
  x: f64().nullable(),
  narrow: i32().nullable(),
  text: utf8().nullable(),
  status: enumOf("new", "busy", "done", "away").nullable(),
  at: timestamp("s").nullable(),
  day: date(),
  price: decimal(12, 3),
  none: utf8().nullable(),
}) {}

const GROUPS = 8;
const ROWS = 2048;
let duck: DuckDBConnection;
let store: Store<Sample>;
let footer: Footer;
const folder = mkdtempSync(join(tmpdir(), "faun-prune-"));

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const path = join(folder, "samples.parquet");
  // Sorted by n, so that each row group has its own range; group 3 has NaNs, group 4 only nulls in narrow.
  await duck.run(`COPY (SELECT i AS n, (i::UBIGINT + 9223372036854775000)::UBIGINT AS big,
    CASE WHEN i % 50 = 1 THEN NULL WHEN i // ${ROWS} = 3 AND i % 40 = 0 THEN 'NaN'::DOUBLE ELSE i / 4.0 - 500 END AS x,
    CASE WHEN i // ${ROWS} = 4 THEN NULL ELSE (i // 100)::INTEGER END AS narrow,
    CASE WHEN i % 31 = 0 THEN NULL ELSE chr((97 + i // ${ROWS})::INTEGER) || repeat('é', (i % 5)::INTEGER) || i END AS text,
    CASE WHEN i % 3 = 0 THEN NULL ELSE ['new', 'busy', 'done', 'away'][1 + (i // ${ROWS}) % 4] END AS status,
    CASE WHEN i % 7 = 0 THEN NULL ELSE make_timestamp(i * 60000000) END AS "at",
    DATE '2020-01-01' + (i // 50)::INTEGER AS day, (i / 10.0)::DECIMAL(9, 1) AS price, NULL::VARCHAR AS none
    FROM range(${GROUPS * ROWS}) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE ${ROWS})`);
  const bytes = new Uint8Array(readFileSync(path));
  footer = footerOf(bytes);
  store = await readFile(Sample, bytes);
});
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

type Columns = Parameters<Parameters<typeof store.where>[0]>[0];
type Predicate = BoolExpression<boolean | null>;
type Where = (o: Columns) => Predicate;

/** Which row groups may match, by the statistics; and which do, by the rows. */
function kept(where: Where): { may: boolean[]; does: boolean[] } {
  const schema = schemaOf(Sample);
  const [step] = bindPlan(query(Sample).where(where).plan, schema).steps;
  if (step?.step !== "where") throw new Error("the plan is no where");
  const leaves = fileColumns(schema, footer.leaves, "file");
  const does = Array.from({ length: GROUPS }, () => false);
  for (const { n } of store.where(where).select("n").toArray()) does[Math.floor(n / ROWS)] = true;
  return { may: does.map((_, g) => mayMatch(step.predicate, schema, leaves, footer, g)), does };
}

const ROW_COUNT = GROUPS * ROWS;

/** Predicates over a column each, with constants in and around what the column has. */
const simple: fc.Arbitrary<Where> = fc
  .tuple(
    fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge", "between", "in", "notIn", "isNull", "isNotNull", "startsWith"),
    fc.integer({ min: -300, max: ROW_COUNT + 300 }),
    fc.integer({ min: 0, max: 3000 }),
    fc.constantFrom("n", "big", "x", "nan", "narrow", "text", "status", "at", "day", "price", "none"),
  )
  .map(([op, i, more, name]) => {
    const at = (k: number): never => {
      const statuses = ["new", "busy", "done", "away"];
      const day = new Date(Date.UTC(2020, 0, 1) + Math.floor(k / 50) * 86_400_000).toISOString().slice(0, 10);
      const values: Record<string, unknown> = {
        n: k,
        big: BigInt(k) + 9_223_372_036_854_775_000n,
        x: k / 4 - 500,
        nan: k % 2 === 0 ? Number.NaN : Number.POSITIVE_INFINITY,
        narrow: Math.floor(k / 100),
        text: String.fromCharCode(97 + Math.floor(k / ROWS)) + "é".repeat(Math.abs(k % 3)),
        status: statuses[Math.abs(k) % 4],
        at: new Date(k * 60_000),
        day,
        price: (k / 10).toFixed(1),
        none: "x",
      };
      return values[name] as never;
    };
    return (o) => {
      const column = o[(name === "nan" ? "x" : name) as "n"] as never as Record<string, (...a: never[]) => Predicate>;
      if (op === "isNull" || op === "isNotNull") return column[op]!();
      if (op === "between") return column.between!(at(i), at(i + more));
      if (op === "in" || op === "notIn") return column[op]!([at(i), at(i + 1), at(i + more)] as never);
      if (op === "startsWith") return o.text.startsWith(name === "text" ? at(i) : "c");
      if (name === "status" && op !== "eq" && op !== "ne") return o.status[op as "lt"](at(i));
      return column[op]!(at(i));
    };
  });

const predicates: fc.Arbitrary<Where> = fc.letrec<{ tree: Where }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    simple,
    fc.tuple(tie("tree"), tie("tree")).map(
      ([a, b]): Where =>
        (o) =>
          a(o).and(b(o)),
    ),
    fc.tuple(tie("tree"), tie("tree")).map(
      ([a, b]): Where =>
        (o) =>
          a(o).or(b(o)),
    ),
    tie("tree").map(
      (a): Where =>
        (o) =>
          a(o).not(),
    ),
  ),
})).tree;

test("no row group that has a matching row is left out, and most others are", () => {
  let left = 0;
  let could = 0;
  fc.assert(
    fc.property(predicates, (where) => {
      const { may, does } = kept(where);
      for (let g = 0; g < GROUPS; g++) {
        if (does[g]) expect(may[g]).toBe(true);
        else {
          could++;
          if (!may[g]) left++;
        }
      }
    }),
    { numRuns: 250 },
  );
  expect(left / could).toBeGreaterThan(0.7);
});

test("each kind of column prunes", () => {
  const groups = (where: Where) => kept(where).may.flatMap((may, g) => (may ? [g] : []));
  expect(groups((o) => o.n.between(3000, 5000))).toEqual([1, 2]);
  expect(groups((o) => o.big.ge(9_223_372_036_854_775_000n + BigInt(7 * ROWS)))).toEqual([7]);
  // DuckDB counts NaN as the maximum of group 3: nothing is known of it then.
  expect(groups((o) => o.x.lt(-400))).toEqual([0, 3]);
  expect(groups((o) => o.narrow.isNotNull().not())).toEqual([4]);
  expect(groups((o) => o.text.startsWith("c"))).toEqual([2]);
  expect(groups((o) => o.text.gt("h"))).toEqual([7]);
  expect(groups((o) => o.status.eq("away"))).toEqual([3, 7]);
  expect(groups((o) => o.status.gt("done"))).toEqual([3, 7]);
  expect(groups((o) => o.at.lt(new Date(60_000)))).toEqual([]);
  expect(groups((o) => o.at.le(new Date(60_000)))).toEqual([0]);
  expect(groups((o) => o.price.eq("204.800"))).toEqual([1]);
  expect(groups((o) => o.none.isNotNull())).toEqual([]);
});
