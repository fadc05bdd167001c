import type { BoundExpression, BoundPlan, BoundStep } from "../bound.ts";
import type { Wanted } from "../workers/scan-share.ts";
import { wantedFor } from "./aggregate.ts";
import { describe, describeKeys, describeMeasure } from "./describe.ts";
import { applyStep, firstStage, resolveMeasure } from "./execute.ts";
import { Grouping } from "./grouping.ts";
import { bestLookup, emptyLookup, type IndexedFilter } from "./indexed-filter.ts";
import { columnsOf, planFilters } from "./plan-filters.ts";
import { helpersOf, openFilters, ROWS_ALONE } from "./scan.ts";
import type { QuerySource } from "./source.ts";
import type { Stage } from "./stage.ts";
import { MAX_TOP } from "./top-rows.ts";

/**
 * What running a plan does, in words, a line for each thing: the index used, how each condition is evaluated, how many
 * chunks are skipped and how many rows are left to scan, which columns are read, and the steps behind. Runs nothing but
 * the look at zone maps and indexes, which are made where they are missing.
 */
export function explain(plan: BoundPlan, source: QuerySource): string {
  const { rows } = source;
  const chunks = rows.chunkList.length;
  const lines = [`${rows.schema.name}: ${count(rows.size, "row")} in ${count(chunks, "chunk")}`];
  let stage = firstStage(plan, source);
  if (stage.lookup !== null) {
    const { condition, found } = stage.lookup;
    lines.push(`key index, ${describe(condition)}: ${found === null ? "no row has the key" : "1 row"}`);
  }
  let next = 0;
  while (next < plan.steps.length && joins(stage, plan.steps[next])) stage = applyStep(stage, plan.steps[next++]);
  const consumer = plan.steps[next]?.step === "aggregate" || plan.steps[next]?.step === "distinct" ? plan.steps[next] : null;
  lines.push(...explainScan(stage, consumer, source));
  lines.push(...plan.steps.slice(next).map((step, i) => explainStep(step, i === 0 && !stage.isCut ? stage : null)));
  return lines.join("\n");
}

/** Whether a step runs together with those that a stage holds. */
const joins = (stage: Stage, { step }: BoundStep): boolean =>
  step === "select" || step === "limit" || (!stage.isCut && (step === "where" || step === "orderBy"));

function explainScan(stage: Stage, consumer: BoundStep | null, { rows }: QuerySource): string[] {
  const lines = stage.conditions.map((condition) => {
    const kernels = planFilters([condition], stage.codecs).map((filter) => filter.kernel);
    return `where ${describe(condition)}: ${kernels.length === 0 ? "true for every row" : kernels.join(", then ")}`;
  });
  const filters = stage.filters();
  const fields = new Set<number>();
  let scanned = 0;
  let rowsToScan = 0;
  const lookups = new Map<string, { chunks: number; rows: number }>();
  const note = ({ probe }: IndexedFilter, found: number) => {
    const { name } = probe.codec.field;
    const { chunks, rows } = lookups.get(name) ?? { chunks: 0, rows: 0 };
    lookups.set(name, { chunks: chunks + 1, rows: rows + found });
  };
  for (const batch of stage.batches) {
    const open = openFilters(batch, filters);
    if (open === null) {
      const empty = emptyLookup(batch, filters);
      if (empty !== null) note(empty, 0);
      continue;
    }
    scanned++;
    const best = bestLookup(batch, open);
    if (best === null) rowsToScan += batch.length - (batch.chunk?.deadCount ?? 0);
    else {
      note(best.filter, best.found.count);
      rowsToScan += best.found.count + Math.max(0, batch.length - best.found.order.rows);
    }
    for (const filter of open) for (const field of filter.fields) fields.add(field);
  }
  for (const [name, found] of lookups) {
    lines.push(`index on ${name} used in ${count(found.chunks, "chunk")}: ${count(found.rows, "row")}`);
  }
  const skipped = rows.chunkList.length - scanned;
  lines.push(
    `scan ${count(scanned, "chunk")}, ${count(rowsToScan, "row")}; ${skipped} of ${count(rows.chunkList.length, "chunk")} skipped`,
  );
  const threads = helpersOf(stage.batches, filters, wantedBy(stage, consumer));
  if (threads > 0) lines.push(`shared with up to ${count(threads, "worker thread")}`);
  if (scanned > 0) for (const expr of outputs(stage, consumer)) for (const field of columnsOf(expr)) fields.add(field);
  const names = [...fields].sort((a, b) => a - b).map((field) => rows.schema.fields[field].name);
  lines.push(`columns read: ${names.length === 0 ? "none" : names.join(", ")}`);
  const take = stage.limit === null ? null : stage.offset + stage.limit;
  if (stage.order.length > 0) {
    const how = take !== null && take <= MAX_TOP ? `best ${take} kept on the way` : "radix sort";
    lines.push(`order by ${describeKeys(stage.order)}: ${how}`);
  }
  if (stage.isCut) lines.push(`limit ${stage.limit ?? "none"}, offset ${stage.offset}`);
  return lines;
}

/** As `scan` is told when the plan runs. */
function wantedBy(stage: Stage, consumer: BoundStep | null): Wanted | null {
  if (stage.isCut && stage.order.length === 0) return null;
  if (stage.isCut || consumer?.step !== "aggregate") return ROWS_ALONE;
  const keys = consumer.by.map(({ expr }) => stage.resolve(expr));
  const measures = consumer.measures.map((measure) => resolveMeasure(stage, measure));
  return wantedFor(new Grouping(keys, stage.batches), measures, stage.batches);
}

/** What is computed of the rows that are found. */
function outputs(stage: Stage, consumer: BoundStep | null): BoundExpression[] {
  const order = stage.order.map((key) => key.expr);
  if (consumer === null || consumer.step !== "aggregate" || stage.isCut)
    return [...order, ...stage.columns.map(({ expr }) => expr)];
  const measures = consumer.measures.flatMap(({ arg, filter, orderBy }) => [arg, filter, ...orderBy.map((key) => key.expr)]);
  const own = [...consumer.by.map(({ expr }) => expr), ...measures.filter((expr) => expr !== null)];
  return own.map((expr) => stage.resolve(expr));
}

/** `stage`: what the step takes its rows from, where that is known without running it. */
function explainStep(step: BoundStep, stage: Stage | null): string {
  switch (step.step) {
    case "where":
      return `then where ${describe(step.predicate)}`;
    case "select":
      return `then select ${step.columns.map(({ as, expr }) => (expr.op === "column" && expr.name === as ? as : `${as} = ${describe(expr)}`)).join(", ")}`;
    case "distinct":
      return "then distinct";
    case "orderBy":
      return `then order by ${describeKeys(step.keys)}`;
    case "limit":
      return `then limit ${step.count ?? "none"}, offset ${step.offset}`;
    case "aggregate": {
      const measures = step.measures.map(describeMeasure).join(", ");
      if (step.by.length === 0) return `then aggregate ${measures}`;
      const keys = step.by.map(({ expr }) => expr);
      return `then group by ${keys.map(describe).join(", ")} (${methodOf(keys, stage)}): ${measures}`;
    }
  }
}

function methodOf(keys: readonly BoundExpression[], stage: Stage | null): string {
  if (stage === null) return new Grouping(keys, []).method;
  return new Grouping(
    keys.map((key) => stage.resolve(key)),
    stage.batches,
  ).method;
}

const count = (n: number, what: string): string => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
