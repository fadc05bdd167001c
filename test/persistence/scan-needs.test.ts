import { ArrowPersistence, BackendPersistence, type BackendSnapshot, QueryError, type ScanOptions, SoA } from "faun";
import { expect, test } from "vitest";
import { recordBatchesOf } from "../../src/arrow/table.ts";
import { schemaOf } from "../../src/entity/entity.ts";
import { scanNeeds } from "../../src/persistence/scan-needs.ts";
import { avg, count, max, sum } from "../../src/query/aggregate-functions.ts";
import { bindPlan } from "../../src/query/bind.ts";
import { executeRows } from "../../src/query/engine/execute.ts";
import { sourceOf } from "../../src/query/engine/source.ts";
import { query } from "../../src/query/query.ts";
import type { Store } from "../../src/store/store.ts";
import { Order } from "../query/entities.ts";
import { answer } from "../query/oracle/answer.ts";
import { type Dataset, randomDataset } from "../query/oracle/dataset.ts";
import { randomQuestions } from "../query/oracle/plans.ts";
import { Random } from "../query/oracle/random.ts";

/** A persistence that gives no more than it is asked for: the wanted columns, of rows for which the condition holds. */
function sparing({ entity, store }: Dataset): { persistence: BackendPersistence<never>; asked: ScanOptions[] } {
  const { backend } = new ArrowPersistence(entity);
  const { kernel } = store as unknown as Store<never>;
  const asked: ScanOptions[] = [];
  const snapshot = async (): Promise<BackendSnapshot> => ({
    version: "1",
    schema: schemaOf(entity),
    count: async () => BigInt(kernel.size),
    stats: async () => ({ totalBytes: 0, totalRows: kernel.size, numBatches: 1, averageBatchSize: kernel.size }),
    async *scan(options: ScanOptions = {}) {
      asked.push(options);
      const { where, columns } = options;
      const schema = schemaOf(entity);
      const indices = schema.fields.filter(({ name }) => columns?.includes(name) ?? true).map(({ index }) => index);
      const kept = new SoA(entity);
      const plan = { faun: 1, entity: schema.name, steps: [] } as const;
      const steps = where === null || where === undefined ? [] : [{ step: "where" as const, predicate: where }];
      const positions = executeRows({ plan, schema, steps, output: [], wholeRows: true }, sourceOf(kernel));
      kept.addBatch([...positions].map((row) => kernel.at(row)!) as never);
      for (const batch of recordBatchesOf(kept)) yield batch.selectAt(indices) as never;
    },
    close: async () => {},
  });
  const proxy = new Proxy(backend, {
    get(target, name) {
      if (name === "snapshot") return snapshot;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { persistence: new BackendPersistence(entity as never, proxy), asked };
}

test("plans give the same answer over no more than they need", async () => {
  let plans = 0;
  let narrowed = 0;
  let filtered = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const rng = new Random(seed * 7919);
    const dataset = randomDataset(rng, "heap");
    const { persistence, asked } = sparing(dataset);
    for (let i = 0; i < 10; i++) {
      const question = randomQuestions(rng, dataset).at(-1);
      if (question === undefined) continue;
      let expected: readonly object[];
      try {
        expected = answer(dataset, question.plan);
      } catch (error) {
        // Arithmetic that leaves its range; over fewer rows it may not.
        expect(error).toBeInstanceOf(QueryError);
        continue;
      }
      const found = await persistence.query(question.plan);
      const plain = (rows: Iterable<object>) =>
        [...rows].map((row) => ("toObject" in row ? (row as { toObject(): object }).toObject() : row));
      expect(plain(found), JSON.stringify(question.plan)).toEqual(plain(expected));
      plans++;
      const { columns, where } = asked.at(-1)!;
      if (columns!.length < dataset.fields.length) narrowed++;
      if (where !== null) filtered++;
    }
  }
  expect(plans).toBeGreaterThan(250);
  expect(narrowed).toBeGreaterThan(plans / 10);
  expect(filtered).toBeGreaterThan(plans / 10);
});

test.each([
  ["rows as they are need every field", query(Order).where((o) => o.quantity.gt(1)), null, ["quantity"]],
  ["a count needs the smallest", query(Order).aggregate({ n: count() }), ["status"], null],
  [
    "an aggregate needs its arguments and its groups",
    query(Order)
      .where((o) => o.status.eq("Pending"))
      .groupBy("customerId")
      .aggregate((o) => ({ revenue: sum(o.unitPrice.mul(o.quantity)) })),
    ["customerId", "quantity", "unitPrice", "status"],
    ["status"],
  ],
  [
    "all conditions before a limit count",
    query(Order)
      .where((o) => o.quantity.gt(1))
      .orderBy("totalAmount")
      .where((o) => o.note.isNull())
      .select("orderId"),
    ["orderId", "quantity", "totalAmount", "note"],
    ["quantity", "note"],
  ],
  [
    "those behind a limit do not",
    query(Order)
      .limit(10)
      .where((o) => o.quantity.gt(1))
      .select("orderId"),
    ["orderId", "quantity"],
    null,
  ],
  [
    "nor do those on what was computed",
    query(Order)
      .groupBy("status")
      .aggregate({ top: max("totalAmount"), mean: avg("unitPrice") })
      .having((o) => o.top.gt(5)),
    ["unitPrice", "totalAmount", "status"],
    null,
  ],
] as const)("%s", (_, asked, columns, conditions) => {
  // biome-ignore format: a table
  const { fields } = schemaOf(Order);
  const needs = scanNeeds(bindPlan(asked.plan, schemaOf(Order)));
  expect(needs.columns).toEqual(columns ?? fields.map(({ name }) => name));
  const text = JSON.stringify(needs.where, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
  const named = fields.filter(({ name }) => text.includes(`"name":"${name}"`)).map(({ name }) => name);
  expect(needs.where === null ? null : named).toEqual(conditions);
});
