import type { EntitySchema } from "../entity/schema.ts";
import type { BoundExpression, BoundPlan, BoundStep } from "../query/bound.ts";

/** What a plan needs of the rows below it: the fields it reads, and what must hold for the rows that matter to it. */
export interface ScanNeeds {
  readonly columns: readonly string[];
  /** null: every row matters. */
  readonly where: BoundExpression | null;
}

/** The least that must be read so that the plan gives the answer that it gives over all. O(nodes of the plan). */
export function scanNeeds({ schema, steps }: BoundPlan): ScanNeeds {
  const fields = new Set<number>();
  const conditions: BoundExpression[] = [];
  let cut = false;
  for (const step of steps) {
    if (step.step === "where" && !cut) conditions.push(step.predicate);
    if (step.step === "limit") cut = true;
    for (const expr of expressionsOf(step)) addFields(expr, fields);
    // Rows are told apart by every field.
    if (step.step === "distinct") break;
    if (step.step === "select" || step.step === "aggregate") return { columns: names(schema, fields), where: all(conditions) };
  }
  return { columns: schema.fields.map(({ name }) => name), where: all(conditions) };
}

/** The fields that an expression over an entity's rows reads, by index, each once. */
export function fieldsOf(expr: BoundExpression): Set<number> {
  const fields = new Set<number>();
  addFields(expr, fields);
  return fields;
}

/** The indices of the named fields, in the order of the declaration. @throws ColumnNotFoundError */
export function fieldIndices(schema: EntitySchema, columns: readonly string[]): number[] {
  return [...new Set(columns.map((name) => schema.field(name).index))].sort((a, b) => a - b);
}

function addFields(expr: BoundExpression, into: Set<number>): void {
  if (expr.op === "column") into.add(expr.index);
  else if ("args" in expr) for (const arg of expr.args) addFields(arg, into);
}

function expressionsOf(step: BoundStep): BoundExpression[] {
  switch (step.step) {
    case "where":
      return [step.predicate];
    case "select":
      return step.columns.map(({ expr }) => expr);
    case "orderBy":
      return step.keys.map(({ expr }) => expr);
    case "aggregate":
      return [
        ...step.by.map(({ expr }) => expr),
        ...step.measures.flatMap(({ arg, filter, orderBy }) => [
          ...(arg === null ? [] : [arg]),
          ...(filter === null ? [] : [filter]),
          ...orderBy.map(({ expr }) => expr),
        ]),
      ];
    case "distinct":
    case "limit":
      return [];
  }
}

/** In the order of the declaration; the smallest field where none is read, for rows must be counted by something. */
function names({ fields }: EntitySchema, wanted: ReadonlySet<number>): string[] {
  if (wanted.size > 0) return fields.filter(({ index }) => wanted.has(index)).map(({ name }) => name);
  const cheapest = fields.reduce((best, field) => (sizeOf(field.type.kind) < sizeOf(best.type.kind) ? field : best));
  return [cheapest.name];
}

const SIZES: Readonly<Record<string, number>> = { bool: 1, enum: 2, u8: 3, i8: 3, category: 4, u16: 4, i16: 4, u32: 5, i32: 5 };
const sizeOf = (kind: string): number => SIZES[kind] ?? (kind === "utf8" || kind === "binary" ? 9 : 7);

function all(conditions: readonly BoundExpression[]): BoundExpression | null {
  if (conditions.length <= 1) return conditions[0] ?? null;
  return { op: "and", args: conditions, type: conditions[0].type, nullable: conditions.some(({ nullable }) => nullable) };
}
