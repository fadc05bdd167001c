import type { EntitySchema } from "../entity/schema.ts";
import { describeValue, QueryError } from "../errors.ts";
import { bindExpression, bindPredicate } from "./bind-expression.ts";
import { bindMeasure } from "./bind-measure.ts";
import type { BoundColumn, BoundPlan, BoundProjection, BoundSortKey, BoundStep } from "./bound.ts";
import type { Plan, Projection, SortKey, Step } from "./plan.ts";
import { describeExpression, Scope } from "./scope.ts";

/**
 * Binds a plan to the entity it asks: resolves every name, gives every expression its type and checks that
 * the question makes sense. The form of the plan is taken to be right: `planFromJson` checks that of foreign ones.
 * @throws QueryError, ColumnNotFoundError
 */
export function bindPlan(plan: Plan, schema: EntitySchema): BoundPlan {
  if (plan.entity !== schema.name) {
    throw new QueryError(`the plan asks the entity ${JSON.stringify(plan.entity)}, and this is ${JSON.stringify(schema.name)}`);
  }
  let scope = entityScope(schema);
  const steps = plan.steps.map((step) => {
    const bound = bindStep(step, scope);
    scope = bound.scope;
    return bound.step;
  });
  return { plan, schema, steps, output: scope.columns, wholeRows: keepsRows(plan.steps) };
}

/** Whether the answer is rows of the entity as they are. */
export const keepsRows = (steps: readonly Step[]): boolean =>
  steps.every(({ step }) => step === "where" || step === "orderBy" || step === "limit");

/** What the first step of a plan sees. */
export function entityScope(schema: EntitySchema): Scope {
  return new Scope(
    schema.name,
    schema.fields.map(({ name, type, nullable }) => ({ name, type, nullable })),
  );
}

/** A step bound, and what the next one sees. @throws QueryError, ColumnNotFoundError */
export function bindStep(step: Step, scope: Scope): { step: BoundStep; scope: Scope } {
  switch (step.step) {
    case "where": {
      const predicate = bindPredicate(step.predicate, bindExpression(step.predicate, scope), "where", scope);
      return { step: { step: "where", predicate }, scope };
    }
    case "select": {
      if (step.columns.length === 0) throw scope.error("select takes at least one column");
      const columns = bindProjections(step.columns, scope);
      return { step: { step: "select", columns }, scope: scopeOf(columns, "select", scope) };
    }
    case "distinct":
      return { step: { step: "distinct" }, scope };
    case "aggregate": {
      const by = bindProjections(step.by, scope);
      const measures = step.measures.map((measure) =>
        bindMeasure(measure, by.length > 0, scope, (keys) => bindKeys(keys, scope)),
      );
      if (by.length + measures.length === 0) throw scope.error("aggregate takes at least one measure, such as { rows: count() }");
      const output = [...by.map(({ as, expr }) => ({ as, type: expr.type, nullable: expr.nullable })), ...measures];
      return { step: { step: "aggregate", by, measures }, scope: next(output, "aggregate", scope) };
    }
    case "orderBy":
      if (step.keys.length === 0) throw scope.error("orderBy takes at least one key");
      return { step: { step: "orderBy", keys: bindKeys(step.keys, scope) }, scope };
    case "limit": {
      const { count = null, offset } = step;
      if (count !== null) checkRows("limit", count, scope);
      checkRows("offset", offset, scope);
      return { step: { step: "limit", count, offset }, scope };
    }
  }
}

function bindProjections(columns: readonly Projection[], scope: Scope): BoundProjection[] {
  return columns.map(({ as, expr }) => ({ as, expr: bindExpression(expr, scope) }));
}

function bindKeys(keys: readonly SortKey[], scope: Scope): BoundSortKey[] {
  return keys.map(({ expr, direction, nulls }) => {
    if (expr.op === "literal") throw scope.error(`a constant orders nothing, got ${describeExpression(expr)}`);
    return { expr: bindExpression(expr, scope), direction, nulls };
  });
}

const scopeOf = (columns: readonly BoundProjection[], what: string, scope: Scope): Scope =>
  next(
    columns.map(({ as, expr }) => ({ as, type: expr.type, nullable: expr.nullable })),
    what,
    scope,
  );

function next(columns: readonly (Omit<BoundColumn, "name"> & { as: string })[], what: string, scope: Scope): Scope {
  const seen = new Set<string>();
  for (const { as } of columns) {
    if (as === "" || as === "__proto__" || !as.isWellFormed())
      throw scope.error(`${what}: ${JSON.stringify(as)} cannot name a column`);
    if (seen.has(as)) throw scope.error(`${what} gives two columns the name ${JSON.stringify(as)}`);
    seen.add(as);
  }
  return new Scope(
    scope.entity,
    columns.map(({ as, type, nullable }) => ({ name: as, type, nullable })),
  );
}

function checkRows(what: string, rows: number, scope: Scope): void {
  if (!Number.isSafeInteger(rows) || rows < 0)
    throw scope.error(`${what} takes a number of rows, an integer from 0, got ${describeValue(rows)}`);
}
