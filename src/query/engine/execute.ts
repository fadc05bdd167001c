import type { Chunk } from "../../soa/chunk.ts";
import type { BoundColumn, BoundExpression, BoundMeasure, BoundPlan, BoundProjection, BoundStep } from "../bound.ts";
import { aggregate } from "./aggregate.ts";
import { type Batch, ChunkBatch, TableBatch } from "./batch.ts";
import { compile } from "./evaluate.ts";
import { keyLookup } from "./key-lookup.ts";
import { conjuncts } from "./plan-filters.ts";
import { Positions } from "./positions.ts";
import { ResultTable } from "./result-table.ts";
import { scan, type Visit } from "./scan.ts";
import { allRows } from "./selection.ts";
import type { QuerySource } from "./source.ts";
import { Stage } from "./stage.ts";
import { allMatching, type BatchRows, sorted } from "./top-rows.ts";
import { concat, gather, type Vector } from "./vector.ts";

/** Answers a plan. @throws QueryError where arithmetic leaves its range */
export function execute(plan: BoundPlan, source: QuerySource): ResultTable {
  let stage = firstStage(plan, source);
  for (const step of plan.steps) stage = applyStep(stage, step);
  const { vectors, length } = materialise(stage);
  return new ResultTable(
    plan.output.map(({ name, type, nullable }, i) => ({ name, type, nullable, vector: vectors[i] })),
    length,
  );
}

/**
 * The rows themselves that answer a plan of whole rows (`BoundPlan.wholeRows`), by their position in the source: the rows
 * of the chunks before theirs, deleted ones included, plus their place in it.
 */
export function executeRows(plan: BoundPlan, source: QuerySource): Uint32Array {
  let stage = firstStage(plan, source);
  // Rows of a cut that is filtered or sorted again are followed by their positions.
  let known: Uint32Array | null = null;
  for (const step of plan.steps) {
    if (stage.isCut && step.step !== "limit") {
      known = positionsOf(stage, known);
      stage = uncut(stage);
    }
    stage = applyStep(stage, step);
  }
  return positionsOf(stage, known);
}

function positionsOf(stage: Stage, known: Uint32Array | null): Uint32Array {
  if (known === null && stage.order.length === 0) return storedOrder(stage);
  const { batches, rows } = rowsOf(stage);
  if (known !== null) return rows.map((row) => known[row]);
  const starts = stage.batches.map((batch) => (batch as ChunkBatch).position);
  return rows.map((row, k) => starts[batches[k]] + row);
}

/** Positions of the rows that meet all conditions, as they lie in the source. */
function storedOrder(stage: Stage): Uint32Array {
  const { batches, offset, limit } = stage;
  const end = limit === null ? Number.POSITIVE_INFINITY : offset + limit;
  const positions = new Positions();
  if (end > 0) {
    const visit: Visit = (batch, selection) => {
      positions.add(selection, batch.length, (batch as ChunkBatch).position);
      return positions.length >= end;
    };
    scan(batches, stage.filters(), visit, end < Number.POSITIVE_INFINITY ? null : undefined);
  }
  const all = positions.toArray();
  return offset === 0 && all.length <= end ? all : all.slice(offset, end);
}

/** The rows of the source, and nothing asked of them yet. A key that the first conditions demand is looked up at once. */
export function firstStage(plan: BoundPlan, source: QuerySource): Stage {
  const { rows } = source;
  const columns = rows.schema.fields.map((field) => column(field.index, field));
  const lookup = keyLookup(plan, source);
  const batches: ChunkBatch[] = [];
  let position = 0;
  for (const chunk of rows.chunkList) {
    if (lookup === null) batches.push(new ChunkBatch(rows.codecs, chunk, position, source.workers));
    else if (lookup.found?.chunk === chunk) {
      batches.push(new ChunkBatch(rows.codecs, oneRow(chunk, lookup.found.row), position));
    }
    position += chunk.length;
  }
  return new Stage(batches, rows.codecs, columns, lookup);
}

const column = (index: number, { name, type, nullable }: BoundColumn): BoundProjection => ({
  as: name,
  expr: { op: "column", name, index, type, nullable },
});

/** Adds a step to a stage, or runs the stage and begins another where the step cannot join it. */
export function applyStep(stage: Stage, step: BoundStep): Stage {
  switch (step.step) {
    case "where": {
      const open = uncut(stage);
      const conditions = conjuncts(step.predicate).filter((condition) => condition !== open.lookup?.condition);
      open.conditions.push(...conditions.flatMap((condition) => conjuncts(open.resolve(condition))));
      return open;
    }
    case "select":
      stage.columns = step.columns.map(({ as, expr }) => ({ as, expr: stage.resolve(expr) }));
      return stage;
    case "orderBy": {
      const open = uncut(stage);
      // Sorting is stable: an earlier order decides between equals.
      open.order = [...open.resolveKeys(step.keys), ...open.order];
      return open;
    }
    case "limit":
      stage.offset += step.offset;
      if (stage.limit !== null) stage.limit = Math.max(0, stage.limit - step.offset);
      if (step.count !== null) stage.limit = Math.min(stage.limit ?? step.count, step.count);
      return stage;
    case "distinct": {
      const open = uncut(stage);
      return grouped(open, open.columns, []);
    }
    case "aggregate": {
      const open = uncut(stage);
      const by = step.by.map(({ as, expr }) => ({ as, expr: open.resolve(expr) }));
      return grouped(
        open,
        by,
        step.measures.map((measure) => resolveMeasure(open, measure)),
      );
    }
  }
}

/** A measure in terms of the columns of a stage's batches. */
export function resolveMeasure(stage: Stage, measure: BoundMeasure): BoundMeasure {
  return {
    ...measure,
    arg: measure.arg === null ? null : stage.resolve(measure.arg),
    filter: measure.filter === null ? null : stage.resolve(measure.filter),
    orderBy: stage.resolveKeys(measure.orderBy),
  };
}

/** A stage that may take conditions and orders: one that is cut is run first. */
function uncut(stage: Stage): Stage {
  if (!stage.isCut) return stage;
  const { vectors, length } = materialise(stage);
  return tableStage(stage.columns, vectors, length);
}

function tableStage(columns: readonly BoundProjection[], vectors: readonly Vector[], length: number): Stage {
  const given = columns.map(({ as, expr }, i) => column(i, { name: as, type: expr.type, nullable: expr.nullable }));
  return new Stage([new TableBatch(vectors, length)], null, given);
}

function grouped(stage: Stage, by: readonly BoundProjection[], measures: readonly BoundMeasure[]): Stage {
  // first and last take rows that order alike as they come.
  const ordered =
    stage.order.length > 0 && measures.some(({ fn }) => fn === "first" || fn === "last") ? inOrder(stage, by, measures) : null;
  const groups = ordered ?? aggregate(stage.batches, stage.filters(), by, measures);
  const names = [
    ...by.map(({ as, expr }) => ({ name: as, type: expr.type, nullable: expr.nullable })),
    ...measures.map(({ as, type, nullable }) => ({ name: as, type, nullable })),
  ];
  return new Stage(
    [groups],
    null,
    names.map((name, i) => column(i, name)),
  );
}

/** Aggregates the rows of a stage in its order. */
function inOrder(stage: Stage, by: readonly BoundProjection[], measures: readonly BoundMeasure[]): Batch {
  const width = by.length + measures.length;
  if (width === 0) return aggregate(stage.batches, stage.filters(), by, measures);
  const expressions: BoundExpression[] = [];
  const keep = (expr: BoundExpression): BoundExpression => {
    const index = expressions.push(expr) - 1;
    return { op: "column", name: "", index, type: expr.type, nullable: expr.nullable };
  };
  const keptBy = by.map(({ as, expr }) => ({ as, expr: keep(expr) }));
  const keptMeasures = measures.map((measure) => ({
    ...measure,
    arg: measure.arg === null ? null : keep(measure.arg),
    filter: measure.filter === null ? null : keep(measure.filter),
    orderBy: measure.orderBy.map((key) => ({ ...key, expr: keep(key.expr) })),
  }));
  const rows = rowsOf(stage);
  const vectors = expressions.map((expr) => valuesOf(stage, rows, expr));
  return aggregate([new TableBatch(vectors, rows.rows.length)], [], keptBy, keptMeasures);
}

/** The rows that a stage gives, in its order and cut. */
export function rowsOf(stage: Stage): BatchRows {
  const { offset, limit, order, batches } = stage;
  const end = limit === null ? Number.POSITIVE_INFINITY : offset + limit;
  const filters = stage.filters();
  const found = order.length === 0 ? allMatching(batches, filters, end) : sorted(batches, filters, order, end);
  return offset === 0 ? found : { batches: found.batches.subarray(offset), rows: found.rows.subarray(offset) };
}

function materialise(stage: Stage): { vectors: Vector[]; length: number } {
  const whole = wholeTable(stage);
  if (whole !== null) return whole;
  const rows = rowsOf(stage);
  return { vectors: stage.columns.map(({ expr }) => valuesOf(stage, rows, expr)), length: rows.rows.length };
}

/** A table of an earlier step that is given on as it is. */
function wholeTable(stage: Stage): { vectors: Vector[]; length: number } | null {
  const [batch] = stage.batches;
  if (stage.batches.length !== 1 || batch.chunk !== null || stage.isCut || stage.order.length > 0 || stage.conditions.length > 0)
    return null;
  const all = allRows(batch.length);
  return { vectors: stage.columns.map(({ expr }) => compile(expr)(batch, all)), length: batch.length };
}

/** The values of an expression for rows in any order: computed batch by batch, then put into place. */
function valuesOf(stage: Stage, { batches, rows }: BatchRows, expr: BoundExpression): Vector {
  const evaluate = compile(expr);
  const parts: Vector[] = [];
  const byBatch = runsByBatch(stage.batches, batches);
  const place = byBatch.inOrder ? null : new Uint32Array(rows.length);
  let at = 0;
  for (const { batch, places } of byBatch.runs) {
    const own = places === null ? rows : Uint32Array.from(places, (k) => rows[k]);
    parts.push(evaluate(batch, { rows: own, count: own.length }));
    if (place !== null && places !== null) for (const k of places) place[k] = at++;
  }
  const all = concat(parts, expr.type);
  return place === null ? all : gather(all, place);
}

interface Runs {
  readonly runs: readonly { batch: Batch; places: readonly number[] | Uint32Array | null }[];
  /** Whether the runs follow each other as the rows do. */
  readonly inOrder: boolean;
}

function runsByBatch(all: readonly Batch[], batches: Uint32Array): Runs {
  if (batches.length === 0) return { runs: [], inOrder: true };
  let inOrder = true;
  const counts = new Uint32Array(all.length);
  for (let k = 0; k < batches.length; k++) {
    counts[batches[k]]++;
    if (k > 0 && batches[k] < batches[k - 1]) inOrder = false;
  }
  const places = all.map((_, b) => new Uint32Array(counts[b]));
  counts.fill(0);
  for (let k = 0; k < batches.length; k++) places[batches[k]][counts[batches[k]]++] = k;
  const runs = all.flatMap((batch, b) => (places[b].length === 0 ? [] : [{ batch, places: places[b] }]));
  return { runs, inOrder };
}

/** A chunk of which only one row is there. */
function oneRow(chunk: Chunk, row: number): Chunk {
  const alone = chunk.freeze(chunk.length);
  alone.dead = new Uint8Array((chunk.length + 7) >>> 3).fill(0xff);
  alone.dead[row >>> 3] &= ~(1 << (row & 7));
  alone.deadCount = chunk.length - 1;
  return alone;
}
